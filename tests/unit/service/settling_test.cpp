#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>

#include "audit/sqlite.h"
#include "filestore/service.h"
#include "support/code_of.h"
#include "support/eventually.h"
#include "support/spoiled_backend.h"
#include "support/temporary_directory.h"

using namespace filestore;
using namespace filestore::test;

namespace {

/// A service on a store of which a test makes answers fail.
struct Scene {
    TemporaryDirectory directory;
    std::shared_ptr<SpoiledBackend> backend = std::make_shared<SpoiledBackend>(local());
    FileService service = open();

    [[nodiscard]] std::shared_ptr<StorageBackend> local() const {
        LocalOptions options;
        options.base_path = directory.file("store");
        options.durability = Durability::none;
        return open_local_backend(options).value();
    }

    [[nodiscard]] FileService open() const {
        ServiceOptions options;
        options.catalogue_path = directory.file("catalogue.sqlite");
        return FileService::open(backend, options).value();
    }

    Result<FileId> upload() {
        FileUpload file;
        file.source = source_from_string("content");
        file.path = "a.txt";
        return service.upload(std::move(file));
    }

    /// By a connection of its own.
    [[nodiscard]] std::size_t count(const std::string& rows) const {
        SqliteConnection connection = SqliteConnection::open(directory.file("catalogue.sqlite")).value();
        auto row = connection.query(("SELECT count(*) FROM " + rows).c_str()).value();
        REQUIRE(row.next().value());
        return static_cast<std::size_t>(row.number(0));
    }

    [[nodiscard]] std::size_t files() const { return backend->list({}).value().files.size(); }
};

SpoiledBackend::Spoil lost_answer() {
    return [](const FileId&) { return Error(ErrorCode::timeout, "the answer is lost"); };
}

}  // namespace

TEST_CASE("what could not be undone is undone once the store is seen to work", "[service][settling]") {
    Scene scene;
    scene.backend->after_upload = lost_answer();
    scene.backend->before_remove = lost_answer();
    CHECK(code_of(scene.upload()) == ErrorCode::timeout);
    CHECK(code_of(scene.upload()) == ErrorCode::timeout);
    REQUIRE(eventually([&] { return scene.count("intents WHERE operation = 'undo'") == 2; }));
    CHECK(scene.files() == 2);

    scene.backend->after_upload = nullptr;
    scene.backend->before_remove = nullptr;
    // The calls that failed may still be on their way to noting so.
    REQUIRE(eventually([&] { return scene.upload().ok() && scene.count("intents") == 0; }));
    CHECK(scene.files() == scene.count("file_uploads WHERE deleted_at IS NULL"));
    CHECK(scene.count("file_uploads WHERE deleted_at IS NOT NULL") == 0);
}

TEST_CASE("what became of a removal is found out by the process that asked for it", "[service][settling]") {
    Scene scene;
    const FileId removed = scene.upload().value();
    const FileId stays = scene.upload().value();
    scene.backend->after_remove = lost_answer();
    CHECK(code_of(scene.service.remove({.id = removed})) == ErrorCode::timeout);
    scene.backend->after_remove = nullptr;
    scene.backend->before_remove = lost_answer();
    CHECK(code_of(scene.service.remove({.id = stays})) == ErrorCode::timeout);
    scene.backend->before_remove = nullptr;
    CHECK(scene.count("intents") == 2);

    REQUIRE(scene.upload().ok());
    REQUIRE(eventually([&] { return scene.count("intents") == 0; }));
    CHECK(scene.service.exists({.id = stays}).value());
    CHECK(scene.count("file_uploads WHERE deleted_at IS NOT NULL") == 1);
    CHECK(scene.count("file_uploads WHERE deleted_at IS NULL") == scene.files());
}
