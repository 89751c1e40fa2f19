/// Who may do what: nobody in particular, and those whom the server does not know.

#include <catch2/catch.hpp>
#include <set>

#include "conformance/client_support.h"
#include "support/random_bytes.h"

using namespace filestore;
using namespace filestore::test;

namespace {

S3ClientOptions anonymous(const TestStore& store) {
    S3ClientOptions options = store.options().s3;
    options.credentials = {};
    options.credentials.anonymous = true;
    return options;
}

std::string read(S3Client& client, const std::string& bucket, const std::string& key) {
    const auto sink = std::make_shared<BufferSink>();
    S3GetRequest request;
    request.bucket = bucket;
    request.key = key;
    request.sink = sink;
    return text_of(client.get(std::move(request)), sink);
}

}  // namespace

S3_FEATURE_TEST_CASE("anonymous", "what anybody may read is read without keys", "[client][access]") {
    ClientOnStore owner(store);
    S3PutRequest put = owner.put_request("public", "for all");
    put.bucket = store.public_bucket();
    ClientOnStore::required(owner->put(std::move(put)));
    ClientOnStore anybody(store, anonymous(store));
    CHECK(read(*anybody, store.public_bucket(), owner.key("public")) == "for all");
    S3ObjectRequest head = owner.object("public");
    head.bucket = store.public_bucket();
    CHECK(ClientOnStore::required(anybody->head(head)).size == 7);
}

S3_FEATURE_TEST_CASE("signing", "without keys nothing else is read or written", "[client][access]") {
    ClientOnStore owner(store);
    owner.put("private", "mine");
    ClientOnStore anybody(store, anonymous(store));
    CHECK(read(*anybody, owner.bucket(), owner.key("private")) == "permission_denied");
    CHECK(code_of(anybody->put(owner.put_request("private", "theirs"))) == ErrorCode::permission_denied);
    CHECK(owner.get("private") == "mine");
}

S3_FEATURE_TEST_CASE("signature-check", "a wrong secret key opens nothing", "[client][access]") {
    S3ClientOptions options = store.options().s3;
    options.credentials.secret_key = std::string(options.credentials.secret_key) + "x";
    ClientOnStore stranger(store, options);
    // Some servers say no more than that it is not allowed.
    const std::set<std::string_view> refusals{"unauthenticated", "permission_denied"};
    CHECK(refusals.contains(to_string(code_of(stranger->put(stranger.put_request("x", "x"))))));
    CHECK(refusals.contains(read(*stranger, stranger.bucket(), stranger.key("x"))));
}

S3_FEATURE_TEST_CASE("requester-pays", "requests whose sender pays for them are taken and signed",
                     "[client]") {
    ClientOnStore client(store);
    for (const std::size_t size : {std::size_t{5}, std::size_t{6} << 20U}) {
        const std::string bytes = random_bytes(size);
        S3PutRequest put = client.put_request("paid", bytes);
        put.requester_pays = true;
        CHECK(client->put(std::move(put)).ok());
        const auto sink = std::make_shared<BufferSink>();
        S3GetRequest get;
        get.bucket = client.bucket();
        get.key = client.key("paid");
        get.sink = sink;
        get.requester_pays = true;
        CHECK(client->get(get).ok());
        CHECK((sink->bytes() == bytes));
    }
    S3CopyRequest copy;
    copy.source_bucket = copy.bucket = client.bucket();
    copy.source_key = client.key("paid");
    copy.key = client.key("copy");
    copy.requester_pays = true;
    CHECK(client->copy(copy).ok());
    S3ListRequest list;
    list.bucket = client.bucket();
    list.prefix = client.key("");
    list.requester_pays = true;
    CHECK(ClientOnStore::required(client->list(list)).objects.size() == 2);
    for (const std::string name : {"paid", "copy"}) {
        S3ObjectRequest object = client.object(name);
        object.requester_pays = true;
        CHECK(client->head(object).ok());
        CHECK(client->remove(object).ok());
    }
}
