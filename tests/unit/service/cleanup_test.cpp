#include "filestore/cleanup.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "audit/catalogue.h"
#include "filestore/service.h"
#include "support/code_of.h"
#include "support/files.h"
#include "support/memory_backend.h"
#include "support/settable_clock.h"
#include "support/spoiled_backend.h"
#include "support/temporary_directory.h"

using namespace filestore;
using namespace filestore::test;
using std::chrono::days;
using std::chrono::hours;

namespace {

using Ids = std::vector<FileId>;

void set_modification_time(const std::string& path, Timestamp time) {
    const auto since_epoch = time.time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
    timespec times[2] = {};
    times[0].tv_nsec = UTIME_OMIT;
    times[1].tv_sec = seconds.count();
    times[1].tv_nsec = std::chrono::nanoseconds(since_epoch - seconds).count();
    REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
}

/// A service on a local store whose clock the test moves. Files get the time of that clock.
struct Scene {
    TemporaryDirectory directory;
    std::shared_ptr<SettableClock> clock = std::make_shared<SettableClock>(
        Timestamp(std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)) + hours(12));
    std::shared_ptr<SpoiledBackend> backend = std::make_shared<SpoiledBackend>(local());
    FileService service = open();

    [[nodiscard]] std::shared_ptr<StorageBackend> local() const {
        LocalOptions options;
        options.base_path = directory.file("store");
        options.durability = Durability::none;
        return open_local_backend(options).value();
    }

    [[nodiscard]] FileService open(const std::string& catalogue = {}) const {
        ServiceOptions options;
        options.catalogue_path = catalogue.empty() ? catalogue_path() : catalogue;
        options.clock = clock;
        return FileService::open(backend, options).value();
    }

    /// The same catalogue over another store.
    [[nodiscard]] std::shared_ptr<StorageBackend> local_elsewhere() const {
        LocalOptions options;
        options.base_path = directory.file("elsewhere");
        options.durability = Durability::none;
        return open_local_backend(options).value();
    }

    [[nodiscard]] FileService open_elsewhere() const {
        ServiceOptions options;
        options.catalogue_path = catalogue_path();
        options.clock = clock;
        return FileService::open(local_elsewhere(), options).value();
    }

    void store_elsewhere(const FileId& id) const {
        UploadRequest file;
        file.id = id;
        file.source = source_from_string("elsewhere");
        REQUIRE(local_elsewhere()->upload(std::move(file)).ok());
    }

    [[nodiscard]] std::string catalogue_path() const { return directory.file("catalogue.sqlite"); }
    [[nodiscard]] std::string path_of(const FileId& id) const { return directory.file("store/" + id.str()); }

    FileId upload(const std::string& bytes = "12345") {
        FileUpload file;
        file.source = source_from_string(bytes);
        file.path = "name of " + bytes;
        const auto id = service.upload(std::move(file));
        REQUIRE(id.ok());
        set_modification_time(path_of(*id), clock->now());
        return *id;
    }

    /// As the system before stored it: no row tells of it.
    FileId store_unrecorded() const {
        const FileId id = FileId::generate().value();
        UploadRequest file;
        file.id = id;
        file.source = source_from_string("unrecorded");
        file.original_path = "old.txt";
        REQUIRE(backend->upload(std::move(file)).ok());
        set_modification_time(path_of(id), clock->now());
        return id;
    }

    [[nodiscard]] bool has(const FileId& id) const { return std::filesystem::exists(path_of(id)); }

    [[nodiscard]] Result<CatalogueRow> row(const FileId& id) const {
        return Catalogue::open(catalogue_path()).value()->row(id);
    }
    [[nodiscard]] bool is_recorded_as_deleted(const FileId& id) const {
        const auto found = row(id);
        return found.ok() && found->deleted_at == clock->now();
    }

    CleanupReport clean(unsigned kept_days, bool dry_run = false) {
        const auto report = service.cleanup({.days = kept_days, .dry_run = dry_run});
        INFO((report.ok() ? std::string() : std::string(report.error().message())));
        REQUIRE(report.ok());
        return *report;
    }
};

CleanupReport removed(std::uint64_t files, std::uint64_t bytes) {
    CleanupReport report;
    report.removed = files;
    report.bytes = bytes;
    return report;
}

}  // namespace

