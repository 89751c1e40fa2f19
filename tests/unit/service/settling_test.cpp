#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "audit/catalogue.h"
#include "audit/sqlite.h"
#include "filestore/resumable_upload.h"
#include "filestore/service.h"
#include "service/journal.h"
#include "support/code_of.h"
#include "support/eventually.h"
#include "support/random_bytes.h"
#include "support/settable_clock.h"
#include "support/spoiled_backend.h"
#include "support/temporary_directory.h"
#include "support/test_streams.h"

using namespace filestore;
using namespace filestore::test;

namespace {

/// So often a journal of a test looks at the clock.
constexpr LateTaskPauses short_pauses{std::chrono::milliseconds(1), std::chrono::milliseconds(1)};

/// A service on a store of which a test makes answers fail.
struct Scene {
    TemporaryDirectory directory;
    std::shared_ptr<SettableClock> clock =
        std::make_shared<SettableClock>(Timestamp(std::chrono::seconds(1'800'000'000)));
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
        options.clock = clock;
        return FileService::open(backend, options).value();
    }

    Result<FileId> upload() {
        FileUpload file;
        file.source = source_from_string("content");
        file.path = "a.txt";
        return service.upload(std::move(file));
    }

    /// Fails and is not stored: the server may be at work on it. Answers its ID.
    FileId lose_upload() {
        FileId lost;
        backend->may_store_late = true;
        backend->before_upload = [&](const FileId& id) {
            lost = id;
            // Which is answered behind the undo.
            return Error(ErrorCode::unavailable, "the answer is lost");
        };
        CHECK(code_of(upload()) == ErrorCode::unavailable);
        backend->before_upload = nullptr;
        return lost;
    }

    /// What a server does some time after.
    void store(const FileId& id) const {
        UploadRequest request;
        request.id = id;
        request.source = source_from_string("content");
        const auto stored = backend->upload(std::move(request));
        REQUIRE(stored.ok());
    }

    /// So much that no server is still at work on a request.
    void pass_time() const { clock->advance(std::chrono::seconds(61)); }

    /// By a connection of its own.
    [[nodiscard]] std::size_t count(const std::string& rows) const {
        SqliteConnection connection = SqliteConnection::open(directory.file("catalogue.sqlite")).value();
        auto row = connection.query(("SELECT count(*) FROM " + rows).c_str()).value();
        REQUIRE(row.next().value());
        return static_cast<std::size_t>(row.number(0));
    }

    /// A session of 999999 is nobody's: its process has died.
    void run_sql(const char* statement) const {
        SqliteConnection connection = SqliteConnection::open(directory.file("catalogue.sqlite")).value();
        REQUIRE(connection.execute_script(statement).ok());
    }

    /// Of a process that has died.
    void leave_intent(const std::string& operation, const FileId& id, Timestamp begun_at) const {
        run_sql(("INSERT INTO intents (session, file_id, operation, file_path, metadata, begun_at) VALUES "
                 "(999999, '" +
                 id.str() + "', '" + operation + "', 'p', '{}', '" + format_timestamp(begun_at) + "')")
                    .c_str());
    }

    /// How often it was asked whether a file is there.
    [[nodiscard]] unsigned looks() const { return backend->asked(); }

    [[nodiscard]] std::size_t files() const { return backend->list({}).value().files.size(); }
};

SpoiledBackend::Spoil::Function lost_answer() {
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
    REQUIRE(eventually([&] {
        scene.pass_time();
        return scene.upload().ok() && scene.count("intents") == 0;
    }));
    CHECK(scene.files() == scene.count("file_uploads WHERE deleted_at IS NULL"));
    CHECK(scene.count("file_uploads WHERE deleted_at IS NOT NULL") == 0);
}

TEST_CASE("what fails again is tried again and keeps nothing else waiting", "[service][settling]") {
    Scene scene;
    constexpr int failing = 20;
    scene.backend->after_upload = lost_answer();
    scene.backend->before_remove = lost_answer();
    for (int i = 0; i < failing; ++i) {
        CHECK(code_of(scene.upload()) == ErrorCode::timeout);
    }
    REQUIRE(eventually([&] { return scene.count("intents WHERE operation = 'undo'") == failing; }));
    scene.backend->after_upload = nullptr;
    for (int i = 0; i < 3; ++i) {
        scene.pass_time();
        REQUIRE(scene.upload().ok());
    }
    CHECK(scene.count("intents") == failing);
    scene.backend->before_remove = nullptr;
    REQUIRE(eventually([&] {
        scene.pass_time();
        return scene.upload().ok() && scene.count("intents") == 0;
    }));
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

    scene.pass_time();
    REQUIRE(scene.upload().ok());
    REQUIRE(eventually([&] { return scene.count("intents") == 0; }));
    CHECK(scene.service.exists({.id = stays}).value());
    CHECK(scene.count("file_uploads WHERE deleted_at IS NOT NULL") == 1);
    CHECK(scene.count("file_uploads WHERE deleted_at IS NULL") == scene.files());
}

TEST_CASE("a removal that a server may still be at work on is not settled", "[service][settling]") {
    Scene scene;
    const FileId id = scene.upload().value();
    scene.backend->before_remove = lost_answer();
    CHECK(code_of(scene.service.remove({.id = id})) == ErrorCode::timeout);
    scene.backend->before_remove = nullptr;
    REQUIRE(scene.upload().ok());
    CHECK(scene.count("intents WHERE operation = 'removal'") == 1);

    // It comes to be done after all.
    REQUIRE(scene.backend->remove({.id = id}).value());
    scene.pass_time();
    REQUIRE(scene.upload().ok());
    REQUIRE(eventually([&] { return scene.count("intents") == 0; }));
    CHECK(scene.count("file_uploads WHERE deleted_at IS NOT NULL") == 1);
}

TEST_CASE("a removal that could not be recorded is recorded later", "[service][settling]") {
    Scene scene;
    const FileId id = scene.upload().value();
    const std::string path = scene.directory.file("catalogue.sqlite");
    scene.backend->after_remove = [&](const FileId&) {
        SqliteConnection other = SqliteConnection::open(path).value();
        // As a catalogue that is damaged in one place.
        REQUIRE(other
                    .execute_script("CREATE TRIGGER no_deletion BEFORE UPDATE OF deleted_at ON file_uploads "
                                    "BEGIN SELECT RAISE(ABORT, 'not now'); END")
                    .ok());
        return std::optional<Error>();
    };
    CHECK_FALSE(scene.service.remove({.id = id}).ok());
    scene.backend->after_remove = nullptr;
    CHECK(scene.count("intents") == 1);
    CHECK_FALSE(scene.service.exists({.id = id}).value());
    {
        SqliteConnection other = SqliteConnection::open(path).value();
        REQUIRE(other.execute_script("DROP TRIGGER no_deletion").ok());
    }
    scene.pass_time();
    REQUIRE(scene.upload().ok());
    REQUIRE(eventually([&] { return scene.count("intents") == 0; }));
    CHECK(scene.count("file_uploads WHERE deleted_at IS NOT NULL") == 1);
}

namespace {

/// All bytes of an upload that came piece by piece, and the intents of processes that died when they made its file.
FileId complete_upload(Scene& scene) {
    NewUpload upload;
    upload.length = 3;
    const FileId id = scene.service.begin_upload(std::move(upload)).value().id;
    UploadAppend append;
    append.id = id;
    append.source = source_from_string("abc");
    REQUIRE(scene.service.append(append).ok());
    return id;
}

void die_when_it_is_finished(const Scene& scene, const FileId& id) {
    const auto dead = Catalogue::open(scene.directory.file("catalogue.sqlite")).value();
    Intent intent;
    intent.id = id;
    REQUIRE(dead->begin(intent).ok());
}

}  // namespace

TEST_CASE("a file that is finished while what a dead process left of it is settled stays",
          "[service][settling][resumable]") {
    Scene scene;
    scene.backend->has_pieces = true;
    const FileId id = complete_upload(scene);
    die_when_it_is_finished(scene, id);
    // Of another machine, whose catalogue is another one.
    ServiceOptions options;
    options.catalogue_path = scene.directory.file("other.sqlite");
    FileService other = FileService::open(scene.local(), options).value();
    std::atomic<bool> is_finished = false;
    scene.backend->before_metadata = [&](const FileId& asked) -> std::optional<Error> {
        if (asked != id || is_finished.exchange(true)) {
            return std::nullopt;
        }
        // Behind the look for the file that the answer tells of.
        std::thread([&] { static_cast<void>(other.finish_upload({id, {}})); }).join();
        return Error(ErrorCode::not_found, "not there yet");
    };
    scene.service = scene.open();
    REQUIRE(scene.upload().ok());
    REQUIRE(eventually([&] { return is_finished.load(); }));
    // What is to be settled later is settled with the next uploads.
    REQUIRE(eventually([&] {
        scene.pass_time();
        return scene.upload().ok() && scene.count("intents") == 0;
    }));
    CHECK(scene.service.exists({id, {}}).value());
    CHECK(scene.count("file_uploads WHERE deleted_at IS NULL AND file_id = '" + id.str() + "'") == 1);
}

TEST_CASE("an upload that nobody finishes is settled once its pieces are gone",
          "[service][settling][resumable]") {
    Scene scene;
    scene.backend->has_pieces = true;
    const FileId id = complete_upload(scene);
    die_when_it_is_finished(scene, id);
    scene.service = scene.open();
    REQUIRE(scene.upload().ok());
    CHECK(scene.service.resumable_upload({id, {}}).value().complete());
    REQUIRE(scene.service.end_upload({id, {}}).value());
    REQUIRE(eventually([&] {
        scene.pass_time();
        return scene.upload().ok() && scene.count("intents") == 0;
    }));
    CHECK(scene.count("file_uploads WHERE file_id = '" + id.str() + "'") == 0);
}

TEST_CASE("whoever finishes an upload ends the intents of all who have tried",
          "[service][settling][resumable]") {
    Scene scene;
    scene.backend->has_pieces = true;
    const FileId id = complete_upload(scene);
    // They live, so that nobody else takes their intents.
    const auto slow = Catalogue::open(scene.directory.file("catalogue.sqlite")).value();
    Intent intent;
    intent.id = id;
    intent.number = slow->begin(intent).value();
    intent.is_shared = true;
    REQUIRE(scene.service.finish_upload({id, {}}).ok());
    CHECK(scene.count("intents WHERE file_id = '" + id.str() + "'") == 0);
    // Late, it undoes nothing.
    REQUIRE(scene.service.remove({id, {}}).value());
    REQUIRE(slow->complete(intent, scene.clock->now()).ok());
    CHECK(scene.count("file_uploads WHERE deleted_at IS NULL AND file_id = '" + id.str() + "'") == 0);
}

TEST_CASE("an upload that the server carries out after all is removed", "[service][settling]") {
    Scene scene;
    const FileId lost = scene.lose_upload();
    scene.pass_time();
    REQUIRE(scene.upload().ok());
    // Was looked for by now, and was not there.
    REQUIRE(eventually([&] { return scene.looks() > 0; }));
    CHECK(scene.count("intents WHERE operation = 'undo'") == 1);

    scene.store(lost);
    REQUIRE(eventually([&] {
        scene.pass_time();
        return scene.upload().ok() && !scene.backend->exists({.id = lost}).value();
    }));
    CHECK(scene.files() == scene.count("file_uploads WHERE deleted_at IS NULL"));
    CHECK(scene.count("file_uploads WHERE file_id = '" + lost.str() + "'") == 0);
}

TEST_CASE("an upload that never comes is not looked for for ever", "[service][settling]") {
    Scene scene;
    scene.lose_upload();
    int looks = 0;
    REQUIRE(eventually([&] {
        ++looks;
        scene.pass_time();
        return scene.upload().ok() && scene.count("intents") == 0;
    }));
    CHECK(looks >= 59);
}

TEST_CASE("an upload that fails before all of it is sent is not looked for", "[service][settling]") {
    Scene scene;
    scene.backend->may_store_late = true;
    FileUpload file;
    file.source = failing_source(random_bytes(100'000), 7);
    const auto id = scene.service.upload(std::move(file));
    CHECK(code_of(id) == ErrorCode::source_failed);
    CHECK(scene.count("intents") == 0);
}

TEST_CASE("what comes after the process has died is removed by the next one", "[service][settling]") {
    Scene scene;
    const FileId lost = scene.lose_upload();
    scene.run_sql("UPDATE intents SET session = 999999");
    scene.store(lost);
    FileService next = scene.open();
    REQUIRE(next.audit_status({}).ok());
    REQUIRE(eventually([&] { return !scene.backend->exists({.id = lost}).value(); }));
    CHECK(scene.count("file_uploads") == 0);
}

TEST_CASE("an upload whose process died is removed when it comes to be there", "[service][settling]") {
    Scene scene;
    const FileId lost = scene.lose_upload();
    scene.run_sql("UPDATE intents SET session = 999999, operation = 'upload'");
    scene.backend->has_pieces = GENERATE(false, true);
    FileService next = scene.open();
    REQUIRE(next.audit_status({}).ok());
    REQUIRE(eventually([&] { return scene.count("intents WHERE operation = 'undo'") == 1; }));

    scene.store(lost);
    scene.service = std::move(next);
    REQUIRE(eventually([&] {
        scene.pass_time();
        return scene.upload().ok() && !scene.backend->exists({.id = lost}).value();
    }));
    CHECK(scene.count("file_uploads WHERE file_id = '" + lost.str() + "'") == 0);
}

TEST_CASE("an upload that can be made again is not taken back", "[service][settling]") {
    Scene scene;
    scene.backend->has_pieces = true;
    NewUpload upload;
    upload.length = 7;
    const FileId id = scene.service.begin_upload(std::move(upload)).value().id;
    UploadAppend append;
    append.id = id;
    append.source = source_from_string("content");
    const auto appended = scene.service.append(std::move(append));
    REQUIRE(appended.ok());
    REQUIRE(scene.upload().ok());
    scene.leave_intent("upload", id, scene.clock->now());
    scene.backend->may_store_late = true;
    FileService next = scene.open();
    REQUIRE(next.audit_status({}).ok());
    REQUIRE(eventually([&] { return scene.backend->looks() > 0; }));
    CHECK(next.finish_upload({.id = id}).value() == id);
    CHECK(scene.count("intents WHERE file_id = '" + id.str() + "'") == 0);
    scene.pass_time();
    REQUIRE(next.upload({.source = source_from_string("x")}).ok());
    CHECK(next.exists({.id = id}).value());
}

TEST_CASE("outcomes are found out where nothing else happens", "[service][settling]") {
    Scene scene;
    const FileId removed = scene.upload().value();
    const auto journal = std::make_shared<Journal>(scene.directory.file("catalogue.sqlite"), scene.backend,
                                                   std::make_shared<PendingCalls>(), nullptr, scene.clock,
                                                   false, short_pauses);
    Intent intent;
    intent.id = removed;
    intent.operation = Operation::removal;
    intent.begun_at = scene.clock->now();
    REQUIRE(journal->begin(intent).ok());
    REQUIRE(scene.backend->remove({.id = removed}).value());
    journal->settle_later(intent);
    CHECK(scene.count("intents") == 1);

    scene.pass_time();
    REQUIRE(eventually([&] { return scene.count("intents") == 0; }));
    CHECK(scene.count("file_uploads WHERE deleted_at IS NOT NULL") == 1);
    journal->close();
}

TEST_CASE("more outcomes than memory holds are found out by the same process", "[service][settling]") {
    Scene scene;
    LateTaskPauses pauses = short_pauses;
    pauses.most = 2;
    const auto journal =
        std::make_shared<Journal>(scene.directory.file("catalogue.sqlite"), scene.backend,
                                  std::make_shared<PendingCalls>(), nullptr, scene.clock, false, pauses);
    constexpr int removals = 10;
    for (int i = 0; i < removals; ++i) {
        Intent intent;
        intent.id = scene.upload().value();
        intent.operation = Operation::removal;
        intent.begun_at = scene.clock->now();
        REQUIRE(journal->begin(intent).ok());
        REQUIRE(scene.backend->remove({.id = intent.id}).value());
        journal->settle_later(intent);
    }
    scene.pass_time();
    REQUIRE(eventually([&] { return scene.count("intents") == 0; }));
    CHECK(scene.count("file_uploads WHERE deleted_at IS NOT NULL") == removals);
    journal->close();
}

TEST_CASE("intents that were left are settled batch by batch", "[service][settling]") {
    Scene scene;
    REQUIRE(scene.upload().ok());
    scene.run_sql(
        "INSERT INTO intents (session, file_id, operation, file_path, metadata, begun_at) "
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2500) "
        "SELECT 9223372036854775805, printf('00000000-0000-4000-8000-%012d', n), 'removal', 'p', '{}', "
        "'2027-01-15T08:00:00.000000Z' FROM numbers");
    // Long enough for a batch to be settled in.
    LateTaskPauses pauses = short_pauses;
    pauses.look_again = std::chrono::seconds(2);
    const auto journal =
        std::make_shared<Journal>(scene.directory.file("catalogue.sqlite"), scene.backend,
                                  std::make_shared<PendingCalls>(), nullptr, scene.clock, false, pauses);
    REQUIRE(journal->covered_at().ok());
    REQUIRE(eventually([&] {
        scene.pass_time();
        return scene.count("file_uploads WHERE deleted_at IS NOT NULL") == 2500;
    }));
    journal->close();
}

TEST_CASE("a removal that the server carries out after its process has died is recorded",
          "[service][settling]") {
    Scene scene;
    const FileId id = scene.upload().value();
    scene.backend->may_store_late = true;
    scene.leave_intent("removal", id, scene.clock->now());
    scene.service = scene.open();
    REQUIRE(scene.upload().ok());
    REQUIRE(eventually([&] { return scene.looks() > 0; }));
    CHECK(scene.count("intents WHERE operation = 'removal'") == 1);

    REQUIRE(scene.backend->remove({.id = id}).value());
    REQUIRE(eventually([&] {
        scene.pass_time();
        return scene.upload().ok() && scene.count("file_uploads WHERE deleted_at IS NOT NULL") == 1;
    }));
    CHECK(scene.count("intents") == 0);
}

TEST_CASE("a removal that never comes is not looked for for ever", "[service][settling]") {
    Scene scene;
    const FileId id = scene.upload().value();
    scene.backend->may_store_late = true;
    scene.leave_intent("removal", id, scene.clock->now());
    scene.service = scene.open();
    REQUIRE(eventually([&] {
        scene.pass_time();
        return scene.upload().ok() && scene.count("intents") == 0;
    }));
    CHECK(scene.backend->exists({.id = id}).value());
    CHECK(scene.count("file_uploads WHERE deleted_at IS NOT NULL") == 0);
}

TEST_CASE("nothing is undone of a file that is recorded", "[service][settling]") {
    Scene scene;
    const FileId id = scene.upload().value();
    scene.backend->may_store_late = GENERATE(false, true);
    scene.leave_intent("undo", id, scene.clock->now());
    scene.service = scene.open();
    REQUIRE(eventually([&] {
        scene.pass_time();
        return scene.upload().ok() && scene.count("intents") == 0;
    }));
    CHECK(scene.backend->exists({.id = id}).value());
}

TEST_CASE("what a process leaves is settled by one that has the catalogue open", "[service][settling]") {
    Scene scene;
    const FileId removed = scene.upload().value();
    const auto journal = std::make_shared<Journal>(scene.directory.file("catalogue.sqlite"), scene.backend,
                                                   std::make_shared<PendingCalls>(), nullptr, scene.clock,
                                                   false, short_pauses);
    REQUIRE(journal->is_stored(removed).value());
    REQUIRE(scene.backend->remove({.id = removed}).value());
    scene.leave_intent("removal", removed, scene.clock->now());
    REQUIRE(eventually([&] { return journal->is_stored(removed).ok() && scene.count("intents") == 0; }));
    CHECK(scene.count("file_uploads WHERE deleted_at IS NOT NULL") == 1);
    journal->close();
}
