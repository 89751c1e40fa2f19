#include <sqlite3.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "audit/catalogue.h"
#include "audit/cleanup_pages.h"
#include "support/code_of.h"
#include "support/temporary_directory.h"

using filestore::Catalogue;
using filestore::FileId;
using filestore::Intent;
using filestore::Operation;
using filestore::RecordedUpload;
using filestore::Timestamp;
using filestore::test::TemporaryDirectory;

namespace {

using Lines = std::vector<std::string>;

/// The last column of each row.
Lines sql(const std::string& path, const std::string& text) {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
    Lines lines;
    const auto add = [](void* to, int count, char** values, char**) {
        static_cast<Lines*>(to)->emplace_back(values[count - 1] == nullptr ? "NULL" : values[count - 1]);
        return 0;
    };
    char* message = nullptr;
    CHECK(sqlite3_exec(database, text.c_str(), add, &lines, &message) == SQLITE_OK);
    CAPTURE(message);
    sqlite3_close(database);
    return lines;
}

std::unique_ptr<Catalogue> open(const std::string& path) {
    auto opened = Catalogue::open(path);
    if (!opened.ok()) {
        FAIL(opened.error().message());
    }
    return std::move(*opened);
}

Timestamp at(int second) {
    return Timestamp(std::chrono::seconds(1'700'000'000 + second));
}

FileId record_upload(Catalogue& catalogue, int second) {
    Intent intent;
    intent.id = FileId::generate().value();
    intent.begun_at = at(second);
    intent.number = catalogue.begin(intent).value();
    REQUIRE(catalogue.complete(intent, at(second)).ok());
    return intent.id;
}

Intent removal_of(const FileId& id) {
    Intent intent;
    intent.id = id;
    intent.operation = Operation::removal;
    intent.begun_at = at(1000);
    return intent;
}

const RecordedUpload beginning{FileId(), Timestamp::min()};

}  // namespace

TEST_CASE("files that were uploaded before a time, by pages", "[audit]") {
    const TemporaryDirectory directory;
    const auto catalogue = open(directory.file("c.sqlite"));
    std::vector<FileId> ids;
    for (const int second : {5, 3, 3, 9, 1}) {
        ids.push_back(record_upload(*catalogue, second));
    }
    const std::vector<FileId> expected = {ids[4], std::min(ids[1], ids[2]), std::max(ids[1], ids[2]), ids[0]};
    for (const std::size_t page : {1U, 2U, 3U, 100U}) {
        std::vector<FileId> found;
        RecordedUpload after = beginning;
        for (;;) {
            const auto uploads = catalogue->uploaded_before(at(9), after, page);
            REQUIRE(uploads.ok());
            CHECK(uploads->size() <= page);
            for (const RecordedUpload& upload : *uploads) {
                found.push_back(upload.id);
            }
            if (uploads->empty()) {
                break;
            }
            after = uploads->back();
        }
        CHECK(found == expected);
    }
}

TEST_CASE("files that are removed, or at which somebody is at work, are not among them", "[audit]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("c.sqlite");
    const auto catalogue = open(path);
    const FileId removed = record_upload(*catalogue, 1);
    std::vector<Intent> removals{removal_of(removed)};
    REQUIRE(catalogue->begin_removals(removals, at(100), at(100)).ok());
    REQUIRE(catalogue->end_removals(removals, {}, at(50)).ok());

    const auto other = open(path);
    const FileId busy = record_upload(*catalogue, 2);
    REQUIRE(other->begin(removal_of(busy)).ok());
    const FileId idle = record_upload(*catalogue, 3);

    const auto uploads = catalogue->uploaded_before(at(100), beginning, 100);
    REQUIRE(uploads.ok());
    REQUIRE(uploads->size() == 1);
    CHECK(uploads->front().id == idle);

    const FileId unknown = FileId::generate().value();
    const auto states = catalogue->states_of({removed, busy, idle, unknown});
    REQUIRE(states.ok());
    REQUIRE(states->size() == 4);
    CHECK((!(*states)[0].busy && !(*states)[0].stored));
    CHECK(((*states)[1].busy && (*states)[1].stored));
    CHECK((!(*states)[2].busy && (*states)[2].stored));
    CHECK((!(*states)[3].busy && !(*states)[3].stored));
}

TEST_CASE("a batch of removals leaves out what has changed", "[audit]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("c.sqlite");
    const auto catalogue = open(path);
    const FileId old = record_upload(*catalogue, 1);
    const FileId newer = record_upload(*catalogue, 20);
    const FileId busy = record_upload(*catalogue, 2);
    const auto other = open(path);
    REQUIRE(other->begin(removal_of(busy)).ok());
    const FileId removed_since = record_upload(*catalogue, 3);
    std::vector<Intent> first{removal_of(removed_since)};
    REQUIRE(catalogue->begin_removals(first, at(10), at(30)).ok());
    REQUIRE(catalogue->end_removals(first, {}, at(31)).ok());
    const FileId unknown = FileId::generate().value();

    std::vector<Intent> intents{removal_of(old),           removal_of(newer),   removal_of(busy),
                                removal_of(removed_since), removal_of(unknown), removal_of(old)};
    REQUIRE(catalogue->begin_removals(intents, at(10), at(30)).ok());
    CHECK(intents[0].number != 0);
    CHECK(intents[1].number == 0);
    CHECK(intents[2].number == 0);
    CHECK(intents[3].number == 0);
    CHECK(intents[4].number != 0);
    CHECK(intents[5].number == 0);

    REQUIRE(catalogue->end_removals({intents[0]}, {intents[4]}, at(40)).ok());
    CHECK(catalogue->row(old)->deleted_at == at(40));
    CHECK(code_of(catalogue->row(unknown)) == filestore::ErrorCode::not_found);
    CHECK_FALSE(catalogue->states_of({unknown})->front().busy);
}

TEST_CASE("a removal that a dead process began is in nobody's way once it is inherited", "[audit]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("c.sqlite");
    const auto catalogue = open(path);
    const FileId id = record_upload(*catalogue, 1);
    REQUIRE(open(path)->begin(removal_of(id)).ok());
    CHECK(catalogue->uploaded_before(at(10), beginning, 10)->empty());
    CHECK(catalogue->states_of({id})->front().busy);

    const auto inherited = catalogue->stale_intents();
    REQUIRE(inherited.ok());
    REQUIRE(inherited->size() == 1);
    CHECK(catalogue->uploaded_before(at(10), beginning, 10)->size() == 1);
    CHECK_FALSE(catalogue->states_of({id})->front().busy);
    std::vector<Intent> intents{removal_of(id)};
    REQUIRE(catalogue->begin_removals(intents, at(10), at(30)).ok());
    CHECK(intents[0].number > inherited->front().number);
    CHECK(catalogue->states_of({id})->front().busy);
    REQUIRE(catalogue->end_removals(intents, {}, at(40)).ok());
    REQUIRE(catalogue->complete(inherited->front(), at(5)).ok());
    CHECK(catalogue->row(id)->deleted_at == at(40));
}

TEST_CASE("what was left is given again, and what this process is at work on stays busy", "[audit]") {
    const TemporaryDirectory directory;
    const auto catalogue = open(directory.file("c.sqlite"));
    const FileId under_way = record_upload(*catalogue, 1);
    REQUIRE(catalogue->begin(removal_of(under_way)).ok());
    const FileId left = record_upload(*catalogue, 2);
    const auto number = catalogue->begin(removal_of(left));
    REQUIRE(number.ok());
    CHECK(catalogue->stale_intents()->empty());
    REQUIRE(catalogue->leave(*number).ok());
    CHECK(catalogue->states_of({left})->front().busy);
    const auto given = catalogue->stale_intents();
    REQUIRE(given.ok());
    REQUIRE(given->size() == 1);
    CHECK(given->front().id == left);
    CHECK(catalogue->states_of({under_way})->front().busy);
    CHECK(catalogue->stale_intents()->empty());
}

TEST_CASE("a page of old files costs what it holds, however many rows there are", "[audit]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("c.sqlite");
    open(path).reset();
    const Lines plan = sql(path, std::string("EXPLAIN QUERY PLAN ") + filestore::uploads_before);
    REQUIRE(plan.size() == 3);
    CHECK_THAT(plan[0], Catch::StartsWith("SEARCH file_uploads") &&
                            Catch::Contains("INDEX stored_by_upload") &&
                            Catch::Contains("(uploaded_at,file_id)>"));
    CHECK_THAT(plan[2], Catch::StartsWith("SEARCH intents") && Catch::Contains("INDEX intents_by_file"));
}

TEST_CASE("a page of files to purge costs what it holds, however many rows there are", "[audit]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("c.sqlite");
    open(path).reset();
    const Lines plan = sql(path, std::string("EXPLAIN QUERY PLAN ") + filestore::page_of_due);
    REQUIRE(plan.size() == 4);
    CHECK_THAT(plan[0], Catch::StartsWith("SEARCH soft_deleted") &&
                            Catch::Contains("INDEX soft_deleted_by_end") &&
                            Catch::Contains("(until,file_id)>"));
    for (const std::string& step : plan) {
        CAPTURE(step);
        CHECK_THAT(step, !Catch::StartsWith("SCAN") && !Catch::Contains("TEMP B-TREE"));
    }
}

TEST_CASE("the mark of a store that is recorded whole", "[audit]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("c.sqlite");
    const auto catalogue = open(path);
    CHECK_FALSE(catalogue->covered_at()->has_value());
    REQUIRE(catalogue->note_covered(at(1)).ok());
    REQUIRE(catalogue->note_covered(at(2)).ok());
    CHECK(*catalogue->covered_at() == at(2));
    sql(path, "UPDATE marks SET at = 'yesterday'");
    CHECK(code_of(catalogue->covered_at()) == filestore::ErrorCode::corrupt);
}

TEST_CASE("a catalogue of version 1 gets what is new", "[audit]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("c.sqlite");
    FileId id;
    {
        const auto catalogue = open(path);
        id = record_upload(*catalogue, 1);
    }
    sql(path,
        "DROP TABLE marks; DROP INDEX stored_by_upload; DROP INDEX intents_by_file; DROP TABLE outbox; "
        "DROP TABLE parked; DROP TABLE totals; DROP TRIGGER note_new_row; DROP TRIGGER note_changed_row; "
        "DROP TRIGGER unmark_stored_row; DROP TABLE soft_deleted; DROP TABLE undone; "
        "DROP TRIGGER remove_copies_of_new_row; DROP TRIGGER remove_copies_of_changed_row; DROP TABLE "
        "provider_copies; "
        "DROP TRIGGER unseal_changed_row; DROP TRIGGER unseal_changed_intent; "
        "ALTER TABLE file_uploads DROP COLUMN checksum; ALTER TABLE intents DROP COLUMN checksum; "
        "CREATE INDEX intents_by_session ON intents (session); PRAGMA user_version = 1");
    const auto catalogue = open(path);
    CHECK(catalogue->row(id)->uploaded_at == at(1));
    CHECK(catalogue->uploaded_before(at(2), beginning, 10)->size() == 1);
    CHECK(catalogue->note_covered(at(2)).ok());
    CHECK(sql(path, "PRAGMA user_version") == Lines{"9"});
    CHECK(sql(path, "SELECT name FROM sqlite_schema WHERE name = 'intents_by_session'").empty());
}
