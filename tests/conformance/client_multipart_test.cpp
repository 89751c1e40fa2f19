#include <catch2/catch.hpp>
#include <future>
#include <limits>
#include <optional>
#include <semaphore>

#include "conformance/client_support.h"
#include "conformance/plain_http.h"
#include "support/random_bytes.h"
#include "support/test_streams.h"

using namespace filestore;
using namespace filestore::test;

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20U;
constexpr std::size_t part = 5 * mebibyte;

S3ClientOptions small_parts(const TestStore& store) {
    S3ClientOptions options = store.options().s3;
    options.part_size = part;
    options.parallel_parts = 3;
    options.parallel_below_rate = std::numeric_limits<std::uint64_t>::max();
    return options;
}

/// From `source` to `target`.
S3CopyRequest copy_in_parts(const ClientOnStore& client) {
    S3CopyRequest copy;
    copy.source_bucket = copy.bucket = client.bucket();
    copy.source_key = client.key("source");
    copy.key = client.key("target");
    copy.multipart_threshold = part;
    return copy;
}

void check_tags(ClientOnStore& client, const std::string& name) {
    CAPTURE(name);
    S3TagsRequest request;
    request.bucket = client.bucket();
    request.key = client.key(name);
    CHECK(ClientOnStore::required(client->get_tags(request)) == std::vector<S3Field>{{"team", "a b"}});
}

void check_tags_of_copy(const TestStore& store, std::size_t size) {
    ClientOnStore client(store, small_parts(store));
    S3PutRequest put = client.put_request("source", random_bytes(size));
    put.tags = {{"team", "a b"}};
    ClientOnStore::required(client->put(std::move(put)));
    check_tags(client, "source");
    ClientOnStore::required(client->copy(copy_in_parts(client)));
    check_tags(client, "target");
}

/// An upload in parts whose source waits after some of them.
class StalledPut {
public:
    /// Returns when the source waits, or when the upload has ended without that.
    StalledPut(ClientOnStore& client, const std::string& name) {
        S3PutRequest request = client.put_request(name, "");
        request.source =
            std::make_shared<StalledSource>(random_bytes(2 * part + 5), [&] { moved_.release(); });
        request.call.cancel = stop_.get_token();
        client->put_async(std::move(request), [&](const Result<S3PutResult>& result) {
            moved_.release();
            code_.set_value(code_of(result));
        });
        moved_.acquire();
    }

    void stop() { stop_.request_stop(); }

    /// What the upload ended with; waits for that.
    [[nodiscard]] ErrorCode code() { return code_.get_future().get(); }

private:
    std::stop_source stop_;
    std::counting_semaphore<2> moved_{0};
    std::promise<ErrorCode> code_;
};

}  // namespace

S3_FEATURE_TEST_CASE("multipart", "an object of several parts comes back as it went in",
                     "[client][multipart]") {
    ClientOnStore client(store, small_parts(store));
    for (const std::size_t size : {part - 1, part, part + 1, 2 * part, 3 * part + 12345}) {
        const std::string bytes = random_bytes(size, size);
        const S3PutResult known = client.put("known", bytes);
        CHECK(known.size == size);
        CHECK(known.parts == (size + part - 1) / part);
        CHECK(client.get("known") == bytes);

        S3PutRequest request = client.put_request("unknown", "");
        request.source = source_of_unknown_size(bytes);
        const S3PutResult unknown = ClientOnStore::required(client->put(std::move(request)));
        CHECK(unknown.parts == known.parts);
        CHECK(client.get("unknown") == bytes);
    }
}

