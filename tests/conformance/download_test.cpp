#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "conformance/feature.h"
#include "filestore/stdstream.h"
#include "support/files.h"
#include "support/random_bytes.h"
#include "support/test_streams.h"

using namespace filestore;
using namespace filestore::test;

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20U;

Result<DownloadReceipt> download(StorageBackend& backend, const FileId& id, std::shared_ptr<Sink> sink,
                                 std::optional<ByteRange> range = std::nullopt) {
    DownloadRequest request;
    request.id = id;
    request.sink = std::move(sink);
    request.range = range;
    return backend.download(std::move(request));
}

}  // namespace

FEATURE_TEST_CASE("get", "every kind of sink gets the whole file", "[download]") {
    const auto backend = store.open_backend();
    const std::string bytes = random_bytes(3 * mebibyte + 5);
    const FileId id = store_bytes(*backend, bytes);

    SECTION("a path") {
        const std::string path = store.scratch().file("output");
        const auto receipt = download(*backend, id, *sink_to_path(path));
        REQUIRE(receipt.ok());
        CHECK(receipt->bytes == bytes.size());
        CHECK(receipt->file_size == bytes.size());
        CHECK(read_file(path) == bytes);
    }
    SECTION("a standard stream") {
        std::ostringstream out;
        REQUIRE(download(*backend, id, sink_to_ostream(out)).ok());
        CHECK(out.str() == bytes);
    }
    SECTION("a sink that hesitates and takes little at a time") {
        const auto sink = std::make_shared<HesitantSink>(60'000);
        REQUIRE(download(*backend, id, sink).ok());
        CHECK(sink->bytes() == bytes);
        CHECK(sink->finished());
    }
}

FEATURE_TEST_CASE("get", "ranges give exactly the bytes asked for", "[download]") {
    const auto backend = store.open_backend();
    const std::string bytes = random_bytes(100'000);
    const FileId id = store_bytes(*backend, bytes);
    struct Case {
        std::uint64_t offset;
        std::optional<std::uint64_t> length;
    };
    for (const Case& range :
         {Case{0, 1}, Case{0, 100'000}, Case{0, 200'000}, Case{99'999, 1}, Case{99'999, std::nullopt},
          Case{5, std::nullopt}, Case{70'000, 10'000}, Case{70'000, UINT64_MAX}}) {
        CAPTURE(range.offset, range.length.value_or(0));
        const auto sink = std::make_shared<BufferSink>();
        const auto receipt = download(*backend, id, sink, ByteRange{range.offset, range.length});
        INFO((receipt.ok() ? "" : receipt.error().message()));
        REQUIRE(receipt.ok());
        const std::string expected = bytes.substr(range.offset, range.length.value_or(UINT64_MAX));
        CHECK(sink->bytes() == expected);
        CHECK(receipt->bytes == expected.size());
        CHECK(receipt->file_size == bytes.size());
    }
}

FEATURE_TEST_CASE("get", "a range outside the file cannot be satisfied", "[download]") {
    const auto backend = store.open_backend();
    const FileId id = store_bytes(*backend, "abc");
    const FileId empty = store_bytes(*backend, "");
    const auto past_end = download(*backend, id, std::make_shared<BufferSink>(), ByteRange{3, std::nullopt});
    REQUIRE_FALSE(past_end.ok());
    CHECK(past_end.error().code() == ErrorCode::range_not_satisfiable);
    const auto past_all = download(*backend, id, std::make_shared<BufferSink>(), ByteRange{UINT64_MAX, {}});
    REQUIRE_FALSE(past_all.ok());
    CHECK(past_all.error().code() == ErrorCode::range_not_satisfiable);
    const auto of_nothing = download(*backend, empty, std::make_shared<BufferSink>(), ByteRange{0, 1});
    REQUIRE_FALSE(of_nothing.ok());
    CHECK(of_nothing.error().code() == ErrorCode::range_not_satisfiable);
    const auto no_bytes = download(*backend, id, std::make_shared<BufferSink>(), ByteRange{0, 0});
    REQUIRE_FALSE(no_bytes.ok());
    CHECK(no_bytes.error().code() == ErrorCode::invalid_argument);
}

FEATURE_TEST_CASE("get", "a missing file is not_found, and its destination is left alone", "[download]") {
    const auto backend = store.open_backend();
    const std::string path = store.scratch().file("output");
    std::ofstream(path) << "before";
    const auto receipt = download(*backend, *FileId::generate(), *sink_to_path(path));
    REQUIRE_FALSE(receipt.ok());
    CHECK(receipt.error().code() == ErrorCode::not_found);
    CHECK(read_file(path) == "before");
}

FEATURE_TEST_CASE("get", "a sink that fails ends the download with its own number", "[download]") {
    const auto backend = store.open_backend();
    const FileId id = store_bytes(*backend, random_bytes(2 * mebibyte));
    const auto sink = std::make_shared<FailingSink>(mebibyte, 4712);
    const auto receipt = download(*backend, id, sink);
    REQUIRE_FALSE(receipt.ok());
    CHECK(receipt.error().code() == ErrorCode::sink_failed);
    CHECK(receipt.error().details().caller_code == 4712);
    CHECK_FALSE(sink->finished());
}

FEATURE_TEST_CASE("get", "a buffer that is too small is no place for the file", "[download]") {
    const auto backend = store.open_backend();
    const FileId id = store_bytes(*backend, "0123456789");
    CHECK(download(*backend, id, std::make_shared<BufferSink>(10)).ok());
    const auto receipt = download(*backend, id, std::make_shared<BufferSink>(9));
    REQUIRE_FALSE(receipt.ok());
    CHECK(receipt.error().code() == ErrorCode::sink_failed);
}

FEATURE_TEST_CASE("get", "on_info tells of the file before its first byte", "[download]") {
    const auto backend = store.open_backend();
    UploadRequest upload = upload_of("content");
    const FileId id = upload.id;
    upload.original_path = "notes/1.txt";
    upload.content_type = "text/plain";
    REQUIRE(upload.metadata.set("k", "v").ok());
    REQUIRE(backend->upload(std::move(upload)).ok());

    const auto sink = std::make_shared<BufferSink>();
    DownloadRequest request;
    request.id = id;
    request.sink = sink;
    std::optional<FileInfo> seen;
    SECTION("and the download goes on") {
        request.on_info = [&](const FileInfo& info) -> Result<void> {
            CHECK(sink->bytes().empty());
            seen = info;
            return {};
        };
        REQUIRE(backend->download(std::move(request)).ok());
        REQUIRE(seen.has_value());
        CHECK(seen->id == id);
        CHECK(seen->size == 7);
        CHECK(seen->original_path == "notes/1.txt");
        CHECK(seen->content_type == "text/plain");
        CHECK(seen->metadata.text("k") == "v");
        CHECK(sink->bytes() == "content");
    }
    SECTION("and may refuse it") {
        request.on_info = [](const FileInfo&) -> Result<void> {
            return Error(ErrorCode::rejected, "not this one");
        };
        const auto receipt = backend->download(std::move(request));
        REQUIRE_FALSE(receipt.ok());
        CHECK(receipt.error().code() == ErrorCode::rejected);
        CHECK(sink->bytes().empty());
    }
}
