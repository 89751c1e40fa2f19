#include <catch2/catch.hpp>
#include <future>

#include "conformance/client_support.h"
#include "support/eventually.h"
#include "support/test_streams.h"

using namespace filestore;
using namespace filestore::test;

namespace {

constexpr std::size_t part_size = std::size_t{5} << 20U;

/// Begins an upload in parts, and leaves it.
void leave_upload(ClientOnStore& client, const std::string& name) {
    S3PutRequest request = client.put_request(name, "");
    request.source = failing_source(std::string(2 * part_size + 1, 'x'), 77);
    request.on_resume_token = [](const std::string&) { return Result<void>(); };
    REQUIRE(code_of(client->put(request)) == ErrorCode::source_failed);
    REQUIRE(uploads_left(client, name) == 1);
}

/// The uploads that the server lists under the store's prefix. MinIO lists none: it finds uploads by whole keys only, and removes old ones itself.
std::size_t listed(ClientOnStore& client) {
    S3SweepRequest request;
    request.bucket = client.bucket();
    request.prefix = client.key("");
    request.older_than = std::chrono::seconds(0);
    request.dry_run = true;
    return ClientOnStore::required(client->sweep_uploads(std::move(request))).size();
}

/// Gives two parts and a byte, and ends when it is let.
std::shared_ptr<Source> source_that_waits(std::shared_future<void> let) {
    auto parts = source_from_string(std::string(2 * part_size + 1, 'y'));
    CallbackSource callbacks;
    callbacks.blocking = true;
    callbacks.read = [parts, let = std::move(let)](std::span<std::byte> into, const Wake& wake) {
        auto read = parts->read(into, wake);
        if (read.ok() && read->bytes == 0) {
            let.wait();
        }
        return read;
    };
    return source_from_callback(std::move(callbacks));
}

}  // namespace

S3_FEATURE_TEST_CASE("multipart-age", "a cleanup ends the store's own old uploads and no others",
                     "[service][cleanup][multipart]") {
    S3ClientOptions client_options = store.options().s3;
    client_options.part_size = part_size;
    ClientOnStore client(store, client_options);
    ServiceOptions options = store.options();
    options.s3.part_size = part_size;
    FileService service = FileService::open(options).value();
    const std::string dead = FileId::generate().value().str();
    const std::string of_another = FileId::generate().value().str() + "-of-another";
    const std::string of_no_version = "c232ab00-9414-11ec-b3c8-9f6bdeced846";
    for (const std::string& name : {dead, of_another, of_no_version}) {
        leave_upload(client, name);
    }
    std::promise<void> let;
    std::promise<Result<FileId>> stored;
    FileUpload live;
    live.source = source_that_waits(let.get_future().share());
    service.upload_async(std::move(live), [&](Result<FileId> id) { stored.set_value(std::move(id)); });
    const bool is_listed = listed(client) > 0;
    CHECK((!is_listed || eventually([&] { return listed(client) == 4; })));

    const auto clean = [&](std::chrono::seconds age, bool dry_run) {
        CleanupRequest request;
        request.uploads_older_than = age;
        request.dry_run = dry_run;
        return ClientOnStore::required(service.cleanup(std::move(request))).stale_uploads;
    };
    const std::size_t ended = is_listed ? 1 : 0;
    CHECK(clean(CleanupRequest().uploads_older_than, false) == 0);
    CHECK(clean(std::chrono::seconds(0), true) == ended);
    CHECK(uploads_left(client, dead) == 1);
    CHECK(clean(std::chrono::seconds(0), false) == ended);
    CHECK(uploads_left(client, dead) == 1 - ended);
    CHECK(uploads_left(client, of_another) == 1);
    CHECK(uploads_left(client, of_no_version) == 1);

    let.set_value();
    const Result<FileId> id = stored.get_future().get();
    INFO((id.ok() ? "" : id.error().message()));
    REQUIRE(id.ok());
    CHECK(service.metadata({*id, {}})->size == 2 * part_size + 1);
}
