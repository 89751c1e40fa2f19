#include "audit/row_teller.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

using namespace filestore;
using postgrest::Method;
using postgrest::Refusal;
using postgrest::Refused;
using postgrest::Request;

namespace {

Timestamp at(int second) {
    return Timestamp(std::chrono::seconds(1'800'000'000 + second));
}

/// Files that were told of before and are deleted, each at a second of its own.
std::vector<OutboxEntry> deletions(int count) {
    std::vector<OutboxEntry> entries(static_cast<std::size_t>(count));
    for (int number = 0; number < count; ++number) {
        OutboxEntry& entry = entries[static_cast<std::size_t>(number)];
        entry.number = number + 1;
        entry.row.id = FileId::generate().value();
        entry.row.file_path = "a.txt";
        entry.row.uploaded_at = at(0);
        entry.row.deleted_at = at(number);
    }
    return entries;
}

Reply refusal(Refusal kind) {
    return {Refused{kind, Error(ErrorCode::rejected, "no"), {}}, {}};
}

/// Has the rows of some files, and takes everything, unless the test says otherwise of a kind of request.
class Table {
public:
    /// All of them were uploaded.
    explicit Table(std::vector<OutboxEntry> of) : entries(std::move(of)) {
        for (const OutboxEntry& entry : entries) {
            rows[entry.row.id.str()] = {entry.row.file_path, {}};
        }
    }

    std::vector<Verdict> tell() {
        kinds.clear();
        return tell_rows("file_uploads", entries, [this](const std::vector<Request>& requests) {
            std::vector<Reply> replies;
            std::transform(requests.begin(), requests.end(), std::back_inserter(replies),
                           [this](const Request& request) { return reply(request); });
            return replies;
        });
    }

    static std::string kind_of(const Request& request) {
        if (request.method == Method::get) {
            return "read";
        }
        if (request.method == Method::patch) {
            return request.body.find("null") == std::string::npos ? "mark" : "take back";
        }
        return request.headers.at(1).value.find("merge") == std::string::npos ? "insert" : "set";
    }

    std::string& deleted_at(std::size_t index) { return rows.at(entries.at(index).row.id.str()).deleted_at; }

    [[nodiscard]] bool has_all_deletions() const {
        return std::all_of(entries.begin(), entries.end(), [this](const OutboxEntry& entry) {
            return rows.at(entry.row.id.str()).deleted_at == format_timestamp(*entry.row.deleted_at);
        });
    }

    struct Row {
        std::string file_path;
        /// Empty: none.
        std::string deleted_at;
    };

    std::vector<OutboxEntry> entries;
    std::map<std::string, Row> rows;
    std::vector<std::string> kinds;
    std::string refused_kind;
    Refusal refused_as = Refusal::for_now;
    /// Only requests that name this file are refused.
    std::string refused_file;
    /// Policies let this key change none.
    bool may_change = true;
    /// A trigger drops them.
    bool keeps_insertions = true;
    /// It is hidden from the key.
    std::string hidden_file = "none";
    bool tells_counts = true;
    /// At a time.
    std::size_t most_rows = 1000;

private:
    Reply reply(const Request& request) {
        const std::string kind = kind_of(request);
        kinds.push_back(kind);
        const std::string text = request.target + request.body;
        if (kind == refused_kind && text.find(refused_file) != std::string::npos) {
            return refusal(refused_as);
        }
        if (kind == "read") {
            return Reply{std::nullopt, rows_named_in(text)};
        }
        std::uint64_t written = 0;
        for (const OutboxEntry& entry : entries) {
            const bool is_named = text.find(entry.row.id.str()) != std::string::npos;
            written += is_named && write(kind, entry, request) ? 1 : 0;
        }
        return {std::nullopt, {}, tells_counts ? std::optional(written) : std::nullopt};
    }

    /// False where nothing is written.
    bool write(const std::string& kind, const OutboxEntry& entry, const Request& request) {
        const std::string id = entry.row.id.str();
        const auto time = entry.row.deleted_at ? format_timestamp(*entry.row.deleted_at) : std::string();
        if (kind == "insert") {
            return keeps_insertions && rows.try_emplace(id, Row{entry.row.file_path, time}).second;
        }
        const auto row = rows.find(id);
        if (row == rows.end() || !may_change || id == hidden_file) {
            return false;
        }
        std::string& deleted = row->second.deleted_at;
        if (kind != "set" &&
            request.target.find(deleted.empty() ? "is.null" : deleted) == std::string::npos) {
            return false;
        }
        const std::string own = kind == "mark" ? request.body.substr(15, time.size()) : std::string();
        deleted = kind == "set" ? time : own;
        return true;
    }

    std::string rows_named_in(const std::string& text) const {
        std::string found;
        std::size_t count = 0;
        for (const auto& [id, row] : rows) {
            if (text.find(id) != std::string::npos && id != hidden_file && count++ < most_rows) {
                found += (found.empty() ? "" : ",") + (R"({"file_id":")" + id) + R"(","file_path":")" +
                         row.file_path + R"(","metadata":"{}","deleted_at":)" +
                         (row.deleted_at.empty() ? "null" : '"' + row.deleted_at + '"') + "}";
            }
        }
        return "[" + found + "]";
    }
};

std::size_t told(const std::vector<Verdict>& verdicts) {
    std::size_t count = 0;
    for (const Verdict& verdict : verdicts) {
        count += verdict.refused ? 0 : verdict.entries.size();
    }
    return count;
}

std::size_t all(const std::vector<Verdict>& verdicts) {
    std::size_t count = 0;
    for (const Verdict& verdict : verdicts) {
        count += verdict.entries.size();
    }
    return count;
}

bool refuses_all_for_permission(const std::vector<Verdict>& verdicts, Writing by) {
    return !verdicts.empty() && std::all_of(verdicts.begin(), verdicts.end(), [by](const Verdict& verdict) {
        return verdict.refused && verdict.refused->refusal == Refusal::of_permission && verdict.by == by;
    });
}

bool was_changed(const std::vector<Verdict>& verdicts) {
    return std::any_of(verdicts.begin(), verdicts.end(),
                       [](const Verdict& verdict) { return verdict.by == Writing::change; });
}

using Kinds = std::vector<std::string>;

}  // namespace

TEST_CASE("a deletion of a file of which the table has no row is part of its row", "[audit]") {
    Table table(deletions(30));
    table.rows.clear();
    const bool never_told = GENERATE(true, false);
    for (OutboxEntry& entry : table.entries) {
        entry.never_told = never_told;
    }
    const auto verdicts = table.tell();
    CHECK(told(verdicts) == 30);
    CHECK_FALSE(was_changed(verdicts));
    CHECK(table.kinds == Kinds{"insert"});
    CHECK(table.has_all_deletions());
}

TEST_CASE("a deletion of a file of which somebody else made the row is told", "[audit]") {
    const int count = GENERATE(3, 40);
    const bool tells_counts = GENERATE(true, false);
    Table table(deletions(count));
    table.tells_counts = tells_counts;
    for (OutboxEntry& entry : table.entries) {
        entry.never_told = true;
    }
    table.rows.erase(table.entries[0].row.id.str());
    CHECK(told(table.tell()) == static_cast<std::size_t>(count));
    CHECK(table.has_all_deletions());
}

TEST_CASE("what nobody was told of is told by itself", "[audit]") {
    Table table(deletions(3));
    table.rows.erase(table.entries[0].row.id.str());
    table.entries[0].never_told = true;
    CHECK(told(table.tell()) == 3);
    CHECK(table.kinds == Kinds{"insert", "insert", "mark", "mark"});
    CHECK(table.has_all_deletions());
}

TEST_CASE("uploads that the table has already are looked for", "[audit]") {
    Table table(deletions(2));
    for (OutboxEntry& entry : table.entries) {
        entry.row.deleted_at.reset();
    }
    CHECK(told(table.tell()) == 2);
    CHECK(table.kinds == Kinds{"insert", "read"});
    table.rows.clear();
    CHECK(told(table.tell()) == 2);
    CHECK(table.kinds == Kinds{"insert"});
    table.rows.clear();
    table.keeps_insertions = false;
    CHECK(refuses_all_for_permission(table.tell(), Writing::insert));
}

TEST_CASE("a key that may not change rows is refused, whatever the answers say", "[audit]") {
    Table table(deletions(GENERATE(3, 40)));
    table.may_change = false;
    const auto verdicts = table.tell();
    CHECK(refuses_all_for_permission(verdicts, Writing::change));
    // Who tells then need not look at each.
    CHECK(verdicts.size() == 1);
}

TEST_CASE("a row that is hidden from the key is refused", "[audit]") {
    const int count = GENERATE(3, 40);
    Table table(deletions(count));
    table.hidden_file = table.entries[1].row.id.str();
    const auto verdicts = table.tell();
    CHECK(told(verdicts) == static_cast<std::size_t>(count) - 1);
    CHECK(all(verdicts) == static_cast<std::size_t>(count));
}

TEST_CASE("deletions at a few times take a request for each", "[audit]") {
    Table table(deletions(3));
    table.entries[2].row.deleted_at = table.entries[1].row.deleted_at;
    const auto verdicts = table.tell();
    CHECK(told(verdicts) == 3);
    CHECK(was_changed(verdicts));
    CHECK(table.kinds == Kinds{"insert", "mark", "mark"});
}

TEST_CASE("deletions at many times are claimed, looked at and set", "[audit]") {
    Table table(deletions(40));
    CHECK(told(table.tell()) == 40);
    CHECK(table.kinds == Kinds{"insert", "mark", "read", "set"});
    CHECK(table.has_all_deletions());
}

TEST_CASE("rows that a server with a low limit left out are asked for again", "[audit]") {
    Table table(deletions(45));
    table.most_rows = 20;
    CHECK(told(table.tell()) == 45);
    CHECK(table.kinds == Kinds{"insert", "mark", "read", "read", "read", "set"});
}

TEST_CASE("a refused deletion is told of by itself", "[audit]") {
    Table table(deletions(4));
    table.refused_kind = "mark";
    table.refused_file = table.entries[2].row.id.str();
    const auto verdicts = table.tell();
    CHECK(told(verdicts) == 3);
    CHECK(all(verdicts) == 4);
    for (const Verdict& verdict : verdicts) {
        CHECK((!verdict.refused || verdict.entries.at(0).number == 3));
    }
}

TEST_CASE("where rows cannot be set together each is marked", "[audit]") {
    Table table(deletions(20));
    table.refused_kind = "set";
    table.refused_as = Refusal::of_a_row;
    CHECK(told(table.tell()) == 20);
    CHECK(std::count(table.kinds.begin(), table.kinds.end(), "mark") == 21);
}

TEST_CASE("a row that was changed is marked, not set", "[audit]") {
    Table table(deletions(20));
    table.rows.at(table.entries[0].row.id.str()).file_path = "another name";
    CHECK(told(table.tell()) == 20);
    CHECK(table.kinds == Kinds{"insert", "mark", "read", "mark", "set"});
    CHECK(table.has_all_deletions());
}

TEST_CASE("what fails on the way is told of, and nothing is told twice", "[audit]") {
    const auto kind = GENERATE(as<std::string>(), "insert", "mark", "read", "set");
    Table table(deletions(40));
    table.refused_kind = kind;
    const auto verdicts = table.tell();
    CHECK(told(verdicts) == 0);
    CHECK(all(verdicts) == 40);
    CHECK(table.kinds.back() == kind);
}

TEST_CASE("a row that somebody deleted before is as it must be", "[audit]") {
    const int count = GENERATE(3, 40);
    Table table(deletions(count));
    for (std::size_t i = 0; i < table.entries.size(); ++i) {
        table.deleted_at(i) = "2020-01-01T00:00:00.000000Z";
    }
    const auto verdicts = table.tell();
    CHECK(told(verdicts) == static_cast<std::size_t>(count));
    CHECK_FALSE(was_changed(verdicts));
    CHECK(table.kinds.back() == "read");
    CHECK(table.deleted_at(0) == "2020-01-01T00:00:00.000000Z");
}

TEST_CASE("deletions that were undone are taken back before anything else is told of the file", "[audit]") {
    Table table(deletions(3));
    table.entries[0].row.deleted_at.reset();
    table.entries[0].undone = {at(100), at(101)};
    table.entries[1].undone = {at(101)};
    table.deleted_at(0) = format_timestamp(at(101));
    table.deleted_at(1) = format_timestamp(at(101));
    CHECK(told(table.tell()) == 3);
    CHECK(table.kinds == Kinds{"insert", "take back", "take back", "read", "mark", "mark"});
    CHECK(table.deleted_at(0).empty());
    CHECK(table.deleted_at(1) == format_timestamp(*table.entries[1].row.deleted_at));
}

TEST_CASE("a deletion that cannot be taken back is told again, and one of somebody else stands", "[audit]") {
    Table table(deletions(2));
    for (OutboxEntry& entry : table.entries) {
        entry.row.deleted_at.reset();
        entry.undone = {at(100)};
    }
    table.may_change = false;
    table.deleted_at(0) = format_timestamp(at(100));
    table.deleted_at(1) = format_timestamp(at(50));
    const auto verdicts = table.tell();
    CHECK(told(verdicts) == 1);
    CHECK(all(verdicts) == 2);
}

TEST_CASE("an entry of which a deletion cannot be taken back is in one verdict", "[audit]") {
    Table table(deletions(3));
    table.entries[0].row.deleted_at.reset();
    table.entries[0].undone = {at(100), at(101)};
    table.entries[1].undone = {at(101)};
    table.refused_kind = "take back";
    table.refused_file = table.entries[0].row.id.str();
    const auto verdicts = table.tell();
    CHECK(all(verdicts) == 3);
    CHECK(told(verdicts) == 1);
    CHECK(table.kinds.back() == "mark");
}
