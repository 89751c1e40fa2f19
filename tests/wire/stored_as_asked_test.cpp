/// A store whose options say how its files are stored and who pays.

#include <catch2/catch.hpp>

#include "core/digest.h"
#include "core/encoding.h"
#include "support/code_of.h"
#include "support/test_streams.h"
#include "wire/s3_client.h"
#include "wire/tls_front.h"

using namespace filestore;
using namespace filestore::test;

namespace {

const std::string key_of_32_bytes = "0123456789abcdef0123456789abcdef";
const std::string gone = answer("204 No Content", "", "");
const std::string found =
    answer("200 OK", std::string(date_line) + "ETag: \"e\"\r\nx-amz-meta-filestore: e30=\r\n", "");

std::string document(const std::string& root, const std::string& inner, const std::string& headers = {}) {
    return answer("200 OK", headers, "<" + root + ">" + inner + "</" + root + ">");
}

const std::string nothing_listed = document("ListBucketResult", "<IsTruncated>false</IsTruncated>");

/// What a server says that encrypts with a key of KMS.
const std::string by_kms = "x-amz-server-side-encryption: aws:kms\r\n";
const std::string by_customer = "x-amz-server-side-encryption-customer-algorithm: AES256\r\n";

S3Options options_of(const ScriptedServer& server) {
    S3Options options = options_for(server);
    options.profile = "aws";
    options.parallel_parts = 1;
    options.max_connections = 1;
    options.expect_threshold.reset();
    return options;
}

Result<void> upload(StorageBackend& backend, std::size_t size) {
    const auto stored = backend.upload(upload_of(std::string(size, 'x')));
    return stored.ok() ? Result<void>() : stored.error();
}

/// The customer's key, as its three headers say it.
void check_has_key(const HeardRequest& request) {
    const auto digest = md5(key_of_32_bytes);
    INFO(request.head);
    CHECK(request.header("x-amz-server-side-encryption-customer-algorithm") == "AES256");
    CHECK(request.header("x-amz-server-side-encryption-customer-key") == to_base64(key_of_32_bytes));
    CHECK(request.header("x-amz-server-side-encryption-customer-key-md5") ==
          to_base64({reinterpret_cast<const char*>(digest.data()), digest.size()}));
}

PresignRequest url_for(PresignMethod method) {
    PresignRequest request;
    request.id = some_id();
    request.method = method;
    return request;
}

}  // namespace

TEST_CASE("a store's uploads have the class and the encryption of its options", "[wire][backend]") {
    const std::string begun = document("InitiateMultipartUploadResult", "<UploadId>u</UploadId>", by_kms);
    const std::string stored = answer("200 OK", "ETag: \"e\"\r\n" + by_kms, "");
    const std::string completed = document("CompleteMultipartUploadResult", "<ETag>\"e-2\"</ETag>", by_kms);
    const ScriptedServer server({conversation({stored, begun, stored, stored, completed})});
    S3Options options = options_of(server);
    options.storage_class = "STANDARD_IA";
    options.encryption.kind = S3Encryption::Kind::kms;
    options.encryption.kms_key_id = "alias/files";
    const auto backend = open_s3_backend(std::move(options)).value();
    CHECK(upload(*backend, 5).ok());
    CHECK(upload(*backend, 10'000'000).ok());
    const auto requests = server.requests();
    REQUIRE(requests.size() == 5);
    for (const std::size_t begins : {0U, 1U}) {
        INFO(requests[begins].head);
        CHECK(requests[begins].header("x-amz-storage-class") == "STANDARD_IA");
        CHECK(requests[begins].header("x-amz-server-side-encryption") == "aws:kms");
        CHECK(requests[begins].header("x-amz-server-side-encryption-aws-kms-key-id") == "alias/files");
        CHECK(requests[begins].header("content-type") == "application/octet-stream");
    }
    CHECK(requests[2].header("x-amz-server-side-encryption") == "(none)");
}

