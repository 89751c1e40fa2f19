#include <sqlite3.h>

#include <catch2/catch.hpp>
#include <map>

#include "conformance/stores.h"
#include "support/random_bytes.h"
#include "support/settable_clock.h"
#include "support/test_streams.h"

using namespace filestore;
using namespace filestore::test;

namespace {

using Row = std::map<std::string, std::string>;

/// Reads the catalogue as any other program would.
std::vector<Row> query(const std::string& path, const std::string& sql) {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK);
    sqlite3_busy_timeout(database, 10'000);
    std::vector<Row> rows;
    const auto add = [](void* to, int count, char** values, char** names) {
        Row row;
        for (int i = 0; i < count; ++i) {
            row[names[i]] = values[i] == nullptr ? "NULL" : values[i];
        }
        static_cast<std::vector<Row>*>(to)->push_back(std::move(row));
        return 0;
    };
    CHECK(sqlite3_exec(database, sql.c_str(), add, &rows, nullptr) == SQLITE_OK);
    sqlite3_close(database);
    return rows;
}

FileUpload file(std::string bytes, std::string path) {
    FileUpload upload;
    upload.source = source_from_string(std::move(bytes));
    upload.path = std::move(path);
    return upload;
}

}  // namespace

TEST_CASE("an upload and a deletion are recorded in the original's columns", "[service]") {
    FOR_EACH_STORE(store);
    FileService service = store.open_service();
    FileUpload upload = file("content", "notes/ä.txt");
    REQUIRE(upload.metadata.set("owner", "ada").ok());
    const auto id = service.upload(std::move(upload));
    REQUIRE(id.ok());

    const std::string rows_sql =
        "SELECT file_id, file_path, metadata, uploaded_at, deleted_at FROM file_uploads";
    auto rows = query(service.catalogue_path(), rows_sql);
    REQUIRE(rows.size() == 1);
    CHECK(rows[0]["file_id"] == id->str());
    CHECK(rows[0]["file_path"] == "notes/ä.txt");
    CHECK(rows[0]["metadata"] == R"({"owner":"ada"})");
    CHECK(parse_timestamp(rows[0]["uploaded_at"]).ok());
    CHECK(rows[0]["deleted_at"] == "NULL");

    const auto removed = service.remove({*id, {}});
    REQUIRE(removed.ok());
    CHECK(*removed);
    rows = query(service.catalogue_path(), rows_sql);
    REQUIRE(rows.size() == 1);
    CHECK(parse_timestamp(rows[0]["deleted_at"]).ok());
    CHECK(query(service.catalogue_path(), "SELECT * FROM intents").empty());
}

TEST_CASE("deleting what is not there answers false and records nothing", "[service]") {
    FOR_EACH_STORE(store);
    FileService service = store.open_service();
    const auto id = service.upload(file("x", "x"));
    REQUIRE(id.ok());
    CHECK(*service.remove({*id, {}}));
    const auto again = service.remove({*id, {}});
    REQUIRE(again.ok());
    CHECK_FALSE(*again);
    const auto never = service.remove({*FileId::generate(), {}});
    REQUIRE(never.ok());
    CHECK_FALSE(*never);
    CHECK(query(service.catalogue_path(), "SELECT * FROM file_uploads").size() == 1);
    CHECK(query(service.catalogue_path(), "SELECT * FROM intents").empty());
}

TEST_CASE("deleting a file of another tool records what it was", "[service]") {
    FOR_EACH_STORE(store);
    const auto backend = store.open_backend();
    UploadRequest upload = upload_of("x");
    const FileId id = upload.id;
    upload.original_path = "theirs.txt";
    REQUIRE(upload.metadata.set("k", "v").ok());
    REQUIRE(backend->upload(std::move(upload)).ok());
    FileService service = store.open_service();
    CHECK(*service.remove({id, {}}));
    auto rows = query(service.catalogue_path(), "SELECT * FROM file_uploads");
    REQUIRE(rows.size() == 1);
    CHECK(rows[0]["file_id"] == id.str());
    CHECK(rows[0]["file_path"] == "theirs.txt");
    CHECK(rows[0]["metadata"] == R"({"k":"v"})");
    CHECK(rows[0]["deleted_at"] != "NULL");
}

