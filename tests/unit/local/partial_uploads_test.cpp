#include "local/partial_uploads.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "core/blocking_call.h"
#include "filestore/local_backend.h"
#include "support/code_of.h"
#include "support/recorded_flushes.h"
#include "support/temporary_directory.h"

using namespace filestore;
using namespace filestore::test;

namespace {

/// A store, and an upload in it; everything runs on the thread of the test.
struct Scene {
    TemporaryDirectory directory;
    std::shared_ptr<StorageBackend> backend;
    FileId id = FileId::generate().value();

    explicit Scene(Durability durability, std::optional<std::uint64_t> length = std::nullopt) {
        LocalOptions options;
        options.base_path = directory.file("store");
        options.durability = durability;
        backend = open_local_backend(options).value();
        BeginUploadRequest request;
        request.id = id;
        request.length = length;
        const auto begun = wait_for<PartialUpload>(
            [&](auto done) { backend->resumable_store()->begin_async(request, std::move(done)); });
        REQUIRE(begun.ok());
    }

    Result<PartialUpload> append(std::uint64_t offset, const std::string& bytes,
                                 bool all_or_nothing = false) {
        AppendRequest request;
        request.id = id;
        request.offset = offset;
        request.source = source_from_string(bytes);
        request.all_or_nothing = all_or_nothing;
        return wait_for<PartialUpload>(
            [&](auto done) { backend->resumable_store()->append_async(request, std::move(done)); });
    }

    Result<PartialUpload> state() {
        return wait_for<PartialUpload>([&](auto done) {
            backend->resumable_store()->state_async({id, {}}, std::move(done));
        });
    }

    [[nodiscard]] std::string place(const std::string& suffix) const {
        return directory.file("store/.filestore/uploads" + suffix);
    }
    [[nodiscard]] std::string data() const { return place("/" + id.str() + ".data"); }
};

bool contains(const std::vector<std::string>& paths, const std::string& path) {
    return std::find(paths.begin(), paths.end(), path) != paths.end();
}

}  // namespace

TEST_CASE("an offset is told once the bytes before it are flushed", "[local][resumable]") {
    const auto durability = GENERATE(Durability::full, Durability::data, Durability::none);
    CAPTURE(static_cast<int>(durability));
    Scene scene(durability);
    const bool flushes_data = durability != Durability::none;
    {
        const RecordedFlushes flushes;
        REQUIRE(scene.append(0, "abc").value().offset == 3);
        CHECK(contains(flushes.paths(), scene.data()) == flushes_data);
    }
    {
        // Another process may have written, and died before it flushed.
        const RecordedFlushes flushes;
        REQUIRE(scene.state().value().offset == 3);
        CHECK(contains(flushes.paths(), scene.data()) == flushes_data);
    }
    {
        // What counts only as a whole counts once its mark is gone.
        const RecordedFlushes flushes;
        REQUIRE(scene.append(3, "def", true).value().offset == 6);
        const auto& paths = flushes.paths();
        CHECK(contains(paths, scene.data()) == flushes_data);
        CHECK((!paths.empty() && paths.back() == scene.place("")) == (durability == Durability::full));
    }
}

TEST_CASE("an upload is on the disk with its names once it is begun", "[local][resumable]") {
    TemporaryDirectory directory;
    LocalOptions options;
    options.base_path = directory.file("store");
    const auto backend = open_local_backend(options).value();
    BeginUploadRequest request;
    request.id = FileId::generate().value();
    const RecordedFlushes flushes;
    REQUIRE(wait_for<PartialUpload>([&](auto done) {
                backend->resumable_store()->begin_async(request, std::move(done));
            }).ok());
    CHECK(contains(flushes.paths(), directory.file("store/.filestore/uploads")));
}

TEST_CASE("the length of an upload is one", "[local][resumable]") {
    Scene scene(Durability::none, 5);
    REQUIRE(scene.append(0, "abc").ok());
    CHECK(code_of(scene.append(3, "def")) == ErrorCode::rejected);
    CHECK(scene.state().value().offset == 3);
    CHECK(scene.append(3, "de").value().offset == 5);
    CHECK(code_of(scene.append(5, "f")) == ErrorCode::rejected);
}
