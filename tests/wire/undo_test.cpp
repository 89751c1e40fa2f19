/// Uploads that fail when their file may be on the server already: it has to go again.

#include <sqlite3.h>

#include <catch2/catch.hpp>
#include <future>

#include "filestore/service.h"
#include "support/answers.h"
#include "support/eventually.h"
#include "support/temporary_directory.h"
#include "support/test_streams.h"
#include "wire/s3_client.h"

using namespace filestore;
using namespace filestore::test;
using namespace std::chrono_literals;

namespace {

/// Runs SQL on the catalogue beside the service; the first column of each row.
std::vector<std::string> run_sql(const std::string& catalogue, const std::string& sql) {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open(catalogue.c_str(), &database) == SQLITE_OK);
    sqlite3_busy_timeout(database, 10'000);
    std::vector<std::string> answers;
    const auto add = [](void* to, int, char** values, char**) {
        static_cast<std::vector<std::string>*>(to)->emplace_back(values[0]);
        return 0;
    };
    CHECK(sqlite3_exec(database, sql.c_str(), add, &answers, nullptr) == SQLITE_OK);
    sqlite3_close(database);
    return answers;
}

struct Fixture {
    TemporaryDirectory directory;
    std::string catalogue = directory.file("catalogue.sqlite");
    ScriptedServer server;

    [[nodiscard]] FileService open() const {
        ServiceOptions options;
        options.backend = "s3";
        options.s3 = options_for(server);
        options.catalogue_path = catalogue;
        return FileService::open(std::move(options)).value();
    }

    [[nodiscard]] std::vector<std::string> intents() const {
        return run_sql(catalogue, "SELECT operation FROM intents");
    }

    /// How many requests of that method the server has heard.
    [[nodiscard]] std::size_t heard(const std::string& method) const {
        std::size_t count = 0;
        for (const HeardRequest& request : server.requests()) {
            count += request.head.starts_with(method + " ") ? 1 : 0;
        }
        return count;
    }
};

FileUpload some_file() {
    FileUpload file;
    file.source = source_from_string("content");
    file.path = "name";
    return file;
}

const std::string removed = answer("204 No Content", "", "");

}  // namespace

TEST_CASE_METHOD(Fixture, "a deadline is answered before the removal, which still happens", "[wire]") {
    std::promise<void> gate;
    const std::shared_future<void> opened = gate.get_future().share();
    // The deadline may pass before the upload has sent anything; then the removal is on the first connection.
    server.add({ExpectRequest{}, Await{opened}, Send{removed}});
    server.add({ExpectRequest{}, Await{opened}, Send{removed}});
    {
        FileService service = open();
        FileUpload file = some_file();
        file.call.deadline = deadline_in(100ms);
        const auto id = service.upload(std::move(file));
        REQUIRE_FALSE(id.ok());
        CHECK(id.error().code() == ErrorCode::timeout);
        CHECK(intents() == std::vector<std::string>{"undo"});
        gate.set_value();
    }
    CHECK(heard("DELETE") == 1);
    CHECK(intents().empty());
}

TEST_CASE_METHOD(Fixture, "an answer that cannot be read may have been a success", "[wire]") {
    const std::string unreadable =
        "HTTP/1.1 200 OK\r\nx-long: " + std::string(400'000, 'y') + "\r\nContent-Length: 0\r\n\r\n";
    server.add({ExpectRequest{}, Send{unreadable}});
    server.add({ExpectRequest{}, Send{removed}});
    const auto id = open().upload(some_file());
    REQUIRE_FALSE(id.ok());
    CHECK(id.error().code() == ErrorCode::corrupt);
    CHECK(heard("DELETE") == 1);
    CHECK(intents().empty());
}

TEST_CASE_METHOD(Fixture, "what the server refused needs no removal", "[wire]") {
    server.add({ExpectRequest{}, Send{answer("400 Bad Request", "", error_body("BadDigest"))}});
    const auto id = open().upload(some_file());
    REQUIRE_FALSE(id.ok());
    CHECK(id.error().code() == ErrorCode::corrupt);
    CHECK(heard("DELETE") == 0);
    CHECK(intents().empty());
}

TEST_CASE_METHOD(Fixture, "closing lets a removal end", "[wire]") {
    server.add({ExpectRequest{}, Stall{}});
    server.add({ExpectRequest{}, Send{removed}});
    Answers<FileId> ids;
    {
        FileService service = open();
        service.upload_async(some_file(), ids.next());
        REQUIRE(eventually([&] { return heard("PUT") == 1; }));
    }
    REQUIRE(ids.count() == 1);
    CHECK(ids.wait_for_one().error().code() == ErrorCode::cancelled);
    CHECK(heard("DELETE") == 1);
    CHECK(intents().empty());
}

TEST_CASE_METHOD(Fixture, "a file whose removal failed is removed by the next process, and never recorded",
                 "[wire]") {
    server.add({ExpectRequest{}, Reset{}});
    server.add({ExpectRequest{}, Reset{}});
    {
        FileService service = open();
        const auto id = service.upload(some_file());
        REQUIRE_FALSE(id.ok());
        CHECK(id.error().code() == ErrorCode::unavailable);
    }
    REQUIRE(intents() == std::vector<std::string>{"undo"});
    // As if that process were gone.
    run_sql(catalogue, "UPDATE intents SET session = 999999");
    const std::string done = answer("200 OK", "ETag: \"x\"\r\n", "");
    server.add(conversation({done, done}));
    server.add(conversation({done, done}));
    {
        FileService service = open();
        REQUIRE(service.upload(some_file()).ok());
        CHECK(eventually([&] { return intents().empty(); }));
    }
    CHECK(heard("DELETE") == 2);
    CHECK(heard("HEAD") == 0);
    CHECK(run_sql(catalogue, "SELECT count(*) FROM file_uploads") == std::vector<std::string>{"1"});
}

TEST_CASE_METHOD(Fixture, "an upload that can be neither recorded nor undone is not called failed",
                 "[wire]") {
    server.add({ExpectRequest{}, Send{answer("200 OK", "Connection: close\r\n", "")}});
    server.add({ExpectRequest{}, Reset{}});
    FileService service = open();
    FileUpload file = some_file();
    CallbackSource callbacks;
    callbacks.read = [this, inner = file.source](std::span<std::byte> into, const Wake& wake) {
        run_sql(catalogue, "DROP TABLE IF EXISTS intents");
        return inner->read(into, wake);
    };
    callbacks.blocking = true;
    file.source = source_from_callback(callbacks);
    const auto id = service.upload(std::move(file));
    REQUIRE_FALSE(id.ok());
    CHECK(id.error().code() == ErrorCode::outcome_unknown);
}
