#include "s3/client/request_headers.h"

#include <catch2/catch.hpp>

#include "support/code_of.h"

using namespace filestore;
using namespace filestore::s3;

namespace {

std::string value_of(const std::vector<NameValue>& headers, std::string_view name) {
    for (const NameValue& header : headers) {
        if (header.name == name) {
            return header.value;
        }
    }
    return "(none)";
}

S3CopyRequest copy_of_a_customers_object() {
    S3CopyRequest request;
    request.source_bucket = "from";
    request.source_key = "a b";
    request.source_encryption.kind = S3Encryption::Kind::customer;
    request.source_encryption.customer_key = std::string(32, 'k');
    return request;
}

}  // namespace

TEST_CASE("the source of a copy has a key of its own", "[s3][request_headers]") {
    const auto headers = copy_source_headers(copy_of_a_customers_object(), true);
    REQUIRE(headers.ok());
    CHECK(value_of(*headers, "x-amz-copy-source") == "/from/a%20b");
    const std::string start = "x-amz-copy-source-server-side-encryption-customer-";
    CHECK(value_of(*headers, start + "algorithm") == "AES256");
    CHECK(value_of(*headers, start + "key") == "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=");
    CHECK(value_of(*headers, start + "key-md5") != "(none)");
}

TEST_CASE("no customer's key goes without TLS", "[s3][request_headers]") {
    const S3CopyRequest copy = copy_of_a_customers_object();
    CHECK(code_of(copy_source_headers(copy, false)) == ErrorCode::invalid_argument);
    CHECK(code_of(access_headers(copy.source_encryption, false, false)) == ErrorCode::invalid_argument);
    CHECK(access_headers(copy.source_encryption, false, true).ok());
    S3PutRequest put;
    put.encryption = copy.source_encryption;
    CHECK(code_of(put_headers(put, false)) == ErrorCode::invalid_argument);
    CHECK(put_headers(put, true).ok());
}

TEST_CASE("a metadata name that is given twice is refused", "[s3][request_headers]") {
    S3PutRequest put;
    put.metadata = {{"a", "1"}, {"b", "2"}, {"a", "1"}};
    CHECK(code_of(put_headers(put, true)) == ErrorCode::invalid_argument);
    put.metadata.pop_back();
    CHECK(put_headers(put, true).ok());
}

TEST_CASE("metadata of any text goes into headers", "[s3][request_headers]") {
    S3PutRequest put;
    put.metadata = {{"plain", "a b"}, {"name", "\u00e9"}};
    const auto headers = put_headers(put, true);
    REQUIRE(headers.ok());
    CHECK(value_of(*headers, "x-amz-meta-plain") == "a b");
    CHECK(value_of(*headers, "x-amz-meta-name") == "=?UTF-8?B?w6k=?=");
    for (const char* const value : {"a\nb", "\x7f", "\xff"}) {
        put.metadata = {{"name", value}};
        CHECK(code_of(put_headers(put, true)) == ErrorCode::invalid_argument);
    }
}
