#include "audit/row_reader.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "audit/postgrest/judgement.h"
#include "core/try.h"

namespace filestore {

using postgrest::Detail;
using postgrest::Request;
using postgrest::RowPage;
using postgrest::RowPlace;

namespace {

/// Of constraints, which PostgreSQL looks at where the policies let a row be written.
bool is_of_a_constraint(const Error& error) {
    return error.details().server_code.starts_with("23");
}

}  // namespace

/// Rows that are too large to come together are asked for in shorter pages, and one that is too large by itself without its metadata.
template <class MakeRequest>
Result<RowPage> RowReader::page(std::size_t most, Detail detail, const MakeRequest& make) {
    for (;;) {
        FILESTORE_TRY_ASSIGN(const Request request, make(most, detail));
        FILESTORE_TRY_ASSIGN(const std::string body, server_.ask(request, limits_));
        if (body.size() < most_bytes_of_reply || (most == 1 && detail == Detail::brief)) {
            return postgrest::read_page(body);
        }
        detail = most == 1 ? Detail::brief : detail;
        most = std::max<std::size_t>(most / 2, 1);
    }
}

Result<void> RowReader::check_sight(Timestamp now) {
    FILESTORE_TRY_ASSIGN(const RowPage first, page(1, Detail::brief, [&](std::size_t limit, Detail) {
                             return postgrest::read_by_id(server_.table(), std::nullopt, limit);
                         }));
    if (first.last) {
        return {};
    }
    FILESTORE_TRY_ASSIGN(const FileId id, FileId::generate());
    FILESTORE_TRY_ASSIGN(const Request request, postgrest::write_in_vain(server_.table(), id, now));
    const auto answer = server_.ask(request, limits_);
    if (answer.ok() || answer.error().details().server_code == postgrest::two_of_one_file ||
        is_of_a_constraint(answer.error())) {
        return {};
    }
    return answer.error().within("the audit server shows this key no row of its table");
}

Result<std::optional<CatalogueRow>> RowReader::row(const FileId& id) {
    const auto of_the_file = [&](std::size_t, Detail detail) {
        return postgrest::read_rows_of(server_.table(), {&id, 1}, detail);
    };
    FILESTORE_TRY_ASSIGN(auto read, page(1, Detail::whole, of_the_file));
    if (!read.untimed.empty()) {
        return read.untimed.front().reason;
    }
    return read.rows.empty() ? std::optional<CatalogueRow>() : std::optional(std::move(read.rows.front()));
}

/// Asks again for those that an answer with rows left out: the server gives as few rows at a time as it likes.
Result<RowPage> RowReader::rows_of(std::span<const FileId> ids) {
    RowPage rows;
    std::vector<std::vector<FileId>> asked;
    while (!ids.empty()) {
        const auto some = ids.first(std::min(ids.size(), postgrest::most_ids_to_read));
        ids = ids.subspan(some.size());
        asked.emplace_back(some.begin(), some.end());
    }
    while (!asked.empty()) {
        std::vector<Request> requests;
        for (const std::vector<FileId>& some : asked) {
            FILESTORE_TRY_ASSIGN(Request request,
                                 postgrest::read_rows_of(server_.table(), some, Detail::brief));
            requests.push_back(std::move(request));
        }
        FILESTORE_TRY_ASSIGN(const std::vector<std::string> bodies, server_.ask_all(requests, limits_));
        std::vector<std::vector<FileId>> again;
        for (std::size_t i = 0; i < asked.size(); ++i) {
            FILESTORE_TRY_ASSIGN(const bool found, take_rows(bodies[i], asked[i], rows));
            if (found && !asked[i].empty()) {
                again.push_back(std::move(asked[i]));
            }
        }
        asked = std::move(again);
    }
    return rows;
}

Result<bool> RowReader::take_rows(const std::string& body, std::vector<FileId>& asked, RowPage& rows) {
    FILESTORE_TRY_ASSIGN(RowPage read, postgrest::read_page(body));
    const std::size_t before = asked.size();
    const auto has = [&](const auto& of, const FileId& id) {
        return std::any_of(of.begin(), of.end(), [&](const auto& row) { return row.id == id; });
    };
    std::erase_if(asked, [&](const FileId& id) { return has(read.rows, id) || has(read.untimed, id); });
    std::move(read.rows.begin(), read.rows.end(), std::back_inserter(rows.rows));
    std::move(read.untimed.begin(), read.untimed.end(), std::back_inserter(rows.untimed));
    return asked.size() < before;
}

Result<RowPage> RowReader::uploaded_before(Timestamp before, const std::optional<RowPlace>& behind,
                                           Detail detail, std::size_t most) {
    return page(most, detail, [&](std::size_t limit, Detail of_rows) {
        return postgrest::read_uploaded_before(server_.table(), before, behind, of_rows, limit);
    });
}

Result<RowPage> RowReader::by_id(const std::optional<RowPlace>& behind, std::size_t most) {
    FILESTORE_TRY_ASSIGN(RowPage read, page(most, Detail::brief, [&](std::size_t limit, Detail) {
                             return postgrest::read_by_id(server_.table(), behind, limit);
                         }));
    if (!read.untimed.empty()) {
        return read.untimed.front().reason;
    }
    const auto is_not_behind = [](const CatalogueRow& a, const CatalogueRow& b) { return a.id >= b.id; };
    if (std::adjacent_find(read.rows.begin(), read.rows.end(), is_not_behind) != read.rows.end()) {
        return Error(
            ErrorCode::configuration,
            "the audit server's table does not give IDs in their order, or one of them twice: let file_id be "
            "unique, and its type uuid, or text COLLATE \"C\"");
    }
    return read;
}

Result<void> RowReader::clear_deleted(const FileId& id, Timestamp at) {
    FILESTORE_TRY_ASSIGN(const Request request,
                         postgrest::change_deleted(server_.table(), {&id, 1}, at, std::nullopt));
    FILESTORE_TRY(server_.ask(request, limits_));
    FILESTORE_TRY_ASSIGN(auto left, row(id));
    const bool is_as_before = left && left->deleted_at == at;
    const std::array undone{at};
    const auto refused = is_as_before ? postgrest::judge_taken_back({id, std::move(left), {}}, undone)
                                      : std::optional<postgrest::Refused>();
    return refused ? refused->error : Result<void>();
}

}  // namespace filestore
