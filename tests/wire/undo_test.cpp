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

    /// Nothing is there of the one upload that failed, which the server may still carry out.
    [[nodiscard]] bool is_looked_for() const { return intents() == std::vector<std::string>{"undo"}; }

    void forget() const { run_sql(catalogue, "DELETE FROM intents"); }

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

const std::string no_uploads =
    answer("200 OK", "", "<ListMultipartUploadsResult></ListMultipartUploadsResult>");
const std::string removed = answer("204 No Content", "", "");
/// It is no upload that comes piece by piece.
const std::string no_pieces = answer("404 Not Found", "", error_body("NoSuchKey"));
/// Takes a file back that is not one of several parts.
const Script taking_back = conversation({no_pieces, no_uploads, removed});

}  // namespace

TEST_CASE_METHOD(Fixture, "a deadline is answered before the removal, which still happens", "[wire]") {
    std::promise<void> gate;
    const std::shared_future<void> opened = gate.get_future().share();
    // The deadline may pass before the upload has sent anything; then the removal is on the first connection.
    for (int connection = 0; connection < 2; ++connection) {
        server.add({ExpectRequest{}, Await{opened}, Send{no_pieces}, ExpectRequest{}, Send{no_uploads},
                    ExpectRequest{}, Send{removed}});
    }
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
    CHECK(is_looked_for());
}

TEST_CASE_METHOD(Fixture, "an answer that cannot be read may have been a success", "[wire]") {
    const std::string unreadable =
        "HTTP/1.1 200 OK\r\nx-long: " + std::string(400'000, 'y') + "\r\nContent-Length: 0\r\n\r\n";
    server.add({ExpectRequest{}, Send{unreadable}});
    server.add(taking_back);
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
    server.add(taking_back);
    Answers<FileId> ids;
    {
        FileService service = open();
        service.upload_async(some_file(), ids.next());
        REQUIRE(eventually([&] { return heard("PUT") == 1; }));
    }
    REQUIRE(ids.count() == 1);
    CHECK(ids.wait_for_one().error().code() == ErrorCode::cancelled);
    CHECK(heard("DELETE") == 1);
    CHECK(is_looked_for());
}

TEST_CASE_METHOD(Fixture, "a file whose removal failed is removed by the next process, and never recorded",
                 "[wire]") {
    server.add({ExpectRequest{}, Reset{}});
    server.add(
        {ExpectRequest{}, Send{no_pieces}, ExpectRequest{}, Send{no_uploads}, ExpectRequest{}, Reset{}});
    {
        FileService service = open();
        const auto id = service.upload(some_file());
        REQUIRE_FALSE(id.ok());
        CHECK(id.error().code() == ErrorCode::unavailable);
    }
    REQUIRE(intents() == std::vector<std::string>{"undo"});
    // As if that process were gone.
    run_sql(catalogue, "UPDATE intents SET session = 999999");
    server.add(conversation({answer("200 OK", "", ""), no_pieces, no_uploads, removed}));
    {
        FileService service = open();
        // Looks into the catalogue, and sends nothing itself.
        REQUIRE(service.audit_status({}).ok());
        CHECK(eventually([&] { return heard("DELETE") == 2; }));
    }
    CHECK(heard("DELETE") == 2);
    CHECK(heard("HEAD") == 1);
    CHECK(run_sql(catalogue, "SELECT count(*) FROM file_uploads") == std::vector<std::string>{"0"});
}

TEST_CASE_METHOD(Fixture, "uploads in parts to the key of a failed upload are aborted, and no others",
                 "[wire]") {
    std::promise<void> gate;
    server.add({ExpectRequest{}, Await{gate.get_future().share()}, Reset{}});
    FileService service = open();
    Answers<FileId> ids;
    service.upload_async(some_file(), ids.next());
    REQUIRE(eventually([&] { return heard("PUT") == 1; }));
    const std::string line = server.requests().front().line();
    const std::string id = line.substr(line.rfind('/', line.rfind(' ')) + 1, id_text.size());
    const auto upload = [](const std::string& key, const std::string& upload_id) {
        return "<Upload><Key>" + key + "</Key><UploadId>" + upload_id +
               "</UploadId><Initiated>2099-01-31T23:59:59Z</Initiated></Upload>";
    };
    server.add(conversation(
        {no_pieces,
         answer("200 OK", "",
                "<ListMultipartUploadsResult>" + upload(id, "ours") + upload(id + "-of-another", "theirs") +
                    upload("x" + id, "theirs") + "</ListMultipartUploadsResult>"),
         removed, removed}));
    gate.set_value();
    CHECK(ids.wait_for_one().error().code() == ErrorCode::unavailable);
    std::vector<std::string> lines;
    for (const HeardRequest& request : server.requests()) {
        lines.push_back(request.line());
    }
    CHECK(lines == std::vector<std::string>{line, "GET /bucket/.filestore-uploads/" + id + " HTTP/1.1",
                                            "GET /bucket?prefix=" + id + "&uploads= HTTP/1.1",
                                            "DELETE /bucket/" + id + "?uploadId=ours HTTP/1.1",
                                            "DELETE /bucket/" + id + " HTTP/1.1"});
    CHECK(is_looked_for());
}

TEST_CASE_METHOD(Fixture, "where uploads in parts cannot be listed, the file is removed all the same",
                 "[wire]") {
    for (const auto& [status, code] :
         {std::pair("501 Not Implemented", "NotImplemented"), std::pair("403 Forbidden", "AccessDenied")}) {
        server.add({ExpectRequest{}, Reset{}});
        server.add(conversation({no_pieces, answer(status, "", error_body(code)), removed}));
        CHECK(open().upload(some_file()).error().code() == ErrorCode::unavailable);
        CHECK(is_looked_for());
        forget();
    }
    CHECK(heard("DELETE") == 2);
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
