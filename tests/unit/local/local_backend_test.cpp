#include "filestore/local_backend.h"

#include <sys/stat.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <utility>
#include <vector>

#include "local/store.h"
#include "support/code_of.h"
#include "support/eventually.h"
#include "support/files.h"
#include "support/temporary_directory.h"

using namespace filestore;
using namespace filestore::test;
using namespace std::chrono_literals;

namespace {

struct Fixture {
    TemporaryDirectory directory;
    LocalOptions options = [this] {
        LocalOptions local;
        local.base_path = directory.path().string();
        local.durability = Durability::none;
        return local;
    }();
    std::shared_ptr<StorageBackend> backend = open_local_backend(options).value();

    [[nodiscard]] std::string data(const FileId& id) const { return directory.file(id.str()); }
    [[nodiscard]] std::string sidecar(const FileId& id) const {
        return directory.file("metadata/" + id.str() + ".json");
    }
    [[nodiscard]] std::string record(const FileId& id, const std::string& suffix) const {
        return directory.file(".filestore/staging/" + id.str() + suffix);
    }
};

UploadRequest upload_of(const FileId& id, const std::string& bytes) {
    UploadRequest request;
    request.id = id;
    request.source = source_from_string(bytes);
    REQUIRE(request.metadata.set("tag", bytes.substr(0, 1)).ok());
    return request;
}

/// What is stored, and the tag that it was stored with.
struct Stored {
    std::string bytes;
    std::string tag;
};

Result<Stored> load(StorageBackend& backend, const FileId& id) {
    Stored stored;
    const auto sink = std::make_shared<BufferSink>();
    DownloadRequest request;
    request.id = id;
    request.sink = sink;
    request.on_info = [&stored](const FileInfo& info) -> Result<void> {
        stored.tag = info.metadata.text("tag").value_or("");
        return {};
    };
    const auto receipt = backend.download(std::move(request));
    if (!receipt.ok()) {
        return receipt.error();
    }
    stored.bytes = sink->take();
    return stored;
}

/// As a process leaves it that dies when the new bytes have their name and the new sidecar has not.
void leave_half_replaced(const Fixture& store, const FileId& id) {
    REQUIRE(store.backend->upload(upload_of(id, "old")).ok());
    const FileId other = FileId::generate().value();
    REQUIRE(store.backend->upload(upload_of(other, "new")).ok());
    std::string json = read_file(store.sidecar(other));
    json.replace(json.find(other.str()), other.str().size(), id.str());
    write_file(store.record(id, ".json"), json);
    std::filesystem::rename(store.data(other), store.data(id));
}

}  // namespace

TEST_CASE_METHOD(Fixture, "who reads a file that was left half replaced finishes that", "[local]") {
    const FileId id = FileId::generate().value();
    leave_half_replaced(*this, id);
    SECTION("for its metadata") {
        const auto info = backend->metadata({id, {}});
        REQUIRE(info.ok());
        CHECK(info->metadata.text("tag") == "n");
    }
    SECTION("for its bytes") {
        const auto stored = load(*backend, id);
        REQUIRE(stored.ok());
        CHECK(stored->bytes == "new");
        CHECK(stored->tag == "n");
    }
    SECTION("to replace it") {
        REQUIRE(backend->upload(upload_of(id, "third")).ok());
        CHECK(load(*backend, id)->tag == "t");
    }
    SECTION("to remove it") {
        CHECK(backend->remove({id, {}}).value());
        CHECK_FALSE(std::filesystem::exists(sidecar(id)));
    }
    SECTION("to open the store") {
        REQUIRE(open_local_backend(options).ok());
        CHECK_THAT(read_file(sidecar(id)), Catch::Contains("\"n\""));
    }
    CHECK(names_in(directory.file(".filestore/staging")).empty());
}

TEST_CASE_METHOD(Fixture, "who reads a file that is being replaced waits, as long as the call may",
                 "[local]") {
    const FileId id = FileId::generate().value();
    leave_half_replaced(*this, id);
    const auto own = local::Store::open(directory.path().string(), Durability::none);
    // Opening has settled it.
    leave_half_replaced(*this, id);
    {
        const auto lock = local::FileLock::take(*own, id, {});
        FileRequest request{id, {}};
        request.call.deadline = deadline_in(50ms);
        CHECK(code_of(backend->metadata(request)) == ErrorCode::timeout);
    }
    CHECK(backend->metadata({id, {}})->metadata.text("tag") == "n");
}

TEST_CASE_METHOD(Fixture, "readers see bytes and metadata of one upload, whoever replaces meanwhile",
                 "[local]") {
    const bool is_long = std::getenv("FILESTORE_TEST_LONG") != nullptr;
    const FileId id = FileId::generate().value();
    REQUIRE(backend->upload(upload_of(id, "aaaa")).ok());
    std::atomic<int> mixed{0};
    std::atomic<int> failed{0};
    std::atomic<int> reads{0};
    {
        std::vector<std::jthread> threads;
        for (const char letter : {'b', 'c'}) {
            threads.emplace_back([&, letter](const std::stop_token& stop) {
                const auto own = open_local_backend(options);
                while (!stop.stop_requested()) {
                    failed += (*own)->upload(upload_of(id, std::string(4, letter))).ok() ? 0 : 1;
                }
            });
        }
        for (int i = 0; i < 2; ++i) {
            threads.emplace_back([&](const std::stop_token& stop) {
                while (!stop.stop_requested()) {
                    const auto stored = load(*backend, id);
                    failed += stored.ok() ? 0 : 1;
                    mixed += stored.ok() && stored->bytes != std::string(4, stored->tag.front()) ? 1 : 0;
                    ++reads;
                }
            });
        }
        std::this_thread::sleep_for(is_long ? 60s : 2s);
        CHECK(eventually([&] { return reads > 100; }));
    }
    CHECK(mixed == 0);
    CHECK(failed == 0);
}

