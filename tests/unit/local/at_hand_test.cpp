#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "filestore/local_backend.h"
#include "support/files.h"
#include "support/temporary_directory.h"

using namespace filestore;
using namespace filestore::test;

namespace {

/// In memory, as far as there is such a place: else no kernel promises that a file that was just written is at hand.
struct Fixture {
    TemporaryDirectory directory{"/dev/shm"};
    FileId id = FileId::generate().value();
    LocalOptions options = [this] {
        LocalOptions local;
        local.base_path = directory.path().string();
        local.durability = Durability::none;
        return local;
    }();
    std::shared_ptr<StorageBackend> backend = open_local_backend(options).value();

    void store(const std::string& bytes) {
        UploadRequest request;
        request.id = id;
        request.source = source_from_string(bytes);
        request.original_path = "a.txt";
        REQUIRE(backend->upload(std::move(request)).ok());
    }
    [[nodiscard]] std::string data() const { return directory.file(id.str()); }
    [[nodiscard]] std::string sidecar() const { return directory.file("metadata/" + id.str() + ".json"); }
};

constexpr std::size_t most = 1000;

}  // namespace

TEST_CASE_METHOD(Fixture, "a small file is at hand, as a download gives it", "[local]") {
    const std::string bytes = GENERATE(std::string(), std::string("bytes"), std::string(most, 'x'));
    store(bytes);
    const auto file = backend->read_at_hand(id, most);
    REQUIRE(file);
    CHECK(file->bytes == bytes);
    CHECK(file->info.size == bytes.size());
    CHECK(file->info.original_path == "a.txt");
    CHECK(file->info.version == backend->metadata({id, {}})->version);
}

TEST_CASE_METHOD(Fixture, "a small file of a store in directories is at hand", "[local]") {
    const TemporaryDirectory other("/dev/shm");
    options.base_path = other.path().string();
    options.layout = LocalLayout::sharded;
    backend = open_local_backend(options).value();
    store("bytes");
    const auto file = backend->read_at_hand(id, most);
    REQUIRE(file);
    CHECK(file->bytes == "bytes");
}

TEST_CASE_METHOD(Fixture, "what is not as usual is not at hand", "[local]") {
    store("bytes");
    REQUIRE(backend->read_at_hand(id, most));
    SECTION("another file") {
        CHECK_FALSE(backend->read_at_hand(FileId::generate().value(), most));
    }
    SECTION("a larger one") {
        CHECK_FALSE(backend->read_at_hand(id, 4));
    }
    SECTION("one without metadata") {
        std::filesystem::remove(sidecar());
        CHECK_FALSE(backend->read_at_hand(id, most));
    }
    SECTION("damaged metadata") {
        write_file(sidecar(), "{");
        CHECK_FALSE(backend->read_at_hand(id, most));
    }
    SECTION("metadata that tells of another size") {
        write_file(data(), "more bytes");
        CHECK_FALSE(backend->read_at_hand(id, most));
    }
    SECTION("large metadata") {
        std::string json = read_file(sidecar());
        json.insert(json.size() - 1, std::string(8192, ' '));
        write_file(sidecar(), json);
        REQUIRE(backend->metadata({id, {}}).ok());
        CHECK_FALSE(backend->read_at_hand(id, most));
    }
    SECTION("one that is being replaced") {
        std::filesystem::copy_file(sidecar(), directory.file(".filestore/staging/" + id.str() + ".json"));
        CHECK_FALSE(backend->read_at_hand(id, most));
    }
    SECTION("a link") {
        std::filesystem::rename(data(), directory.file("elsewhere"));
        std::filesystem::create_symlink("elsewhere", data());
        CHECK_FALSE(backend->read_at_hand(id, most));
    }
    SECTION("what would be waited for") {
        std::filesystem::remove(sidecar());
        REQUIRE(::mkfifo(sidecar().c_str(), 0600) == 0);
        CHECK_FALSE(backend->read_at_hand(id, most));
    }
    SECTION("one whose checksum is to be compared") {
        options.verify_downloads = DownloadCheck::checksum;
        backend = open_local_backend(options).value();
        CHECK_FALSE(backend->read_at_hand(id, most));
    }
}
