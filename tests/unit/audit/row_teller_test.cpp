#include "audit/row_teller.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
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
    /// A deleted row is changed no more: a change to what it is does no harm.
    bool deletions_are_final = false;
    /// What the table makes of a time that is written to a row that is there; empty: nothing.
    std::function<std::string(const std::string&)> makes_of = [](const std::string& time) { return time; };
    /// As a view of the files that are stored.
    bool hides_deleted = false;
    /// A trigger takes the deletion out of what is inserted, also where the row is there and is merged.
    bool inserts_as_stored = false;
    /// A policy, or a trigger, lets no deleted row be inserted.
    bool refuses_deleted = false;
    /// A trigger lets no change of a deletion through, and says nothing.
    bool keeps_deletions = false;
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
        const bool inserts_deleted = kind != "set" && request.method == Method::post &&
                                     request.body.find("deleted_at\":\"") != std::string::npos;
        if (refuses_deleted && inserts_deleted) {
            return refusal(Refusal::of_a_row);
        }
        std::vector<std::string> written;
        for (const OutboxEntry& entry : entries) {
            if (text.find(entry.row.id.str()) != std::string::npos && write(kind, entry, request)) {
                written.push_back(entry.row.id.str());
            }
        }
        const bool gives_rows = request.headers.at(1).value.find("representation") != std::string::npos;
        return {std::nullopt, gives_rows ? listed(written) : "",
                tells_counts ? std::optional<std::uint64_t>(written.size()) : std::nullopt};
    }

    /// False where nothing is written.
    bool write(const std::string& kind, const OutboxEntry& entry, const Request& request) {
        const std::string id = entry.row.id.str();
        const bool says_deleted =
            entry.row.deleted_at &&
            request.body.find(format_timestamp(*entry.row.deleted_at)) != std::string::npos;
        const auto time =
            says_deleted && !inserts_as_stored ? format_timestamp(*entry.row.deleted_at) : std::string();
        if (kind == "insert") {
            return keeps_insertions && rows.try_emplace(id, Row{entry.row.file_path, time}).second;
        }
        const auto row = rows.find(id);
        if (row == rows.end() || !may_change || is_hidden(id)) {
            return false;
        }
        std::string& deleted = row->second.deleted_at;
        if (kind != "set" &&
            request.target.find(deleted.empty() ? "is.null" : deleted) == std::string::npos) {
            return false;
        }
        constexpr std::size_t before_time = 15;
        constexpr std::size_t of_time = 27;
        const std::string own = kind == "mark" ? request.body.substr(before_time, of_time) : std::string();
        const std::string written = kind == "set" ? time : own;
        const std::string kept = written.empty() ? written : makes_of(written);
        if (deletions_are_final && !deleted.empty() && kept != deleted) {
            return false;
        }
        if (!keeps_deletions) {
            deleted = kept;
        }
        return true;
    }

    bool is_hidden(const std::string& id) const {
        return id == hidden_file || (hides_deleted && !rows.at(id).deleted_at.empty());
    }

    std::string listed(const std::vector<std::string>& ids) const {
        std::string found;
        for (const std::string& id : ids) {
            const Row& row = rows.at(id);
            found += (found.empty() ? "" : ",") + (R"({"file_id":")" + id) + R"(","file_path":")" +
                     row.file_path + R"(","metadata":"{}","deleted_at":)" +
                     (row.deleted_at.empty() ? "null" : '"' + row.deleted_at + '"') + "}";
        }
        return "[" + found + "]";
    }

    std::string rows_named_in(const std::string& text) const {
        std::vector<std::string> ids;
        for (const auto& [id, row] : rows) {
            if (text.find(id) != std::string::npos && !is_hidden(id) && ids.size() < most_rows) {
                ids.push_back(id);
            }
        }
        return listed(ids);
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
    CHECK(verdicts.size() <= 2);
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
    CHECK(table.kinds ==
          Kinds{"insert", "mark", "mark", "mark", "mark", "mark", "mark", "mark", "read", "set"});
    CHECK(table.has_all_deletions());
}

TEST_CASE("rows that a server with a low limit left out are asked for again", "[audit]") {
    Table table(deletions(49));
    table.most_rows = 20;
    CHECK(told(table.tell()) == 49);
    CHECK(std::count(table.kinds.begin(), table.kinds.end(), "read") == 3);
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
    CHECK(std::count(table.kinds.begin(), table.kinds.end(), "mark") == 23);
}

TEST_CASE("a row that was changed is marked, not set", "[audit]") {
    Table table(deletions(20));
    table.rows.at(table.entries[10].row.id.str()).file_path = "another name";
    CHECK(told(table.tell()) == 20);
    CHECK(table.kinds ==
          Kinds{"insert", "mark", "mark", "mark", "mark", "mark", "mark", "mark", "read", "mark", "set"});
    CHECK(table.has_all_deletions());
}