TEST_CASE_METHOD(Fixture, "a removal ends where its process died", "[local]") {
    const FileId id = FileId::generate().value();
    REQUIRE(backend->upload(upload_of(id, "old")).ok());
    std::filesystem::rename(data(id), record(id, ".data"));
    CHECK_FALSE(backend->exists({id, {}}).value());
    UploadRequest again = upload_of(id, "again");
    again.create_only = true;
    CHECK(backend->upload(std::move(again)).ok());
    CHECK(load(*backend, id)->bytes == "again");
    CHECK(names_in(directory.file(".filestore/staging")).empty());
}

TEST_CASE_METHOD(Fixture, "an opened store that was read only has nothing of ours", "[local]") {
    CHECK_FALSE(backend->exists({FileId::generate().value(), {}}).value());
    CHECK(code_of(backend->metadata({FileId::generate().value(), {}})) == ErrorCode::not_found);
    CHECK_FALSE(backend->remove({FileId::generate().value(), {}}).value());
    CHECK(names_in(directory.path()) == std::vector<std::string>{"metadata"});
}

TEST_CASE_METHOD(Fixture, "a file is replaced only where it is of the version that is known", "[local]") {
    const FileId id = FileId::generate().value();
    const auto version = [&] { return backend->metadata({id, {}}).value().version; };
    const auto swap = [&](const std::string& from, const std::string& bytes) {
        UploadRequest request = upload_of(id, bytes);
        request.if_version = from;
        return code_of(backend->upload(std::move(request)));
    };
    CHECK(swap("any", "absent") == ErrorCode::precondition_failed);
    CHECK_FALSE(backend->exists({id, {}}).value());
    REQUIRE(backend->upload(upload_of(id, "first")).ok());
    const std::string first = version();
    CHECK_FALSE(first.empty());
    CHECK(version() == first);
    CHECK(swap(first, "second") == ErrorCode::ok);
    CHECK(swap(first, "third") == ErrorCode::precondition_failed);
    CHECK(load(*backend, id)->bytes == "second");
    // The same bytes are another version: it is of another upload.
    const std::string second = version();
    CHECK(swap(second, "second") == ErrorCode::ok);
    CHECK(version() != second);
    CHECK(names_in(directory.file(".filestore/staging")).empty());
}

TEST_CASE_METHOD(Fixture, "a file of the original system has a version, too", "[local]") {
    const FileId id = FileId::generate().value();
    write_file(data(id), "bytes");
    write_file(sidecar(id), R"({"file_id": ")" + id.str() + R"(", "original_path": "a", "size": 5})");
    const std::string version = backend->metadata({id, {}}).value().version;
    CHECK_FALSE(version.empty());
    std::filesystem::last_write_time(data(id), std::filesystem::file_time_type::clock::now() - 1h);
    CHECK(backend->metadata({id, {}}).value().version != version);
    UploadRequest request = upload_of(id, "other");
    request.if_version = version;
    CHECK(code_of(backend->upload(std::move(request))) == ErrorCode::precondition_failed);
    request = upload_of(id, "other");
    request.if_version = backend->metadata({id, {}}).value().version;
    CHECK(backend->upload(std::move(request)).ok());
}

TEST_CASE("what is made has the modes of the options, whatever the umask is", "[local]") {
    struct Row {
        unsigned umask;
        unsigned file;
        unsigned directory;
    };
    for (const Row& row : {Row{0, 0600, 0700}, Row{077, 0660, 02770}, Row{022, 0664, 0775}}) {
        const TemporaryDirectory directory;
        LocalOptions options;
        options.base_path = directory.file("a/b");
        options.file_mode = row.file;
        options.directory_mode = row.directory;
        const FileId id = FileId::generate().value();
        const mode_t before = ::umask(row.umask);
        const auto backend = open_local_backend(options);
        const bool stored = backend.ok() && (*backend)->upload(upload_of(id, "x")).ok();
        ::umask(before);
        REQUIRE(stored);
        const auto mode_of = [&](const std::string& name) {
            struct ::stat status {};
            REQUIRE(::stat(directory.file("a/b/" + name).c_str(), &status) == 0);
            return status.st_mode & 07777U;
        };
        for (const std::string& name :
             {id.str(), "metadata/" + id.str() + ".json", std::string(".filestore/lock")}) {
            CHECK(mode_of(name) == row.file);
        }
        for (const char* name : {"..", ".", "metadata", ".filestore", ".filestore/staging"}) {
            CHECK(mode_of(name) == row.directory);
        }
    }
}

TEST_CASE("modes that shut the owner out, or let anybody do more, are refused", "[local]") {
    const TemporaryDirectory directory;
    for (const auto& [file, below] : std::vector<std::pair<unsigned, unsigned>>{
             {0400, 0700}, {0700, 0700}, {0600, 0600}, {0600, 04700}, {01600, 0700}}) {
        LocalOptions options;
        options.base_path = directory.file("a");
        options.file_mode = file;
        options.directory_mode = below;
        CHECK(code_of(open_local_backend(options)) == ErrorCode::invalid_argument);
    }
    CHECK(names_in(directory.path()).empty());
}
