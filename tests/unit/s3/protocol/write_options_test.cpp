#include "s3/protocol/write_options.h"

#include <catch2/catch.hpp>

#include "support/code_of.h"

using filestore::ErrorCode;
using filestore::parse_timestamp;
using filestore::Timestamp;
using namespace filestore::s3;

namespace {

using Headers = std::vector<NameValue>;

const Timestamp moment = parse_timestamp("1994-11-06T08:49:37.9Z").value();
const std::string customer_key = "0123456789abcdef0123456789abcdef";

Encryption with_key(std::string key) {
    Encryption encryption;
    encryption.kind = Encryption::Kind::customer_key;
    encryption.customer_key = std::move(key);
    return encryption;
}

}  // namespace

TEST_CASE("content headers", "[s3][write_options]") {
    ContentHeaders content;
    CHECK(content_headers(content).value().empty());
    content = {"text/plain", "max-age=1", "attachment; filename=\"a b\"", "gzip", "de", moment};
    CHECK(content_headers(content).value() == Headers{{"content-type", "text/plain"},
                                                      {"cache-control", "max-age=1"},
                                                      {"content-disposition", "attachment; filename=\"a b\""},
                                                      {"content-encoding", "gzip"},
                                                      {"content-language", "de"},
                                                      {"expires", "Sun, 06 Nov 1994 08:49:37 GMT"}});
}

TEST_CASE("a header's value that would be another header is refused", "[s3][write_options]") {
    for (const std::string& text :
         {std::string("a\r\nx-amz-acl: public-read"), std::string("a\nb"), std::string("a\0b", 3),
          std::string(" a"), std::string("a "), std::string("\xC3\xBC"), std::string("\x7F")}) {
        ContentHeaders content;
        content.cache_control = text;
        CHECK(code_of(content_headers(content)) == ErrorCode::invalid_argument);
        WriteOptions options;
        options.storage_class = text;
        CHECK(code_of(write_headers(options, true)) == ErrorCode::invalid_argument);
        Conditions conditions;
        conditions.if_match = "\"" + text + "\"";
        const bool is_blank = text.front() == ' ' || text.back() == ' ';
        CHECK(condition_headers(conditions).ok() == is_blank);
        Encryption encryption;
        encryption.kind = Encryption::Kind::kms;
        encryption.kms_key_id = text;
        CHECK(code_of(encryption_headers(encryption, EncryptionUse::write, true)) ==
              ErrorCode::invalid_argument);
    }
}

TEST_CASE("encryption by the server", "[s3][write_options]") {
    const auto headers = [](const Encryption& encryption, EncryptionUse use) {
        return encryption_headers(encryption, use, false).value();
    };
    Encryption encryption;
    CHECK(headers(encryption, EncryptionUse::write).empty());
    encryption.kind = Encryption::Kind::s3;
    CHECK(headers(encryption, EncryptionUse::write) == Headers{{"x-amz-server-side-encryption", "AES256"}});
    CHECK(headers(encryption, EncryptionUse::access).empty());
    CHECK(headers(encryption, EncryptionUse::copy_source).empty());

    encryption.kind = Encryption::Kind::kms;
    CHECK(headers(encryption, EncryptionUse::write) == Headers{{"x-amz-server-side-encryption", "aws:kms"}});
    encryption.kms_key_id = "arn:aws:kms:eu-west-1:1:key/2";
    encryption.kms_context = "{\"a\":\"b\"}";
    CHECK(headers(encryption, EncryptionUse::write) ==
          Headers{{"x-amz-server-side-encryption", "aws:kms"},
                  {"x-amz-server-side-encryption-aws-kms-key-id", "arn:aws:kms:eu-west-1:1:key/2"},
                  {"x-amz-server-side-encryption-context", "eyJhIjoiYiJ9"}});
}

TEST_CASE("a key for another kind of encryption is refused", "[s3][write_options]") {
    using Kind = Encryption::Kind;
    for (const Kind kind : {Kind::bucket_default, Kind::s3, Kind::kms}) {
        const Encryption encryption{kind, {}, {}, customer_key};
        for (const EncryptionUse use :
             {EncryptionUse::write, EncryptionUse::access, EncryptionUse::copy_source}) {
            CHECK(code_of(encryption_headers(encryption, use, true)) == ErrorCode::invalid_argument);
        }
    }
    for (const Kind kind : {Kind::bucket_default, Kind::s3, Kind::customer_key}) {
        const std::string key = kind == Kind::customer_key ? customer_key : "";
        CHECK(code_of(encryption_headers({kind, "id", {}, key}, EncryptionUse::write, true)) ==
              ErrorCode::invalid_argument);
        CHECK(code_of(encryption_headers({kind, {}, "{}", key}, EncryptionUse::write, true)) ==
              ErrorCode::invalid_argument);
    }
}