TEST_CASE("what is older than so many days is removed and recorded", "[cleanup]") {
    Scene scene;
    const FileId old = scene.upload();
    scene.clock->advance(hours(1));
    const FileId just_kept = scene.upload();
    scene.clock->advance(days(30));
    const FileId young = scene.upload();

    CHECK(scene.clean(30) == removed(1, 5));
    CHECK_FALSE(scene.has(old));
    CHECK(scene.has(just_kept));
    CHECK(scene.has(young));
    CHECK(scene.is_recorded_as_deleted(old));
    CHECK_FALSE(scene.row(just_kept)->deleted_at);
    CHECK(scene.clean(30) == CleanupReport());
}

TEST_CASE("a file whose metadata is lost is cleaned up as any other", "[cleanup]") {
    Scene scene;
    const FileId old = scene.upload();
    const FileId touched = scene.upload();
    const FileId unrecorded = scene.store_unrecorded();
    scene.clock->advance(days(31));
    const FileId young = scene.upload();
    set_modification_time(scene.path_of(touched), scene.clock->now());
    for (const FileId& id : {old, unrecorded, young, touched}) {
        REQUIRE(std::filesystem::remove(scene.directory.file("store/metadata/" + id.str() + ".json")));
    }
    ServiceOptions options;
    options.catalogue_path = scene.catalogue_path();
    options.clock = scene.clock;
    FileService service = FileService::open(scene.local(), options).value();

    const CleanupReport report = service.cleanup({.days = 30}).value();
    CHECK(report.removed == 2);
    CHECK(report.already_gone == 0);
    CHECK(report.kept == 1);
    CHECK_FALSE(scene.has(old));
    CHECK_FALSE(scene.has(unrecorded));
    CHECK(scene.has(young));
    CHECK(scene.has(touched));
    CHECK(scene.is_recorded_as_deleted(old));
    CHECK_FALSE(scene.row(touched)->deleted_at);
}

TEST_CASE("a file whose metadata a store of another kind has lost is not recorded as deleted", "[cleanup]") {
    Scene scene;
    const FileId id = scene.upload();
    scene.clock->advance(days(31));
    std::filesystem::remove(scene.directory.file("store/metadata/" + id.str() + ".json"));

    std::optional<Error> reason;
    CleanupRequest request;
    request.on_file = [&](const CleanupFile& file) -> Result<void> {
        reason = file.reason;
        return {};
    };
    const CleanupReport report = scene.service.cleanup(std::move(request)).value();
    CHECK(report.failed == 1);
    CHECK(report.already_gone == 0);
    REQUIRE(reason);
    CHECK(reason->code() == ErrorCode::corrupt);
    CHECK(scene.has(id));
    CHECK_FALSE(scene.row(id)->deleted_at);
}

TEST_CASE("a store with versions frees nothing, which the report says", "[cleanup]") {
    Scene scene;
    scene.upload();
    scene.upload("1234567");
    scene.clock->advance(days(31));
    scene.backend->keeps_versions = true;
    CleanupReport expected = removed(2, 12);
    expected.bytes_in_versions = 12;
    CHECK(scene.clean(30) == expected);
}

TEST_CASE("a dry run tells what a run then does, and changes nothing", "[cleanup]") {
    Scene scene;
    for (int i = 0; i < 5; ++i) {
        scene.upload(std::string(static_cast<std::size_t>(i), 'x'));
        scene.clock->advance(hours(1));
    }
    const FileId gone = scene.upload();
    std::filesystem::remove(scene.path_of(gone));
    std::filesystem::remove(scene.directory.file("store/metadata/" + gone.str() + ".json"));
    scene.store_unrecorded();
    scene.clock->advance(days(31));
    scene.upload();

    const auto told_by = [&](bool dry_run) {
        std::vector<std::string> told;
        CleanupRequest request;
        request.dry_run = dry_run;
        request.on_file = [&](const CleanupFile& file) -> Result<void> {
            told.push_back(file.id.str() + " " + std::string(to_string(file.outcome)) + " " +
                           file.original_path + " " + std::to_string(file.size) + " " +
                           format_timestamp(file.stored_at));
            return {};
        };
        const auto report = scene.service.cleanup(std::move(request));
        REQUIRE(report.ok());
        CHECK(report->removed == 6);
        CHECK(report->already_gone == 1);
        return told;
    };
    const auto before = names_in(scene.directory.file("store"));
    const auto plan = told_by(true);
    CHECK(plan.size() == 7);
    CHECK(names_in(scene.directory.file("store")) == before);
    CHECK_FALSE(scene.row(gone)->deleted_at);
    CHECK(told_by(false) == plan);
    CHECK(scene.is_recorded_as_deleted(gone));
}

