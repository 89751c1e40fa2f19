/// Uploads from files and downloads to descriptors, whose bytes the kernel may move.

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <filesystem>
#include <future>
#include <optional>
#include <stop_token>
#include <thread>

#include "core/checksum/checksum.h"
#include "core/descriptor.h"
#include "filestore/local_backend.h"
#include "support/code_of.h"
#include "support/file_changes.h"
#include "support/files.h"
#include "support/random_bytes.h"
#include "support/temporary_directory.h"

using namespace filestore;
using namespace filestore::test;

namespace {

/// Around what is kept in memory, and of several steps of the kernel.
const std::array<std::size_t, 7> sizes{0, 1, 4096, 65'536, 65'537, 1'000'000, 20'000'003};
constexpr std::size_t large = 20'000'003;

/// With blocks that are shared, and without.
struct Fixture {
    std::optional<SharedBlocks> shared;
    TemporaryDirectory directory;
    LocalOptions options{.base_path = directory.file("store"), .durability = Durability::none};
    std::string given = directory.file("given");

    Fixture() {
        if (GENERATE(false, true)) {
            shared.emplace();
        }
    }

    std::shared_ptr<StorageBackend> open() const { return open_local_backend(options).value(); }

    static UploadRequest upload_of(const FileId& id, Result<std::shared_ptr<Source>> source) {
        UploadRequest request;
        request.id = id;
        request.source = std::move(source).value();
        return request;
    }

    FileId store(const std::string& bytes) const {
        const FileId id = FileId::generate().value();
        REQUIRE(open()->upload(upload_of(id, source_from_string(bytes))).ok());
        return id;
    }

    Result<DownloadReceipt> download(const FileId& id, Result<std::shared_ptr<Sink>> sink,
                                     std::optional<ByteRange> range = std::nullopt) const {
        DownloadRequest request;
        request.id = id;
        request.sink = std::move(sink).value();
        request.range = range;
        return open()->download(std::move(request));
    }

    std::string stored(const FileId& id) const { return read_file(directory.file("store/" + id.str())); }
    std::string sidecar(const FileId& id) const {
        return read_file(directory.file("store/metadata/" + id.str() + ".json"));
    }
    std::vector<std::string> staged() const { return names_in(directory.file("store/.filestore/staging")); }
    bool is_there(const FileId& id) const {
        return std::filesystem::exists(directory.file("store/" + id.str()));
    }
};

struct Ends {
    Descriptor reading;
    Descriptor writing;
};

Ends make_ends(int kind) {
    std::array<int, 2> ends{};
    if (kind == 0) {
        REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    } else {
        const int type = SOCK_STREAM | SOCK_CLOEXEC | (kind == 1 ? 0 : SOCK_NONBLOCK);
        REQUIRE(::socketpair(AF_UNIX, type, 0, ends.data()) == 0);
        REQUIRE(::fcntl(ends[0], F_SETFL, 0) == 0);
    }
    return {Descriptor(ends[0]), Descriptor(ends[1])};
}

std::string read_to_end(int descriptor) {
    std::string all;
    std::array<char, 65'536> chunk{};
    ssize_t got = 0;
    while ((got = ::read(descriptor, chunk.data(), chunk.size())) > 0) {
        all.append(chunk.data(), static_cast<std::size_t>(got));
    }
    return all;
}

}  // namespace

TEST_CASE_METHOD(Fixture, "a file is stored whole, with the checksum of its bytes", "[file_copy]") {
    const bool with_checksum = GENERATE(true, false);
    if (!with_checksum) {
        options.checksum.reset();
    }
    for (const std::size_t size : sizes) {
        INFO(size);
        const std::string bytes = random_bytes(size);
        write_file(given, bytes);
        const FileId id = FileId::generate().value();
        CHECK(open()->upload(upload_of(id, source_from_path(given))).ok());
        CHECK((stored(id) == bytes));
        const std::string value =
            checksum_of(ChecksumAlgorithm::crc64nvme, std::as_bytes(std::span(bytes))).text();
        CHECK((sidecar(id).find(value) != std::string::npos) == with_checksum);
        CHECK(staged().empty());
    }
}

TEST_CASE_METHOD(Fixture, "a descriptor is stored from its position on, which does not move", "[file_copy]") {
    const std::size_t start = GENERATE(0U, 3U, 4096U, 19'999'000U);
    if (GENERATE(true, false)) {
        options.checksum.reset();
    }
    const std::string bytes = random_bytes(large);
    write_file(given, bytes);
    const Descriptor file(::open(given.c_str(), O_RDONLY | O_CLOEXEC));
    REQUIRE(::lseek(file.get(), static_cast<off_t>(start), SEEK_SET) == static_cast<off_t>(start));
    const FileId id = FileId::generate().value();
    CHECK(open()->upload(upload_of(id, source_from_descriptor(file.get()))).ok());
    CHECK((stored(id) == bytes.substr(start)));
    CHECK(::lseek(file.get(), 0, SEEK_CUR) == static_cast<off_t>(start));
}

