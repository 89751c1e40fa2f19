#include "filestore/soft_delete.h"

#include <sqlite3.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "audit/catalogue.h"
#include "filestore/service.h"
#include "support/code_of.h"
#include "support/files.h"
#include "support/settable_clock.h"
#include "support/spoiled_backend.h"
#include "support/temporary_directory.h"

using namespace filestore;
using namespace filestore::test;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;

namespace {

constexpr seconds grace = days(7);

/// Services on a local store, with soft delete and without, whose clock the test moves. It is ahead of that of the store, so that every file is old after a day.
struct Scene {
    TemporaryDirectory directory;
    std::shared_ptr<SettableClock> clock =
        std::make_shared<SettableClock>(Timestamp(std::chrono::sys_days(std::chrono::year(2100) / 3 / 1)));
    std::shared_ptr<SpoiledBackend> backend = std::make_shared<SpoiledBackend>(local());
    FileService service = open(grace);
    FileService hard = open({});

    [[nodiscard]] std::shared_ptr<StorageBackend> local() const {
        LocalOptions options;
        options.base_path = directory.file("store");
        options.durability = Durability::none;
        return open_local_backend(options).value();
    }

    [[nodiscard]] FileService open(std::optional<seconds> grace_of_it) const {
        ServiceOptions options;
        options.catalogue_path = directory.file("catalogue.sqlite");
        options.audit.url = "off";
        options.clock = clock;
        options.soft_delete_grace = grace_of_it;
        return FileService::open(backend, options).value();
    }

    FileId upload(const std::string& bytes = "12345") {
        FileUpload file;
        file.source = source_from_string(bytes);
        file.path = "name of " + bytes;
        const auto id = service.upload(std::move(file));
        REQUIRE(id.ok());
        return *id;
    }

    FileId deleted(const std::string& bytes = "12345") {
        const FileId id = upload(bytes);
        REQUIRE(*service.remove({id, {}}));
        return id;
    }

    FileId store_unrecorded() const {
        const FileId id = FileId::generate().value();
        UploadRequest file;
        file.id = id;
        file.source = source_from_string("unrecorded");
        file.original_path = "old.txt";
        REQUIRE(backend->upload(std::move(file)).ok());
        return id;
    }

    [[nodiscard]] bool has_bytes(const FileId& id) const {
        return std::filesystem::exists(directory.file("store/" + id.str()));
    }

    void lose(const FileId& id) const {
        std::filesystem::remove(directory.file("store/" + id.str()));
        std::filesystem::remove(directory.file("store/metadata/" + id.str() + ".json"));
    }

    [[nodiscard]] std::unique_ptr<Catalogue> catalogue() const {
        return Catalogue::open(directory.file("catalogue.sqlite")).value();
    }
    [[nodiscard]] CatalogueRow row(const FileId& id) const { return catalogue()->row(id).value(); }

    static Result<std::string> download(FileService& from, const FileId& id) {
        std::string bytes;
        DownloadRequest request;
        request.id = id;
        CallbackSink sink;
        sink.write = [&bytes](std::span<const std::byte> some, const Wake&) -> Result<IoStep> {
            bytes.append(reinterpret_cast<const char*>(some.data()), some.size());
            return IoStep{some.size()};
        };
        request.sink = sink_to_callback(sink);
        const auto receipt = from.download(std::move(request));
        return receipt.ok() ? Result<std::string>(bytes) : receipt.error();
    }

    std::vector<FileId> listed() {
        std::vector<FileId> ids;
        const ListPage page = service.list({}).value();
        for (const ListEntry& file : page.files) {
            ids.push_back(file.id);
        }
        return ids;
    }

    std::vector<DeletedFile> deleted_files() { return service.deleted_files({}).value().files; }

    CleanupReport clean(FileService& by, unsigned kept_days, bool dry_run = false) const {
        const auto report = by.cleanup({.days = kept_days, .dry_run = dry_run});
        INFO((report.ok() ? std::string() : std::string(report.error().message())));
        REQUIRE(report.ok());
        return *report;
    }
};

/// The days of a run that finds nothing old.
constexpr unsigned long_ago = 36'500;

CleanupReport purged(std::uint64_t files, std::uint64_t bytes) {
    CleanupReport report;
    report.purged = files;
    report.bytes_purged = bytes;
    return report;
}

}  // namespace

