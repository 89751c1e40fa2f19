/// Objects that the server encrypts.

#include <algorithm>
#include <catch2/catch.hpp>

#include "conformance/client_support.h"
#include "conformance/plain_http.h"
#include "support/random_bytes.h"

using namespace filestore;
using namespace filestore::test;

namespace {

constexpr std::size_t part = std::size_t{5} << 20U;

void check_encrypted(const TestStore& store, const S3Encryption& encryption, const std::string& said) {
    S3ClientOptions options = store.options().s3;
    options.part_size = part;
    ClientOnStore client(store, options);
    for (const std::size_t size : {std::size_t{1000}, 2 * part + 3}) {
        const std::string bytes = random_bytes(size);
        S3PutRequest put = client.put_request("encrypted", bytes);
        put.encryption = encryption;
        ClientOnStore::required(client->put(std::move(put)));
        CHECK(header_of(store, client, "encrypted", "x-amz-server-side-encryption") == said);
        CHECK(client.get("encrypted") == bytes);
    }
}

void check_copied(const TestStore& store, const S3Encryption& encryption, const std::string& said) {
    ClientOnStore client(store);
    client.put("plain", "bytes");
    S3CopyRequest copy;
    copy.source_bucket = copy.bucket = client.bucket();
    copy.source_key = client.key("plain");
    copy.key = client.key("copied");
    copy.encryption = encryption;
    ClientOnStore::required(client->copy(copy));
    CHECK(header_of(store, client, "copied", "x-amz-server-side-encryption") == said);
    CHECK(client.get("copied") == "bytes");
}

/// The one that the servers of the tests have.
S3Encryption kms_key() {
    return {.kind = S3Encryption::Kind::kms, .kms_key_id = "testkey"};
}

S3Encryption customer_key(char byte) {
    return {.kind = S3Encryption::Kind::customer, .customer_key = std::string(32, byte)};
}

/// Of a read with another key than that of the object, or none: 400 or 403.
bool is_refusal(const std::string& text) {
    return text == "invalid_argument" || text == "permission_denied" || text == "unauthenticated";
}

/// Objects with a customer's key.
class CustomersObjects {
public:
    explicit CustomersObjects(const TestStore& store) : client_(store, options_of(store)) {}

    void put(const std::string& name, const std::string& bytes, const S3Encryption& key) {
        S3PutRequest request = client_.put_request(name, bytes);
        request.encryption = key;
        ClientOnStore::required(client_->put(std::move(request)));
    }

    /// The bytes, or the name of the failure.
    std::string get(const std::string& name, const S3Encryption& key) {
        const auto sink = std::make_shared<BufferSink>();
        S3GetRequest request;
        request.bucket = client_.bucket();
        request.key = client_.key(name);
        request.encryption = key;
        request.sink = sink;
        return text_of(client_->get(std::move(request)), sink);
    }

    Result<S3ObjectInfo> head(const std::string& name, const S3Encryption& key) {
        S3ObjectRequest request = client_.object(name);
        request.encryption = key;
        return client_->head(request);
    }

    S3CopyRequest copy_request(const std::string& from, const std::string& to) const {
        S3CopyRequest request;
        request.source_bucket = request.bucket = client_.bucket();
        request.source_key = client_.key(from);
        request.key = client_.key(to);
        return request;
    }

    S3Client* operator->() noexcept { return &*client_; }

private:
    static S3ClientOptions options_of(const TestStore& store) {
        S3ClientOptions options = store.options().s3;
        options.part_size = part;
        return options;
    }

    ClientOnStore client_;
};

}  // namespace

S3_FEATURE_TEST_CASE("sse-s3", "the server encrypts with its own key", "[client][encryption]") {
    check_encrypted(store, {.kind = S3Encryption::Kind::s3}, "AES256");
}

S3_FEATURE_TEST_CASE("sse-kms", "the server encrypts with a key of its key service", "[client][encryption]") {
    check_encrypted(store, kms_key(), "aws:kms");
}

S3_FEATURE_TEST_CASE("sse-copy", "a copy is encrypted where its source is not", "[client][encryption]") {
    check_copied(store, kms_key(), "aws:kms");
}

TLS_FEATURE_TEST_CASE("sse-c", "only who has the customer's key reads the object", "[client][encryption]") {
    CustomersObjects objects(store);
    const S3Encryption right = customer_key('r');
    for (const std::size_t size : {std::size_t{1000}, 2 * part + 3}) {
        const std::string bytes = random_bytes(size);
        objects.put("secret", bytes, right);
        const bool equal = objects.get("secret", right) == bytes;
        CHECK(equal);
        CHECK(ClientOnStore::required(objects.head("secret", right)).size == size);
        CHECK(is_refusal(objects.get("secret", customer_key('w'))));
        CHECK(is_refusal(objects.get("secret", {})));
        CHECK_FALSE(objects.head("secret", {}).ok());
    }
}

TLS_FEATURE_TEST_CASE("sse-c", "a copy may have another key than its source", "[client][encryption]") {
    CustomersObjects objects(store);
    const S3Encryption old_key = customer_key('o');
    const S3Encryption new_key = customer_key('n');
    const std::string bytes = random_bytes(2 * part + 3);
    objects.put("old", bytes, old_key);
    for (const std::uint64_t threshold : {std::uint64_t{5} << 30U, std::uint64_t{part}}) {
        CAPTURE(threshold);
        S3CopyRequest request = objects.copy_request("old", "new");
        request.source_encryption = old_key;
        request.encryption = new_key;
        request.multipart_threshold = threshold;
        ClientOnStore::required(objects->copy(request));
        const bool equal = objects.get("new", new_key) == bytes;
        CHECK(equal);
        CHECK(is_refusal(objects.get("new", old_key)));

        request.key = objects.copy_request("old", "plain").key;
        request.encryption = {};
        ClientOnStore::required(objects->copy(request));
        const bool plain_is_equal = objects.get("plain", {}) == bytes;
        CHECK(plain_is_equal);
    }
}

S3_FEATURE_TEST_CASE("put", "a customer's key is never sent in the clear", "[client][encryption]") {
    if (is_over_tls(store.name())) {
        return;
    }
    ClientOnStore client(store);
    S3PutRequest put = client.put_request("secret", "bytes");
    put.encryption = customer_key('k');
    CHECK(code_of(client->put(std::move(put))) == ErrorCode::invalid_argument);
}