TEST_CASE_METHOD(Fixture, "a file that changes while it is stored is not published", "[file_copy]") {
    options.checksum.reset();
    const std::string bytes = random_bytes(large);
    write_file(given, bytes);
    const FileId id = FileId::generate().value();
    UploadRequest request = upload_of(id, source_from_path(given));
    std::uint64_t stored_before = 0;
    const auto change = GENERATE(0, 1, 2);
    request.call.progress = [&](const Progress& progress) {
        if (stored_before > 0) {
            return;
        }
        stored_before = progress.bytes_done;
        if (change == 1) {
            std::filesystem::resize_file(given, 10);
        } else {
            write_file(given, random_bytes(change == 0 ? large + 1 : large));
        }
    };
    const auto result = open()->upload(std::move(request));
    // Where the blocks are shared it was stored whole at once, before it changed.
    if (stored_before == large) {
        CHECK(result.ok());
        CHECK((stored(id) == bytes));
    } else {
        CHECK(code_of(result) == ErrorCode::source_failed);
        CHECK_FALSE(is_there(id));
    }
    CHECK(staged().empty());
}

TEST_CASE_METHOD(Fixture, "a file that is being copied tells its progress, and can be cancelled",
                 "[file_copy]") {
    options.checksum.reset();
    write_file(given, random_bytes(large));
    std::stop_source stop;
    const FileId id = FileId::generate().value();
    UploadRequest request = upload_of(id, source_from_path(given));
    request.call.cancel = stop.get_token();
    SECTION("to the end") {
        std::uint64_t last = 0;
        request.call.progress = [&](const Progress& progress) {
            CHECK(progress.bytes_done >= last);
            last = progress.bytes_done;
        };
        CHECK(open()->upload(std::move(request)).ok());
        CHECK(last == large);
    }
    SECTION("cancelled") {
        request.call.progress = [&](const Progress&) { stop.request_stop(); };
        CHECK(code_of(open()->upload(std::move(request))) == ErrorCode::cancelled);
        CHECK_FALSE(is_there(id));
    }
    CHECK(staged().empty());
}

TEST_CASE_METHOD(Fixture, "a file comes out of every descriptor as it was stored", "[file_copy]") {
    options.verify_downloads = GENERATE(filestore::DownloadCheck::none, filestore::DownloadCheck::size,
                                        filestore::DownloadCheck::checksum);
    const std::string target = directory.file("target");
    for (const std::size_t size : sizes) {
        INFO(size);
        const std::string bytes = random_bytes(size);
        const FileId id = store(bytes);
        CHECK(download(id, sink_to_path(target)).ok());
        CHECK((read_file(target) == bytes));
        for (const int kind : {0, 1, 2}) {
            INFO("kind " << kind);
            Ends ends = make_ends(kind);
            auto reader = std::async(std::launch::async, [&] { return read_to_end(ends.reading.get()); });
            CHECK(download(id, sink_to_descriptor(ends.writing.get())).ok());
            ends.writing = Descriptor();
            CHECK((reader.get() == bytes));
        }
    }
}

TEST_CASE_METHOD(Fixture, "a file is written at the position of a descriptor, which moves on",
                 "[file_copy]") {
    const int flags = GENERATE(0, O_APPEND);
    const std::string bytes = random_bytes(large);
    const FileId id = store(bytes);
    write_file(given, "before");
    const Descriptor file(::open(given.c_str(), O_WRONLY | O_CLOEXEC | flags));
    REQUIRE(::lseek(file.get(), 0, SEEK_END) == 6);
    CHECK(download(id, sink_to_descriptor(file.get())).ok());
    CHECK(download(id, sink_to_descriptor(file.get()), ByteRange{100, 5'000'000}).ok());
    CHECK((read_file(given) == "before" + bytes + bytes.substr(100, 5'000'000)));
}

TEST_CASE_METHOD(Fixture, "a download whose reader goes away fails, and can be cancelled while it waits",
                 "[file_copy]") {
    const FileId id = store(random_bytes(large));
    const int kind = GENERATE(0, 1, 2);
    Ends ends = make_ends(kind);
    SECTION("nobody reads") {
        ends.reading = Descriptor();
        CHECK(code_of(download(id, sink_to_descriptor(ends.writing.get()))) == ErrorCode::sink_failed);
    }
    SECTION("cancelled") {
        DownloadRequest request;
        request.id = id;
        request.sink = sink_to_descriptor(ends.writing.get()).value();
        request.call.deadline = deadline_in(std::chrono::milliseconds(20));
        CHECK(code_of(open()->download(std::move(request))) == ErrorCode::timeout);
    }
}

TEST_CASE_METHOD(Fixture, "a file that became shorter than its metadata tells is damage", "[file_copy]") {
    const FileId id = store(random_bytes(large));
    std::filesystem::resize_file(directory.file("store/" + id.str()), 1000);
    CHECK(code_of(download(id, sink_to_path(given))) == ErrorCode::corrupt);
    CHECK_FALSE(std::filesystem::exists(given));
}