TEST_CASE("a deleted file is gone to the service, recorded as deleted, and its bytes stay", "[soft_delete]") {
    Scene scene;
    const FileId kept = scene.upload();
    const FileId id = scene.upload("gone");
    REQUIRE(*scene.service.remove({id, {}}));

    CHECK(scene.has_bytes(id));
    CHECK(scene.row(id).deleted_at == scene.clock->now());
    CHECK_FALSE(*scene.service.exists({id, {}}));
    CHECK(code_of(scene.service.metadata({id, {}})) == ErrorCode::not_found);
    CHECK(code_of(Scene::download(scene.service, id)) == ErrorCode::not_found);
    PresignRequest presign;
    presign.id = id;
    CHECK(code_of(scene.service.presign(presign)) == ErrorCode::not_found);
    CHECK(scene.listed() == std::vector<FileId>{kept});
    CHECK_FALSE(*scene.service.remove({id, {}}));
    CHECK(scene.service.metadata({kept, {}}).ok());
    CHECK(*Scene::download(scene.service, kept) == "12345");
    CHECK(*scene.service.exists({kept, {}}));
}

TEST_CASE("a file of another version is not deleted, softly or for good", "[soft_delete]") {
    Scene scene;
    for (FileService* service : {&scene.service, &scene.hard}) {
        const FileId id = scene.upload();
        const std::string version = service->metadata({id, {}}).value().version;
        REQUIRE_FALSE(version.empty());
        CHECK(code_of(service->remove({id, {}, version + "x"})) == ErrorCode::precondition_failed);
        CHECK(service->exists({id, {}}).value());
        CHECK(service->remove({id, {}, version}).value());
        CHECK_FALSE(service->exists({id, {}}).value());
        CHECK_FALSE(service->remove({id, {}, version}).value());
    }
}

TEST_CASE("an undeleted file is as it was", "[soft_delete]") {
    Scene scene;
    const FileId id = scene.upload("again");
    const CatalogueRow before = scene.row(id);
    REQUIRE(*scene.service.remove({id, {}}));
    scene.clock->advance(grace - seconds(1));
    CHECK(*scene.service.undelete({id, {}}));

    const CatalogueRow after = scene.row(id);
    CHECK_FALSE(after.deleted_at);
    CHECK(after.uploaded_at == before.uploaded_at);
    CHECK(after.file_path == before.file_path);
    CHECK(*Scene::download(scene.service, id) == "again");
    CHECK(scene.listed() == std::vector<FileId>{id});
    CHECK(scene.deleted_files().empty());
    CHECK_FALSE(*scene.service.undelete({id, {}}));

    CHECK(*scene.service.remove({id, {}}));
    CHECK(scene.row(id).deleted_at == scene.clock->now());
    CHECK(*scene.service.undelete({id, {}}));
}

TEST_CASE("what cannot be undeleted is not found", "[soft_delete]") {
    Scene scene;
    const FileId id = scene.deleted();
    SECTION("after the grace") {
        scene.clock->advance(grace);
        CHECK(code_of(scene.service.undelete({id, {}})) == ErrorCode::not_found);
        CHECK(scene.deleted_files().empty());
        CHECK_FALSE(*scene.service.exists({id, {}}));
    }
    SECTION("once it is purged") {
        scene.clock->advance(grace);
        scene.clean(scene.service, long_ago);
        CHECK(code_of(scene.service.undelete({id, {}})) == ErrorCode::not_found);
    }
    SECTION("without its bytes") {
        scene.lose(id);
        CHECK(code_of(scene.service.undelete({id, {}})) == ErrorCode::not_found);
        CHECK(scene.row(id).deleted_at);
    }
    SECTION("where it never was") {
        CHECK(code_of(scene.service.undelete({FileId::generate().value(), {}})) == ErrorCode::not_found);
    }
    SECTION("where it was deleted at once") {
        const FileId other = scene.upload();
        REQUIRE(*scene.hard.remove({other, {}}));
        CHECK(code_of(scene.service.undelete({other, {}})) == ErrorCode::not_found);
    }
}

