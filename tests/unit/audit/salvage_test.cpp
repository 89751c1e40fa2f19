#include "audit/salvage.h"

#include <sqlite3.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "audit/catalogue.h"
#include "audit/catalogue_file.h"
#include "audit/outbox.h"
#include "audit/sent_copies.h"
#include "audit/soft_deletions.h"
#include "support/code_of.h"
#include "support/files.h"
#include "support/temporary_directory.h"

using filestore::Catalogue;
using filestore::CopyRow;
using filestore::ErrorCode;
using filestore::FileId;
using filestore::Intent;
using filestore::Marking;
using filestore::Metadata;
using filestore::Operation;
using filestore::Outbox;
using filestore::OutboxEntry;
using filestore::Result;
using filestore::SalvagedRows;
using filestore::SalvageReport;
using filestore::SentCopies;
using filestore::SoftDeletions;
using filestore::Timestamp;
using filestore::Undeletion;
using filestore::UnreadableRow;
using filestore::test::read_file;
using filestore::test::TemporaryDirectory;

namespace fs = std::filesystem;

namespace {

constexpr std::size_t page_size = 4096;

Timestamp at(int second) {
    return Timestamp(std::chrono::seconds(1'700'000'000 + second));
}

using Rows = std::map<std::string, std::string>;

/// The first two columns of a query, by a connection of the test's own.
Rows sql(const std::string& path, const std::string& text) {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK);
    Rows rows;
    const auto add = [](void* to, int count, char** values, char**) {
        const auto text_of = [&](int column) {
            return std::string(column >= count || values[column] == nullptr ? "NULL" : values[column]);
        };
        static_cast<Rows*>(to)->emplace(text_of(0), text_of(1));
        return 0;
    };
    const int code = sqlite3_exec(database, text.c_str(), add, &rows, nullptr);
    CAPTURE(text, sqlite3_errmsg(database));
    REQUIRE(code == SQLITE_OK);
    sqlite3_close(database);
    return rows;
}

/// Every row of a catalogue that counts, by table and file: what has a number of its own has that, too.
std::map<std::string, Rows> rows_of(const std::string& path) {
    return {
        {"file_uploads", sql(path,
                             "SELECT file_id, quote(file_path) || quote(metadata) || quote(uploaded_at) || "
                             "quote(deleted_at) FROM file_uploads")},
        {"intents",
         sql(path,
             "SELECT file_id, number || operation || quote(file_path) || metadata || begun_at FROM intents")},
        {"outbox", sql(path,
                       "SELECT file_id, number || ' ' || version || since || never_told || ' ' || checksum "
                       "FROM outbox")},
        {"parked", sql(path, "SELECT file_id, parked_at || reason FROM parked")},
        {"soft_deleted",
         sql(path, "SELECT file_id, until || ' ' || size || ' ' || checksum FROM soft_deleted")},
        {"provider_copies",
         sql(path,
             "SELECT file_id, number || provider_id || sent_name || "
             "ifnull(removing_since, '') || doubtful || ifnull(missed_since, '') || ' ' || checksum "
             "FROM provider_copies")},
    };
}

const SalvagedRows& part_of(const SalvageReport& report, const std::string& table) {
    return table == "file_uploads"   ? report.files
           : table == "intents"      ? report.intents
           : table == "outbox"       ? report.outbox
           : table == "parked"       ? report.parked
           : table == "soft_deleted" ? report.soft_deleted
                                     : report.provider_copies;
}

/// A catalogue with rows of every kind, closed; the directory goes with it.
class Scene {
public:
    explicit Scene(int files = 150) {
        auto opened = Catalogue::open(path(), {.has_server = true});
        REQUIRE(opened.ok());
        catalogue_ = std::move(*opened);
        for (int file = 0; file < files; ++file) {
            add(file);
        }
        park(files / 5);
        std::vector<Intent> left(static_cast<std::size_t>(files) / 3);
        for (Intent& intent : left) {
            begin(intent, 5);
        }
        // Of a process that has died: what is closed takes back what nobody needs.
        fs::copy_file(path(), directory_.file("d.sqlite"));
        fs::copy_file(path() + "-wal", directory_.file("d.sqlite-wal"));
        catalogue_.reset();
        fs::rename(directory_.file("d.sqlite"), path());
        fs::rename(directory_.file("d.sqlite-wal"), path() + "-wal");
        sql(path(), "PRAGMA wal_checkpoint(TRUNCATE)");
        REQUIRE_FALSE(fs::exists(path() + "-wal"));
        rows = rows_of(path());
        bytes_ = read_file(path());
    }

    [[nodiscard]] std::string path() const { return directory_.file("c.sqlite"); }
    [[nodiscard]] std::size_t pages() const { return bytes_.size() / page_size; }

    /// Where a table or an index begins.
    [[nodiscard]] std::size_t root_of(const std::string& name) const {
        return std::stoul(
            sql(path(), "SELECT rootpage FROM sqlite_schema WHERE name = '" + name + "'").begin()->first);
    }

    /// The pages that say where tables and indexes begin.
    [[nodiscard]] std::vector<std::size_t> leaves_of_schema() const {
        constexpr std::size_t head_of_file = 100;
        return leaves_below(1, head_of_file);
    }

    /// The pages of a table or an index that hold its entries.
    [[nodiscard]] std::vector<std::size_t> leaves_of(const std::string& name) const {
        return leaves_below(root_of(name), 0);
    }

    /// Numbers of pages begin with 1.
    void damage(std::size_t page, char with) {
        std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>((page - 1) * page_size));
        file << std::string(page_size, with);
    }

    void restore() {
        for (const auto& entry : fs::directory_iterator(fs::path(path()).parent_path())) {
            fs::remove_all(entry.path());
        }
        std::ofstream(path(), std::ios::binary) << bytes_;
    }

    SalvageReport salvage() {
        unreadable.clear();
        auto report =
            filestore::salvage_catalogue_file(path(), {[&](const UnreadableRow& row) -> Result<void> {
                                                  unreadable[row.table].insert(row.file_id);
                                                  return {};
                                              }},
                                              at(1'000'000));
        if (!report.ok()) {
            FAIL(report.error().message());
        }
        return *report;
    }

    std::map<std::string, Rows> rows;
    std::map<std::string, std::set<std::string>> unreadable;

private:
    /// `head`: where the head of that page begins in it.
    [[nodiscard]] std::vector<std::size_t> leaves_below(std::size_t root, std::size_t head) const {
        const std::string page = bytes_.substr((root - 1) * page_size, page_size);
        const char flag = page[head];
        REQUIRE((flag == 5 || flag == 2));
        std::vector<std::size_t> leaves;
        const auto number = [&](std::size_t place, int size) {
            std::size_t value = 0;
            for (int i = 0; i < size; ++i) {
                value = value << 8U | static_cast<unsigned char>(page[place + static_cast<std::size_t>(i)]);
            }
            return value;
        };
        for (std::size_t cell = 0; cell < number(head + 3, 2); ++cell) {
            leaves.push_back(number(number(head + 12 + 2 * cell, 2), 4));
        }
        leaves.push_back(number(head + 8, 4));
        return leaves;
    }

    void begin(Intent& intent, int second) {
        intent.id = FileId::generate().value();
        intent.file_path = "a.txt";
        intent.metadata = Metadata::parse(R"({"owner":"ann"})").value();
        intent.begun_at = at(second);
        intent.number = catalogue_->begin(intent).value();
    }

    void add(int file) {
        Intent intent;
        begin(intent, file);
        REQUIRE(catalogue_->complete(intent, at(file)).ok());
        send(intent.id, file);
        if (file % 2 == 0) {
            REQUIRE(catalogue_
                        ->use_soft_deletions([&](SoftDeletions& deletions) -> Result<void> {
                            CHECK(*deletions.mark({intent.id, "a.txt", {}, 1},
                                                  {.at = at(1000), .until = at(10'000)}) == Marking::marked);
                            return {};
                        })
                        .ok());
        }
    }

    void send(const FileId& id, int file) {
        CopyRow row;
        row.id = id;
        row.profile = "openai";
        row.base_url = "https://api.example/v1";
        row.sent_name = id.str();
        row.begun_at = at(file);
        REQUIRE(catalogue_
                    ->use_sent_copies([&](SentCopies& copies) -> Result<void> {
                        const auto begun = copies.begin(row);
                        REQUIRE(begun.ok());
                        REQUIRE(copies.note_doubt(begun->number()).ok());
                        REQUIRE(copies.note_missed(begun->number(), at(file)).ok());
                        REQUIRE(copies.complete(begun->number(), {"file-" + id.str(), at(file), {}}).ok());
                        return {};
                    })
                    .ok());
    }

    void park(int files) {
        REQUIRE(catalogue_
                    ->use_outbox([&](Outbox& outbox) -> Result<void> {
                        const auto taken =
                            outbox.take(0, static_cast<std::size_t>(files), 1'000'000, at(1)).value();
                        for (const OutboxEntry& entry : taken) {
                            CHECK(
                                outbox.park(entry, "the table does not take it, as a test says", at(2)).ok());
                        }
                        return {};
                    })
                    .ok());
    }

    TemporaryDirectory directory_;
    std::unique_ptr<Catalogue> catalogue_;
    std::string bytes_;
};

/// Every row is as it was, or told of, or may have been in a gap.
void check_nothing_is_silently_lost(const Scene& scene, const SalvageReport& report) {
    const auto now = rows_of(scene.path());
    for (const auto& [table, rows] : scene.rows) {
        const auto told = scene.unreadable.find(table);
        std::size_t salvaged = 0;
        for (const auto& [file_id, row] : rows) {
            const auto found = now.at(table).find(file_id);
            const bool is_as_it_was = found != now.at(table).end() && found->second == row;
            const bool is_told = told != scene.unreadable.end() && told->second.contains(file_id);
            if (!is_as_it_was && !is_told && !part_of(report, table).has_gap) {
                FAIL_CHECK(table << " has lost " << file_id);
            }
            salvaged += is_as_it_was ? 1 : 0;
        }
        CAPTURE(table);
        CHECK(part_of(report, table).salvaged == salvaged);
        CHECK(part_of(report, table).unreadable ==
              (told == scene.unreadable.end() ? 0 : told->second.size()));
    }
}

}  // namespace

TEST_CASE("whichever page of a catalogue is damaged no row is lost silently", "[audit]") {
    Scene scene;
    const char with = GENERATE('\0', '\x05', '\xA7');
    for (std::size_t page = 1; page <= scene.pages(); ++page) {
        CAPTURE(page, int{with});
        scene.damage(page, with);
        const SalvageReport report = scene.salvage();
        CHECK(report.was_damaged);
        check_nothing_is_silently_lost(scene, report);
        CHECK(Catalogue::open(scene.path()).ok());
        CHECK(fs::exists(report.set_aside + "/damaged.sqlite"));
        CHECK_FALSE(fs::exists(filestore::salvage_directory(scene.path())));
        scene.restore();
    }
}

TEST_CASE("rows between two damaged pages of the outbox are salvaged", "[audit]") {
    Scene scene(600);
    const auto leaves = scene.leaves_of("outbox");
    REQUIRE(leaves.size() >= 6);
    scene.damage(leaves[1], '\0');
    scene.damage(leaves[3], '\0');
    scene.damage(leaves.back(), '\0');
    const SalvageReport report = scene.salvage();
    check_nothing_is_silently_lost(scene, report);
    CHECK_FALSE(report.outbox.has_gap);
    CHECK(report.outbox.unreadable * leaves.size() <= 4 * scene.rows["outbox"].size());
    // What waited is parked where its note is damaged, and can be told.
    const Rows parked = rows_of(scene.path())["parked"];
    for (const std::string& file_id : scene.unreadable["outbox"]) {
        CHECK(parked.contains(file_id));
    }
}

TEST_CASE("marks between two damaged pages are salvaged and damaged ones keep the bytes", "[audit]") {
    Scene scene(1200);
    const auto leaves = scene.leaves_of("soft_deleted");
    REQUIRE(leaves.size() >= 5);
    scene.damage(leaves[1], '\0');
    scene.damage(leaves[3], '\0');
    const SalvageReport report = scene.salvage();
    check_nothing_is_silently_lost(scene, report);
    CHECK(report.soft_deleted.unreadable > 0);
    CHECK(report.soft_deleted.unreadable * leaves.size() <= 3 * scene.rows["soft_deleted"].size());
    const auto catalogue = Catalogue::open(scene.path()).value();
    const auto read = catalogue->read_soft_deletions([&](SoftDeletions& deletions) -> Result<void> {
        for (const std::string& file_id : scene.unreadable["soft_deleted"]) {
            CHECK(*deletions.can_undelete(FileId::parse(file_id).value(), at(2'000'000)) == Undeletion::done);
        }
        return {};
    });
    CHECK(read.ok());
}

TEST_CASE("where tables begin is known without the catalogue", "[audit]") {
    Scene scene;
    const auto leaves = scene.leaves_of_schema();
    REQUIRE(leaves.size() >= 2);
    for (const std::size_t page : leaves) {
        CAPTURE(page);
        scene.damage(page, '\0');
        const SalvageReport report = scene.salvage();
        CHECK(report.files.salvaged == scene.rows["file_uploads"].size());
        CHECK(report.outbox.salvaged == scene.rows["outbox"].size());
        CHECK(rows_of(scene.path()) == scene.rows);
        scene.restore();
    }
}

TEST_CASE("what was undone and is lost is a gap in the outbox", "[audit]") {
    Scene scene;
    scene.damage(scene.root_of("undone"), '\0');
    CHECK(scene.salvage().outbox.has_gap);
}

TEST_CASE("a deletion whose row is lost stays one by its mark", "[audit]") {
    Scene scene;
    scene.damage(scene.root_of("file_uploads"), '\0');
    const SalvageReport report = scene.salvage();
    CHECK(report.files.salvaged == 0);
    CHECK(report.files.unreadable == scene.rows["file_uploads"].size());
    CHECK(report.soft_deleted.salvaged == scene.rows["soft_deleted"].size());
    CHECK(
        sql(scene.path(), "SELECT count(*) FROM file_uploads WHERE deleted_at IS NOT NULL").begin()->first ==
        std::to_string(scene.rows["soft_deleted"].size()));
    CHECK(sql(scene.path(), "SELECT count(*) FROM outbox WHERE checksum >= 0").begin()->first ==
          std::to_string(scene.rows["soft_deleted"].size()));
}

TEST_CASE("rows whose values are damaged are told of", "[audit]") {
    Scene scene;
    const std::string id = scene.rows["outbox"].begin()->first;
    const std::string marked = scene.rows["soft_deleted"].begin()->first;
    sql(scene.path(), "UPDATE outbox SET since = 'yesterday' WHERE file_id = '" + id + "'");
    sql(scene.path(),
        "UPDATE soft_deleted SET until = '2001-01-01T00:00:00.000000Z' WHERE file_id = '" + marked + "'");
    const SalvageReport report = scene.salvage();
    CHECK(report.was_damaged);
    CHECK(scene.unreadable ==
          std::map<std::string, std::set<std::string>>{{"outbox", {id}}, {"soft_deleted", {marked}}});
}

TEST_CASE("a catalogue that is not damaged stays as it is", "[audit]") {
    Scene scene;
    const std::string before = read_file(scene.path());
    const SalvageReport report = scene.salvage();
    for (const auto& [table, ids] : scene.unreadable) {
        UNSCOPED_INFO(table << " " << *ids.begin() << " of " << ids.size());
    }
    CHECK(report == SalvageReport{false,
                                  {scene.rows["file_uploads"].size(), 0, false},
                                  {scene.rows["intents"].size(), 0, false},
                                  {scene.rows["outbox"].size(), 0, false},
                                  {scene.rows["parked"].size(), 0, false},
                                  {scene.rows["soft_deleted"].size(), 0, false},
                                  {scene.rows["provider_copies"].size(), 0, false},
                                  ""});
    const bool is_as_before = read_file(scene.path()) == before;
    CHECK(is_as_before);
    CHECK_FALSE(fs::exists(filestore::salvage_directory(scene.path())));
}

TEST_CASE("what stands in the log only is salvaged too", "[audit]") {
    Scene scene;
    const auto catalogue = Catalogue::open(scene.path()).value();
    Intent intent;
    intent.id = FileId::generate().value();
    intent.begun_at = at(1);
    intent.number = catalogue->begin(intent).value();
    REQUIRE(catalogue->complete(intent, at(1)).ok());
    // As a process that has died leaves it.
    TemporaryDirectory other;
    const std::string path = other.file("c.sqlite");
    fs::copy_file(scene.path(), path);
    fs::copy_file(scene.path() + "-wal", path + "-wal");
    std::fstream(path, std::ios::in | std::ios::out | std::ios::binary) << std::string(page_size, 'x');
    const auto report = filestore::salvage_catalogue_file(path, {}, at(1));
    REQUIRE(report.ok());
    CHECK(report->was_damaged);
    CHECK(rows_of(path)["outbox"].contains(intent.id.str()));
    CHECK(fs::exists(report->set_aside + "/damaged.sqlite-wal"));
}

TEST_CASE("a catalogue that is open is not salvaged", "[audit]") {
    Scene scene;
    const auto catalogue = Catalogue::open(scene.path()).value();
    CHECK(code_of(filestore::salvage_catalogue_file(scene.path(), {}, at(1))) == ErrorCode::unavailable);
    CHECK(code_of(filestore::salvage_catalogue_file(scene.path() + "x", {}, at(1))) == ErrorCode::not_found);
}

TEST_CASE("a database of something else or of a newer version is not salvaged", "[audit]") {
    Scene scene;
    SECTION("something else") {
        fs::remove(scene.path());
        std::ofstream(scene.path()).flush();
        sql(scene.path(), "CREATE TABLE notes (text)");
        CHECK(code_of(filestore::salvage_catalogue_file(scene.path(), {}, at(1))) == ErrorCode::corrupt);
    }
    SECTION("a newer version") {
        sql(scene.path(), "PRAGMA user_version = 1000");
        CHECK(code_of(filestore::salvage_catalogue_file(scene.path(), {}, at(1))) ==
              ErrorCode::configuration);
    }
    CHECK(fs::exists(scene.path()));
    CHECK_FALSE(fs::exists(filestore::salvage_directory(scene.path())));
}

TEST_CASE("a salvage that was interrupted is gone on with and nobody opens the catalogue before", "[audit]") {
    Scene scene;
    scene.damage(scene.root_of("outbox"), '\0');
    const std::string directory = filestore::salvage_directory(scene.path());
    fs::create_directory(directory);
    SECTION("before the damaged file has moved") {}
    SECTION("before its log has") {
        std::ofstream(scene.path() + "-wal") << "what is no log";
        fs::rename(scene.path(), directory + "/damaged.sqlite");
    }
    SECTION("before the new one has") {
        fs::rename(scene.path(), directory + "/damaged.sqlite");
        std::ofstream(directory + "/new.sqlite") << "half of it";
    }
    SECTION("after that") {
        fs::copy_file(scene.path(), directory + "/damaged.sqlite");
    }
    CHECK(code_of(Catalogue::open(scene.path())) == ErrorCode::unavailable);
    const SalvageReport report = scene.salvage();
    CHECK(report.was_damaged);
    check_nothing_is_silently_lost(scene, report);
    CHECK_FALSE(report.outbox.has_gap);
    CHECK(Catalogue::open(scene.path()).ok());
    CHECK(fs::exists(report.set_aside + "/damaged.sqlite"));
    CHECK_FALSE(fs::exists(directory));
}

TEST_CASE("a listener that fails ends a salvage and nothing has changed", "[audit]") {
    Scene scene;
    scene.damage(scene.root_of("outbox"), '\0');
    const std::string before = read_file(scene.path());
    const auto report = filestore::salvage_catalogue_file(
        scene.path(),
        {[](const UnreadableRow&) -> Result<void> { return filestore::Error(ErrorCode::io, "no"); }}, at(1));
    CHECK(code_of(report) == ErrorCode::io);
    const bool is_as_before = read_file(scene.path()) == before;
    CHECK(is_as_before);
    CHECK_FALSE(fs::exists(filestore::salvage_directory(scene.path())));
}