TEST_CASE("a failed upload leaves no file, no row and no intent", "[service]") {
    FOR_EACH_STORE(store);
    FileService service = store.open_service();
    FileUpload upload;
    upload.source = failing_source(random_bytes(100'000), 7);
    const auto id = service.upload(std::move(upload));
    REQUIRE_FALSE(id.ok());
    CHECK(id.error().code() == ErrorCode::source_failed);
    CHECK(query(service.catalogue_path(), "SELECT * FROM file_uploads").empty());
    CHECK(query(service.catalogue_path(), "SELECT * FROM intents").empty());
    CHECK(list_ids(*store.open_backend()).empty());
}

TEST_CASE("an upload that cannot be recorded is taken back", "[service]") {
    FOR_EACH_STORE(store);
    FileService service = store.open_service();
    const auto first = service.upload(file("first", "first"));
    REQUIRE(first.ok());
    query(service.catalogue_path(),
          "CREATE TRIGGER refuse BEFORE INSERT ON file_uploads BEGIN SELECT RAISE(ABORT, 'no'); END");
    const auto second = service.upload(file("second", "second"));
    REQUIRE_FALSE(second.ok());
    CHECK(list_ids(*store.open_backend()) == std::vector<FileId>{*first});
    query(service.catalogue_path(), "DROP TRIGGER refuse");
    CHECK(query(service.catalogue_path(), "SELECT * FROM intents").empty());
}

TEST_CASE("what a crashed process left is settled by the next that records", "[service]") {
    FOR_EACH_STORE(store);
    const auto backend = store.open_backend();
    const FileId published = store_bytes(*backend, "published");
    const FileId unpublished = *FileId::generate();
    const FileId removed = *FileId::generate();
    const FileId kept = store_bytes(*backend, "kept");
    const FileId failed = store_bytes(*backend, "its upload was reported as failed");
    std::string catalogue;
    {
        FileService service = store.open_service();
        catalogue = service.catalogue_path();
        REQUIRE(service.upload(file("x", "x")).ok());
    }
    // As a process leaves them that died: intents of a session that nobody holds.
    const auto leave = [&](const FileId& id, const std::string& operation) {
        query(catalogue,
              "INSERT INTO intents (session, file_id, operation, file_path, metadata, begun_at) VALUES "
              "(999999, '" +
                  id.str() + "', '" + operation + "', 'p', '{}', '2026-01-01T00:00:00.000000Z')");
    };
    leave(published, "upload");
    leave(unpublished, "upload");
    leave(removed, "removal");
    leave(kept, "removal");
    leave(failed, "undo");
    {
        FileService service = store.open_service();
        REQUIRE(service.upload(file("y", "y")).ok());
        // Settling goes on beside the upload. Where an upload may come to be there late, it is looked for later, too.
        const std::string is_looked_for = "operation = 'undo' AND file_id = '" + unpublished.str() + "'";
        while (!query(catalogue, "SELECT * FROM intents WHERE NOT (" + is_looked_for + ")").empty()) {
        }
        CHECK(query(catalogue, "SELECT * FROM intents").empty() != backend->capabilities().may_store_late);
    }
    const auto state = [&](const FileId& id) {
        auto rows = query(catalogue, "SELECT * FROM file_uploads WHERE file_id = '" + id.str() + "'");
        return rows.empty()                      ? std::string("no row")
               : rows[0]["deleted_at"] == "NULL" ? std::string("stored")
                                                 : std::string("deleted");
    };
    CHECK(state(published) == "stored");
    CHECK(state(unpublished) == "no row");
    CHECK(state(removed) == "deleted");
    CHECK(state(kept) == "no row");
    CHECK(state(failed) == "no row");
    CHECK_FALSE(*backend->exists({failed, {}}));
}

TEST_CASE("a service records nothing where that is switched off", "[service]") {
    FOR_EACH_STORE(store);
    ServiceOptions options = store.options();
    options.catalogue_path = "off";
    auto service = FileService::open(options);
    REQUIRE(service.ok());
    const auto id = service->upload(file("x", "x"));
    REQUIRE(id.ok());
    CHECK(*service->remove({*id, {}}));
    CHECK(service->catalogue_path().empty());
    CHECK_FALSE(std::filesystem::exists(store.options().catalogue_path));
}

TEST_CASE("an unknown backend is an invalid argument", "[service]") {
    ServiceOptions options;
    options.backend = "tape";
    const auto service = FileService::open(options);
    REQUIRE_FALSE(service.ok());
    CHECK(service.error().code() == ErrorCode::invalid_argument);
}

TEST_CASE("files that are older than some days are removed, and recorded as deleted", "[service]") {
    FOR_EACH_STORE(store);
    const auto clock = std::make_shared<SettableClock>(system_clock()->now());
    ServiceOptions options = store.options();
    options.catalogue_path = store.scratch().file("catalogue.sqlite");
    options.clock = clock;
    const auto backend = store.open_backend();
    auto service = FileService::open(backend, options);
    REQUIRE(service.ok());
    std::vector<FileId> old;
    for (int i = 0; i < 7; ++i) {
        const auto id = service->upload(file("content", "old"));
        REQUIRE(id.ok());
        old.push_back(*id);
    }
    const FileId unrecorded = store_bytes(*backend, "nobody recorded this");
    const FileId gone = old.back();
    CHECK(*backend->remove({gone, {}}));
    clock->advance(std::chrono::days(40));
    const auto young = service->upload(file("new", "young"));
    REQUIRE(young.ok());

    for (const bool dry_run : {true, false}) {
        const auto report = service->cleanup({.days = 30, .dry_run = dry_run});
        REQUIRE(report.ok());
        CHECK(report->removed == 7);
        CHECK(report->bytes == 6 * 7 + 20);
        CHECK(report->already_gone == 1);
        CHECK(report->kept + report->failed == 0);
        CHECK(*service->exists({unrecorded, {}}) == dry_run);
        CHECK(*service->exists({old.front(), {}}) == dry_run);
    }
    const auto page = service->list({});
    REQUIRE(page.ok());
    CHECK(page->files.size() == 1);
    const auto rows =
        query(service->catalogue_path(), "SELECT file_id FROM file_uploads WHERE deleted_at IS NULL");
    CHECK(rows.size() == 1);
}