TEST_CASE("a file without a record gets one of its deletion, and of its return", "[soft_delete]") {
    Scene scene;
    const FileId id = scene.store_unrecorded();
    REQUIRE(*scene.service.remove({id, {}}));
    CHECK(scene.row(id).file_path == "old.txt");
    CHECK(scene.row(id).uploaded_at);
    const auto deleted = scene.deleted_files();
    REQUIRE(deleted.size() == 1);
    CHECK(deleted[0].original_path == "old.txt");
    CHECK(deleted[0].size == 10);
    CHECK(deleted[0].deleted_at == scene.clock->now());
    CHECK(deleted[0].until == scene.clock->now() + grace);

    CHECK(*scene.service.undelete({id, {}}));
    CHECK_FALSE(scene.row(id).deleted_at);
    CHECK(scene.row(id).uploaded_at);
    CHECK(*scene.service.exists({id, {}}));
}

TEST_CASE("after the grace a cleanup purges, and records nothing a second time", "[soft_delete]") {
    Scene scene;
    const FileId due = scene.deleted("due");
    const Timestamp deleted_at = scene.clock->now();
    scene.clock->advance(hours(1));
    const FileId later = scene.deleted("later");
    scene.clock->advance(grace - hours(1));

    CHECK(scene.clean(scene.service, long_ago, true) == purged(1, 3));
    CHECK(scene.has_bytes(due));
    std::vector<CleanupFile> told;
    CleanupRequest request{.days = long_ago};
    request.on_file = [&](const CleanupFile& file) -> Result<void> {
        told.push_back(file);
        return {};
    };
    CHECK(*scene.service.cleanup(std::move(request)) == purged(1, 3));
    REQUIRE(told.size() == 1);
    CHECK(told[0].id == due);
    CHECK(told[0].outcome == CleanupOutcome::purged);
    CHECK(told[0].original_path == "name of due");
    CHECK(told[0].stored_at == deleted_at);
    CHECK_FALSE(scene.has_bytes(due));
    CHECK(scene.has_bytes(later));
    CHECK(scene.row(due).deleted_at == deleted_at);
    CHECK(scene.clean(scene.service, long_ago) == CleanupReport());
    scene.clock->advance(hours(1));
    CHECK(scene.clean(scene.hard, long_ago) == purged(1, 5));
}

TEST_CASE("with soft delete a cleanup marks what is old, and a later one purges it", "[soft_delete]") {
    Scene scene;
    const FileId recorded = scene.upload();
    const FileId unrecorded = scene.store_unrecorded();
    const FileId gone = scene.upload();
    scene.lose(gone);
    scene.clock->advance(days(2));
    CleanupReport marked;
    marked.removed = 2;
    marked.bytes = 15;
    marked.already_gone = 1;
    CHECK(scene.clean(scene.service, 1, true) == marked);
    CHECK(*scene.service.exists({recorded, {}}));
    CHECK(scene.clean(scene.service, 1) == marked);
    for (const FileId& id : {recorded, unrecorded}) {
        CHECK(scene.has_bytes(id));
        CHECK_FALSE(*scene.service.exists({id, {}}));
        CHECK(scene.row(id).deleted_at == scene.clock->now());
    }
    CHECK(scene.row(gone).deleted_at == scene.clock->now());
    CHECK(code_of(scene.service.undelete({gone, {}})) == ErrorCode::not_found);
    CHECK(*scene.service.undelete({recorded, {}}));
    CHECK(scene.clean(scene.hard, long_ago) == CleanupReport());

    scene.clock->advance(grace);
    CHECK(scene.clean(scene.service, long_ago) == purged(1, 10));
    CHECK(scene.has_bytes(recorded));
    CHECK_FALSE(scene.has_bytes(unrecorded));
}

