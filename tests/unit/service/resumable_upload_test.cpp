#include "filestore/resumable_upload.h"

#include <sys/stat.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "audit/catalogue.h"
#include "filestore/resumable_store.h"
#include "filestore/service.h"
#include "support/code_of.h"
#include "support/spoiled_backend.h"
#include "support/temporary_directory.h"

using namespace filestore;
using namespace filestore::test;

namespace {

/// A service on a local store.
struct Scene {
    TemporaryDirectory directory;
    FileService service = open();

    [[nodiscard]] ServiceOptions options() const {
        ServiceOptions options;
        options.local.base_path = directory.file("store");
        options.local.durability = Durability::none;
        options.audit.url = "off";
        return options;
    }

    [[nodiscard]] FileService open() const { return FileService::open(options()).value(); }

    FileId complete(const std::string& bytes) {
        NewUpload upload;
        upload.length = bytes.size();
        const FileId id = service.begin_upload(std::move(upload)).value().id;
        append(id, 0, bytes);
        return id;
    }

    void append(const FileId& id, std::uint64_t offset, const std::string& bytes) {
        UploadAppend append;
        append.id = id;
        append.offset = offset;
        append.source = source_from_string(bytes);
        REQUIRE(service.append(append).ok());
    }

    /// As a process leaves it that dies before it has recorded that.
    void publish(const FileId& id) const {
        std::filesystem::create_hard_link(place(id, ".data"), directory.file("store/" + id.str()));
        std::ofstream(directory.file("store/metadata/" + id.str() + ".json"))
            << R"({"file_id":")" << id.text() << R"(","original_path":"","size":300000})";
    }

    [[nodiscard]] std::string place(const FileId& id, const std::string& suffix) const {
        return directory.file("store/.filestore/uploads/" + id.str() + suffix);
    }

