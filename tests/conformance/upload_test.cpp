#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>
#include <thread>

#include "conformance/feature.h"
#include "filestore/stdstream.h"
#include "support/random_bytes.h"
#include "support/test_streams.h"

using namespace filestore;
using namespace filestore::test;

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20U;

/// Uploads from `source` and reads back.
std::string round_trip(StorageBackend& backend, std::shared_ptr<Source> source) {
    UploadRequest request = upload_of("");
    request.source = std::move(source);
    const FileId id = request.id;
    const auto receipt = backend.upload(std::move(request));
    INFO((receipt.ok() ? "" : receipt.error().message()));
    REQUIRE(receipt.ok());
    return load_bytes(backend, id);
}

/// Checks that an upload fails with `code` and leaves nothing.
void failed_upload(StorageBackend& backend, std::shared_ptr<Source> source, ErrorCode code,
                   std::int32_t caller_code = 0) {
    UploadRequest request = upload_of("");
    request.source = std::move(source);
    const FileId id = request.id;
    const auto receipt = backend.upload(std::move(request));
    REQUIRE_FALSE(receipt.ok());
    INFO(receipt.error().message());
    CHECK(receipt.error().code() == code);
    CHECK(receipt.error().details().caller_code == caller_code);
    CHECK(receipt.error().message().find('\n') == std::string_view::npos);
    const auto exists = backend.exists({id, {}});
    REQUIRE(exists.ok());
    CHECK_FALSE(*exists);
    CHECK(list_ids(backend).empty());
}

}  // namespace