TEST_CASE("a store that holds nothing of what is to be purged is perhaps another one: the marks stay",
          "[soft_delete]") {
    Scene scene;
    std::set<FileId> ids;
    for (int i = 0; i < 20; ++i) {
        ids.insert(scene.deleted("x"));
    }
    scene.clock->advance(grace);
    LocalOptions local;
    local.base_path = scene.directory.file("elsewhere");
    ServiceOptions options;
    options.catalogue_path = scene.directory.file("catalogue.sqlite");
    options.audit.url = "off";
    options.clock = scene.clock;
    FileService elsewhere = FileService::open(open_local_backend(local).value(), options).value();
    CHECK(code_of(elsewhere.cleanup({.days = long_ago})) == ErrorCode::precondition_failed);
    CHECK(scene.clean(scene.service, long_ago) == purged(20, 20));
    for (const FileId& id : ids) {
        CHECK_FALSE(scene.has_bytes(id));
    }
}

TEST_CASE("more deleted files than a page holds", "[soft_delete]") {
    Scene scene;
    std::set<FileId> ids;
    for (int i = 0; i < 1010; ++i) {
        ids.insert(scene.upload("x"));
    }
    scene.clock->advance(days(2));
    CHECK(scene.clean(scene.service, 1).removed == 1010);
    CHECK(scene.listed().empty());

    std::set<FileId> seen;
    DeletedFilesRequest request;
    request.limit = 100;
    for (;;) {
        const auto page = scene.service.deleted_files(request);
        REQUIRE(page.ok());
        CHECK(page->files.size() <= 100);
        for (const DeletedFile& file : page->files) {
            CHECK(seen.insert(file.id).second);
        }
        if (!page->next) {
            break;
        }
        request.cursor = *page->next;
    }
    CHECK(seen == ids);
    scene.clock->advance(grace);
    CHECK(scene.clean(scene.service, long_ago, true) == purged(1010, 1010));
    CHECK(scene.clean(scene.service, long_ago) == purged(1010, 1010));
    CHECK(names_in(scene.directory.file("store/metadata")).empty());

    request.limit = 0;
    CHECK(code_of(scene.service.deleted_files(request)) == ErrorCode::invalid_argument);
    request = {};
    request.cursor = "no cursor";
    CHECK(code_of(scene.service.deleted_files(request)) == ErrorCode::invalid_argument);
}

TEST_CASE("a process without soft delete on the same catalogue", "[soft_delete]") {
    Scene scene;
    const FileId id = scene.deleted();
    const FileId other = scene.deleted();
    CHECK(*Scene::download(scene.hard, id) == "12345");
    CHECK(scene.hard.list({}).value().files.size() == 2);
    scene.clock->advance(days(2));
    CHECK(scene.clean(scene.hard, 1) == CleanupReport());
    CHECK(scene.has_bytes(id));

    const auto deleted_at = scene.row(id).deleted_at;
    CHECK(*scene.hard.remove({id, {}}));
    CHECK_FALSE(scene.has_bytes(id));
    CHECK(scene.row(id).deleted_at == deleted_at);
    CHECK(code_of(scene.service.undelete({id, {}})) == ErrorCode::not_found);
    CHECK(scene.hard.deleted_files({}).value().files.size() == 1);
    CHECK(*scene.hard.undelete({other, {}}));
    CHECK(*scene.service.exists({other, {}}));
}

TEST_CASE("deleted files are no drift, and not missing", "[soft_delete]") {
    Scene scene;
    const FileId id = scene.deleted();
    const FileId unrecorded = scene.store_unrecorded();
    REQUIRE(*scene.service.remove({unrecorded, {}}));
    for (FileService* service : {&scene.service, &scene.hard}) {
        ReconcileRequest request;
        request.repair = true;
        const auto report = service->reconcile(std::move(request));
        REQUIRE(report.ok());
        CHECK(*report == ReconcileReport{.files = 2});
    }
    CHECK(scene.row(id).deleted_at);
    ServiceOptions options;
    options.local.base_path = scene.directory.file("store");
    options.catalogue_path = scene.directory.file("catalogue.sqlite");
    options.audit.url = "off";
    options.soft_delete_grace = grace;
    FileService local = FileService::open(options).value();
    const auto report = local.verify({});
    REQUIRE(report.ok());
    CHECK(report->sound());
    CHECK(report->files == 2);
    scene.lose(id);
    CHECK(local.verify({}).value().sound());
}