TEST_CASE("what fails on the way is told of, and nothing is told twice", "[audit]") {
    const auto [kind, before] =
        GENERATE(table<std::string, std::size_t>({{"insert", 0}, {"mark", 0}, {"read", 4}, {"set", 4}}));
    Table table(deletions(40));
    table.refused_kind = kind;
    const auto verdicts = table.tell();
    CHECK(told(verdicts) == before);
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
    CHECK(table.kinds == Kinds{"insert", "insert", "take back", "take back", "read", "mark", "mark"});
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

TEST_CASE("deletions are told where they are final, or hide their rows, which then are never claimed",
          "[audit]") {
    Table table(deletions(GENERATE(3, 40)));
    (GENERATE(true, false) ? table.deletions_are_final : table.hides_deleted) = true;
    CHECK(told(table.tell()) == table.entries.size());
    CHECK(table.has_all_deletions());
    CHECK(std::count(table.kinds.begin(), table.kinds.end(), "set") == 0);
}

TEST_CASE("what is left of a claim where deletions are final is no deletion", "[audit]") {
    Table table(deletions(GENERATE(1, 40)));
    table.deletions_are_final = true;
    for (std::size_t i = 0; i < table.entries.size(); ++i) {
        table.deleted_at(i) = format_timestamp(postgrest::claim_of(*table.entries[i].row.deleted_at));
    }
    CHECK(refuses_all_for_permission(table.tell(), Writing::change));
}

TEST_CASE("a deletion whose time was moved by somebody who died is moved back where it may be", "[audit]") {
    Table table(deletions(GENERATE(1, 40)));
    const bool are_final = GENERATE(true, false);
    table.deletions_are_final = are_final;
    for (std::size_t i = 0; i < table.entries.size(); ++i) {
        table.deleted_at(i) = format_timestamp(postgrest::trial_of(*table.entries[i].row.deleted_at));
    }
    CHECK(told(table.tell()) == table.entries.size());
    CHECK(table.has_all_deletions() != are_final);
}

TEST_CASE("a deletion that a trigger takes out of what is inserted is told", "[audit]") {
    Table table(deletions(GENERATE(3, 40)));
    table.inserts_as_stored = true;
    const bool are_there = GENERATE(true, false);
    if (!are_there) {
        table.rows.clear();
    }
    CHECK(told(table.tell()) == table.entries.size());
    CHECK(table.has_all_deletions());
}

TEST_CASE("deletions are told where no deleted row can be inserted", "[audit]") {
    Table table(deletions(GENERATE(3, 40)));
    table.refuses_deleted = true;
    const bool are_there = GENERATE(true, false);
    if (!are_there) {
        table.rows.clear();
    }
    const auto verdicts = table.tell();
    CHECK(told(verdicts) == table.entries.size());
    CHECK(was_changed(verdicts));
    CHECK(table.has_all_deletions());
}

TEST_CASE("a row that cannot be inserted as stored either is refused as it is", "[audit]") {
    Table table(deletions(3));
    table.refused_kind = "insert";
    table.refused_as = Refusal::of_a_row;
    const auto verdicts = table.tell();
    REQUIRE(verdicts.size() == 1);
    CHECK(verdicts[0].refused);
    CHECK(verdicts[0].by == Writing::insert);
    CHECK(table.kinds == Kinds{"insert", "insert"});
}

TEST_CASE("a change that a trigger drops in silence was none", "[audit]") {
    Table table(deletions(GENERATE(3, 40)));
    table.keeps_deletions = true;
    CHECK(refuses_all_for_permission(table.tell(), Writing::change));
    for (std::size_t i = 0; i < table.entries.size(); ++i) {
        table.entries[i].undone = {at(100)};
        table.entries[i].row.deleted_at.reset();
        table.deleted_at(i) = format_timestamp(at(100));
    }
    CHECK(refuses_all_for_permission(table.tell(), Writing::change));
}

TEST_CASE("many deletions that somebody recorded are passed over before one that is told", "[audit]") {
    Table table(deletions(100));
    for (std::size_t i = 0; i < 30; ++i) {
        table.deleted_at(i) = "2020-01-01T00:00:00.000000Z";
    }
    CHECK(told(table.tell()) == 100);
    CHECK(table.deleted_at(29) == "2020-01-01T00:00:00.000000Z");
    CHECK(table.deleted_at(99) == format_timestamp(*table.entries[99].row.deleted_at));
    CHECK(std::count(table.kinds.begin(), table.kinds.end(), "set") == 1);
}

TEST_CASE("a table that takes some claims gets each deletion at its own time", "[audit]") {
    Table table(deletions(40));
    for (std::size_t i = 20; i < 40; ++i) {
        table.entries[i].row.deleted_at = at(7210 + static_cast<int>(i));
    }
    // The claims of the later hour are before it.
    const std::string hour = format_timestamp(at(7200));
    const std::string earliest = format_timestamp(at(7210));
    const bool lifts = GENERATE(true, false);
    table.makes_of = [&](const std::string& time) {
        return time < hour || time >= earliest ? time : lifts ? earliest : "";
    };
    CHECK(told(table.tell()) == 40);
    CHECK(table.has_all_deletions());
    CHECK(std::count(table.kinds.begin(), table.kinds.end(), "set") == 1);
}

TEST_CASE("a table that keeps minutes only is never claimed", "[audit]") {
    Table table(deletions(40));
    table.makes_of = [](const std::string& time) { return time.substr(0, 17) + "00.000000Z"; };
    CHECK(told(table.tell()) == 40);
    CHECK(std::count(table.kinds.begin(), table.kinds.end(), "set") == 0);
    for (std::size_t i = 0; i < table.entries.size(); ++i) {
        CHECK(table.deleted_at(i) == table.makes_of(format_timestamp(*table.entries[i].row.deleted_at)));
    }
}
