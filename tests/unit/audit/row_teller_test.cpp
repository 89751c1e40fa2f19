#include "audit/row_teller.h"

#include <algorithm>
#include <catch2/catch.hpp>
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

std::string row_as_json(const OutboxEntry& entry) {
    return R"({"file_id":")" + entry.row.id.str() + R"(","file_path":")" + entry.row.file_path +
           R"(","metadata":"{}","deleted_at":")" +
           format_timestamp(postgrest::claim_of(*entry.row.deleted_at)) + R"("})";
}

/// Takes everything, unless the test says otherwise of a kind of request, and has the rows of all entries.
class Table {
public:
    explicit Table(std::vector<OutboxEntry> of) : entries(std::move(of)) {}

    std::vector<Verdict> tell() {
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

    std::vector<OutboxEntry> entries;
    std::vector<std::string> kinds;
    std::string refused_kind;
    Refusal refused_as = Refusal::for_now;
    /// Only requests that name this file are refused.
    std::string refused_file;
    /// At a time.
    std::size_t most_rows = 1000;

private:
    Reply reply(const Request& request) {
        const std::string kind = kind_of(request);
        kinds.push_back(kind);
        const bool names_it = (request.target + request.body).find(refused_file) != std::string::npos;
        if (kind == refused_kind && names_it) {
            return refusal(refused_as);
        }
        return kind == "read" ? Reply{std::nullopt, rows_named_in(request.target)} : Reply{};
    }

    std::string rows_named_in(const std::string& target) const {
        std::string rows;
        std::size_t count = 0;
        for (const OutboxEntry& entry : entries) {
            if (target.find(entry.row.id.str()) != std::string::npos && count++ < most_rows) {
                rows += (rows.empty() ? "" : ",") + row_as_json(entry);
            }
        }
        return "[" + rows + "]";
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

using Kinds = std::vector<std::string>;

}  // namespace

TEST_CASE("a deletion that nobody was told of before is part of its row", "[audit]") {
    Table table(deletions(30));
    for (OutboxEntry& entry : table.entries) {
        entry.never_told = true;
    }
    CHECK(told(table.tell()) == 30);
    CHECK(table.kinds == Kinds{"insert"});
}

TEST_CASE("deletions at a few times take a request for each", "[audit]") {
    Table table(deletions(3));
    table.entries[2].row.deleted_at = table.entries[1].row.deleted_at;
    CHECK(told(table.tell()) == 3);
    CHECK(table.kinds == Kinds{"insert", "mark", "mark"});
}

TEST_CASE("deletions at many times are claimed, looked at and set", "[audit]") {
    Table table(deletions(40));
    CHECK(told(table.tell()) == 40);
    CHECK(table.kinds == Kinds{"insert", "mark", "read", "set"});
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
    Table changed(table.entries);
    changed.entries[0].row.file_path = "another name";
    const auto verdicts = tell_rows("file_uploads", table.entries, [&](const std::vector<Request>& requests) {
        std::vector<Reply> replies;
        for (const Request& request : requests) {
            const std::string kind = Table::kind_of(request);
            table.kinds.push_back(kind);
            CHECK((kind != "set" || request.body.find(table.entries[0].row.id.str()) == std::string::npos));
            std::string rows;
            for (const OutboxEntry& entry : changed.entries) {
                rows += (rows.empty() ? "" : ",") + row_as_json(entry);
            }
            replies.push_back({std::nullopt, kind == "read" ? "[" + rows + "]" : ""});
        }
        return replies;
    });
    CHECK(told(verdicts) == 20);
    CHECK(table.kinds == Kinds{"insert", "mark", "read", "mark", "set"});
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
    Table table(deletions(40));
    const auto verdicts = tell_rows("file_uploads", table.entries, [&](const std::vector<Request>& requests) {
        std::vector<Reply> replies;
        for (const Request& request : requests) {
            table.kinds.push_back(Table::kind_of(request));
            replies.push_back({std::nullopt, request.method == Method::get ? "[]" : ""});
        }
        return replies;
    });
    CHECK(told(verdicts) == 40);
    CHECK(table.kinds == Kinds{"insert", "mark", "read"});
}

TEST_CASE("deletions that were undone are taken back before anything else is told of the file", "[audit]") {
    Table table(deletions(3));
    table.entries[0].row.deleted_at.reset();
    table.entries[0].undone = {at(100), at(101)};
    table.entries[1].undone = {at(101)};
    CHECK(told(table.tell()) == 3);
    CHECK(table.kinds == Kinds{"insert", "take back", "take back", "mark", "mark"});
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