TEST_CASE("a purge that fails is told of and made again", "[soft_delete]") {
    Scene scene;
    const FileId bad = scene.deleted();
    const FileId good = scene.deleted();
    const FileId lost = scene.deleted();
    scene.clock->advance(grace);
    scene.backend->before_remove = [bad](const FileId& id) {
        return id == bad ? std::optional(Error(ErrorCode::permission_denied, "no")) : std::nullopt;
    };
    scene.backend->after_remove = [lost](const FileId& id) {
        return id == lost ? std::optional(Error(ErrorCode::unavailable, "lost")) : std::nullopt;
    };
    CleanupReport expected = purged(2, 10);
    expected.failed = 1;
    CHECK(scene.clean(scene.service, long_ago) == expected);
    CHECK(scene.has_bytes(bad));
    CHECK_FALSE(scene.has_bytes(good));
    CHECK_FALSE(scene.has_bytes(lost));
    CHECK_FALSE(*scene.service.exists({bad, {}}));
    scene.backend->before_remove = nullptr;
    CHECK(scene.clean(scene.service, long_ago) == purged(1, 5));
}

TEST_CASE("what a killed process has begun to purge is settled by the next one", "[soft_delete]") {
    Scene scene;
    const FileId there = scene.deleted();
    const FileId gone = scene.deleted();
    const Timestamp deleted_at = scene.clock->now();
    scene.clock->advance(grace);
    std::vector<Intent> begun(2);
    begun[0].id = there;
    begun[1].id = gone;
    for (Intent& intent : begun) {
        intent.operation = Operation::removal;
        intent.begun_at = scene.clock->now();
    }
    REQUIRE(scene.catalogue()->begin_purges(begun, scene.clock->now()).ok());
    REQUIRE(begun[0].number != 0);
    REQUIRE(*scene.backend->remove({gone, {}}));
    {
        FileService next = scene.open(grace);
        const auto report = scene.clean(next, long_ago);
        CHECK(report.purged + report.failed <= 2);
    }
    FileService after = scene.open(grace);
    scene.clean(after, long_ago);
    CHECK_FALSE(scene.has_bytes(there));
    CHECK(scene.row(there).deleted_at == deleted_at);
    CHECK(scene.row(gone).deleted_at == deleted_at);
    CHECK(scene.clean(after, long_ago) == CleanupReport());
}

TEST_CASE("nobody deletes or undeletes a file that another process is at work on", "[soft_delete]") {
    Scene scene;
    const FileId stored = scene.upload();
    const FileId marked = scene.deleted();
    const auto other = scene.catalogue();
    for (const FileId& id : {stored, marked}) {
        Intent removal;
        removal.id = id;
        removal.operation = Operation::removal;
        REQUIRE(other->begin(removal).ok());
    }
    CHECK(code_of(scene.service.remove({stored, {}})) == ErrorCode::conflict);
    CHECK(code_of(scene.service.undelete({marked, {}})) == ErrorCode::conflict);
    scene.clock->advance(grace);
    CHECK(scene.clean(scene.service, long_ago) == CleanupReport());
    CHECK(scene.has_bytes(marked));
}