FEATURE_TEST_CASE("put", "bytes of any size come back as they went in", "[upload]") {
    const auto backend = store.open_backend();
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{4096}, std::size_t{65'535},
                                   std::size_t{65'537}, mebibyte - 1, mebibyte + 1, 5 * mebibyte + 3}) {
        const std::string bytes = random_bytes(size, size);
        CHECK(load_bytes(*backend, store_bytes(*backend, bytes)) == bytes);
    }
}

FEATURE_TEST_CASE("put", "every kind of source is read whole", "[upload]") {
    const auto backend = store.open_backend();
    const std::string bytes = random_bytes(3 * mebibyte + 11);

    SECTION("borrowed memory") {
        CHECK(round_trip(*backend, source_from_span(std::as_bytes(std::span(bytes)))) == bytes);
    }
    SECTION("a path") {
        const std::string path = store.scratch().file("input");
        std::ofstream(path) << bytes;
        CHECK(round_trip(*backend, *source_from_path(path)) == bytes);
    }
    SECTION("a standard stream, whose size is not known") {
        std::istringstream in(bytes);
        CHECK(round_trip(*backend, source_from_istream(in)) == bytes);
    }
    SECTION("a source that hesitates, of unknown size") {
        CHECK(round_trip(*backend, std::make_shared<HesitantSource>(bytes, 100'000)) == bytes);
    }
    SECTION("a source that hesitates, of known size") {
        CHECK(round_trip(*backend, std::make_shared<HesitantSource>(bytes, 100'000, bytes.size())) == bytes);
    }
    SECTION("a callback that rewinds") {
        CHECK(round_trip(*backend, mislabelled_source(bytes, bytes.size(), true)) == bytes);
    }
    SECTION("a pipe") {
        int ends[2];
        REQUIRE(::pipe(ends) == 0);
        std::thread writer([&] {
            std::size_t written = 0;
            while (written < bytes.size()) {
                const ssize_t count = ::write(ends[1], bytes.data() + written, bytes.size() - written);
                written += static_cast<std::size_t>(count);
            }
            ::close(ends[1]);
        });
        CHECK(round_trip(*backend, *source_from_descriptor(ends[0])) == bytes);
        writer.join();
        ::close(ends[0]);
    }
}

FEATURE_TEST_CASE("put", "a source that fails or lies leaves nothing", "[upload]") {
    const auto backend = store.open_backend();
    const std::string bytes = random_bytes(mebibyte);

    SECTION("it fails half-way, its size unknown") {
        failed_upload(*backend, failing_source(bytes, 4711), ErrorCode::source_failed, 4711);
    }
    SECTION("it fails half-way, its size known") {
        failed_upload(*backend, failing_source(bytes, 1, 2 * bytes.size()), ErrorCode::source_failed, 1);
    }
    SECTION("it ends early") {
        failed_upload(*backend, mislabelled_source(bytes, bytes.size() + 1, false), ErrorCode::source_failed);
        failed_upload(*backend, mislabelled_source(bytes, bytes.size() + 1, true), ErrorCode::source_failed);
    }
    SECTION("it gives more than it declared") {
        failed_upload(*backend, mislabelled_source(bytes, bytes.size() - 1, false), ErrorCode::source_failed);
        failed_upload(*backend, mislabelled_source(bytes, bytes.size() - 1, true), ErrorCode::source_failed);
        failed_upload(*backend, mislabelled_source("x", 0, true), ErrorCode::source_failed);
    }
    SECTION("it throws") {
        CallbackSource callbacks;
        callbacks.read = [](std::span<std::byte>, const Wake&) -> Result<IoStep> {
            throw std::runtime_error("no");
        };
        failed_upload(*backend, source_from_callback(std::move(callbacks)), ErrorCode::source_failed);
    }
}

S3_FEATURE_TEST_CASE("put", "an unsigned upload whose source lies leaves nothing behind a service",
                     "[upload]") {
    ServiceOptions options = store.options();
    options.s3.payload_signing = S3PayloadSigning::unsigned_payload;
    auto opened = FileService::open(options);
    REQUIRE(opened.ok());
    FileService& service = *opened;
    const auto backend = store.open_backend();
    const std::string bytes = random_bytes(mebibyte);
    const auto upload = [&](std::size_t declared) {
        FileUpload file;
        file.source = mislabelled_source(bytes, declared, true);
        return service.upload(std::move(file));
    };
    const auto right = upload(bytes.size());
    REQUIRE(right.ok());
    CHECK(load_bytes(*backend, *right) == bytes);
    for (const std::size_t wrong : {bytes.size() - 1, bytes.size() + 1}) {
        const auto refused = upload(wrong);
        REQUIRE_FALSE(refused.ok());
        CHECK(refused.error().code() == ErrorCode::source_failed);
    }
    CHECK(list_ids(*backend) == std::vector<FileId>{*right});
}

FEATURE_TEST_CASE("conditional-put", "create_only refuses an ID that is in use and keeps the old file",
                  "[upload]") {
    const auto backend = store.open_backend();
    const FileId id = store_bytes(*backend, "first");
    UploadRequest second = upload_of("second");
    second.id = id;
    second.create_only = true;
    const auto receipt = backend->upload(std::move(second));
    REQUIRE_FALSE(receipt.ok());
    CHECK(receipt.error().code() == ErrorCode::already_exists);
    CHECK(load_bytes(*backend, id) == "first");
}

FEATURE_TEST_CASE("compare-and-swap",
                  "an upload replaces a file only where it is of the version that is known", "[upload]") {
    const auto backend = store.open_backend();
    CHECK(backend->capabilities().compare_and_swap);
    const FileId id = store_bytes(*backend, "first");
    const auto info = backend->metadata({id, {}});
    REQUIRE(info.ok());
    CHECK_FALSE(info->version.empty());
    for (const bool wins : {true, false}) {
        UploadRequest swap = upload_of(wins ? "second" : "third");
        swap.id = id;
        swap.if_version = info->version;
        const auto receipt = backend->upload(std::move(swap));
        REQUIRE(receipt.ok() == wins);
        CHECK((wins || receipt.error().code() == ErrorCode::precondition_failed));
    }
    CHECK(load_bytes(*backend, id) == "second");
    CHECK(backend->metadata({id, {}}).value().version != info->version);
}

FEATURE_TEST_CASE("put", "without create_only an upload replaces the file and its metadata", "[upload]") {
    const auto backend = store.open_backend();
    UploadRequest first = upload_of("first");
    const FileId id = first.id;
    REQUIRE(first.metadata.set("owner", "ada").ok());
    REQUIRE(backend->upload(std::move(first)).ok());
    UploadRequest second = upload_of("the second");
    second.id = id;
    REQUIRE(second.metadata.set("colour", "red").ok());
    REQUIRE(backend->upload(std::move(second)).ok());
    CHECK(load_bytes(*backend, id) == "the second");
    const auto info = backend->metadata({id, {}});
    REQUIRE(info.ok());
    CHECK(info->metadata.to_json() == R"({"colour":"red"})");
    CHECK(info->size == 10);
}

FEATURE_TEST_CASE("put", "what cannot be right is refused before anything is stored", "[upload]") {
    const auto backend = store.open_backend();
    const auto refused = [&](UploadRequest request) {
        const auto receipt = backend->upload(std::move(request));
        REQUIRE_FALSE(receipt.ok());
        CHECK(receipt.error().code() == ErrorCode::invalid_argument);
    };
    SECTION("no ID") {
        UploadRequest request = upload_of("x");
        request.id = FileId();
        refused(std::move(request));
    }
    SECTION("no source") {
        UploadRequest request = upload_of("x");
        request.source = nullptr;
        refused(std::move(request));
    }
    SECTION("metadata keys of the library") {
        for (const char* key : {"file_id", "original_path", "size", "filestore"}) {
            UploadRequest request = upload_of("x");
            REQUIRE(request.metadata.set(key, "mine").ok());
            refused(std::move(request));
        }
    }
    SECTION("a content type with a line break") {
        UploadRequest request = upload_of("x");
        request.content_type = "text/plain\r\nx-amz-acl: public-read";
        refused(std::move(request));
    }
    SECTION("a name that is not UTF-8") {
        UploadRequest request = upload_of("x");
        request.original_path = "caf\xE9";
        refused(std::move(request));
    }
    CHECK(list_ids(*backend).empty());
}
