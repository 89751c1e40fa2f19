/// Requests that are bound to what is there.

#include <catch2/catch.hpp>

#include "conformance/client_support.h"

using namespace filestore;
using namespace filestore::test;

namespace {

constexpr const char* other_etag = "00000000000000000000000000000000";

S3GetRequest get_request(const ClientOnStore& client, const std::string& name) {
    S3GetRequest request;
    request.bucket = client.bucket();
    request.key = client.key(name);
    request.sink = std::make_shared<BufferSink>();
    return request;
}

}  // namespace

S3_FEATURE_TEST_CASE("conditional-put", "an object is created only where there is none",
                     "[client][conditions]") {
    ClientOnStore client(store);
    S3PutRequest create = client.put_request("once", "first");
    create.conditions.if_none_match = "*";
    ClientOnStore::required(client->put(std::move(create)));
    create = client.put_request("once", "second");
    create.conditions.if_none_match = "*";
    CHECK(code_of(client->put(std::move(create))) == ErrorCode::already_exists);
    CHECK(client.get("once") == "first");
}

S3_FEATURE_TEST_CASE("compare-and-swap", "an object is replaced only where it is the one that is known",
                     "[client][conditions]") {
    ClientOnStore client(store);
    const S3PutResult first = client.put("swapped", "first");
    S3PutRequest swap = client.put_request("swapped", "second");
    swap.conditions.if_match = first.etag;
    ClientOnStore::required(client->put(std::move(swap)));
    swap = client.put_request("swapped", "third");
    swap.conditions.if_match = first.etag;
    CHECK(code_of(client->put(std::move(swap))) == ErrorCode::precondition_failed);
    CHECK(client.get("swapped") == "second");
    swap = client.put_request("missing", "bytes");
    swap.conditions.if_match = first.etag;
    CHECK(code_of(client->put(std::move(swap))) == ErrorCode::precondition_failed);
}

S3_FEATURE_TEST_CASE("conditional-get", "a read can be bound to an ETag", "[client][conditions]") {
    ClientOnStore client(store);
    const S3PutResult stored = client.put("bound", "bytes");
    S3GetRequest request = get_request(client, "bound");
    request.conditions.if_match = stored.etag;
    CHECK(client->get(request).ok());
    request.conditions.if_match = other_etag;
    request.sink = std::make_shared<BufferSink>();
    CHECK(code_of(client->get(request)) == ErrorCode::precondition_failed);
    request.conditions = {};
    request.conditions.if_none_match = stored.etag;
    CHECK(code_of(client->get(request)) == ErrorCode::precondition_failed);
}

S3_FEATURE_TEST_CASE("conditional-get", "a look can be bound to an ETag", "[client][conditions]") {
    ClientOnStore client(store);
    const S3PutResult stored = client.put("bound", "bytes");
    S3ObjectRequest request = client.object("bound");
    request.conditions.if_match = stored.etag;
    CHECK(client->head(request).ok());
    request.conditions.if_match = other_etag;
    CHECK(code_of(client->head(request)) == ErrorCode::precondition_failed);
    request.conditions = {};
    request.conditions.if_none_match = stored.etag;
    CHECK(code_of(client->head(request)) == ErrorCode::precondition_failed);
}

S3_FEATURE_TEST_CASE("conditional-time", "a read can be bound to a time", "[client][conditions]") {
    ClientOnStore client(store);
    client.put("dated", "bytes");
    const Timestamp stored = ClientOnStore::required(client->head(client.object("dated"))).last_modified;
    const Timestamp before = stored - std::chrono::hours(1);
    S3GetRequest request = get_request(client, "dated");
    request.conditions.if_modified_since = before;
    CHECK(client->get(request).ok());
    request.conditions.if_modified_since = stored;
    CHECK(code_of(client->get(request)) == ErrorCode::precondition_failed);
    request = get_request(client, "dated");
    request.conditions.if_unmodified_since = stored;
    CHECK(client->get(request).ok());
    request.conditions.if_unmodified_since = before;
    request.sink = std::make_shared<BufferSink>();
    CHECK(code_of(client->get(request)) == ErrorCode::precondition_failed);
}

S3_FEATURE_TEST_CASE("conditional-multipart",
                     "an object of several parts is created only where there is none",
                     "[client][conditions]") {
    S3ClientOptions options = store.options().s3;
    options.part_size = std::uint64_t{5} << 20U;
    ClientOnStore client(store, options);
    const std::string bytes(options.part_size + 1, 'x');
    for (const ErrorCode expected : {ErrorCode::ok, ErrorCode::already_exists}) {
        S3PutRequest create = client.put_request("once", bytes);
        create.conditions.if_none_match = "*";
        CHECK(code_of(client->put(std::move(create))) == expected);
    }
}

S3_FEATURE_TEST_CASE("conditional-delete", "a removal can be bound to an ETag", "[client][conditions]") {
    ClientOnStore client(store);
    const S3PutResult stored = client.put("bound", "bytes");
    S3ObjectRequest request = client.object("bound");
    request.conditions.if_match = other_etag;
    CHECK(code_of(client->remove(request)) == ErrorCode::precondition_failed);
    CHECK(client.get("bound") == "bytes");
    request.conditions.if_match = stored.etag;
    CHECK(client->remove(request).ok());
    CHECK(code_of(client->head(client.object("bound"))) == ErrorCode::not_found);
}

S3_FEATURE_TEST_CASE("conditional-batch-delete", "a batch removes what has the ETag that is known",
                     "[client][conditions]") {
    S3ClientOptions options = store.options().s3;
    options.profile = "generic,batch_delete_if_match=yes";
    ClientOnStore client(store, options);
    const S3PutResult stored = client.put("same", "bytes");
    client.put("other", "bytes");
    client.put("any", "bytes");
    S3RemoveBatchRequest batch;
    batch.bucket = client.bucket();
    batch.objects = {{client.key("same"), {}, stored.etag},
                     {client.key("other"), {}, other_etag},
                     {client.key("any"), {}, {}}};
    const auto results = ClientOnStore::required(client->remove_batch(batch));
    CHECK(results[0].result.ok());
    CHECK(code_of(results[1].result) == ErrorCode::precondition_failed);
    CHECK(results[2].result.ok());
    CHECK(client.get("other") == "bytes");
    CHECK(code_of(client->head(client.object("same"))) == ErrorCode::not_found);
}

S3_FEATURE_TEST_CASE("conditional-copy", "a copy can be bound to the ETag of its source",
                     "[client][conditions]") {
    ClientOnStore client(store);
    const S3PutResult stored = client.put("source", "bytes");
    S3CopyRequest copy;
    copy.source_bucket = copy.bucket = client.bucket();
    copy.source_key = client.key("source");
    copy.key = client.key("target");
    copy.source_conditions.if_match = other_etag;
    CHECK(code_of(client->copy(copy)) == ErrorCode::precondition_failed);
    copy.source_conditions.if_match = stored.etag;
    CHECK(client->copy(copy).ok());
    CHECK(client.get("target") == "bytes");
}
