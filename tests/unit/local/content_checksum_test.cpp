#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <span>
#include <string>
#include <thread>

#include "core/checksum/checksum.h"
#include "filestore/local_backend.h"
#include "support/files.h"
#include "support/random_bytes.h"
#include "support/temporary_directory.h"
#include "support/test_streams.h"

using namespace filestore;
using namespace filestore::test;

namespace {

struct Fixture {
    TemporaryDirectory directory;
    LocalOptions options{.base_path = directory.path().string(), .durability = Durability::none};

    std::shared_ptr<StorageBackend> open() const { return open_local_backend(options).value(); }

    FileId store(const std::string& bytes) const {
        const FileId id = FileId::generate().value();
        UploadRequest request;
        request.id = id;
        request.source = source_from_string(bytes);
        REQUIRE(open()->upload(std::move(request)).ok());
        return id;
    }

    std::string data_path(const FileId& id) const { return directory.file(id.str()); }
    std::string sidecar_path(const FileId& id) const {
        return directory.file("metadata/" + id.str() + ".json");
    }
};

Result<DownloadReceipt> download(StorageBackend& backend, const FileId& id, std::shared_ptr<Sink> sink,
                                 std::optional<ByteRange> range = std::nullopt) {
    DownloadRequest request;
    request.id = id;
    request.sink = std::move(sink);
    request.range = range;
    return backend.download(std::move(request));
}

std::string flipped(std::string bytes, std::size_t at) {
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    return bytes;
}

}  // namespace

TEST_CASE_METHOD(Fixture, "an upload keeps the checksum of its bytes", "[content_checksum]") {
    const std::string bytes = random_bytes(700'000);
    for (const auto algorithm : {ChecksumAlgorithm::crc64nvme, ChecksumAlgorithm::sha256}) {
        options.checksum = algorithm;
        const std::string sidecar = read_file(sidecar_path(store(bytes)));
        const std::string value = checksum_of(algorithm, std::as_bytes(std::span(bytes))).text();
        CHECK_THAT(sidecar,
                   Catch::Contains(R"("checksum":{"algorithm":")" + std::string(to_string(algorithm)) +
                                   R"(","value":")" + value + "\"}"));
    }
}

TEST_CASE_METHOD(Fixture, "the checksum can be left out", "[content_checksum]") {
    CHECK_THAT(read_file(sidecar_path(store("x"))), Catch::Contains("CRC64NVME"));
    options.checksum.reset();
    options.verify_downloads = filestore::DownloadCheck::checksum;
    const FileId id = store("some bytes");
    CHECK_THAT(read_file(sidecar_path(id)), !Catch::Contains("checksum"));
    write_file(data_path(id), "SOME bytes");
    const auto sink = std::make_shared<BufferSink>();
    CHECK(download(*open(), id, sink).ok());
    CHECK(sink->bytes() == "SOME bytes");
}

TEST_CASE_METHOD(Fixture, "every byte that was changed is noticed, before the sink has all",
                 "[content_checksum]") {
    options.checksum = GENERATE(ChecksumAlgorithm::crc64nvme, ChecksumAlgorithm::sha256);
    options.verify_downloads = filestore::DownloadCheck::checksum;
    const std::string bytes = random_bytes(300);
    const FileId id = store(bytes);
    const auto backend = open();
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        write_file(data_path(id), flipped(bytes, at));
        const auto sink = std::make_shared<HesitantSink>(1000);
        const auto receipt = download(*backend, id, sink);
        INFO(at);
        REQUIRE_FALSE(receipt.ok());
        CHECK(receipt.error().code() == ErrorCode::corrupt);
        CHECK_THAT(std::string(receipt.error().message()), Catch::Contains(id.str()));
        CHECK_FALSE(sink->finished());
    }
    write_file(data_path(id), bytes);
    const auto sink = std::make_shared<BufferSink>();
    CHECK(download(*backend, id, sink).ok());
    CHECK(sink->bytes() == bytes);
}

