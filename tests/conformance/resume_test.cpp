#include <catch2/catch.hpp>

#include "conformance/client_support.h"
#include "conformance/killed_upload.h"
#include "support/test_streams.h"

using namespace filestore;
using namespace filestore::test;

namespace {

S3PutRequest resuming(const ClientOnStore& client, const std::string& name, std::string bytes,
                      std::string token) {
    S3PutRequest request = client.put_request(name, std::move(bytes));
    request.resume_token = std::move(token);
    return request;
}

/// Begins an upload that fails after two parts; its token.
std::string token_of_failed(ClientOnStore& client, const std::string& name, const std::string& bytes) {
    std::string token;
    S3PutRequest request = client.put_request(name, "");
    request.source = failing_source(bytes.substr(0, 2 * KilledUpload::part_size + 1), 77);
    request.on_resume_token = [&](const std::string& given) -> Result<void> {
        token = given;
        return {};
    };
    CHECK(code_of(client->put(request)) == ErrorCode::source_failed);
    REQUIRE_FALSE(token.empty());
    return token;
}

S3ClientOptions small_parts(const TestStore& store) {
    S3ClientOptions options = store.options().s3;
    options.part_size = KilledUpload::part_size;
    return options;
}

void resume_what_was_killed(const TestStore& store, S3ChecksumMode mode, ChecksumAlgorithm algorithm) {
    ClientOnStore client(store);
    const std::string name = "resumed " + std::string(to_string(algorithm));
    const KilledUpload killed{store.name(), client.key(name), mode, algorithm};
    const std::string token = killed.run();
    CHECK(code_of(client->head(client.object(name))) == ErrorCode::not_found);
    const S3PutResult stored =
        ClientOnStore::required(client->put(resuming(client, name, KilledUpload::content(), token)));
    CHECK(stored.parts == 4);
    CHECK(stored.size == KilledUpload::size);
    CHECK(stored.checksum.has_value() == (mode != S3ChecksumMode::off));
    CHECK((client.get(name) == KilledUpload::content()));
    const S3ObjectInfo info = ClientOnStore::required(client->head(client.object(name)));
    CHECK(info.content_type == "text/resumed");
    CHECK(info.metadata == std::vector<S3Field>{{"colour", "blue"}});
}

}  // namespace

S3_FEATURE_TEST_CASE("resume", "an upload of a killed process is gone on with by another",
                     "[client][multipart]") {
    resume_what_was_killed(store, S3ChecksumMode::off, ChecksumAlgorithm::crc64nvme);
}

S3_FEATURE_TEST_CASE("resume-checksum", "an upload with checksums is gone on with by another process",
                     "[client][multipart]") {
    resume_what_was_killed(store, S3ChecksumMode::header, ChecksumAlgorithm::crc32c);
    resume_what_was_killed(store, S3ChecksumMode::header, ChecksumAlgorithm::sha256);
    resume_what_was_killed(store, S3ChecksumMode::trailer, ChecksumAlgorithm::crc32);
}

S3_FEATURE_TEST_CASE("resume-changed", "a source that has changed meanwhile is stored as it is now",
                     "[client][multipart]") {
    ClientOnStore client(store, small_parts(store));
    std::string bytes = KilledUpload::content();
    const std::string token = token_of_failed(client, "changed", bytes);
    bytes[KilledUpload::part_size + 3] ^= 1;
    ClientOnStore::required(client->put(resuming(client, "changed", bytes, token)));
    CHECK((client.get("changed") == bytes));
}

S3_FEATURE_TEST_CASE("resume", "an upload is gone on with as often as it fails", "[client][multipart]") {
    ClientOnStore client(store, small_parts(store));
    const std::string bytes = KilledUpload::content();
    const std::string token = token_of_failed(client, "often", bytes);
    S3PutRequest again = resuming(client, "often", "", token);
    again.source = failing_source(bytes.substr(0, 3 * KilledUpload::part_size + 1), 78);
    CHECK(code_of(client->put(again)) == ErrorCode::source_failed);
    CHECK(code_of(client->head(client.object("often"))) == ErrorCode::not_found);
    ClientOnStore::required(client->put(resuming(client, "often", bytes, token)));
    CHECK((client.get("often") == bytes));
}

S3_FEATURE_TEST_CASE("multipart-abort", "a resumable upload stays until it is given up",
                     "[client][multipart]") {
    ClientOnStore client(store, small_parts(store));
    const std::string bytes = KilledUpload::content();
    const std::string token = token_of_failed(client, "given up", bytes);
    CHECK(uploads_left(client, "given up") == 1);
    S3AbortUploadRequest request;
    request.resume_token = token;
    CHECK(code_of(client->abort_upload(request)) == ErrorCode::ok);
    CHECK(uploads_left(client, "given up") == 0);
    CHECK(code_of(client->abort_upload(request)) == ErrorCode::ok);
    CHECK(code_of(client->put(resuming(client, "given up", bytes, token))) == ErrorCode::not_found);
    CHECK(code_of(client->head(client.object("given up"))) == ErrorCode::not_found);
}

S3_FEATURE_TEST_CASE("resume-ended", "an upload that has been completed is not gone on with",
                     "[client][multipart]") {
    ClientOnStore client(store, small_parts(store));
    const std::string bytes = KilledUpload::content();
    const std::string token = token_of_failed(client, "completed", bytes);
    ClientOnStore::required(client->put(resuming(client, "completed", bytes, token)));
    CHECK(code_of(client->put(resuming(client, "completed", bytes, token))) == ErrorCode::not_found);
    CHECK((client.get("completed") == bytes));
}

S3_FEATURE_TEST_CASE("multipart-abort", "an upload that was left behind is discarded with its file",
                     "[multipart]") {
    ClientOnStore client(store, small_parts(store));
    const FileId id = FileId::generate().value();
    const std::string bytes = KilledUpload::content();
    // First: with a put, Garage forgets the uploads that are older.
    client.put(id.str(), "what was published");
    static_cast<void>(token_of_failed(client, id.str(), bytes));
    static_cast<void>(token_of_failed(client, id.str(), bytes));
    static_cast<void>(token_of_failed(client, id.str() + "-of-another", bytes));
    CHECK(uploads_left(client, id.str()) == 2);
    const auto backend = store.open_backend();
    CHECK(code_of(backend->discard({id, {}})) == ErrorCode::ok);
    CHECK(uploads_left(client, id.str()) == 0);
    CHECK(uploads_left(client, id.str() + "-of-another") == 1);
    CHECK(code_of(client->head(client.object(id.str()))) == ErrorCode::not_found);
    CHECK(code_of(backend->discard({id, {}})) == ErrorCode::ok);
}
