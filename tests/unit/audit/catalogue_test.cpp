#include "audit/catalogue.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <set>
#include <thread>

#include "support/child_process.h"
#include "support/files.h"
#include "support/temporary_directory.h"

namespace fs = std::filesystem;
using filestore::Catalogue;
using filestore::ErrorCode;
using filestore::FileId;
using filestore::Intent;
using filestore::Metadata;
using filestore::Operation;
using filestore::Timestamp;
using filestore::test::ChildProcess;
using filestore::test::read_file;
using filestore::test::TemporaryDirectory;
using filestore::test::write_file;

namespace {

std::unique_ptr<Catalogue> open_or_fail(const std::string& path) {
    auto opened = Catalogue::open(path);
    if (!opened.ok()) {
        FAIL(opened.error().message());
    }
    return std::move(*opened);
}

ErrorCode code_of_open(const std::string& path) {
    const auto opened = Catalogue::open(path);
    return opened.ok() ? ErrorCode::ok : opened.error().code();
}

template <class T>
ErrorCode code_of(const filestore::Result<T>& result) {
    return result.ok() ? ErrorCode::ok : result.error().code();
}

Timestamp at_second(int second) {
    return Timestamp(std::chrono::seconds(1'700'000'000 + second)) + std::chrono::microseconds(42);
}

Intent new_intent(Operation operation = Operation::upload) {
    Intent intent;
    intent.id = FileId::generate().value();
    intent.operation = operation;
    intent.file_path =
        "reports/\xC3\xBC"
        "bersicht 1.pdf";
    intent.metadata = Metadata::parse(R"({"owner":"ann","pages":12,"tags":["a",null]})").value();
    intent.begun_at = at_second(0);
    return intent;
}

/// Begins the intent; its number is filled in.
void begin(Catalogue& catalogue, Intent& intent) {
    const auto number = catalogue.begin(intent);
    if (!number.ok()) {
        FAIL(number.error().message());
    }
    intent.number = *number;
}

void record(Catalogue& catalogue, Intent intent, Timestamp at) {
    begin(catalogue, intent);
    REQUIRE(catalogue.complete(intent, at).ok());
}

Intent same_file(const Intent& other, Operation operation, const std::string& path) {
    Intent intent = other;
    intent.operation = operation;
    intent.file_path = path;
    intent.number = 0;
    return intent;
}

std::multiset<std::string> ids_of(const std::vector<Intent>& intents) {
    std::multiset<std::string> ids;
    for (const Intent& intent : intents) {
        ids.insert(intent.id.str());
    }
    return ids;
}

/// The first column of the rows of a query, by a connection of the test's own.
std::vector<std::string> read_sql(const std::string& path, const std::string& sql) {
    sqlite3* connection = nullptr;
    REQUIRE(sqlite3_open_v2(path.c_str(), &connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr) ==
            SQLITE_OK);
    sqlite3_busy_timeout(connection, 10'000);
    std::vector<std::string> rows;
    const auto collect = [](void* into, int, char** columns, char**) {
        static_cast<std::vector<std::string>*>(into)->emplace_back(columns[0] == nullptr ? "NULL"
                                                                                         : columns[0]);
        return 0;
    };
    const int code = sqlite3_exec(connection, sql.c_str(), collect, &rows, nullptr);
    CAPTURE(sql, sqlite3_errmsg(connection));
    REQUIRE(code == SQLITE_OK);
    sqlite3_close(connection);
    return rows;
}

unsigned mode_of(const std::string& path) {
    struct stat about = {};
    REQUIRE(stat(path.c_str(), &about) == 0);
    return about.st_mode & 07777U;
}

/// A child that opens the catalogue, begins the intents and then waits to be killed.
ChildProcess::Body begin_and_wait(const std::string& path, const std::vector<Intent>& intents) {
    return [path, intents](const std::function<void(char)>& report) {
        auto catalogue = Catalogue::open(path);
        if (!catalogue.ok()) {
            return 1;
        }
        for (const Intent& intent : intents) {
            if (!(*catalogue)->begin(intent).ok()) {
                return 2;
            }
        }
        report('b');
        for (;;) {
            pause();
        }
    };
}

/// Leaves the intents behind as a process does that is killed.
void leave_stale(const std::string& path, const std::vector<Intent>& intents) {
    ChildProcess child(begin_and_wait(path, intents));
    REQUIRE(child.next_report() == 'b');
    child.kill_now();
}

}  // namespace

TEST_CASE("nothing is recorded in a catalogue that was removed or replaced while it is in use", "[audit]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("c.sqlite");
    auto catalogue = open_or_fail(path);
    Intent before = new_intent();
    begin(*catalogue, before);
    const bool is_replaced = GENERATE(true, false);
    fs::rename(path, directory.file("moved.sqlite"));
    if (is_replaced) {
        write_file(path, "");
    }
    CHECK(code_of(catalogue->complete(before, at_second(5))) == ErrorCode::io);
    const auto begun = catalogue->begin(new_intent());
    REQUIRE(code_of(begun) == ErrorCode::io);
    CHECK_THAT(std::string(begun.error().message()),
               Catch::Contains("c.sqlite") && Catch::Contains("replaced"));
    fs::rename(directory.file("moved.sqlite"), path);
    CHECK(catalogue->complete(before, at_second(5)).ok());
}

TEST_CASE("an upload is recorded when its intent completes", "[audit]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("c.sqlite");
    auto catalogue = open_or_fail(path);
    Intent intent = new_intent();
    begin(*catalogue, intent);
    CHECK(code_of(catalogue->row(intent.id)) == ErrorCode::not_found);
    REQUIRE(catalogue->complete(intent, at_second(5)).ok());

    catalogue = open_or_fail(path);
    const auto row = catalogue->row(intent.id);
    REQUIRE(row.ok());
    CHECK(row->id == intent.id);
    CHECK(row->file_path == intent.file_path);
    CHECK(row->metadata == intent.metadata);
    CHECK(row->uploaded_at == at_second(5));
    CHECK_FALSE(row->deleted_at.has_value());
    CHECK(read_sql(path, "SELECT count(*) FROM intents") == std::vector<std::string>{"0"});
}

TEST_CASE("a catalogue that was emptied is damaged", "[audit]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("c.sqlite");
    record(*open_or_fail(path), new_intent(), at_second(1));
    std::filesystem::resize_file(path, 0);
    const auto opened = Catalogue::open(path);
    CHECK(code_of(opened) == ErrorCode::corrupt);
    CHECK_THAT(std::string(opened.error().message()), Catch::Contains("empty"));
    std::filesystem::remove(path);
    CHECK(Catalogue::open(path).ok());
}

TEST_CASE("any text is kept as file path", "[audit]") {
    const TemporaryDirectory directory;
    auto catalogue = open_or_fail(directory.file("c.sqlite"));
    const auto path = GENERATE(std::string(), std::string("a\0b", 3),
                               std::string("'; DROP TABLE intents; --"), std::string(100'000, 'x'));
    Intent intent = new_intent();
    intent.file_path = path;
    record(*catalogue, intent, at_second(1));
    CHECK(catalogue->row(intent.id)->file_path == path);
}

TEST_CASE("a removal sets deleted_at once", "[audit]") {
    const TemporaryDirectory directory;
    auto catalogue = open_or_fail(directory.file("c.sqlite"));
    const Intent upload = new_intent();
    record(*catalogue, upload, at_second(1));
    record(*catalogue, same_file(upload, Operation::removal, "ignored"), at_second(2));
    record(*catalogue, same_file(upload, Operation::removal, "ignored"), at_second(3));
    const auto row = catalogue->row(upload.id);
    REQUIRE(row.ok());
    CHECK(row->file_path == upload.file_path);
    CHECK(row->uploaded_at == at_second(1));
    CHECK(row->deleted_at == at_second(2));
}

TEST_CASE("a removal of a file that was never recorded makes a row without a time of upload", "[audit]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("c.sqlite");
    auto catalogue = open_or_fail(path);
    const Intent removal = new_intent(Operation::removal);
    record(*catalogue, removal, at_second(2));
    const auto row = catalogue->row(removal.id);
    REQUIRE(row.ok());
    CHECK(row->file_path == removal.file_path);
    CHECK_FALSE(row->uploaded_at.has_value());
    CHECK(row->deleted_at == at_second(2));
    CHECK(read_sql(path, "SELECT uploaded_at FROM file_uploads") == std::vector<std::string>{"NULL"});
}

TEST_CASE("a file that is uploaded again under its ID is a new upload", "[audit]") {
    const TemporaryDirectory directory;
    auto catalogue = open_or_fail(directory.file("c.sqlite"));
    const Intent first = new_intent();
    record(*catalogue, first, at_second(1));
    record(*catalogue, same_file(first, Operation::removal, ""), at_second(2));
    Intent second = same_file(first, Operation::upload, "second.txt");
    second.metadata = Metadata();
    record(*catalogue, second, at_second(3));
    const auto row = catalogue->row(first.id);
    REQUIRE(row.ok());
    CHECK(row->file_path == "second.txt");
    CHECK(row->metadata.empty());
    CHECK(row->uploaded_at == at_second(3));
    CHECK_FALSE(row->deleted_at.has_value());
}

TEST_CASE("an abandoned intent leaves nothing", "[audit]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("c.sqlite");
    auto catalogue = open_or_fail(path);
    Intent intent = new_intent();
    begin(*catalogue, intent);
    REQUIRE(catalogue->abandon(intent.number).ok());
    CHECK(code_of(catalogue->row(intent.id)) == ErrorCode::not_found);
    Intent next = new_intent();
    begin(*catalogue, next);
    CHECK(next.number > intent.number);
    REQUIRE(catalogue->abandon(intent.number).ok());
    CHECK(read_sql(path, "SELECT file_id FROM intents") == std::vector<std::string>{next.id.str()});
}

TEST_CASE("an event that is recorded a second time changes nothing", "[audit]") {
    const TemporaryDirectory directory;
    auto catalogue = open_or_fail(directory.file("c.sqlite"));
    Intent upload = new_intent();
    begin(*catalogue, upload);

    SECTION("the row is made although the intent is gone") {
        REQUIRE(catalogue->abandon(upload.number).ok());
        REQUIRE(catalogue->complete(upload, at_second(1)).ok());
        CHECK(catalogue->row(upload.id)->uploaded_at == at_second(1));
    }
    SECTION("an upload does not undo a removal after it") {
        REQUIRE(catalogue->complete(upload, at_second(1)).ok());
        record(*catalogue, same_file(upload, Operation::removal, ""), at_second(2));
        REQUIRE(catalogue->complete(upload, at_second(1)).ok());
        CHECK(catalogue->row(upload.id)->deleted_at == at_second(2));
    }
    SECTION("a removal does not hit the upload after it") {
        REQUIRE(catalogue->complete(upload, at_second(1)).ok());
        Intent removal = same_file(upload, Operation::removal, "");
        begin(*catalogue, removal);
        REQUIRE(catalogue->complete(removal, at_second(2)).ok());
        record(*catalogue, upload, at_second(3));
        REQUIRE(catalogue->complete(removal, at_second(2)).ok());
        CHECK_FALSE(catalogue->row(upload.id)->deleted_at.has_value());
    }
}

TEST_CASE("the table has the original's columns and a checksum, in a file with write-ahead log", "[audit]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("c.sqlite");
    auto catalogue = open_or_fail(path);
    CHECK(read_sql(path, "SELECT name || ' ' || type || ' ' || pk FROM pragma_table_info('file_uploads')") ==
          std::vector<std::string>{"file_id TEXT 1", "file_path TEXT 0", "metadata TEXT 0",
                                   "uploaded_at TEXT 0", "deleted_at TEXT 0", "checksum INTEGER 0"});
    CHECK(read_sql(path, "PRAGMA journal_mode") == std::vector<std::string>{"wal"});
    CHECK(read_sql(path, "PRAGMA user_version") == std::vector<std::string>{"9"});
    record(*catalogue, new_intent(), at_second(1));
    CHECK(read_sql(path, "SELECT uploaded_at FROM file_uploads") ==
          std::vector<std::string>{"2023-11-14T22:13:21.000042Z"});
    CHECK(read_sql(path, "SELECT metadata ->> 'owner' FROM file_uploads") == std::vector<std::string>{"ann"});
}

TEST_CASE("only the owner can read what is made", "[audit]") {
    const TemporaryDirectory directory;
    const mode_t before = umask(0);
    REQUIRE(fs::create_directory(directory.file("there")));
    auto catalogue = open_or_fail(directory.file("there/new/newer/c.sqlite"));
    Intent intent = new_intent();
    begin(*catalogue, intent);
    umask(before);
    CHECK(mode_of(directory.file("there")) == 0777);
    CHECK(mode_of(directory.file("there/new")) == 0700);
    CHECK(mode_of(directory.file("there/new/newer")) == 0700);
    for (const auto& file : fs::directory_iterator(directory.file("there/new/newer"))) {
        CAPTURE(file.path());
        CHECK(mode_of(file.path().string()) == 0600);
    }
}

TEST_CASE("a relative path counts from the working directory of the opening", "[audit]") {
    const TemporaryDirectory directory;
    ChildProcess child([&](const std::function<void(char)>&) {
        if (chdir((directory.file("")).c_str()) != 0) {
            return 1;
        }
        auto catalogue = Catalogue::open("state/c.sqlite");
        if (!catalogue.ok() || chdir("/") != 0) {
            return 2;
        }
        return (*catalogue)->begin(new_intent()).ok() ? 0 : 3;
    });
    CHECK(child.wait_for_exit() == 0);
    CHECK(fs::exists(directory.file("state/c.sqlite")));
    CHECK(fs::exists(directory.file("state/c.sqlite.sessions")));
}

TEST_CASE("the intent of a killed process is found, that of a live one is not", "[audit]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("c.sqlite");
    auto catalogue = open_or_fail(path);
    Intent own = new_intent();
    begin(*catalogue, own);
    Intent upload = new_intent();
    Intent removal = new_intent(Operation::removal);
    ChildProcess doomed(begin_and_wait(path, {upload, removal}));
    ChildProcess living(begin_and_wait(path, {new_intent()}));
    REQUIRE(doomed.next_report() == 'b');
    REQUIRE(living.next_report() == 'b');
    auto stale = catalogue->stale_intents();
    REQUIRE(stale.ok());
    CHECK(stale->empty());

    doomed.kill_now();
    stale = catalogue->stale_intents();
    REQUIRE(stale.ok());
    REQUIRE(stale->size() == 2);
    CHECK(stale->at(0).id == upload.id);
    CHECK(stale->at(0).operation == Operation::upload);
    CHECK(stale->at(0).file_path == upload.file_path);
    CHECK(stale->at(0).metadata == upload.metadata);
    CHECK(stale->at(0).begun_at == upload.begun_at);
    CHECK(stale->at(1).id == removal.id);
    CHECK(stale->at(1).operation == Operation::removal);

    REQUIRE(catalogue->complete(stale->at(0), at_second(9)).ok());
    REQUIRE(catalogue->abandon(stale->at(1).number).ok());
    CHECK(catalogue->row(upload.id)->uploaded_at == at_second(9));
    CHECK(code_of(catalogue->row(removal.id)) == ErrorCode::not_found);
    CHECK(catalogue->stale_intents()->empty());
    CHECK(read_sql(path, "SELECT count(*) FROM intents") == std::vector<std::string>{"2"});
}

TEST_CASE("an intent that became an undo stays one", "[audit]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("c.sqlite");
    leave_stale(path, {new_intent(Operation::upload)});
    {
        auto catalogue = open_or_fail(path);
        const auto stale = catalogue->stale_intents();
        REQUIRE(stale->size() == 1);
        REQUIRE(catalogue->turn_into_undo(stale->at(0).number, Timestamp()).ok());
    }
    auto catalogue = open_or_fail(path);
    const auto stale = catalogue->stale_intents();
    REQUIRE(stale->size() == 1);
    CHECK(stale->at(0).operation == Operation::undo);
}

TEST_CASE("stale intents belong to the one that claimed them, as long as it lives", "[audit]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("c.sqlite");
    const Intent intent = new_intent();
    leave_stale(path, {intent});
    auto first = open_or_fail(path);
    auto second = open_or_fail(path);
    REQUIRE(first->stale_intents()->size() == 1);
    CHECK(first->stale_intents()->empty());
    CHECK(second->stale_intents()->empty());
    first.reset();
    CHECK(ids_of(*second->stale_intents()) == std::multiset<std::string>{intent.id.str()});
}

TEST_CASE("two catalogues on one file are two sessions, also in one process", "[audit]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("c.sqlite");
    auto first = open_or_fail(path);
    auto second = open_or_fail(path);
    Intent of_first = new_intent();
    Intent of_second = new_intent();
    begin(*first, of_first);
    begin(*second, of_second);
    CHECK(first->stale_intents()->empty());
    CHECK(second->stale_intents()->empty());
    REQUIRE(second->complete(of_second, at_second(1)).ok());
    CHECK(first->row(of_second.id).ok());
    first.reset();
    CHECK(ids_of(*second->stale_intents()) == std::multiset<std::string>{of_first.id.str()});
}

TEST_CASE("a forked child cannot use its parent's catalogue and does not end its session", "[audit]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("c.sqlite");
    auto catalogue = open_or_fail(path);
    Intent intent = new_intent();
    begin(*catalogue, intent);
    ChildProcess child([&](const std::function<void(char)>&) {
        const bool refused = code_of(catalogue->begin(new_intent())) == ErrorCode::forked &&
                             code_of(catalogue->complete(intent, at_second(1))) == ErrorCode::forked &&
                             code_of(catalogue->stale_intents()) == ErrorCode::forked &&
                             code_of(catalogue->row(intent.id)) == ErrorCode::forked;
        catalogue.reset();
        auto own = Catalogue::open(path);
        const bool works = own.ok() && (*own)->begin(new_intent()).ok();
        return refused && works ? 0 : 1;
    });
    CHECK(child.wait_for_exit() == 0);
    auto other = open_or_fail(path);
    const auto stale = other->stale_intents();
    REQUIRE(stale.ok());
    CHECK(stale->size() == 1);
    CHECK(ids_of(*stale).count(intent.id.str()) == 0);
    CHECK(catalogue->complete(intent, at_second(1)).ok());
}

TEST_CASE("a session that was closed has ended, although a forked child still runs", "[audit]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("c.sqlite");
    auto catalogue = open_or_fail(path);
    Intent intent = new_intent();
    begin(*catalogue, intent);
    ChildProcess child([](const std::function<void(char)>& report) {
        report('r');
        for (;;) {
            pause();
        }
        return 0;
    });
    REQUIRE(child.next_report() == 'r');
    catalogue.reset();
    CHECK(ids_of(*open_or_fail(path)->stale_intents()) == std::multiset<std::string>{intent.id.str()});
}

TEST_CASE("of several processes that recover at once, each intent goes to one", "[audit]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("c.sqlite");
    constexpr std::size_t sessions = 5;
    constexpr std::size_t intents_each = 8;
    for (std::size_t i = 0; i < sessions; ++i) {
        leave_stale(path, std::vector<Intent>(intents_each, new_intent()));
    }
    std::vector<std::unique_ptr<ChildProcess>> children;
    for (int i = 0; i < 4; ++i) {
        children.push_back(std::make_unique<ChildProcess>([&](const std::function<void(char)>& report) {
            auto catalogue = Catalogue::open(path);
            if (!catalogue.ok()) {
                return 1;
            }
            const auto stale = (*catalogue)->stale_intents();
            if (!stale.ok()) {
                return 2;
            }
            report(static_cast<char>(stale->size() + 1));
            // Lives on until all have looked: an ended claimer's intents are stale again.
            for (;;) {
                pause();
            }
        }));
    }
    std::size_t claimed = 0;
    for (const auto& child : children) {
        const char report = child->next_report();
        REQUIRE(report != '\0');
        claimed += static_cast<std::size_t>(report) - 1;
    }
    CHECK(claimed == sessions * intents_each);
}

TEST_CASE("reading takes no session, and ended sessions do not pile up", "[audit]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("c.sqlite");
    for (int i = 0; i < 20; ++i) {
        auto catalogue = open_or_fail(path);
        CHECK(catalogue->stale_intents()->empty());
        record(*catalogue, new_intent(), at_second(i));
    }
    CHECK(read_sql(path, "SELECT count(*) FROM sessions") == std::vector<std::string>{"1"});
    auto reader = open_or_fail(path);
    CHECK(reader->stale_intents()->empty());
    CHECK(read_sql(path, "SELECT seq FROM sqlite_sequence WHERE name = 'sessions'") ==
          std::vector<std::string>{"20"});
}

TEST_CASE("a session number that somebody holds is not taken", "[audit]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("c.sqlite");
    const int holder = open((path + ".sessions").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = 1;
    lock.l_len = 3;
    REQUIRE(fcntl(holder, F_OFD_SETLK, &lock) == 0);
    auto catalogue = open_or_fail(path);
    Intent intent = new_intent();
    begin(*catalogue, intent);
    CHECK(read_sql(path, "SELECT session FROM intents") == std::vector<std::string>{"4"});
    close(holder);
}

TEST_CASE("eight threads share a catalogue", "[audit]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("c.sqlite");
    auto catalogue = open_or_fail(path);
    constexpr int threads = 8;
    constexpr int files_each = 25;
    std::atomic<int> failures{0};
    std::vector<std::thread> workers;
    for (int t = 0; t < threads; ++t) {
        workers.emplace_back([&] {
            for (int i = 0; i < files_each; ++i) {
                Intent intent = new_intent();
                const auto number = catalogue->begin(intent);
                intent.number = number.ok() ? *number : 0;
                const bool good = number.ok() && catalogue->complete(intent, at_second(i)).ok() &&
                                  catalogue->row(intent.id).ok() && catalogue->stale_intents().ok();
                failures += good ? 0 : 1;
            }
        });
    }
    for (std::thread& worker : workers) {
        worker.join();
    }
    CHECK(failures == 0);
    CHECK(read_sql(path, "SELECT count(*) FROM file_uploads") ==
          std::vector<std::string>{std::to_string(threads * files_each)});
    CHECK(read_sql(path, "SELECT count(*) FROM intents") == std::vector<std::string>{"0"});
}

TEST_CASE("four processes make and share a catalogue at the same time", "[audit]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("new/c.sqlite");
    constexpr int processes = 4;
    constexpr int files_each = 25;
    std::vector<std::unique_ptr<ChildProcess>> children;
    for (int p = 0; p < processes; ++p) {
        children.push_back(std::make_unique<ChildProcess>([&](const std::function<void(char)>&) {
            auto catalogue = Catalogue::open(path);
            if (!catalogue.ok()) {
                return 1;
            }
            for (int i = 0; i < files_each; ++i) {
                Intent intent = new_intent();
                const auto number = (*catalogue)->begin(intent);
                if (!number.ok()) {
                    return 2;
                }
                intent.number = *number;
                const auto stale = (*catalogue)->stale_intents();
                if (!stale.ok() || !stale->empty() || !(*catalogue)->complete(intent, at_second(i)).ok()) {
                    return 3;
                }
            }
            return 0;
        }));
    }
    for (const auto& child : children) {
        CHECK(child->wait_for_exit() == 0);
    }
    CHECK(read_sql(path, "SELECT count(*) FROM file_uploads") ==
          std::vector<std::string>{std::to_string(processes * files_each)});
}

TEST_CASE("what is not a catalogue is refused and not changed", "[audit]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("c.sqlite");

    SECTION("another kind of file") {
        write_file(path, std::string(5000, 'x'));
        CHECK(code_of_open(path) == ErrorCode::corrupt);
        CHECK(read_file(path) == std::string(5000, 'x'));
    }
    SECTION("the database of another program") {
        read_sql(path, "CREATE TABLE file_uploads (a); PRAGMA user_version = 1");
        const std::string before = read_file(path);
        CHECK(code_of_open(path) == ErrorCode::corrupt);
        CHECK(read_file(path) == before);
    }
    SECTION("a catalogue of a newer version") {
        open_or_fail(path).reset();
        read_sql(path, "PRAGMA user_version = 10");
        const auto opened = Catalogue::open(path);
        REQUIRE_FALSE(opened.ok());
        CHECK(opened.error().code() == ErrorCode::configuration);
        CHECK_THAT(std::string(opened.error().message()),
                   Catch::Contains(path) && Catch::Contains("version 10"));
    }
}

TEST_CASE("a damaged catalogue answers corrupt", "[audit]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("c.sqlite");
    auto catalogue = open_or_fail(path);
    const Intent intent = new_intent();
    record(*catalogue, intent, at_second(1));

    SECTION("cut short") {
        for (int i = 0; i < 100; ++i) {
            record(*catalogue, new_intent(), at_second(1));
        }
        catalogue.reset();
        fs::resize_file(path, 5 * 4096 - 100);
        auto opened = Catalogue::open(path);
        CHECK((opened.ok() ? code_of((*opened)->row(intent.id)) : opened.error().code()) ==
              ErrorCode::corrupt);
    }
    SECTION("a table is gone") {
        read_sql(path, "DROP TABLE intents");
        CHECK(code_of(catalogue->begin(new_intent())) == ErrorCode::corrupt);
    }
    SECTION("the values of a row") {
        const auto* assignment =
            GENERATE("metadata = '{'", "metadata = '[]'", "uploaded_at = 'yesterday'", "deleted_at = ''");
        CAPTURE(assignment);
        read_sql(path, std::string("UPDATE file_uploads SET ") + assignment);
        const auto row = catalogue->row(intent.id);
        REQUIRE_FALSE(row.ok());
        CHECK(row.error().code() == ErrorCode::corrupt);
        CHECK_THAT(std::string(row.error().message()),
                   Catch::Contains(intent.id.str()) && Catch::Contains(path) &&
                       Catch::Contains("`filestore audit reconcile --repair`"));
    }
    SECTION("a row that was told, of which nobody else could say how it was") {
        read_sql(path, "DROP TRIGGER unseal_changed_row");
        const auto* assignment =
            GENERATE("uploaded_at = '2001-01-01T00:00:00.000000Z'", "file_path = 'b.txt'",
                     "deleted_at = '2030-01-01T00:00:00.000000Z'", "metadata = NULL");
        CAPTURE(assignment);
        read_sql(path, std::string("UPDATE file_uploads SET ") + assignment);
        CHECK(code_of(catalogue->row(intent.id)) == ErrorCode::corrupt);
    }
    SECTION("a row that somebody changed who knows of no checksums") {
        read_sql(path, "UPDATE file_uploads SET file_path = 'b.txt'");
        CHECK(catalogue->row(intent.id)->file_path == "b.txt");
    }
    SECTION("an intent whose values are those of another") {
        leave_stale(path, {new_intent()});
        read_sql(path, "DROP TRIGGER unseal_changed_intent");
        const auto* assignment =
            GENERATE("operation = 'removal'", "operation = 'undo'", "file_path = 'b.txt'", "metadata = '{}'",
                     "begun_at = '2001-01-01T00:00:00.000000Z'");
        CAPTURE(assignment);
        read_sql(path, std::string("UPDATE intents SET ") + assignment);
        CHECK(code_of(catalogue->stale_intents()) == ErrorCode::corrupt);
    }
    SECTION("the values of an intent") {
        leave_stale(path, {new_intent()});
        const auto* assignment =
            GENERATE("file_id = '../x'", "operation = 'copy'", "metadata = 'x'", "begun_at = ''");
        CAPTURE(assignment);
        read_sql(path, std::string("UPDATE intents SET ") + assignment);
        CHECK(code_of(catalogue->stale_intents()) == ErrorCode::corrupt);
    }
}

TEST_CASE("a row without metadata and path is read", "[audit]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("c.sqlite");
    auto catalogue = open_or_fail(path);
    const FileId id = FileId::generate().value();
    read_sql(path, "INSERT INTO file_uploads (file_id, uploaded_at) VALUES ('" + id.str() +
                       "', '2024-01-01T00:00:00Z')");
    const auto row = catalogue->row(id);
    REQUIRE(row.ok());
    CHECK(row->file_path.empty());
    CHECK(row->metadata.empty());
}

TEST_CASE("paths that cannot hold a catalogue", "[audit]") {
    const TemporaryDirectory directory;
    write_file(directory.file("file"), "x");
    fs::create_symlink("nowhere", directory.file("dangling"));
    CHECK(code_of_open("") == ErrorCode::invalid_argument);
    CHECK(code_of_open(std::string("a\0b", 3)) == ErrorCode::invalid_argument);
    CHECK(code_of_open(directory.file("")) == ErrorCode::invalid_argument);
    CHECK(code_of_open(directory.file("file/c.sqlite")) == ErrorCode::invalid_argument);
    CHECK(code_of_open(directory.file("dangling/c.sqlite")) != ErrorCode::ok);
    CHECK(code_of_open(directory.file(std::string(300, 'n') + "/c.sqlite")) == ErrorCode::invalid_argument);
}

TEST_CASE("a directory that may not be written answers permission_denied", "[audit]") {
    const TemporaryDirectory directory;
    const std::string locked = directory.file("locked");
    fs::permissions(directory.file(""), fs::perms(0755));
    fs::create_directory(locked);
    const bool existing = GENERATE(false, true);
    if (existing) {
        open_or_fail(locked + "/c.sqlite").reset();
        fs::permissions(locked + "/c.sqlite", fs::perms(0444));
    }
    fs::permissions(locked, fs::perms(0555));
    ChildProcess child([&](const std::function<void(char)>&) {
        constexpr uid_t nobody = 65534;
        if (geteuid() == 0 && setuid(nobody) != 0) {
            return 255;
        }
        return static_cast<int>(code_of_open(locked + "/c.sqlite"));
    });
    CHECK(child.wait_for_exit() == static_cast<int>(ErrorCode::permission_denied));
    fs::permissions(locked, fs::perms(0755));
}

TEST_CASE("a full disk fails the call, and later calls work again", "[audit]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("c.sqlite");
    ChildProcess child([&](const std::function<void(char)>&) {
        auto catalogue = Catalogue::open(path);
        if (!catalogue.ok() || std::signal(SIGXFSZ, SIG_IGN) == SIG_ERR) {
            return 1;
        }
        rlimit limit = {};
        getrlimit(RLIMIT_FSIZE, &limit);
        const rlimit small{64 * 1024, limit.rlim_max};
        setrlimit(RLIMIT_FSIZE, &small);
        Intent large = new_intent();
        large.file_path = std::string(200'000, 'x');
        if (code_of((*catalogue)->begin(large)) != ErrorCode::no_space) {
            return 2;
        }
        setrlimit(RLIMIT_FSIZE, &limit);
        const auto number = (*catalogue)->begin(large);
        large.number = number.ok() ? *number : 0;
        if (!number.ok() || !(*catalogue)->complete(large, at_second(1)).ok()) {
            return 3;
        }
        return (*catalogue)->row(large.id).ok() ? 0 : 4;
    });
    CHECK(child.wait_for_exit() == 0);
    CHECK(read_sql(path, "SELECT count(*) FROM file_uploads") == std::vector<std::string>{"1"});
    CHECK(read_sql(path, "SELECT count(*) FROM intents") == std::vector<std::string>{"0"});
}

TEST_CASE("a disk too full for a new catalogue answers no_space", "[audit]") {
    const TemporaryDirectory directory;
    ChildProcess child([&](const std::function<void(char)>&) {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit small{2048, 2048};
        setrlimit(RLIMIT_FSIZE, &small);
        return static_cast<int>(code_of_open(directory.file("c.sqlite")));
    });
    CHECK(child.wait_for_exit() == static_cast<int>(ErrorCode::no_space));
}