TEST_CASE("a store's requests say who pays", "[wire][backend][payer]") {
    const std::string stored = answer("200 OK", "ETag: \"e\"\r\n", "");
    const std::string no_uploads = document("ListMultipartUploadsResult", "<IsTruncated>false</IsTruncated>");
    const std::string no_pieces = answer("404 Not Found", "", error_body("NoSuchKey"));
    const std::string deleted =
        document("DeleteResult", "<Deleted><Key>" + std::string(id_text) + "</Key></Deleted>");
    const ScriptedServer server({conversation(
        {stored, found, found, found, gone, deleted, no_pieces, no_uploads, gone, nothing_listed})});
    S3Options options = options_of(server);
    options.requester_pays = true;
    const auto backend = open_s3_backend(std::move(options)).value();
    CHECK(upload(*backend, 5).ok());
    CHECK(backend->download(download_to(std::make_shared<BufferSink>())).ok());
    CHECK(backend->exists({some_id(), {}}).ok());
    CHECK(backend->metadata({some_id(), {}}).ok());
    CHECK(backend->remove({some_id(), {}}).ok());
    CHECK(backend->remove_batch({{some_id()}, {}}).ok());
    CHECK(backend->discard({some_id(), {}}).ok());
    CHECK(backend->list({}).ok());
    const auto requests = server.requests();
    CHECK(requests.size() == 10);
    for (const HeardRequest& request : requests) {
        INFO(request.head);
        CHECK(request.header("x-amz-request-payer") == "requester");
    }
    CHECK_THAT(backend->presign(url_for(PresignMethod::get)).value().url,
               Catch::Contains("x-amz-request-payer=requester"));
}

TEST_CASE("a store's files are stored and read with the customer's key", "[wire][backend][tls]") {
    const std::string stored = answer("200 OK", "ETag: \"e\"\r\n" + by_customer, "");
    const std::string begun =
        document("InitiateMultipartUploadResult", "<UploadId>u</UploadId>", by_customer);
    const std::string completed =
        document("CompleteMultipartUploadResult", "<ETag>\"e-2\"</ETag>", by_customer);
    const Identity authority = make_authority();
    const ScriptedServer server(
        {conversation({stored, begun, stored, stored, completed, found, found, found})});
    const TlsFront front(server.port(), make_identity({}, &authority));
    S3Options options = options_of(server);
    options.endpoint = front.endpoint();
    options.ca_pem = authority.pem();
    options.encryption.kind = S3Encryption::Kind::customer;
    options.encryption.customer_key = key_of_32_bytes;
    const auto backend = open_s3_backend(std::move(options)).value();
    CHECK(upload(*backend, 5).ok());
    CHECK(upload(*backend, 10'000'000).ok());
    CHECK(backend->download(download_to(std::make_shared<BufferSink>())).ok());
    CHECK(backend->exists({some_id(), {}}).ok());
    CHECK(backend->metadata({some_id(), {}}).ok());
    const auto requests = server.requests();
    REQUIRE(requests.size() == 8);
    for (const HeardRequest& request : requests) {
        check_has_key(request);
    }
    for (const PresignMethod method : {PresignMethod::get, PresignMethod::head, PresignMethod::put}) {
        CHECK(code_of(backend->presign(url_for(method))) == ErrorCode::unsupported);
    }
    CHECK(backend->presign(url_for(PresignMethod::remove)).ok());
}

TEST_CASE("an upload by a URL is refused where it would not be encrypted as the options say",
          "[wire][backend]") {
    const ScriptedServer server;
    S3Options options = options_of(server);
    options.encryption.kind = S3Encryption::Kind::s3;
    const auto backend = open_s3_backend(std::move(options)).value();
    CHECK(code_of(backend->presign(url_for(PresignMethod::put))) == ErrorCode::unsupported);
    CHECK(backend->presign(url_for(PresignMethod::get)).ok());
}

TEST_CASE("a store is not opened with what cannot be stored so", "[wire][backend]") {
    const ScriptedServer server;
    const auto code_with = [&](auto change) {
        S3Options options = options_of(server);
        change(options);
        return code_of(open_s3_backend(std::move(options)));
    };
    using Kind = S3Encryption::Kind;
    // Over plain HTTP.
    CHECK(code_with([](S3Options& options) {
              options.encryption.kind = Kind::customer;
              options.encryption.customer_key = key_of_32_bytes;
          }) == ErrorCode::invalid_argument);
    CHECK(code_with([](S3Options& options) {
              options.endpoint.replace(0, 4, "https");
              options.encryption.kind = Kind::customer;
              options.encryption.customer_key = "short";
          }) == ErrorCode::invalid_argument);
    CHECK(code_with([](S3Options& options) { options.storage_class = "A\r\nB: c"; }) ==
          ErrorCode::invalid_argument);
    CHECK(code_with([](S3Options& options) {
              options.profile = "garage";
              options.encryption.kind = Kind::s3;
          }) == ErrorCode::unsupported);
    CHECK(code_with([](S3Options& options) {
              options.profile = "garage";
              options.storage_class = "GLACIER";
          }) == ErrorCode::unsupported);
}
