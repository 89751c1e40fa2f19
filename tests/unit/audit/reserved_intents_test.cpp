#include "audit/reserved_intents.h"

#include <catch2/catch.hpp>
#include <memory>
#include <set>
#include <string>

#include "audit/catalogue.h"
#include "audit/sqlite.h"
#include "filestore/service.h"
#include "support/eventually.h"
#include "support/temporary_directory.h"

using namespace filestore;
using filestore::test::eventually;
using filestore::test::TemporaryDirectory;

namespace {

Timestamp at(int second) {
    return Timestamp(std::chrono::seconds(1'700'000'000 + second));
}

/// For one upload that goes on when another one ends, or two.
constexpr std::size_t made_ahead = 8;

/// A catalogue, and another connection to its file.
struct Scene {
    TemporaryDirectory directory;
    std::string path = directory.file("c.sqlite");
    std::unique_ptr<Catalogue> catalogue = Catalogue::open(path).value();
    SqliteConnection other = SqliteConnection::open(path).value();

    Intent begin() const {
        Intent intent;
        intent.file_path = "a.txt";
        REQUIRE(catalogue->begin_upload(intent).ok());
        return intent;
    }

    void complete(const Intent& intent) const { REQUIRE(catalogue->complete(intent, at(0)).ok()); }

    /// The files whose intents are durable.
    std::set<std::string> intents() {
        auto rows = other.query("SELECT file_id FROM intents").value();
        std::set<std::string> ids;
        while (rows.next().value()) {
            ids.insert(rows.text(0));
        }
        return ids;
    }
};

}  // namespace

TEST_CASE("an upload that begins while others end finds its intent durable", "[audit][reserved]") {
    Scene scene;
    const Intent first = scene.begin();
    const Intent second = scene.begin();
    CHECK(scene.intents() == std::set<std::string>{first.id.str(), second.id.str()});
    scene.complete(first);
    const std::set<std::string> before = scene.intents();
    CHECK(before.count(second.id.str()) == 1);
    CHECK(before.size() == 1 + made_ahead);
    const Intent third = scene.begin();
    CHECK(before.count(third.id.str()) == 1);
    CHECK(scene.intents() == before);

    scene.complete(third);
    CHECK(scene.catalogue->row(third.id)->file_path == "a.txt");
    CHECK(scene.catalogue->is_stored(third.id).value());
}

TEST_CASE("no intents are left where no uploads are under way", "[audit][reserved]") {
    Scene scene;
    scene.complete(scene.begin());
    CHECK(scene.intents().empty());
    const Intent first = scene.begin();
    const Intent second = scene.begin();
    const Intent third = scene.begin();
    scene.complete(first);
    CHECK(scene.intents().size() == 2 + made_ahead);
    REQUIRE(scene.catalogue->abandon(second.number).ok());
    scene.complete(third);
    CHECK(scene.intents().empty());
}

TEST_CASE("what was made ahead goes with the catalogue that made it", "[audit][reserved]") {
    Scene scene;
    const Intent first = scene.begin();
    const Intent second = scene.begin();
    scene.complete(first);
    REQUIRE(scene.catalogue->abandon(second.number).ok());
    CHECK(scene.intents().size() == made_ahead);
    scene.catalogue.reset();
    CHECK(scene.intents().empty());
}

TEST_CASE("what a dead process stored under an intent made ahead is recorded as the store has it",
          "[audit][reserved]") {
    Scene scene;
    LocalOptions local;
    local.base_path = scene.directory.file("store");
    const auto backend = open_local_backend(local).value();
    const Intent first = scene.begin();
    const Intent without_file = scene.begin();
    scene.complete(first);
    UploadRequest file;
    file.id = scene.begin().id;
    file.source = source_from_string("content");
    file.original_path = "of the dead.txt";
    file.metadata = Metadata::parse(R"({"owner":"ada"})").value();
    const FileId id = file.id;
    REQUIRE(backend->upload(std::move(file)).ok());
    // Its session ends, and leaves what it has begun.
    scene.catalogue.reset();
    CHECK(scene.intents().count(id.str()) == 1);
    CHECK(scene.intents().count(without_file.id.str()) == 1);

    ServiceOptions options;
    options.catalogue_path = scene.path;
    FileService service = FileService::open(backend, options).value();
    FileUpload next;
    next.source = source_from_string("next");
    REQUIRE(service.upload(std::move(next)).ok());
    REQUIRE(eventually([&] { return scene.intents().empty(); }));
    const auto row = Catalogue::open(scene.path).value()->row(id);
    REQUIRE(row.ok());
    CHECK(row->file_path == "of the dead.txt");
    CHECK(row->metadata.to_json() == R"({"owner":"ada"})");
    CHECK(row->uploaded_at == backend->metadata({.id = id})->last_modified);
}