S3_FEATURE_TEST_CASE("multipart", "a hesitant source is sent in parts, too", "[client][multipart]") {
    ClientOnStore client(store, small_parts(store));
    const std::string bytes = random_bytes(2 * part + 7);
    S3PutRequest request = client.put_request("hesitant", "");
    request.source = std::make_shared<HesitantSource>(bytes, 700'001);
    CHECK(ClientOnStore::required(client->put(std::move(request))).parts == 3);
    CHECK(client.get("hesitant") == bytes);
}

S3_FEATURE_TEST_CASE("range-parallel", "a large object is read by several requests", "[client][multipart]") {
    S3ClientOptions options = small_parts(store);
    ClientOnStore client(store, options);
    const std::string bytes = random_bytes(6 * part + 99);
    client.put("large", bytes);
    CHECK(client.get("large") == bytes);
    CHECK(client.get("large", ByteRange{3, 4 * part}) == bytes.substr(3, 4 * part));
    CHECK(client.get("large", ByteRange{6 * part, std::nullopt}) == bytes.substr(6 * part));
}

S3_FEATURE_TEST_CASE("multipart-abort", "a failed upload in parts leaves neither object nor upload",
                     "[client][multipart]") {
    ClientOnStore client(store, small_parts(store));
    S3PutRequest request = client.put_request("broken", "");
    request.source = failing_source(random_bytes(3 * part), 77);
    const auto result = client->put(std::move(request));
    REQUIRE_FALSE(result.ok());
    INFO(result.error().message());
    CHECK(result.error().code() == ErrorCode::source_failed);
    CHECK(result.error().details().caller_code == 77);
    CHECK(code_of(client->head(client.object("broken"))) == ErrorCode::not_found);
    CHECK(uploads_left(client, "broken") == 0);
}

S3_FEATURE_TEST_CASE("multipart-abort", "an upload that is cancelled is aborted", "[client][multipart]") {
    ClientOnStore client(store, small_parts(store));
    StalledPut put(client, "cancelled");
    put.stop();
    CHECK(put.code() == ErrorCode::cancelled);
    CHECK(code_of(client->head(client.object("cancelled"))) == ErrorCode::not_found);
    CHECK(uploads_left(client, "cancelled") == 0);
}

S3_FEATURE_TEST_CASE("multipart-abort", "closing the client aborts what is under way",
                     "[client][multipart]") {
    std::optional<ClientOnStore> closed(std::in_place, store, small_parts(store));
    StalledPut put(*closed, "closed");
    closed.reset();
    CHECK(put.code() == ErrorCode::cancelled);
    ClientOnStore client(store);
    CHECK(code_of(client->head(client.object("closed"))) == ErrorCode::not_found);
    CHECK(uploads_left(client, "closed") == 0);
}

S3_FEATURE_TEST_CASE("copy", "an object is copied with its metadata, or with other", "[client][copy]") {
    ClientOnStore client(store);
    S3PutRequest put = client.put_request("from a+b%", "copied");
    put.metadata = {{"colour", "blue"}};
    put.content_type = "text/plain";
    ClientOnStore::required(client->put(std::move(put)));

    S3CopyRequest copy;
    copy.source_bucket = client.bucket();
    copy.source_key = client.key("from a+b%");
    copy.bucket = client.bucket();
    copy.key = client.key("kept");
    CHECK(ClientOnStore::required(client->copy(copy)).parts == 1);
    const S3ObjectInfo kept = ClientOnStore::required(client->head(client.object("kept")));
    CHECK(kept.metadata == std::vector<S3Field>{{"colour", "blue"}});
    CHECK(kept.content_type == "text/plain");
    CHECK(client.get("kept") == "copied");

    copy.key = client.key("replaced");
    copy.metadata = std::vector<S3Field>{{"shape", "round"}};
    copy.content_type = "text/x-new";
    ClientOnStore::required(client->copy(copy));
    const S3ObjectInfo replaced = ClientOnStore::required(client->head(client.object("replaced")));
    CHECK(replaced.metadata == std::vector<S3Field>{{"shape", "round"}});
    CHECK(replaced.content_type == "text/x-new");

    copy.source_key = client.key("missing");
    CHECK(code_of(client->copy(copy)) == ErrorCode::not_found);
}

S3_FEATURE_TEST_CASE("copy-multipart", "a large object is copied in parts, with all that belongs to it",
                     "[client][copy]") {
    ClientOnStore client(store);
    const std::string bytes = random_bytes(2 * part + 17);
    S3PutRequest put = client.put_request("source", bytes);
    put.metadata = {{"colour", "blue"}};
    put.content_type = "text/x-large";
    put.cache_control = "max-age=7";
    ClientOnStore::required(client->put(std::move(put)));
    const S3CopyRequest copy = copy_in_parts(client);
    CHECK(ClientOnStore::required(client->copy(copy)).parts == 3);
    CHECK(client.get("target") == bytes);
    const S3ObjectInfo target = ClientOnStore::required(client->head(client.object("target")));
    CHECK(target.metadata == std::vector<S3Field>{{"colour", "blue"}});
    CHECK(target.content_type == "text/x-large");
    CHECK(header_of(store, client, "target", "cache-control") == "max-age=7");
}

S3_FEATURE_TEST_CASE("copy-multipart", "a copy in parts has other metadata where that is given",
                     "[client][copy]") {
    ClientOnStore client(store);
    S3PutRequest put = client.put_request("source", random_bytes(2 * part + 17));
    put.metadata = {{"colour", "blue"}};
    ClientOnStore::required(client->put(std::move(put)));
    S3CopyRequest copy = copy_in_parts(client);
    copy.metadata = std::vector<S3Field>{{"shape", "round"}};
    copy.content_type = "text/x-new";
    ClientOnStore::required(client->copy(copy));
    const S3ObjectInfo target = ClientOnStore::required(client->head(client.object("target")));
    CHECK(target.metadata == std::vector<S3Field>{{"shape", "round"}});
    CHECK(target.content_type == "text/x-new");
}

S3_FEATURE_TEST_CASE("tags", "a copy keeps the tags", "[client][copy]") {
    check_tags_of_copy(store, 10);
}

S3_FEATURE_TEST_CASE("tags-multipart", "an object and a copy in parts have their tags", "[client][copy]") {
    check_tags_of_copy(store, 2 * part + 17);
}

S3_FEATURE_TEST_CASE("checksum-composite", "an object with a checksum of its parts is verified by that",
                     "[client][checksum]") {
    S3ClientOptions options = small_parts(store);
    options.checksum_mode = S3ChecksumMode::header;
    options.checksum_algorithm = ChecksumAlgorithm::sha256;
    // Only a server that is known to tell the sizes of parts is asked for them.
    options.profile = "versitygw";
    ClientOnStore client(store, options);
    const std::string bytes = random_bytes(3 * part + 5);
    const S3PutResult stored = client.put("composite", bytes);
    const auto sink = std::make_shared<BufferSink>();
    S3GetRequest request;
    request.bucket = client.bucket();
    request.key = client.key("composite");
    request.sink = sink;
    const S3GetResult got = ClientOnStore::required(client->get(std::move(request)));
    CHECK((sink->bytes() == bytes));
    REQUIRE(got.verified.has_value());
    CHECK(got.verified->parts == 4);
    CHECK(got.verified == stored.checksum);
}