TEST_CASE("soft delete needs a catalogue and a grace that can be", "[soft_delete]") {
    Scene scene;
    ServiceOptions options;
    options.local.base_path = scene.directory.file("another");
    options.soft_delete_grace = grace;
    options.catalogue_path = "off";
    CHECK(code_of(FileService::open(options)) == ErrorCode::configuration);
    CHECK(code_of(FileService::open(scene.backend, options)) == ErrorCode::configuration);
    options.catalogue_path = scene.directory.file("c.sqlite");
    for (const seconds wrong : {seconds(0), seconds(-1), seconds(days(36'501))}) {
        options.soft_delete_grace = wrong;
        CHECK(code_of(FileService::open(options)) == ErrorCode::invalid_argument);
    }
    options.soft_delete_grace = seconds(1);
    FileService service = FileService::open(options).value();
    CHECK_FALSE(*service.exists({FileId::generate().value(), {}}));
    CHECK(service.list({}).value().files.empty());
    CHECK(service.deleted_files({}).value().files.empty());
    CHECK_FALSE(std::filesystem::exists(scene.directory.file("c.sqlite")));
}

TEST_CASE("of calls at once one deletes and one undeletes", "[soft_delete]") {
    Scene scene;
    FileService second = scene.open(grace);
    for (int round = 0; round < 50; ++round) {
        const FileId id = scene.upload();
        const auto both = [&](Result<bool> (FileService::*call)(FileRequest)) {
            std::optional<Result<bool>> other;
            std::thread thread([&] { other = (second.*call)({id, {}}); });
            const auto own = (scene.service.*call)({id, {}});
            thread.join();
            REQUIRE(own.ok());
            REQUIRE(other->ok());
            CHECK(*own != **other);
        };
        both(&FileService::remove);
        both(&FileService::undelete);
        CHECK(*scene.service.exists({id, {}}));
    }
}

namespace {

/// Random calls beside a model that says what must be there.
class Model {
public:
    explicit Model(unsigned seed) : random_(seed) {}

    void step() {
        switch (random_() % 8) {
            case 0:
            case 1:
                files_[scene_.upload()] = {};
                break;
            case 2:
            case 3:
                remove_one();
                break;
            case 4:
            case 5:
                undelete_one();
                break;
            case 6:
                scene_.clock->advance(hours(random_() % 100));
                break;
            case 7:
                purge();
                break;
        }
    }

    void check() {
        std::vector<FileId> live;
        std::set<FileId> deleted;
        for (const auto& [id, until] : files_) {
            if (!until) {
                live.push_back(id);
            } else if (*until > scene_.clock->now()) {
                deleted.insert(id);
            }
            CHECK(scene_.has_bytes(id));
        }
        CHECK(scene_.listed() == live);
        std::set<FileId> told;
        for (const DeletedFile& file : scene_.deleted_files()) {
            told.insert(file.id);
        }
        CHECK(told == deleted);
        CHECK(names_in(scene_.directory.file("store/metadata")).size() == files_.size());
    }

private:
    using Until = std::optional<Timestamp>;

    auto any() {
        auto found = files_.begin();
        std::advance(found, static_cast<std::ptrdiff_t>(random_() % files_.size()));
        return found;
    }

    void remove_one() {
        if (!files_.empty()) {
            const auto found = any();
            CHECK(*scene_.service.remove({found->first, {}}) == !found->second);
            found->second = found->second ? found->second : Until(scene_.clock->now() + grace);
        }
    }

    void undelete_one() {
        if (files_.empty()) {
            return;
        }
        const auto found = any();
        const auto undeleted = scene_.service.undelete({found->first, {}});
        if (!found->second) {
            CHECK_FALSE(*undeleted);
        } else if (*found->second > scene_.clock->now()) {
            CHECK(*undeleted);
            found->second.reset();
        } else {
            CHECK(code_of(undeleted) == ErrorCode::not_found);
        }
    }

    void purge() {
        const auto due = std::erase_if(
            files_, [&](const auto& file) { return file.second && *file.second <= scene_.clock->now(); });
        CHECK(scene_.clean(scene_.service, long_ago) == purged(due, 5 * due));
    }

    std::mt19937 random_;
    Scene scene_;
    std::map<FileId, Until> files_;
};

}  // namespace

TEST_CASE("random deletions, returns and purges leave what the model says", "[soft_delete]") {
    for (unsigned seed = 1; seed <= 5; ++seed) {
        CAPTURE(seed);
        Model model(seed);
        for (int i = 0; i < 200; ++i) {
            model.step();
            model.check();
        }
    }
}

namespace {

void tamper(const Scene& scene, const std::string& statement) {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open(scene.directory.file("catalogue.sqlite").c_str(), &database) == SQLITE_OK);
    sqlite3_busy_timeout(database, 10'000);
    CAPTURE(statement, sqlite3_errmsg(database));
    REQUIRE(sqlite3_exec(database, statement.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(database);
}

}  // namespace

TEST_CASE("a mark that is not as it was made frees no bytes and is told of", "[soft_delete]") {
    Scene scene;
    const FileId damaged = scene.deleted();
    const FileId sound = scene.deleted("123");
    tamper(scene, "UPDATE soft_deleted SET until = '2100-02-01T00:00:00.000000Z' WHERE file_id = '" +
                      damaged.str() + "'");
    for (const bool is_over : {false, true}) {
        scene.clock->advance(is_over ? grace + hours(1) : seconds(0));
        std::vector<CleanupFile> told;
        CleanupRequest request;
        request.days = long_ago;
        request.dry_run = GENERATE(true, false);
        request.on_file = [&](const CleanupFile& file) -> Result<void> {
            told.push_back(file);
            return {};
        };
        const auto report = scene.service.cleanup(std::move(request));
        REQUIRE(report.ok());
        CHECK(report->failed == 1);
        CHECK(report->purged == (is_over ? 1 : 0));
        REQUIRE(!told.empty());
        CHECK(told.front().id == damaged);
        CHECK(told.front().outcome == CleanupOutcome::failed);
        CHECK(told.front().reason->code() == ErrorCode::corrupt);
        CHECK(scene.has_bytes(damaged));
    }
    CHECK(*scene.service.undelete({damaged, {}}));
    CHECK(Scene::download(scene.service, damaged).value() == "12345");
    CHECK(*scene.service.remove({damaged, {}}));
    CHECK(scene.deleted_files().size() == 1);
    CHECK(code_of(scene.service.undelete({sound, {}})) == ErrorCode::not_found);
}

TEST_CASE("a changed mark whose grace seems to go on is told of by who lists it", "[soft_delete]") {
    Scene scene;
    const FileId id = scene.deleted();
    const std::string change =
        GENERATE("until = '2900-01-01T00:00:00.000000Z'", "until = 'some day'", "size = 6", "checksum = 6");
    tamper(scene, "UPDATE soft_deleted SET " + change);
    const auto listed = scene.service.deleted_files({});
    REQUIRE(code_of(listed) == ErrorCode::corrupt);
    CHECK_THAT(std::string(listed.error().message()), Catch::Contains(id.str()));
    CHECK(*scene.service.undelete({id, {}}));
    CHECK(scene.deleted_files().empty());
}

TEST_CASE("the marks of a catalogue of version 5 get their checksums", "[soft_delete]") {
    Scene scene;
    const FileId id = scene.deleted();
    tamper(scene,
           "DROP TRIGGER remove_copies_of_new_row; DROP TRIGGER remove_copies_of_changed_row; "
           "DROP TABLE provider_copies; DROP TRIGGER unseal_changed_row; DROP TRIGGER unseal_changed_intent; "
           "ALTER TABLE file_uploads DROP COLUMN checksum; ALTER TABLE intents DROP COLUMN checksum; "
           "ALTER TABLE soft_deleted DROP COLUMN checksum; PRAGMA user_version = 5");
    FileService reopened = scene.open(grace);
    REQUIRE(reopened.deleted_files({})->files.size() == 1);
    tamper(scene, "UPDATE soft_deleted SET size = 6");
    CHECK(code_of(reopened.deleted_files({})) == ErrorCode::corrupt);
    CHECK(*reopened.undelete({id, {}}));
}

TEST_CASE("a mark of an older library that has the catalogue open counts as it is", "[soft_delete]") {
    Scene scene;
    static_cast<void>(scene.deleted());
    tamper(
        scene,
        "CREATE TEMP TABLE old AS SELECT file_id, until, size FROM soft_deleted; DELETE FROM soft_deleted; "
        "INSERT INTO soft_deleted (file_id, until, size) SELECT * FROM old");
    CHECK(scene.deleted_files().size() == 1);
    scene.clock->advance(grace + hours(1));
    CHECK(scene.clean(scene.service, long_ago) == purged(1, 5));
}