TEST_CASE("whether an answer says that the object is encrypted as was asked", "[s3][write_options]") {
    using Kind = Encryption::Kind;
    const std::string name = "x-amz-server-side-encryption";
    const Headers none{{"etag", "x"}};
    const Headers aes{{"etag", "x"}, {name, "AES256"}};
    const Headers kms{{name, "aws:kms"}, {name + "-aws-kms-key-id", "k"}};
    const Headers two_layers{{name, "aws:kms:dsse"}};
    const Headers customer{{name + "-customer-algorithm", "AES256"}};
    for (const Headers& answer : {none, aes, kms, two_layers, customer}) {
        CHECK(check_encrypted(Kind::bucket_default, answer).ok());
        CHECK(check_encrypted(Kind::s3, answer).ok() == (answer == aes));
        CHECK(check_encrypted(Kind::kms, answer).ok() == (answer == kms || answer == two_layers));
        CHECK(check_encrypted(Kind::customer_key, answer).ok() == (answer == customer));
    }
    CHECK(code_of(check_encrypted(Kind::kms, none)) == ErrorCode::unsupported);
}

TEST_CASE("encryption with a customer's key", "[s3][write_options]") {
    const Headers expected{
        {"x-amz-server-side-encryption-customer-algorithm", "AES256"},
        {"x-amz-server-side-encryption-customer-key", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="},
        {"x-amz-server-side-encryption-customer-key-md5", "hRasmdxgYDKV3nvbahU1MA=="}};
    CHECK(encryption_headers(with_key(customer_key), EncryptionUse::write, true).value() == expected);
    CHECK(encryption_headers(with_key(customer_key), EncryptionUse::access, true).value() == expected);
    const Headers source =
        encryption_headers(with_key(customer_key), EncryptionUse::copy_source, true).value();
    CHECK(source.at(0).name == "x-amz-copy-source-server-side-encryption-customer-algorithm");
    CHECK(source.at(1).name == "x-amz-copy-source-server-side-encryption-customer-key");
    CHECK(source.at(2).name == "x-amz-copy-source-server-side-encryption-customer-key-md5");

    for (const std::string& key : {std::string(), customer_key + "x", customer_key.substr(1)}) {
        const auto refused = encryption_headers(with_key(key), EncryptionUse::write, true);
        CHECK(code_of(refused) == ErrorCode::invalid_argument);
    }
    const auto in_the_clear = encryption_headers(with_key(customer_key), EncryptionUse::access, false);
    REQUIRE_FALSE(in_the_clear.ok());
    CHECK(code_of(in_the_clear) == ErrorCode::invalid_argument);
    CHECK(in_the_clear.error().message().find(customer_key) == std::string_view::npos);
}

TEST_CASE("conditions", "[s3][write_options]") {
    Conditions conditions;
    CHECK(condition_headers(conditions).value().empty());
    conditions.if_none_match = "*";
    CHECK(condition_headers(conditions).value() == Headers{{"if-none-match", "*"}});
    conditions = {"abc", "\"d\"", moment, moment};
    CHECK(condition_headers(conditions).value() ==
          Headers{{"if-match", "\"abc\""},
                  {"if-none-match", "\"d\""},
                  {"if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT"},
                  {"if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT"}});
    CHECK(copy_condition_headers(conditions).value().at(0) ==
          NameValue{"x-amz-copy-source-if-match", "\"abc\""});
    CHECK(copy_condition_headers(conditions).value().at(3).name == "x-amz-copy-source-if-unmodified-since");
}

TEST_CASE("all of how an object is written", "[s3][write_options]") {
    WriteOptions options;
    CHECK(write_headers(options, false).value().empty());
    options.storage_class = "STANDARD_IA";
    options.encryption.kind = Encryption::Kind::s3;
    options.conditions.if_match = "e";
    options.tags = {{"a", "b c"}};
    options.requester_pays = true;
    CHECK(write_headers(options, false).value() == Headers{{"x-amz-storage-class", "STANDARD_IA"},
                                                           {"x-amz-server-side-encryption", "AES256"},
                                                           {"if-match", "\"e\""},
                                                           {"x-amz-tagging", "a=b%20c"},
                                                           {"x-amz-request-payer", "requester"}});
    options.tags.push_back({"a", ""});
    CHECK(code_of(write_headers(options, false)) == ErrorCode::invalid_argument);
}
