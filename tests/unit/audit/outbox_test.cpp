#include "audit/outbox.h"

#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "audit/catalogue.h"
#include "audit/soft_deletions.h"
#include "support/temporary_directory.h"

using namespace filestore;
using filestore::test::TemporaryDirectory;

namespace {

constexpr std::size_t no_limit = 1'000'000;

Timestamp at(int second) {
    return Timestamp(std::chrono::seconds(1'700'000'000 + second));
}

/// Runs statements by a connection of the test's own.
void run_sql(const std::string& path, const std::string& sql) {
    sqlite3* connection = nullptr;
    REQUIRE(sqlite3_open_v2(path.c_str(), &connection, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK);
    sqlite3_busy_timeout(connection, 10'000);
    const int code = sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr);
    CAPTURE(sql, sqlite3_errmsg(connection));
    REQUIRE(code == SQLITE_OK);
    sqlite3_close(connection);
}

/// Before statements that damage rows: what is changed by a statement is noted.
const std::string without_notes = "DROP TRIGGER note_new_row; DROP TRIGGER note_changed_row;";

const std::string without_seals =
    "DROP TRIGGER remove_copies_of_new_row; DROP TRIGGER remove_copies_of_changed_row; DROP TABLE "
    "provider_copies; "
    "DROP TRIGGER unseal_changed_row; DROP TRIGGER unseal_changed_intent; "
    "ALTER TABLE file_uploads DROP COLUMN checksum; ALTER TABLE intents DROP COLUMN checksum;";

const std::string without_soft_deletion =
    without_seals + "DROP TRIGGER unmark_stored_row; DROP TABLE soft_deleted; DROP TABLE undone;";

/// A catalogue with a server, and what tests do with it and its outbox.
class Scene {
public:
    explicit Scene(bool has_server = true) { open(has_server); }

    void open(bool has_server = true) {
        catalogue.reset();
        auto opened = Catalogue::open(path(), {has_server});
        REQUIRE(opened.ok());
        catalogue = std::move(*opened);
    }

    [[nodiscard]] std::string path() const { return directory_.file("c.sqlite"); }

    void record(const FileId& id, Operation operation, int second, const std::string& name = "a.txt") {
        Intent intent;
        intent.id = id;
        intent.operation = operation;
        intent.file_path = name;
        intent.metadata = Metadata::parse(R"({"owner":"ann"})").value();
        intent.begun_at = at(second);
        intent.number = catalogue->begin(intent).value();
        REQUIRE(catalogue->complete(intent, at(second)).ok());
    }

    FileId uploaded(int second, const std::string& name = "a.txt") {
        const FileId id = FileId::generate().value();
        record(id, Operation::upload, second, name);
        return id;
    }

    void soft_delete(const FileId& id, int second) {
        const auto marked = catalogue->use_soft_deletions([&](SoftDeletions& deletions) -> Result<void> {
            CHECK(*deletions.mark({id, "a.txt", {}, 1}, {.at = at(second), .until = at(10'000)}) ==
                  Marking::marked);
            return {};
        });
        REQUIRE(marked.ok());
    }

    void undelete(const FileId& id) {
        const auto undeleted = catalogue->use_soft_deletions([&](SoftDeletions& deletions) -> Result<void> {
            CHECK(*deletions.undelete(id, at(9'999), at(0)) == Undeletion::done);
            return {};
        });
        REQUIRE(undeleted.ok());
    }

    void use(const std::function<Result<void>(Outbox&)>& work) {
        const auto used = catalogue->use_outbox(work);
        if (!used.ok()) {
            FAIL(used.error().message());
        }
    }

    std::vector<OutboxEntry> take(std::size_t most = 100, std::size_t most_bytes = no_limit) {
        std::vector<OutboxEntry> taken;
        use([&](Outbox& outbox) -> Result<void> {
            taken = outbox.take(0, most, most_bytes, at(1000)).value();
            return {};
        });
        return taken;
    }

    void deliver(const std::vector<OutboxEntry>& entries) {
        use([&](Outbox& outbox) { return outbox.delivered(entries); });
    }

    void park(const OutboxEntry& entry, const std::string& reason) {
        use([&](Outbox& outbox) { return outbox.park(entry, reason, at(2000)); });
    }

    std::uint64_t retry(const std::string& file_id = {}) {
        std::uint64_t count = 0;
        use([&](Outbox& outbox) -> Result<void> {
            count = outbox.retry(file_id, at(3000)).value();
            return {};
        });
        return count;
    }

    AuditStatus status() {
        AuditStatus status;
        use([&](Outbox& outbox) -> Result<void> {
            status = outbox.status().value();
            return {};
        });
        return status;
    }

    std::vector<ParkedFile> parked(const std::string& after = {}, std::size_t most = 100) {
        std::vector<ParkedFile> files;
        use([&](Outbox& outbox) -> Result<void> {
            files = outbox.parked(after, most).value();
            return {};
        });
        return files;
    }

private:
    TemporaryDirectory directory_;

public:
    std::unique_ptr<Catalogue> catalogue;
};

std::vector<std::string> ids_of(const std::vector<OutboxEntry>& entries) {
    std::vector<std::string> ids;
    ids.reserve(entries.size());
    for (const OutboxEntry& entry : entries) {
        ids.push_back(entry.row.id.str());
    }
    return ids;
}

}  // namespace

TEST_CASE("a catalogue without a server notes nothing", "[audit][outbox]") {
    Scene scene(false);
    scene.record(scene.uploaded(1), Operation::removal, 2);
    CHECK(scene.status() == AuditStatus{});
    CHECK(scene.take().empty());
}

TEST_CASE("what a process without a server records is noted for the catalogue's", "[audit][outbox]") {
    Scene scene;
    const FileId waiting = scene.uploaded(1);
    const FileId told = scene.uploaded(2);
    scene.deliver({scene.take().at(1)});
    scene.open(false);
    scene.record(waiting, Operation::removal, 5);
    scene.record(told, Operation::removal, 6);
    const FileId fresh = scene.uploaded(7);
    const auto taken = scene.take();
    REQUIRE(ids_of(taken) == std::vector<std::string>{waiting.str(), told.str(), fresh.str()});
    CHECK(taken[0].row.deleted_at == at(5));
    CHECK(taken[1].row.deleted_at == at(6));
    CHECK(taken[2].never_told);
    CHECK(scene.parked().empty());
}

TEST_CASE("what an older version of the library records is noted", "[audit][outbox]") {
    Scene scene;
    const FileId waiting = scene.uploaded(1);
    const FileId told = scene.uploaded(2);
    scene.deliver({scene.take().at(1)});
    const FileId fresh = FileId::generate().value();
    run_sql(scene.path(),
            "UPDATE file_uploads SET deleted_at = '2030-01-01T00:00:00.000000Z';"
            "INSERT INTO file_uploads (file_id, file_path, metadata, uploaded_at, deleted_at) VALUES ('" +
                fresh.str() + "', 'a', '{}', '2030-01-01T00:00:00.000000Z', NULL)");
    const auto taken = scene.take();
    REQUIRE(ids_of(taken) == std::vector<std::string>{waiting.str(), told.str(), fresh.str()});
    CHECK(taken[1].row.deleted_at);
    CHECK_FALSE(taken[2].never_told);
    CHECK(scene.parked().empty());
}

TEST_CASE("a catalogue of an older version has a server where something was noted for one",
          "[audit][outbox]") {
    Scene scene;
    const auto [was_noted, pending] = GENERATE(table<bool, std::uint64_t>({{true, 2}, {false, 0}}));
    scene.uploaded(1);
    run_sql(scene.path(), without_notes + without_soft_deletion +
                              "DELETE FROM marks; PRAGMA user_version = 3;" +
                              (was_noted ? "" : "DELETE FROM outbox"));
    scene.open(false);
    scene.uploaded(2);
    CHECK(scene.status().pending == pending);
}

TEST_CASE("a server that is forgotten is noted nothing for", "[audit][outbox]") {
    Scene scene;
    scene.uploaded(1);
    scene.uploaded(2);
    scene.park(scene.take().at(0), "refused");
    scene.open(false);
    CHECK(scene.catalogue->forget_server().value() == 2);
    scene.uploaded(3);
    CHECK(scene.status() == AuditStatus{});
    scene.open(true);
    scene.uploaded(4);
    CHECK(scene.status().pending == 1);
}

TEST_CASE("the outbox is read while another process writes", "[audit][outbox]") {
    Scene scene;
    scene.uploaded(1);
    sqlite3* writer = nullptr;
    REQUIRE(sqlite3_open_v2(scene.path().c_str(), &writer, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK);
    REQUIRE(sqlite3_exec(writer, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
    const auto read = scene.catalogue->read_outbox([](Outbox& outbox) -> Result<void> {
        CHECK(outbox.status()->pending == 1);
        return {};
    });
    CHECK(read.ok());
    sqlite3_close(writer);
}

TEST_CASE("what is recorded is taken in its order, with its row", "[audit][outbox]") {
    Scene scene;
    const FileId first = scene.uploaded(1, "first");
    const FileId second = scene.uploaded(2, "second");
    CHECK(scene.status() == AuditStatus{.pending = 2, .oldest = at(1)});
    const auto taken = scene.take();
    REQUIRE(ids_of(taken) == std::vector<std::string>{first.str(), second.str()});
    CHECK(taken[1].row.file_path == "second");
    CHECK(taken[1].row.metadata.text("owner") == "ann");
    CHECK(taken[1].row.uploaded_at == at(2));
    CHECK_FALSE(taken[1].row.deleted_at);
}

TEST_CASE("whether so many wait is told also where some in between do not", "[audit][outbox]") {
    Scene scene;
    const auto holds = [&](std::uint64_t entries) {
        bool answer = false;
        scene.use([&](Outbox& outbox) -> Result<void> {
            answer = outbox.holds(entries).value();
            return {};
        });
        return answer;
    };
    CHECK_FALSE(holds(1));
    for (int second = 0; second < 3; ++second) {
        scene.uploaded(second);
    }
    CHECK(holds(3));
    CHECK_FALSE(holds(4));
    scene.deliver({scene.take().at(1)});
    CHECK(holds(2));
    CHECK_FALSE(holds(3));
}

TEST_CASE("a page ends at its number of files and of bytes, but holds one", "[audit][outbox]") {
    Scene scene;
    for (int second = 0; second < 5; ++second) {
        scene.uploaded(second, std::string(1000, 'x'));
    }
    CHECK(scene.take(3).size() == 3);
    CHECK(scene.take(100, 2500).size() == 2);
    CHECK(scene.take(100, 1).size() == 1);
}

TEST_CASE("an upload and a deletion that wait are one entry", "[audit][outbox]") {
    Scene scene;
    const FileId id = scene.uploaded(1);
    scene.record(id, Operation::removal, 5);
    const auto taken = scene.take();
    REQUIRE(taken.size() == 1);
    CHECK(taken[0].never_told);
    CHECK(taken[0].row.uploaded_at == at(1));
    CHECK(taken[0].row.deleted_at == at(5));
    CHECK(scene.status().oldest == at(1));
}

TEST_CASE("a file counts as told once it was taken", "[audit][outbox]") {
    Scene scene;
    const FileId id = scene.uploaded(1);
    CHECK(scene.take().at(0).never_told);
    CHECK_FALSE(scene.take().at(0).never_told);
    scene.record(id, Operation::removal, 5);
    CHECK_FALSE(scene.take().at(0).never_told);
}

TEST_CASE("a file that was taken and is stored again counts as told", "[audit][outbox]") {
    Scene scene;
    const FileId id = scene.uploaded(1);
    CHECK(scene.take().at(0).never_told);
    scene.record(id, Operation::upload, 2, "b.txt");
    const auto taken = scene.take();
    REQUIRE(taken.size() == 1);
    CHECK_FALSE(taken[0].never_told);
    CHECK(taken[0].row.file_path == "b.txt");
}

TEST_CASE("a row that is recorded again as it is has its checksum", "[audit][outbox]") {
    Scene scene;
    const FileId id = scene.uploaded(1);
    scene.deliver(scene.take());
    scene.record(id, Operation::upload, 1);
    run_sql(scene.path(), "DROP TRIGGER unseal_changed_row; UPDATE file_uploads SET file_path = 'b.txt'");
    const auto damaged = scene.catalogue->row(id);
    REQUIRE_FALSE(damaged.ok());
    CHECK(damaged.error().code() == ErrorCode::corrupt);
}

TEST_CASE("a deletion of a file that was told before has been told", "[audit][outbox]") {
    Scene scene;
    const FileId id = scene.uploaded(1);
    scene.deliver(scene.take());
    CHECK(scene.take().empty());
    scene.record(id, Operation::removal, 5);
    const auto taken = scene.take();
    REQUIRE(taken.size() == 1);
    CHECK_FALSE(taken[0].never_told);
    CHECK(taken[0].row.uploaded_at == at(1));
}

TEST_CASE("a deletion of a file without a row has no upload time", "[audit][outbox]") {
    Scene scene;
    scene.record(FileId::generate().value(), Operation::removal, 5, "of another tool");
    const auto taken = scene.take();
    REQUIRE(taken.size() == 1);
    CHECK_FALSE(taken[0].never_told);
    CHECK_FALSE(taken[0].row.uploaded_at);
    CHECK(taken[0].row.file_path == "of another tool");
}

TEST_CASE("a deletion of a file without a row tells when the file was stored", "[audit][outbox]") {
    Scene scene;
    const auto stored_at = GENERATE(at(3), at(5), at(6));
    Intent intent;
    intent.id = FileId::generate().value();
    intent.operation = Operation::removal;
    intent.stored_at = stored_at;
    intent.number = scene.catalogue->begin(intent).value();
    REQUIRE(scene.catalogue->complete(intent, at(5)).ok());
    const auto taken = scene.take();
    REQUIRE(taken.size() == 1);
    // A time behind the deletion is of a clock that is ahead.
    CHECK(taken[0].row.uploaded_at == (stored_at > at(5) ? std::nullopt : std::optional(stored_at)));
    CHECK(taken[0].row.deleted_at == at(5));
}

TEST_CASE("that a file was never told is not taken from a changed byte", "[audit][outbox]") {
    Scene scene;
    const FileId id = scene.uploaded(1);
    SECTION("of one that was told") {
        scene.deliver(scene.take());
        scene.record(id, Operation::removal, 5);
        run_sql(scene.path(), "UPDATE outbox SET never_told = 1");
        const auto taken = scene.take();
        REQUIRE(taken.size() == 1);
        CHECK_FALSE(taken[0].never_told);
    }
    SECTION("of one that was not") {
        run_sql(scene.path(), "UPDATE outbox SET never_told = 0");
        CHECK(scene.take().empty());
        CHECK(scene.parked().size() == 1);
    }
}

TEST_CASE("what happens while an entry is told is told after it", "[audit][outbox]") {
    Scene scene;
    const FileId id = scene.uploaded(1);
    const auto taken = scene.take();
    scene.record(id, Operation::removal, 5);
    SECTION("delivered") {
        scene.deliver(taken);
    }
    SECTION("refused") {
        scene.park(taken.at(0), "no");
        CHECK(scene.parked().empty());
    }
    const auto left = scene.take();
    REQUIRE(left.size() == 1);
    CHECK(left[0].row.deleted_at == at(5));
    scene.deliver(left);
    CHECK(scene.take().empty());
}

TEST_CASE("a deletion that is not recorded again makes no entry", "[audit][outbox]") {
    Scene scene;
    const FileId id = scene.uploaded(1);
    scene.record(id, Operation::removal, 5);
    scene.deliver(scene.take());
    scene.record(id, Operation::removal, 6);
    CHECK(scene.take().empty());
}

TEST_CASE("removals in a batch are noted", "[audit][outbox]") {
    Scene scene;
    std::vector<Intent> intents(3);
    for (Intent& intent : intents) {
        intent.id = scene.uploaded(1);
        intent.operation = Operation::removal;
        intent.begun_at = at(2);
    }
    scene.deliver(scene.take());
    REQUIRE(scene.catalogue->begin_removals(intents, at(10), at(10)).ok());
    const std::vector<Intent> done(intents.begin(), intents.begin() + 2);
    REQUIRE(scene.catalogue->end_removals(done, {intents[2]}, at(3)).ok());
    CHECK(ids_of(scene.take()) == std::vector<std::string>{done[0].id.str(), done[1].id.str()});
}

TEST_CASE("counters", "[audit][outbox]") {
    Scene scene;
    scene.uploaded(1);
    scene.uploaded(2);
    scene.uploaded(3);
    scene.deliver(scene.take(1));
    scene.park(scene.take(1).at(0), "refused");
    CHECK(scene.status() == AuditStatus{.pending = 1, .delivered = 1, .parked = 1, .oldest = at(3)});
    scene.open();
    CHECK(scene.status() == AuditStatus{.pending = 1, .delivered = 1, .parked = 1, .oldest = at(3)});
}

TEST_CASE("parked files are seen by pages and tried again", "[audit][outbox]") {
    Scene scene;
    for (int second = 0; second < 5; ++second) {
        scene.uploaded(second);
    }
    for (const OutboxEntry& entry : scene.take()) {
        scene.park(entry, "refused " + entry.row.id.str());
    }
    CHECK(scene.take().empty());
    const auto files = scene.parked();
    REQUIRE(files.size() == 5);
    CHECK(files[2].reason == "refused " + files[2].file_id);
    CHECK(files[2].parked_at == at(2000));
    const auto page = scene.parked(files[1].file_id, 2);
    REQUIRE(page.size() == 2);
    CHECK(page[0].file_id == files[2].file_id);

    CHECK(scene.retry(files[0].file_id) == 1);
    CHECK(scene.retry(files[0].file_id) == 0);
    CHECK(scene.retry("nothing of ours") == 0);
    CHECK(scene.retry() == 4);
    CHECK(scene.parked().empty());
    CHECK(scene.take().size() == 5);
}

TEST_CASE("a parked file of which something is told later is parked no more", "[audit][outbox]") {
    Scene scene;
    const FileId id = scene.uploaded(1);
    scene.park(scene.take().at(0), "refused");
    scene.record(id, Operation::removal, 2);
    scene.deliver(scene.take());
    CHECK(scene.parked().empty());
}

TEST_CASE("a damaged row is parked and keeps no other from being told", "[audit][outbox]") {
    const auto damage = GENERATE(
        as<std::string>(), "UPDATE file_uploads SET file_path = 'b.txt' WHERE file_id = '%'",
        "UPDATE file_uploads SET metadata = '{}' WHERE file_id = '%'",
        "UPDATE file_uploads SET uploaded_at = NULL WHERE file_id = '%'",
        "UPDATE file_uploads SET deleted_at = uploaded_at WHERE file_id = '%'",
        "UPDATE outbox SET checksum = checksum + 1 WHERE file_id = '%'",
        "DELETE FROM file_uploads WHERE file_id = '%'",
        "UPDATE file_uploads SET file_path = file_path || metadata, metadata = '' WHERE file_id = '%'");
    CAPTURE(damage);
    Scene scene;
    const FileId id = scene.uploaded(1);
    const FileId other = scene.uploaded(2);
    std::string sql = damage;
    sql.replace(sql.find('%'), 1, id.text());
    run_sql(scene.path(), without_notes + sql);
    SECTION("before another") {
        CHECK(ids_of(scene.take()) == std::vector<std::string>{other.str()});
    }
    SECTION("in a page of its own") {
        CHECK(ids_of(scene.take(1)) == std::vector<std::string>{other.str()});
    }
    const auto parked = scene.parked();
    REQUIRE(parked.size() == 1);
    CHECK(parked[0].file_id == id.text());
    CHECK(parked[0].parked_at == at(1000));
}

TEST_CASE("a damaged row that was looked at is told as it is", "[audit][outbox]") {
    Scene scene;
    const FileId id = scene.uploaded(1);
    run_sql(scene.path(), without_notes + "UPDATE file_uploads SET file_path = 'b.txt'");
    CHECK(scene.take().empty());
    CHECK(scene.retry(id.str()) == 1);
    CHECK(scene.take().at(0).row.file_path == "b.txt");
}

TEST_CASE("what is recorded is noted even where the process is killed at once", "[audit][outbox]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("c.sqlite");
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        auto catalogue = Catalogue::open(path, {true});
        Intent intent;
        intent.id = FileId::generate().value();
        intent.number = catalogue.value()->begin(intent).value();
        static_cast<void>(catalogue.value()->complete(intent, at(1)));
        kill(getpid(), SIGKILL);
    }
    int ended = 0;
    REQUIRE(waitpid(child, &ended, 0) == child);
    const auto catalogue = Catalogue::open(path).value();
    REQUIRE(catalogue
                ->use_outbox([](Outbox& outbox) -> Result<void> {
                    CHECK(outbox.status()->pending == 1);
                    return {};
                })
                .ok());
}

TEST_CASE("an outbox that fails leaves everything as it was", "[audit][outbox]") {
    Scene scene;
    scene.uploaded(1);
    const auto used = scene.catalogue->use_outbox([](Outbox& outbox) -> Result<void> {
        const auto taken = outbox.take(0, 100, no_limit, at(1)).value();
        CHECK(outbox.delivered(taken).ok());
        return Error(ErrorCode::io, "as the test wants");
    });
    CHECK(used.error().code() == ErrorCode::io);
    CHECK(scene.take().at(0).never_told);
}

TEST_CASE("what was told is told again, as it stands", "[outbox]") {
    Scene scene;
    const FileId id = scene.uploaded(1);
    scene.deliver(scene.take());
    scene.use([&](Outbox& outbox) { return outbox.tell_again(id.text(), at(5)); });
    scene.use([&](Outbox& outbox) { return outbox.tell_again(FileId::generate().value().text(), at(5)); });
    const auto entries = scene.take();
    REQUIRE(entries.size() == 1);
    CHECK(entries[0].row.id == id);
    CHECK(entries[0].row.uploaded_at == at(1));
    CHECK_FALSE(entries[0].never_told);
}

TEST_CASE("how rows stand, and what is still to happen to them", "[outbox]") {
    Scene scene;
    std::vector<FileId> ids;
    for (int i = 0; i < 4; ++i) {
        ids.push_back(scene.uploaded(i));
    }
    std::sort(ids.begin(), ids.end());
    scene.record(ids[1], Operation::removal, 10);
    const auto entries = scene.take();
    const auto refused = std::find_if(entries.begin(), entries.end(),
                                      [&](const OutboxEntry& entry) { return entry.row.id == ids[2]; });
    scene.park(*refused, "no");
    std::vector<OutboxEntry> told;
    std::copy_if(entries.begin(), entries.end(), std::back_inserter(told),
                 [&](const OutboxEntry& entry) { return entry.row.id != ids[2]; });
    scene.deliver(told);
    scene.record(ids[3], Operation::removal, 11);
    Intent open;
    open.id = ids[0];
    open.number = scene.catalogue->begin(open).value();

    const auto all = scene.catalogue->details_after(FileId(), 100).value();
    const std::vector<RecordDetails> expected{
        {.id = ids[0], .known = true, .busy = true},
        {.id = ids[1], .known = true, .deleted = true},
        {.id = ids[2], .known = true, .parked = true},
        {.id = ids[3], .known = true, .deleted = true, .waits = true},
    };
    CHECK((all == expected));
    CHECK((scene.catalogue->details_of(ids).value() == expected));
    CHECK((scene.catalogue->details_after(ids[1], 1).value() == std::vector{expected[2]}));
    const FileId unknown = FileId::generate().value();
    CHECK((scene.catalogue->details_of({unknown}).value() == std::vector{RecordDetails{.id = unknown}}));
}

TEST_CASE("a row is restored only where it is of a deletion, or missing, and nobody is at work", "[outbox]") {
    Scene scene;
    const FileId stored = scene.uploaded(1);
    const FileId deleted = scene.uploaded(2);
    const FileId busy = FileId::generate().value();
    const FileId missing = FileId::generate().value();
    scene.record(deleted, Operation::removal, 3);
    scene.deliver(scene.take());
    Intent open;
    open.id = busy;
    open.number = scene.catalogue->begin(open).value();
    std::vector<CatalogueRow> rows;
    for (const FileId& id : {stored, deleted, busy, missing}) {
        CatalogueRow& row = rows.emplace_back();
        row.id = id;
        row.file_path = "b.txt";
        row.uploaded_at = at(100);
    }
    CHECK((scene.catalogue->restore(rows, at(200)).value() == std::vector{false, true, false, true}));
    CHECK(scene.catalogue->row(stored)->file_path == "a.txt");
    CHECK(scene.catalogue->row(deleted)->file_path == "b.txt");
    CHECK(scene.catalogue->row(deleted)->uploaded_at == at(2));
    CHECK_FALSE(scene.catalogue->row(deleted)->deleted_at);
    CHECK(scene.catalogue->row(missing)->uploaded_at == at(100));
    CHECK(scene.catalogue->row(busy).error().code() == ErrorCode::not_found);
    CHECK(scene.take().size() == 2);
}

TEST_CASE("a deletion that was told and undone is taken back", "[audit][outbox]") {
    Scene scene;
    const FileId id = scene.uploaded(1);
    scene.soft_delete(id, 5);
    scene.deliver(scene.take());
    scene.undelete(id);
    const auto taken = scene.take();
    REQUIRE(taken.size() == 1);
    CHECK_FALSE(taken[0].row.deleted_at);
    CHECK(taken[0].undone == std::vector<Timestamp>{at(5)});
    scene.deliver(taken);
    scene.soft_delete(id, 7);
    CHECK(scene.take().at(0).undone.empty());
    CHECK(scene.parked().empty());
}

TEST_CASE("what is taken back waits since then, however old the file is", "[audit][outbox]") {
    Scene scene;
    const FileId id = scene.uploaded(1);
    scene.soft_delete(id, 5);
    scene.deliver(scene.take());
    scene.undelete(id);
    CHECK(scene.status().oldest == at(9'999));
    scene.deliver(scene.take());

    scene.record(id, Operation::removal, 10'001);
    scene.deliver(scene.take());
    CatalogueRow row;
    row.id = id;
    REQUIRE(scene.catalogue->restore({row}, at(10'005)).ok());
    CHECK(scene.catalogue->row(id)->uploaded_at == at(1));
    CHECK(scene.status().oldest == at(10'005));
}

TEST_CASE("what waits longer than a deletion that is taken back is the oldest still", "[audit][outbox]") {
    Scene scene;
    const FileId id = scene.uploaded(1);
    scene.soft_delete(id, 5);
    scene.undelete(id);
    CHECK(scene.status().oldest == at(1));
    scene.deliver(scene.take());
    scene.soft_delete(id, 7);
    scene.undelete(id);
    CHECK(scene.status().oldest == at(7));
}

TEST_CASE("a deletion that nobody was told of leaves nothing to take back", "[audit][outbox]") {
    Scene scene;
    const FileId id = scene.uploaded(1);
    scene.soft_delete(id, 5);
    scene.undelete(id);
    auto taken = scene.take();
    REQUIRE(taken.size() == 1);
    CHECK(taken[0].never_told);
    CHECK(taken[0].undone.empty());
    // From here on it may have been told.
    scene.soft_delete(id, 6);
    scene.undelete(id);
    CHECK(scene.take().at(0).undone == std::vector<Timestamp>{at(6)});
}

TEST_CASE("what was undone stays noted until the newest of the file is delivered", "[audit][outbox]") {
    Scene scene;
    const FileId id = scene.uploaded(1);
    scene.deliver(scene.take());
    scene.soft_delete(id, 5);
    const auto old = scene.take();
    scene.undelete(id);
    scene.soft_delete(id, 6);
    scene.undelete(id);
    scene.deliver(old);
    const std::vector<Timestamp> both{at(5), at(6)};
    CHECK(scene.take().at(0).undone == both);
    SECTION("and is told again after a refusal") {
        scene.park(scene.take().at(0), "no");
        CHECK(scene.retry() == 1);
        CHECK(scene.take().at(0).undone == both);
    }
    SECTION("and with a deletion after it") {
        scene.soft_delete(id, 8);
        CHECK(scene.take().at(0).undone == both);
        CHECK(scene.take().at(0).row.deleted_at == at(8));
    }
    SECTION("and by a process without a server") {
        scene.open(false);
        scene.soft_delete(id, 8);
        scene.undelete(id);
        CHECK(scene.take().at(0).undone == std::vector<Timestamp>{at(5), at(6), at(8)});
    }
    CHECK(scene.parked().empty());
    scene.deliver(scene.take());
    run_sql(scene.path(), "UPDATE file_uploads SET file_path = 'b'");
    CHECK(scene.take().at(0).undone.empty());
}

TEST_CASE("what was undone is dropped with its server", "[audit][outbox]") {
    Scene scene;
    const FileId id = scene.uploaded(1);
    scene.deliver(scene.take());
    scene.soft_delete(id, 5);
    scene.undelete(id);
    scene.open(false);
    CHECK(scene.catalogue->forget_server().value() == 1);
    scene.open(true);
    scene.soft_delete(id, 6);
    CHECK(scene.take().at(0).undone.empty());
}

TEST_CASE("what was undone is told only as it was noted", "[audit][outbox]") {
    Scene scene;
    const FileId id = scene.uploaded(1);
    scene.deliver(scene.take());
    scene.soft_delete(id, 5);
    scene.undelete(id);
    run_sql(scene.path(), GENERATE(as<std::string>(), "DELETE FROM undone",
                                   "UPDATE undone SET deleted_at = '2030-01-01T00:00:00.000000Z'",
                                   "UPDATE undone SET deleted_at = 'x'"));
    CHECK(scene.take().empty());
    CHECK(scene.parked().size() == 1);
}

TEST_CASE("whoever makes a row one of a stored file takes its mark away", "[audit][outbox]") {
    Scene scene(false);
    const FileId id = scene.uploaded(1);
    scene.soft_delete(id, 5);
    run_sql(scene.path(), "UPDATE file_uploads SET deleted_at = NULL");
    const auto read = scene.catalogue->read_soft_deletions([&](SoftDeletions& deletions) -> Result<void> {
        CHECK_FALSE(*deletions.has(id));
        CHECK(*deletions.can_undelete(id, at(0)) == Undeletion::is_stored);
        return {};
    });
    CHECK(read.ok());
}

TEST_CASE("a catalogue of version 4 can mark files", "[audit][outbox]") {
    Scene scene;
    const FileId id = scene.uploaded(1);
    run_sql(scene.path(), without_soft_deletion + "PRAGMA user_version = 4");
    scene.open();
    scene.soft_delete(id, 5);
    scene.undelete(id);
    CHECK(scene.status().pending == 1);
}