TEST_CASE("a dry run of a store that has recorded nothing makes no catalogue", "[cleanup]") {
    Scene scene;
    scene.store_unrecorded();
    scene.clock->advance(days(31));
    CHECK(scene.clean(30, true) == removed(1, 10));
    CHECK_FALSE(std::filesystem::exists(scene.catalogue_path()));
}

TEST_CASE("files are kept for a day at least", "[cleanup]") {
    Scene scene;
    const FileId id = scene.upload();
    scene.clock->advance(days(40'000));
    for (const unsigned kept_days : {0U, 36'501U, UINT32_MAX}) {
        CHECK(code_of(scene.service.cleanup({.days = kept_days})) == ErrorCode::invalid_argument);
    }
    CHECK(scene.has(id));
    CHECK(scene.clean(36'500) == removed(1, 5));
}

TEST_CASE("what the store says to be newer than its record is kept", "[cleanup]") {
    Scene scene;
    const FileId changed = scene.upload();
    const FileId timeless = scene.upload();
    scene.clock->advance(days(31));
    set_modification_time(scene.path_of(changed), scene.clock->now() - days(1));
    set_modification_time(scene.path_of(timeless), Timestamp());
    CHECK(scene.clean(30) == CleanupReport{.kept = 2});
    CHECK(scene.has(changed));
    CHECK(scene.has(timeless));
    CHECK_FALSE(scene.row(changed)->deleted_at);
}

TEST_CASE("a file of which nobody knows the time is never removed", "[cleanup]") {
    const TemporaryDirectory directory;
    ServiceOptions options;
    options.catalogue_path = GENERATE(false, true) ? "off" : directory.file("c.sqlite");
    const auto backend = std::make_shared<MemoryBackend>(make_thread_pool());
    auto service = FileService::open(backend, options).value();
    FileUpload file;
    file.source = source_from_string("x");
    REQUIRE(service.upload(std::move(file)).ok());
    const auto report = service.cleanup({.days = 1});
    REQUIRE(report.ok());
    CHECK(report->removed == 0);
    CHECK(backend->file_count() == 1);
}

TEST_CASE("files without a record are found by listing", "[cleanup]") {
    Scene scene;
    const FileId recorded = scene.upload();
    const FileId unrecorded = scene.store_unrecorded();
    scene.clock->advance(days(20));
    const FileId young = scene.store_unrecorded();
    scene.clock->advance(days(11));
    CHECK(scene.clean(30) == removed(2, 15));
    CHECK_FALSE(scene.has(recorded));
    CHECK_FALSE(scene.has(unrecorded));
    CHECK(scene.has(young));
    const auto row = scene.row(unrecorded);
    REQUIRE(row.ok());
    CHECK(row->file_path == "old.txt");
    CHECK(row->uploaded_at == scene.clock->now() - days(31));
    CHECK(row->deleted_at == scene.clock->now());
}

TEST_CASE("without a catalogue the store is listed, and nothing recorded", "[cleanup]") {
    Scene scene;
    scene.store_unrecorded();
    scene.clock->advance(days(31));
    const FileId young = scene.store_unrecorded();
    FileService service = scene.open("off");
    const auto report = service.cleanup({.days = 30});
    REQUIRE(report.ok());
    CHECK(*report == removed(1, 10));
    CHECK(scene.has(young));
    CHECK_FALSE(std::filesystem::exists(scene.catalogue_path()));
}

TEST_CASE("a store that is recorded whole is not listed for as many days as files are kept", "[cleanup]") {
    Scene scene;
    scene.upload();
    scene.clean(30, true);
    CHECK(scene.backend->lists() == 1);
    scene.clean(30);
    CHECK(scene.backend->lists() == 2);
    scene.clean(30);
    scene.clock->advance(days(29));
    scene.clean(30);
    CHECK(scene.backend->lists() == 2);

    const FileId unrecorded = scene.store_unrecorded();
    scene.clock->advance(days(1));
    scene.clean(30);
    CHECK(scene.backend->lists() == 3);
    scene.clock->advance(days(30));
    scene.clean(30);
    CHECK(scene.backend->lists() == 4);
    CHECK_FALSE(scene.has(unrecorded));
}

TEST_CASE("a file that fails is told of, and the rest goes on", "[cleanup]") {
    Scene scene;
    Ids ids;
    for (int i = 0; i < 40; ++i) {
        ids.push_back(scene.upload());
    }
    scene.clock->advance(days(31));
    const auto spoil = [bad = ids[7]](const FileId& id) {
        return id == bad ? std::optional(Error(ErrorCode::permission_denied, "no")) : std::nullopt;
    };
    (GENERATE(false, true) ? scene.backend->before_remove : scene.backend->before_metadata) = spoil;
    std::vector<FileId> failed;
    CleanupRequest request;
    request.on_file = [&](const CleanupFile& file) -> Result<void> {
        if (file.outcome == CleanupOutcome::failed) {
            CHECK(file.reason->code() == ErrorCode::permission_denied);
            failed.push_back(file.id);
        }
        return {};
    };
    const auto report = scene.service.cleanup(std::move(request));
    REQUIRE(report.ok());
    CHECK(report->removed == 39);
    CHECK(report->failed == 1);
    CHECK(failed == std::vector<FileId>{ids[7]});
    CHECK(scene.has(ids[7]));
    CHECK_FALSE(scene.row(ids[7])->deleted_at);

    scene.backend->before_remove = nullptr;
    scene.backend->before_metadata = nullptr;
    CHECK(scene.clean(30) == removed(1, 5));
}

TEST_CASE("a removal whose answer is lost is looked into", "[cleanup]") {
    Scene scene;
    const FileId id = scene.upload();
    const FileId still_there = scene.upload();
    scene.clock->advance(days(31));
    const auto lost = [](const FileId&) { return std::optional(Error(ErrorCode::unavailable, "lost")); };
    scene.backend->after_remove = lost;
    scene.backend->before_remove = [&](const FileId& asked) {
        return asked == still_there ? lost(asked) : std::nullopt;
    };
    CHECK(scene.clean(30) == CleanupReport{.removed = 1, .bytes = 5, .failed = 1});
    CHECK(scene.is_recorded_as_deleted(id));
    CHECK_FALSE(scene.row(still_there)->deleted_at);

    scene.backend->after_remove = nullptr;
    scene.backend->before_remove = nullptr;
    CHECK(scene.clean(30) == removed(1, 5));
}

TEST_CASE("a file that is stored anew between the look at it and its removal stays", "[cleanup]") {
    Scene scene;
    const FileId changed = scene.upload();
    const FileId same = scene.upload();
    scene.clock->advance(days(31));
    scene.backend->before_remove = [&](const FileId& id) -> std::optional<Error> {
        if (id == changed) {
            // On a thread of its own, as another process does it.
            std::thread([&] {
                UploadRequest again;
                again.id = changed;
                again.source = source_from_string("newer");
                REQUIRE(scene.local()->upload(std::move(again)).ok());
            }).join();
        }
        return std::nullopt;
    };
    std::vector<CleanupFile> kept;
    CleanupRequest request{.days = 30};
    request.on_file = [&](const CleanupFile& file) -> Result<void> {
        if (file.outcome == CleanupOutcome::kept) {
            kept.push_back(file);
        }
        return {};
    };
    const auto report = scene.service.cleanup(request);
    REQUIRE(report.ok());
    CHECK(*report == CleanupReport{.removed = 1, .bytes = 5, .kept = 1});
    REQUIRE(kept.size() == 1);
    CHECK(kept[0].id == changed);
    CHECK(code_of(Result<void>(*kept[0].reason)) == ErrorCode::precondition_failed);
    CHECK_THAT(std::string(kept[0].reason->message()), Catch::Contains("stored anew"));
    CHECK(scene.has(changed));
    CHECK_FALSE(scene.row(changed)->deleted_at);
    CHECK(scene.is_recorded_as_deleted(same));

    // Nothing of that removal is left under way.
    scene.backend->before_remove = nullptr;
    set_modification_time(scene.path_of(changed), scene.clock->now() - days(31));
    CHECK(scene.clean(30) == removed(1, 5));
    CHECK(scene.is_recorded_as_deleted(changed));
}

TEST_CASE("a removal that was done before it is refused by its version is a removal", "[cleanup]") {
    Scene scene;
    const FileId id = scene.upload();
    scene.clock->advance(days(31));
    scene.backend->after_remove = [](const FileId&) {
        return std::optional(Error(ErrorCode::precondition_failed, "another request has removed it"));
    };
    CHECK(scene.clean(30) == removed(1, 5));
    CHECK(scene.is_recorded_as_deleted(id));
}

TEST_CASE("what the store keeps of older versions is told where that is asked for", "[cleanup]") {
    Scene scene;
    scene.upload();
    scene.clock->advance(days(31));
    scene.backend->versions_kept = KeptVersions{3, 70, 2};
    CHECK_FALSE(scene.clean(30, true).kept_versions);
    const auto ask = [&] {
        return scene.service.cleanup({.days = 30, .dry_run = true, .count_versions = true});
    };
    const auto report = ask();
    REQUIRE(report.ok());
    CHECK(report->removed == 1);
    CHECK(report->kept_versions == KeptVersions{3, 70, 2});

    scene.backend->versions_kept =
        Error(GENERATE(ErrorCode::permission_denied, ErrorCode::unsupported), "they are not listed here");
    CHECK_FALSE(ask()->kept_versions);
    scene.backend->versions_kept = Error(ErrorCode::unavailable, "not now");
    CHECK(code_of(ask()) == ErrorCode::unavailable);
}

TEST_CASE("a run ends where the store cannot be asked at all", "[cleanup]") {
    Scene scene;
    for (int i = 0; i < 30; ++i) {
        scene.upload();
    }
    scene.clock->advance(days(31));
    const auto code = GENERATE(ErrorCode::unavailable, ErrorCode::unauthenticated, ErrorCode::configuration);
    scene.backend->before_metadata = [&](const FileId&) { return std::optional(Error(code, "no store")); };
    CHECK(code_of(scene.service.cleanup({.days = 30})) == code);
    CHECK(names_in(scene.directory.file("store/metadata")).size() == 30);
    scene.backend->before_metadata = nullptr;
    CHECK(scene.clean(30).removed == 30);
}

TEST_CASE(
    "a store that holds nothing of what is recorded is perhaps another one: nothing is recorded as deleted",
    "[cleanup]") {
    Scene scene;
    std::vector<FileId> old;
    for (int i = 0; i < 5; ++i) {
        old.push_back(scene.upload());
    }
    scene.clock->advance(days(31));
    const FileId young = scene.upload();
    // Those that are not old yet count, too.
    for (int i = 0; i < 14; ++i) {
        scene.upload();
    }
    FileService elsewhere = scene.open_elsewhere();
    for (const bool dry_run : {true, false}) {
        const auto report = elsewhere.cleanup({.days = 30, .dry_run = dry_run});
        CHECK(code_of(report) == ErrorCode::precondition_failed);
        CHECK_THAT(std::string(report.error().message()),
                   Catch::Contains("the store holds no file at all") && Catch::Contains("--accept-missing"));
    }
    for (const FileId& id : old) {
        CHECK_FALSE(scene.row(id)->deleted_at);
    }

    SECTION("also where it holds files of somebody else") {
        scene.store_elsewhere(FileId::generate().value());
        const auto report = elsewhere.cleanup({.days = 30});
        CHECK(code_of(report) == ErrorCode::precondition_failed);
        CHECK_THAT(std::string(report.error().message()),
                   Catch::Contains("of the 1 files that the store holds"));
        CHECK_FALSE(scene.row(old.front())->deleted_at);
    }
    SECTION("one recorded file is enough, young or old") {
        scene.store_elsewhere(GENERATE(0, 1) == 0 ? young : old.front());
        const auto report = elsewhere.cleanup({.days = 30});
        REQUIRE(report.ok());
        CHECK(report->already_gone + report->kept == 5);
        CHECK(scene.is_recorded_as_deleted(old.back()));
    }
    SECTION("the caller may know better") {
        const auto report = elsewhere.cleanup({.days = 30, .accept_missing = true});
        REQUIRE(report.ok());
        CHECK(report->already_gone == 5);
        CHECK(scene.is_recorded_as_deleted(old.front()));
    }
    SECTION("the right store is cleaned up as ever") {
        CHECK(scene.clean(30) == removed(5, 25));
    }
}

TEST_CASE("a few files may all have been removed by hand", "[cleanup]") {
    Scene scene;
    std::vector<FileId> old;
    for (int i = 0; i < 19; ++i) {
        old.push_back(scene.upload());
    }
    scene.clock->advance(days(31));
    const auto report = scene.open_elsewhere().cleanup({.days = 30});
    REQUIRE(report.ok());
    CHECK(report->already_gone == 19);
    CHECK(scene.is_recorded_as_deleted(old.front()));
}

TEST_CASE("files at which somebody is at work are left out", "[cleanup]") {
    Scene scene;
    const FileId id = scene.upload();
    const FileId being_stored = scene.store_unrecorded();
    scene.clock->advance(days(31));
    {
        const auto other = Catalogue::open(scene.catalogue_path()).value();
        Intent removal;
        removal.id = id;
        removal.operation = Operation::removal;
        removal.number = other->begin(removal).value();
        Intent upload;
        upload.id = being_stored;
        const auto number = other->begin(upload);
        REQUIRE(number.ok());
        CHECK(scene.clean(30) == CleanupReport());
        REQUIRE(other->abandon(removal.number).ok());
        REQUIRE(other->abandon(*number).ok());
    }
    CHECK(scene.clean(30) == removed(2, 15));
}

TEST_CASE("what a run that was killed has begun is ended by the next one", "[cleanup]") {
    Scene scene;
    const FileId there = scene.upload();
    const FileId gone = scene.upload();
    scene.clock->advance(days(31));
    std::vector<Intent> begun(2);
    begun[0].id = there;
    begun[1].id = gone;
    for (Intent& intent : begun) {
        intent.operation = Operation::removal;
        intent.begun_at = scene.clock->now();
    }
    const Timestamp now = scene.clock->now();
    REQUIRE(Catalogue::open(scene.catalogue_path()).value()->begin_removals(begun, now, now).ok());
    REQUIRE(*scene.backend->remove({gone, {}}));
    {
        FileService next = scene.open();
        const auto report = next.cleanup({.days = 30});
        REQUIRE(report.ok());
        CHECK(report->removed == 1);
    }
    CHECK_FALSE(scene.has(there));
    CHECK(scene.is_recorded_as_deleted(there));
    CHECK(scene.is_recorded_as_deleted(gone));
}

TEST_CASE("two runs at once remove each file once", "[cleanup]") {
    Scene scene;
    constexpr std::uint64_t files = 300;
    for (std::uint64_t i = 0; i < files; ++i) {
        scene.upload();
    }
    scene.clock->advance(days(31));
    FileService second = scene.open();
    std::optional<Result<CleanupReport>> seconds_report;
    std::thread other([&] { seconds_report = second.cleanup({.days = 30}); });
    const auto report = scene.service.cleanup({.days = 30});
    other.join();
    REQUIRE(report.ok());
    REQUIRE(seconds_report->ok());
    CHECK(report->removed + (*seconds_report)->removed == files);
    CHECK(report->failed + (*seconds_report)->failed == 0);
    CHECK(scene.clean(30) == CleanupReport());
}

TEST_CASE("more files than a page holds", "[cleanup]") {
    Scene scene;
    const bool recorded = GENERATE(true, false);
    for (int i = 0; i < 1010; ++i) {
        recorded ? scene.upload("x") : scene.store_unrecorded();
    }
    scene.clock->advance(days(31));
    const FileId young = scene.upload();
    CHECK(scene.clean(30).removed == 1010);
    CHECK(names_in(scene.directory.file("store/metadata")) ==
          std::vector<std::string>{young.str() + ".json"});
}

TEST_CASE("a run that is ended has recorded what it removed", "[cleanup]") {
    Scene scene;
    Ids ids;
    for (int i = 0; i < 3; ++i) {
        ids.push_back(scene.upload());
    }
    scene.clock->advance(days(31));
    SECTION("by its caller") {
        CleanupRequest request;
        request.on_file = [](const CleanupFile&) -> Result<void> {
            return Error(ErrorCode::rejected, "enough");
        };
        CHECK(code_of(scene.service.cleanup(std::move(request))) == ErrorCode::rejected);
        for (const FileId& id : ids) {
            CHECK(scene.is_recorded_as_deleted(id));
        }
    }
    SECTION("by a function that throws") {
        CleanupRequest request;
        request.on_file = [](const CleanupFile&) -> Result<void> { throw std::runtime_error("thrown"); };
        CHECK(code_of(scene.service.cleanup(std::move(request))) == ErrorCode::internal);
    }
    SECTION("before it began") {
        std::stop_source stop;
        stop.request_stop();
        CleanupRequest request;
        request.call.cancel = stop.get_token();
        CHECK(code_of(scene.service.cleanup(std::move(request))) == ErrorCode::cancelled);
        CHECK(scene.has(ids[0]));
    }
    SECTION("by its deadline") {
        CleanupRequest request;
        request.call.deadline = std::chrono::steady_clock::now();
        CHECK(code_of(scene.service.cleanup(std::move(request))) == ErrorCode::timeout);
        CHECK(scene.has(ids[0]));
    }
}

namespace {

/// What the model knows of a file.
struct ModelFile {
    Timestamp stored_at;
    bool recorded = true;
    bool there = true;
};

/// Random uploads, removals, strangers' files, losses and cleanups, beside a model that says what must be there.
class Model {
public:
    explicit Model(unsigned seed) : random_(seed) {}

    void step() {
        switch (random_() % 8) {
            case 0:
            case 1:
            case 2:
                files_[scene_.upload()] = {scene_.clock->now()};
                break;
            case 3:
                files_[scene_.store_unrecorded()] = {scene_.clock->now(), false};
                break;
            case 4:
                remove_one();
                break;
            case 5:
                lose_one();
                break;
            case 6:
                scene_.clock->advance(hours(random_() % 200));
                break;
            case 7:
                clean();
                break;
        }
    }

    void check() const {
        std::set<std::string> expected;
        for (const auto& [id, file] : files_) {
            if (file.there) {
                expected.insert(id.str() + ".json");
            }
        }
        const auto names = names_in(scene_.directory.file("store/metadata"));
        CHECK(std::set<std::string>(names.begin(), names.end()) == expected);
    }

private:
    auto any() {
        auto found = files_.begin();
        std::advance(found, static_cast<std::ptrdiff_t>(files_.empty() ? 0 : random_() % files_.size()));
        return found;
    }

    void remove_one() {
        if (const auto found = any(); found != files_.end()) {
            CHECK(*scene_.service.remove({found->first, {}}) == found->second.there);
            if (found->second.there) {
                files_.erase(found);
            }
        }
    }

    void lose_one() {
        const auto found = any();
        if (found == files_.end() || !found->second.there) {
            return;
        }
        std::filesystem::remove(scene_.path_of(found->first));
        std::filesystem::remove(scene_.directory.file("store/metadata/" + found->first.str() + ".json"));
        if (found->second.recorded) {
            found->second.there = false;
        } else {
            files_.erase(found);
        }
    }

    void clean() {
        const unsigned kept_days = 1 + static_cast<unsigned>(random_() % 20);
        const bool dry_run = random_() % 3 == 0;
        const Timestamp now = scene_.clock->now();
        const Timestamp kept_from = now - days(kept_days);
        const bool lists = !covered_at_ || *covered_at_ <= kept_from;
        CleanupReport expected;
        std::vector<FileId> ended;
        bool all_recorded = true;
        for (const auto& [id, file] : files_) {
            all_recorded = all_recorded && file.recorded;
            if (file.stored_at >= kept_from || (!file.recorded && !lists)) {
                continue;
            }
            expected.removed += file.there ? 1 : 0;
            expected.bytes += !file.there ? 0 : file.recorded ? 5 : 10;
            expected.already_gone += file.there ? 0 : 1;
            ended.push_back(id);
        }
        CHECK(scene_.clean(kept_days, dry_run) == expected);
        if (dry_run) {
            return;
        }
        for (const FileId& id : ended) {
            CHECK(scene_.is_recorded_as_deleted(id));
            files_.erase(id);
        }
        if (lists && all_recorded && std::filesystem::exists(scene_.catalogue_path())) {
            covered_at_ = now;
        }
    }

    std::mt19937 random_;
    Scene scene_;
    std::map<FileId, ModelFile> files_;
    std::optional<Timestamp> covered_at_;
};

}  // namespace

TEST_CASE("random operations and cleanups leave what the model says", "[cleanup]") {
    for (unsigned seed = 1; seed <= 5; ++seed) {
        CAPTURE(seed);
        Model model(seed);
        for (int i = 0; i < 200; ++i) {
            model.step();
            model.check();
        }
    }
}