    std::string content(const FileId& id) {
        const auto sink = std::make_shared<BufferSink>();
        DownloadRequest request;
        request.id = id;
        request.sink = sink;
        REQUIRE(service.download(request).ok());
        return sink->take();
    }
};

std::string long_bytes() {
    std::string bytes(300'000, 'a');
    bytes.back() = 'z';
    return bytes;
}

}  // namespace

TEST_CASE("a backend may have no uploads that come piece by piece", "[service][resumable]") {
    const Scene scene;
    ServiceOptions options = scene.options();
    options.catalogue_path = "off";
    auto backend = std::make_shared<SpoiledBackend>(open_local_backend(options.local).value());
    FileService service = FileService::open(backend, options).value();
    const FileId id = FileId::generate().value();
    UploadAppend append;
    append.id = id;
    append.source = source_from_string("x");
    CHECK(code_of(service.begin_upload({})) == ErrorCode::unsupported);
    CHECK(code_of(service.append(append)) == ErrorCode::unsupported);
    CHECK(code_of(service.resumable_upload({id, {}})) == ErrorCode::unsupported);
    CHECK(code_of(service.finish_upload({id, {}})) == ErrorCode::unsupported);
    CHECK(code_of(service.end_upload({id, {}})) == ErrorCode::unsupported);
    CHECK(service.sweep_uploads({}).value() == 0);
    CHECK(service.max_upload_length() == 0);
}

TEST_CASE("the file is the bytes that came, not a copy of them", "[service][resumable]") {
    Scene scene;
    const FileId id = scene.complete(long_bytes());
    struct ::stat before {};
    REQUIRE(::stat(scene.place(id, ".data").c_str(), &before) == 0);
    REQUIRE(scene.service.finish_upload({id, {}}).ok());
    struct ::stat after {};
    REQUIRE(::stat(scene.directory.file("store/" + id.str()).c_str(), &after) == 0);
    CHECK(before.st_ino == after.st_ino);
    CHECK(after.st_nlink == 1);
    CHECK(scene.content(id) == long_bytes());
    CHECK(std::filesystem::is_empty(scene.directory.file("store/.filestore/uploads")));
    CHECK(scene.service.verify({}).value().corrupt == 0);
}

TEST_CASE("an upload whose process died behind the record of its file is cleared away",
          "[service][resumable]") {
    Scene scene;
    const FileId id = scene.complete(long_bytes());
    const std::string data = scene.place(id, ".data");
    const std::string record = scene.place(id, ".json");
    std::filesystem::create_hard_link(data, scene.directory.file("data"));
    std::filesystem::copy_file(record, scene.directory.file("record"));
    REQUIRE(scene.service.finish_upload({id, {}}).ok());
    std::filesystem::create_hard_link(scene.directory.file("data"), data);
    std::filesystem::copy_file(scene.directory.file("record"), record);

    SECTION("and it is the file that is there") {
        CHECK(scene.service.finish_upload({id, {}}).value() == id);
        CHECK(scene.content(id) == long_bytes());
    }
    SECTION("and does not come back once its file was deleted") {
        REQUIRE(scene.service.remove({id, {}}).value());
        CHECK(code_of(scene.service.finish_upload({id, {}})) == ErrorCode::not_found);
        CHECK_FALSE(scene.service.exists({id, {}}).value());
    }
    CHECK_FALSE(std::filesystem::exists(data));
    CHECK_FALSE(std::filesystem::exists(record));
}

TEST_CASE("an upload whose file was published and not recorded is recorded", "[service][resumable]") {
    Scene scene;
    const FileId id = scene.complete(long_bytes());
    scene.publish(id);
    CHECK(scene.service.finish_upload({id, {}}).value() == id);
    CHECK(scene.content(id) == long_bytes());
    CHECK(scene.service.history({id, {}}).ok());
    CHECK(std::filesystem::is_empty(scene.directory.file("store/.filestore/uploads")));
}

TEST_CASE("a file that is deleted while its upload is finished a second time stays deleted",
          "[service][resumable]") {
    Scene scene;
    const FileId id = scene.complete(long_bytes());
    scene.publish(id);
    ServiceOptions options = scene.options();
    options.catalogue_path = scene.directory.file("store/.filestore/catalogue.sqlite");
    auto backend = std::make_shared<SpoiledBackend>(open_local_backend(options.local).value());
    backend->has_pieces = true;
    std::atomic<bool> is_first{true};
    backend->after_exists = [&](const FileId&) -> std::optional<Error> {
        if (is_first.exchange(false)) {
            std::thread([&] {
                CHECK(scene.service.finish_upload({id, {}}).ok());
                CHECK(scene.service.remove({id, {}}).value());
            }).join();
        }
        return std::nullopt;
    };
    FileService second = FileService::open(backend, options).value();
    CHECK(code_of(second.finish_upload({id, {}})) == ErrorCode::not_found);
    CHECK_FALSE(is_first);
    CHECK(Catalogue::open(options.catalogue_path).value()->row(id)->deleted_at.has_value());
}

TEST_CASE("an upload whose file was deleted softly is gone", "[service][resumable]") {
    Scene scene;
    const FileId id = scene.complete("abc");
    ServiceOptions options = scene.options();
    options.soft_delete_grace = std::chrono::hours(1);
    FileService soft = FileService::open(options).value();
    REQUIRE(soft.finish_upload({id, {}}).ok());
    CHECK(soft.resumable_upload({id, {}}).value().finished);
    REQUIRE(soft.remove({id, {}}).value());
    CHECK(code_of(soft.resumable_upload({id, {}})) == ErrorCode::not_found);
    CHECK(code_of(soft.finish_upload({id, {}})) == ErrorCode::not_found);
}

TEST_CASE("a store that is opened or verified leaves what still comes", "[service][resumable]") {
    Scene scene;
    NewUpload upload;
    upload.length = 10;
    const FileId id = scene.service.begin_upload(std::move(upload)).value().id;
    scene.append(id, 0, "abc");
    scene.service = scene.open();
    const VerifyReport report = scene.service.verify({}).value();
    CHECK(report.corrupt + report.missing + report.orphaned + report.unreadable == 0);
    CHECK(scene.service.sweep_uploads({}).value() == 0);
    CHECK(scene.service.cleanup({}).value().stale_uploads == 0);
    CHECK(scene.service.resumable_upload({id, {}}).value().offset == 3);
}

TEST_CASE("what a process left of an upload that it was making goes after a day", "[service][resumable]") {
    Scene scene;
    const FileId young = scene.complete("young");
    const FileId old = scene.complete("old");
    for (const FileId& id : {young, old}) {
        std::filesystem::remove(scene.place(id, ".json"));
    }
    std::filesystem::last_write_time(scene.place(old, ".data"),
                                     std::filesystem::file_time_type::clock::now() - std::chrono::hours(25));
    CHECK(code_of(scene.service.resumable_upload({old, {}})) == ErrorCode::not_found);
    REQUIRE(scene.service.sweep_uploads({}).ok());
    CHECK_FALSE(std::filesystem::exists(scene.place(old, ".data")));
    CHECK(std::filesystem::exists(scene.place(young, ".data")));
}

TEST_CASE("a link in the place of an upload is not followed", "[service][resumable]") {
    Scene scene;
    NewUpload upload;
    const FileId id = scene.service.begin_upload(std::move(upload)).value().id;
    const std::string victim = scene.directory.file("victim");
    std::ofstream(victim) << "untouched";
    std::filesystem::remove(scene.place(id, ".data"));
    std::filesystem::create_symlink(victim, scene.place(id, ".data"));
    UploadAppend append;
    append.id = id;
    append.source = source_from_string("x");
    CHECK_FALSE(scene.service.append(append).ok());
    CHECK(std::filesystem::file_size(victim) == 9);
}
