/// Real servers over TLS. Every other case runs on them as well.

#include <catch2/catch.hpp>
#include <fstream>

#include "conformance/client_support.h"
#include "support/files.h"

using namespace filestore;
using namespace filestore::test;

TLS_FEATURE_TEST_CASE("tls", "a server whose authority is not trusted is refused for good", "[tls]") {
    S3ClientOptions options = store.options().s3;
    const std::string authority = std::exchange(options.ca_file, "");
    ClientOnStore client(store, options);
    const auto refused = client->put(client.put_request("x", "x"));
    REQUIRE_FALSE(refused.ok());
    INFO(refused.error().message());
    CHECK(refused.error().code() == ErrorCode::configuration);
    CHECK_FALSE(refused.error().retryable());
    CHECK_THAT(std::string(refused.error().message()),
               Catch::Contains("127.0.0.1") && Catch::Contains("trusted"));
}

TLS_FEATURE_TEST_CASE("tls", "an authority is trusted by its text", "[tls]") {
    S3ClientOptions options = store.options().s3;
    options.ca_pem = read_file(std::exchange(options.ca_file, ""));
    ClientOnStore client(store, options);
    client.put("x", "bytes");
    CHECK(client.get("x") == "bytes");
}

TLS_FEATURE_TEST_CASE("tls", "bodies are taken signed and unsigned", "[tls]") {
    for (const S3PayloadSigning signing : {S3PayloadSigning::automatic, S3PayloadSigning::signed_payload,
                                           S3PayloadSigning::unsigned_payload}) {
        S3ClientOptions options = store.options().s3;
        options.payload_signing = signing;
        ClientOnStore client(store, options);
        client.put("x", "bytes");
        CHECK(client.get("x") == "bytes");
    }
}