TEST_CASE_METHOD(Fixture, "a file of many reads is compared as a whole", "[content_checksum]") {
    options.verify_downloads = filestore::DownloadCheck::checksum;
    const std::string bytes = random_bytes(3'000'000);
    const FileId id = store(bytes);
    CHECK(download(*open(), id, std::make_shared<BufferSink>()).ok());
    write_file(data_path(id), flipped(bytes, 5));
    const auto sink = std::make_shared<HesitantSink>(60'000);
    CHECK(download(*open(), id, sink).error().code() == ErrorCode::corrupt);
    CHECK_FALSE(sink->finished());
}

TEST_CASE_METHOD(Fixture, "what is not compared is read as it is", "[content_checksum]") {
    const FileId id = store("some bytes");
    write_file(data_path(id), "SOME bytes");
    const auto sink = std::make_shared<BufferSink>();
    SECTION("downloads, by default") {
        CHECK(download(*open(), id, sink).ok());
        CHECK(sink->bytes() == "SOME bytes");
    }
    SECTION("a range") {
        options.verify_downloads = filestore::DownloadCheck::checksum;
        CHECK(download(*open(), id, sink, ByteRange{5, 5}).ok());
        CHECK(sink->bytes() == "bytes");
        CHECK(download(*open(), id, sink, ByteRange{0, 5}).ok());
        CHECK(download(*open(), id, sink, ByteRange{0, 10}).error().code() == ErrorCode::corrupt);
    }
    SECTION("a file without metadata") {
        options.verify_downloads = filestore::DownloadCheck::checksum;
        std::filesystem::remove(sidecar_path(id));
        CHECK(download(*open(), id, sink).ok());
    }
}

TEST_CASE_METHOD(Fixture, "a download looks at what it is told to look at", "[content_checksum]") {
    const FileId id = store("some bytes");
    SECTION("another size") {
        write_file(data_path(id), "some");
    }
    SECTION("metadata that cannot be read") {
        write_file(sidecar_path(id), "{");
    }
    CHECK(download(*open(), id, std::make_shared<BufferSink>()).error().code() == ErrorCode::corrupt);
    options.verify_downloads = filestore::DownloadCheck::none;
    const auto sink = std::make_shared<BufferSink>();
    CHECK(download(*open(), id, sink).ok());
    CHECK(sink->bytes() == read_file(data_path(id)));
    DownloadRequest request;
    request.id = id;
    request.sink = sink;
    request.on_info = [](const FileInfo&) -> Result<void> { return {}; };
    CHECK(open()->download(std::move(request)).error().code() == ErrorCode::corrupt);
}

TEST_CASE_METHOD(Fixture, "an empty file has a checksum, too", "[content_checksum]") {
    options.verify_downloads = filestore::DownloadCheck::checksum;
    const FileId id = store("");
    CHECK(download(*open(), id, std::make_shared<BufferSink>()).ok());
    const FileId other = store("x");
    std::string sidecar = read_file(sidecar_path(other));
    sidecar.replace(sidecar.find("\"size\":1"), 8, "\"size\":0");
    write_file(sidecar_path(other), sidecar);
    write_file(data_path(other), "");
    CHECK(download(*open(), other, std::make_shared<BufferSink>()).error().code() == ErrorCode::corrupt);
}

TEST_CASE_METHOD(Fixture, "files that are replaced meanwhile are no damage", "[content_checksum]") {
    options.verify_downloads = GENERATE(filestore::DownloadCheck::none, filestore::DownloadCheck::size,
                                        filestore::DownloadCheck::checksum);
    const auto backend = open();
    const FileId id = store("0000");
    std::atomic<bool> ended{false};
    std::jthread writer([&] {
        for (int number = 0; number < 300; ++number) {
            UploadRequest request;
            request.id = id;
            request.source = source_from_string(std::to_string(number));
            static_cast<void>(backend->upload(std::move(request)));
        }
        ended = true;
    });
    while (!ended) {
        const auto receipt = download(*backend, id, std::make_shared<BufferSink>());
        REQUIRE((receipt.ok() ? std::string() : std::string(receipt.error().message())).empty());
    }
}
