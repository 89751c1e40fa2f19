#include "service/history.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "audit/row_reader.h"
#include "core/text.h"
#include "core/try.h"

namespace filestore {
namespace {

using postgrest::RowPlace;

constexpr std::uint32_t most_files = 1000;

Result<void> check_limit(std::uint32_t limit, const std::string& files) {
    return limit >= 1 && limit <= most_files
               ? Result<void>()
               : Error(ErrorCode::invalid_argument,
                       "the limit of a page of " + files + " is 1 to " + std::to_string(most_files));
}

FileHistory history_of(CatalogueRow row) {
    return {row.id, std::move(row.file_path), std::move(row.metadata), row.uploaded_at, row.deleted_at};
}

/// "TIME ID": the place of the last file of a page.
std::string cursor_at(const RowPlace& place) {
    return format_timestamp(place.uploaded_at) + " " + place.file_id;
}

Result<std::optional<RowPlace>> read_cursor(const std::string& cursor) {
    if (cursor.empty()) {
        return std::optional<RowPlace>();
    }
    const std::size_t end = std::min(cursor.find(' '), cursor.size());
    const auto time = parse_timestamp(std::string_view(cursor).substr(0, end));
    if (!time.ok() || end == cursor.size()) {
        return Error(ErrorCode::invalid_argument,
                     "the cursor " + filestore::quoted(cursor) + " is not one of a page of recorded files");
    }
    return std::optional(RowPlace{*time, cursor.substr(end + 1)});
}

Timestamp end_of_times() {
    return std::chrono::sys_days(std::chrono::year(9999) / 12 / 31);
}

/// The catalogue may have what the server is still to be told.
Error no_row(const FileId& id, const std::vector<RecordDetails>& details) {
    std::string message = "the audit server has no row of file " + id.str();
    if (!details.empty() && details.front().parked) {
        message += ": what the catalogue has of it is parked, as the server refused it";
    } else if (!details.empty() && details.front().waits) {
        message += " yet: what the catalogue has of it is still to be told";
    }
    return Error(ErrorCode::not_found, std::move(message));
}

Result<RecordedFilesPage> read_from_server(const ServiceParts& parts, const RecordedFilesRequest& request,
                                           Timestamp before, const std::optional<RowPlace>& behind) {
    RowReader reader(*parts.audit_server, request.call);
    FILESTORE_TRY_ASSIGN(auto read,
                         reader.uploaded_before(before, behind, postgrest::Detail::whole, request.limit));
    if (!read.untimed.empty()) {
        return read.untimed.front().reason;
    }
    // Where a page came before, the key was shown rows.
    if (!read.last && !behind) {
        FILESTORE_TRY(reader.check_sight(parts.clock->now()));
    }
    RecordedFilesPage page;
    std::transform(read.rows.begin(), read.rows.end(), std::back_inserter(page.files),
                   [](CatalogueRow& row) { return history_of(std::move(row)); });
    if (read.last) {
        page.next = cursor_at(*read.last);
    }
    return page;
}

Result<RecordedFilesPage> read_from_catalogue(const ServiceParts& parts, const RecordedFilesRequest& request,
                                              Timestamp before, const std::optional<RowPlace>& behind) {
    RecordedUpload after{FileId(), Timestamp::min()};
    if (behind) {
        const auto id = FileId::parse(behind->file_id);
        if (!id.ok()) {
            return id.error();
        }
        after = {*id, behind->uploaded_at};
    }
    FILESTORE_TRY_ASSIGN(const auto uploads, parts.journal->uploaded_before(before, after, request.limit));
    RecordedFilesPage page;
    for (const RecordedUpload& upload : uploads) {
        auto row = parts.journal->row(upload.id);
        if (!row.ok() && row.error().code() != ErrorCode::not_found) {
            return row.error();
        }
        if (row.ok() && !row->deleted_at) {
            page.files.push_back(history_of(std::move(*row)));
        }
    }
    if (!uploads.empty()) {
        page.next = cursor_at({uploads.back().uploaded_at, uploads.back().id.str()});
    }
    return page;
}

}  // namespace

Result<FileHistory> read_history(const ServiceParts& parts, const FileId& id, const CallOptions& limits) {
    if (!parts.audit_server) {
        FILESTORE_TRY_ASSIGN(auto row, parts.journal->row(id));
        return history_of(std::move(row));
    }
    RowReader reader(*parts.audit_server, limits);
    FILESTORE_TRY_ASSIGN(auto row, reader.row(id));
    if (!row) {
        FILESTORE_TRY(reader.check_sight(parts.clock->now()));
        FILESTORE_TRY_ASSIGN(const auto details, parts.journal->details_of({id}));
        return no_row(id, details);
    }
    return history_of(std::move(*row));
}

Result<RecordedFilesPage> read_recorded_files(const ServiceParts& parts,
                                              const RecordedFilesRequest& request) {
    FILESTORE_TRY(check_limit(request.limit, "recorded files"));
    FILESTORE_TRY_ASSIGN(const auto behind, read_cursor(request.cursor));
    const Timestamp before = request.uploaded_before.value_or(end_of_times());
    return parts.audit_server ? read_from_server(parts, request, before, behind)
                              : read_from_catalogue(parts, request, before, behind);
}

Result<CataloguedFilesPage> read_catalogued_files(const ServiceParts& parts,
                                                  const CataloguedFilesRequest& request) {
    FILESTORE_TRY(check_limit(request.limit, "catalogued files"));
    FILESTORE_TRY_ASSIGN(auto read, parts.journal->stored_rows(
                                        {request.behind, request.newest_first, request.key, request.limit}));
    CataloguedFilesPage page;
    page.next = read.last;
    for (CatalogueRow& row : read.rows) {
        if (!request.key.empty() && !row.metadata.json(request.key)) {
            continue;
        }
        FileHistory file = history_of(std::move(row));
        if (!request.wants || request.wants(file)) {
            page.files.push_back(std::move(file));
        }
    }
    return page;
}

}  // namespace filestore
