#include "local/verify.h"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/try.h"
#include "filestore/local_backend.h"
#include "support/files.h"
#include "support/random_bytes.h"
#include "support/settable_clock.h"
#include "support/temporary_directory.h"

using namespace filestore;
using namespace filestore::test;
using filestore::local::FileLock;
using filestore::local::Store;
using filestore::local::verify_store;
using filestore::local::verify_window;

namespace fs = std::filesystem;

namespace {

/// What a test says is recorded.
class ListedRecord final : public StoreRecord {
public:
    Result<std::vector<FileId>> stored_after(const FileId& after, std::size_t most) override {
        std::vector<FileId> found;
        for (auto next = ids.upper_bound(after); next != ids.end() && found.size() < most; ++next) {
            found.push_back(*next);
        }
        return found;
    }
    Result<bool> is_stored(const FileId& id) override { return ids.contains(id) && !removed.contains(id); }

    std::set<FileId> ids;
    /// Since they were told.
    std::set<FileId> removed;
};

std::string line_of(const VerifyFinding& finding) {
    return std::string(to_string(finding.damage)) + " " + finding.id.str() +
           (finding.quarantined ? " moved" : "");
}

struct Fixture {
    TemporaryDirectory directory;
    std::string base = directory.file("store");
    LocalLayout layout = GENERATE(LocalLayout::flat, LocalLayout::sharded);
    Store store = Store::open(base, Durability::none, {}, layout).value();
    std::shared_ptr<ListedRecord> record = std::make_shared<ListedRecord>();
    VerifyRequest request;
    std::size_t window = verify_window;
    SettableClock clock{system_clock()->now()};
    std::vector<std::string> found;

    Fixture() {
        request.record = record;
        request.on_finding = [this](const VerifyFinding& finding) -> Result<void> {
            found.push_back(line_of(finding));
            return {};
        };
    }

    FileId add(const std::string& bytes) const {
        const auto backend = open_local_backend({.base_path = base, .durability = Durability::none}).value();
        UploadRequest upload;
        upload.id = FileId::generate().value();
        upload.source = source_from_string(bytes);
        const FileId id = upload.id;
        REQUIRE(backend->upload(std::move(upload)).ok());
        record->ids.insert(id);
        return id;
    }

    std::vector<FileId> add_many(std::size_t count) const {
        std::vector<FileId> ids;
        for (std::size_t i = 0; i < count; ++i) {
            ids.push_back(add("file " + std::to_string(i)));
        }
        std::sort(ids.begin(), ids.end());
        return ids;
    }

    std::string data(const FileId& id) const { return directory_of(base, id) + "/" + id.str(); }
    std::string sidecar(const FileId& id) const {
        return directory_of(base + "/metadata", id) + "/" + id.str() + ".json";
    }
    std::string log() const { return base + "/.filestore/verify"; }
    std::string quarantine() const { return base + "/.filestore/quarantine"; }

    /// Made where the layout has one for the ID.
    std::string directory_of(const std::string& above, const FileId& id) const {
        if (layout == LocalLayout::flat) {
            return above;
        }
        const std::string shard = above + "/" + id.str().substr(0, 2);
        fs::create_directory(shard);
        return shard;
    }

    void flip(const FileId& id, std::size_t at = 0) const {
        std::string bytes = read_file(data(id));
        bytes[at] = static_cast<char>(bytes[at] ^ 0x40);
        write_file(data(id), bytes);
    }

    Result<VerifyReport> verify() {
        found.clear();
        return verify_store(store, request, clock, window);
    }

    VerifyReport verified() {
        auto report = verify();
        REQUIRE((report.ok() ? std::string() : std::string(report.error().message())).empty());
        return *report;
    }
};

std::string corrupt(const FileId& id) {
    return "corrupt " + id.str();
}

}  // namespace

TEST_CASE_METHOD(Fixture, "a sound store", "[verify]") {
    CHECK(verified() == VerifyReport{});
    add("one");
    add("");
    const FileId plain = add("no checksum");
    write_file(sidecar(plain), R"({"file_id":")" + plain.str() + R"(","original_path":"a","size":11})");
    write_file(base + "/readme.txt", "of somebody else");
    const VerifyReport report = verified();
    CHECK(report == VerifyReport{.files = 3, .bytes = 14, .unchecked = 1});
    CHECK(report.sound());
    CHECK(found.empty());
    CHECK_FALSE(fs::exists(log()));
}

TEST_CASE_METHOD(Fixture, "every byte of a file that was changed is found", "[verify]") {
    add("another file");
    const FileId id = add(random_bytes(200));
    for (std::size_t at = 0; at < 200; ++at) {
        flip(id, at);
        INFO(at);
        CHECK(verified().corrupt == 1);
        CHECK(found == std::vector<std::string>{corrupt(id)});
        flip(id, at);
    }
    CHECK(verified().sound());
}

TEST_CASE_METHOD(Fixture, "what can be wrong with a file", "[verify]") {
    add("sound");
    const FileId id = add("some bytes");
    SECTION("it was cut") {
        write_file(data(id), "some");
        CHECK(verified().corrupt == 1);
    }
    SECTION("it was cut, and has no checksum") {
        write_file(sidecar(id), R"({"file_id":")" + id.str() + R"(","original_path":"a","size":10})");
        write_file(data(id), "some");
        CHECK(verified().corrupt == 1);
    }
    SECTION("its metadata is no JSON") {
        write_file(sidecar(id), "{");
        CHECK(verified().corrupt == 1);
    }
    SECTION("it is a link") {
        fs::rename(data(id), base + "/elsewhere");
        fs::create_symlink("elsewhere", data(id));
        CHECK(verified().corrupt == 1);
    }
    SECTION("its metadata is a directory") {
        fs::remove(sidecar(id));
        fs::create_directory(sidecar(id));
        CHECK(verified().corrupt == 1);
    }
    SECTION("its metadata is gone") {
        fs::remove(sidecar(id));
        CHECK(verified().missing == 1);
    }
    SECTION("its bytes are gone") {
        fs::remove(data(id));
        CHECK(verified().missing == 1);
    }
    SECTION("it is gone whole") {
        fs::remove(data(id));
        fs::remove(sidecar(id));
        CHECK(verified().missing == 1);
        request.record.reset();
        CHECK(verified() == VerifyReport{.files = 1, .bytes = 5});
    }
    SECTION("nobody knows it, and its bytes are gone") {
        record->ids.erase(id);
        fs::remove(data(id));
        CHECK(verified().orphaned == 1);
    }
    SECTION("it was removed since its record was read") {
        fs::remove(data(id));
        fs::remove(sidecar(id));
        record->removed.insert(id);
        CHECK(verified().sound());
    }
}

TEST_CASE_METHOD(Fixture, "findings come in the order of the IDs, whatever the window and the threads",
                 "[verify]") {
    const auto ids = add_many(60);
    std::vector<std::string> expected;
    for (std::size_t i = 0; i < ids.size(); i += 3) {
        if (i % 2 == 0) {
            flip(ids[i]);
        } else {
            fs::remove(data(ids[i]));
            fs::remove(sidecar(ids[i]));
        }
        expected.push_back((i % 2 == 0 ? "corrupt " : "missing ") + ids[i].str());
    }
    for (const std::size_t size :
         {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{60}, verify_window}) {
        for (const unsigned parallel : {1U, 4U, 16U}) {
            INFO(size << " " << parallel);
            window = size;
            request.parallel = parallel;
            const VerifyReport report = verified();
            CHECK(report.files == 60);
            CHECK(report.corrupt + report.missing == expected.size());
            CHECK(found == expected);
        }
    }
}

TEST_CASE_METHOD(Fixture, "a repair moves what is damaged, and loses nothing", "[verify]") {
    const FileId sound = add("sound");
    const FileId bad = add("some bytes");
    const FileId cut = add("more bytes");
    const FileId orphan = add("orphan");
    const FileId gone = add("gone");
    flip(bad);
    const std::string flipped = read_file(data(bad));
    fs::remove(sidecar(cut));
    fs::remove(data(orphan));
    record->ids.erase(orphan);
    fs::remove(data(gone));
    fs::remove(sidecar(gone));
    request.repair = true;
    CHECK(verified() == VerifyReport{.files = 5, .bytes = 5, .corrupt = 1, .missing = 2, .orphaned = 1});
    CHECK(std::set<std::string>(found.begin(), found.end()) ==
          std::set<std::string>{corrupt(bad) + " moved", "missing " + cut.str() + " moved",
                                "orphaned " + orphan.str() + " moved", "missing " + gone.str()});
    CHECK(fs::exists(data(sound)));
    CHECK(fs::exists(sidecar(sound)));
    CHECK(read_file(quarantine() + "/" + bad.str()) == flipped);
    CHECK(read_file(quarantine() + "/" + cut.str()) == "more bytes");
    CHECK(names_in(directory_of(base + "/metadata", sound)) ==
          std::vector<std::string>{sound.str() + ".json"});
    // The quarantine is a store.
    const Store moved = Store::open(quarantine(), Durability::none).value();
    CHECK(verify_store(moved, {}, clock).value() ==
          VerifyReport{.files = 3, .corrupt = 1, .orphaned = 1, .under_way = 1});

    record->ids.erase(gone);
    CHECK(verified() == VerifyReport{.files = 3, .bytes = 5, .in_quarantine = 2});
}

namespace {

/// What the original system has written of a file, one step after the other; it takes no locks.
struct OriginalUpload {
    const char* name;
    const char* bytes;
    /// Nothing where it has not opened the file yet.
    std::optional<std::string> json;
};

std::vector<OriginalUpload> original_uploads() {
    return {
        {"its file is open", "", {}},
        {"half of the bytes are written", "some ", {}},
        {"the bytes are written", "some bytes", {}},
        {"the metadata's file is open", "some bytes", ""},
        {"half of the metadata is written", "some bytes", R"({"file_id": "1234)"},
    };
}

}  // namespace

TEST_CASE_METHOD(Fixture, "what the original system is storing is neither damaged nor moved", "[verify]") {
    request.repair = GENERATE(false, true);
    const bool has_record = GENERATE(false, true);
    if (!has_record) {
        request.record.reset();
    }
    for (const OriginalUpload& upload : original_uploads()) {
        INFO(upload.name);
        const FileId id = FileId::generate().value();
        write_file(directory_of(base, id) + "/" + id.str(), upload.bytes);
        directory_of(base + "/metadata", id);
        if (upload.json) {
            write_file(sidecar(id), *upload.json);
        }
        clock.advance(std::chrono::minutes(58));
        CHECK(verified() == VerifyReport{.files = 1, .under_way = 1});
        CHECK(found.empty());
        REQUIRE(read_file(data(id)) == upload.bytes);
        CHECK(fs::exists(sidecar(id)) == upload.json.has_value());

        // It goes on, and its file is there.
        write_file(data(id), "some bytes");
        write_file(sidecar(id), R"({"file_id": ")" + id.str() + R"(", "original_path": "a", "size": 10})");
        CHECK(verified() == VerifyReport{.files = 1, .bytes = 10, .unchecked = 1});
        clock.advance(-std::chrono::minutes(58));
        fs::remove(data(id));
        fs::remove(sidecar(id));
    }
}

TEST_CASE_METHOD(Fixture, "what nobody has gone on with for an hour is damaged", "[verify]") {
    request.repair = true;
    for (const OriginalUpload& upload : original_uploads()) {
        INFO(upload.name);
        const FileId id = FileId::generate().value();
        write_file(directory_of(base, id) + "/" + id.str(), upload.bytes);
        directory_of(base + "/metadata", id);
        if (upload.json) {
            write_file(sidecar(id), *upload.json);
        }
        clock.advance(std::chrono::minutes(62));
        CHECK(verified() == (upload.json ? VerifyReport{.files = 1, .corrupt = 1}
                                         : VerifyReport{.files = 1, .missing = 1}));
        CHECK(read_file(quarantine() + "/" + id.str()) == upload.bytes);
        CHECK(verified() == VerifyReport{});
        clock.advance(-std::chrono::minutes(62));
    }
}

TEST_CASE_METHOD(Fixture, "a young file is damaged where it was stored whole", "[verify]") {
    const FileId id = add("some bytes");
    const std::string json = read_file(sidecar(id));
    SECTION("it is recorded, and its metadata is gone") {
        fs::remove(sidecar(id));
        CHECK(verified() == VerifyReport{.files = 1, .missing = 1});
    }
    SECTION("it is recorded, and its metadata is empty") {
        write_file(sidecar(id), "");
        CHECK(verified() == VerifyReport{.files = 1, .corrupt = 1});
    }
    record->ids.erase(id);
    SECTION("its metadata tells of another file") {
        write_file(sidecar(id), R"({"file_id": "another"})");
        CHECK(verified() == VerifyReport{.files = 1, .corrupt = 1});
    }
    SECTION("its metadata tells of more bytes") {
        write_file(data(id), "some");
        CHECK(verified() == VerifyReport{.files = 1, .corrupt = 1});
    }
    SECTION("its bytes are others") {
        flip(id);
        CHECK(verified() == VerifyReport{.files = 1, .corrupt = 1});
    }
}

TEST_CASE_METHOD(Fixture, "the quarantine keeps what it has", "[verify]") {
    const FileId id = add("first");
    request.repair = true;
    for (const char* content : {"one", "two", "three"}) {
        write_file(data(id), content);
        write_file(sidecar(id), content);
        CHECK(verified().corrupt == 1);
    }
    CHECK(read_file(quarantine() + "/" + id.str()) == "one");
    CHECK(read_file(quarantine() + "/" + id.str() + ".1") == "two");
    CHECK(read_file(quarantine() + "/metadata/" + id.str() + ".json.2") == "three");
    // As if a crash had come between the two moves.
    fs::rename(quarantine() + "/metadata/" + id.str() + ".json.2", sidecar(id));
    CHECK(verified().missing == 1);
    CHECK(read_file(quarantine() + "/metadata/" + id.str() + ".json.2") == "three");
}

TEST_CASE_METHOD(Fixture, "a run that was stopped is gone on with", "[verify]") {
    const auto ids = add_many(40);
    for (std::size_t i = 0; i < ids.size(); i += 4) {
        flip(ids[i]);
    }
    request.repair = GENERATE(false, true);
    window = GENERATE(std::size_t{3}, verify_window);
    const std::size_t stop_after = GENERATE(1U, 4U, 10U);
    const auto on_finding = request.on_finding;
    request.on_finding = [&](const VerifyFinding& finding) -> Result<void> {
        FILESTORE_TRY(on_finding(finding));
        return found.size() == stop_after ? Result<void>(Error(ErrorCode::io, "stop")) : Result<void>();
    };
    CHECK(verify().error().message() == "stop");
    request.on_finding = on_finding;
    request.resume = true;
    const VerifyReport report = verified();
    CHECK(report.files == 40);
    CHECK(report.corrupt == 10);
    REQUIRE(found.size() == 10);
    for (std::size_t i = 0; i < found.size(); ++i) {
        CHECK(found[i] == corrupt(ids[4 * i]) + (request.repair ? " moved" : ""));
        CHECK(fs::exists(data(ids[4 * i])) != request.repair);
    }
    CHECK_FALSE(fs::exists(log()));
}

TEST_CASE_METHOD(Fixture, "a log that ends anywhere, or is damaged, is gone on with", "[verify]") {
    const auto ids = add_many(12);
    for (std::size_t i = 0; i < ids.size(); i += 3) {
        flip(ids[i]);
    }
    request.repair = true;
    const auto on_finding = request.on_finding;
    request.on_finding = [&](const VerifyFinding& finding) -> Result<void> {
        return finding.id == ids[9] ? Result<void>(Error(ErrorCode::io, "stop")) : Result<void>();
    };
    CHECK_FALSE(verify().ok());
    const std::string whole = read_file(log());
    request.on_finding = on_finding;
    request.resume = true;
    const auto put_back = [&] {
        for (const std::size_t i : {std::size_t{0}, std::size_t{3}, std::size_t{6}, std::size_t{9}}) {
            if (fs::exists(quarantine() + "/" + ids[i].str())) {
                fs::rename(quarantine() + "/" + ids[i].str(), data(ids[i]));
                fs::rename(quarantine() + "/metadata/" + ids[i].str() + ".json", sidecar(ids[i]));
            }
        }
    };
    const auto check_resumed = [&] {
        const VerifyReport report = verified();
        CHECK(report.files == 12);
        CHECK(report.corrupt == 4);
        CHECK(found.size() == 4);
    };
    // The files that the log says were moved have been; the last of them perhaps not.
    for (std::size_t size = 0; size <= whole.size(); size += 3) {
        INFO(size);
        put_back();
        write_file(log(), whole.substr(0, size));
        check_resumed();
    }
    for (std::size_t at = 0; at < whole.size(); at += 5) {
        INFO(at);
        put_back();
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ 1);
        write_file(log(), damaged);
        check_resumed();
    }
    // The move behind the last lines was not made: it is made up for.
    put_back();
    write_file(log(), whole);
    check_resumed();
    CHECK_FALSE(fs::exists(data(ids[9])));
}

TEST_CASE_METHOD(Fixture, "runs that cannot be gone on with begin anew", "[verify]") {
    add_many(3);
    request.resume = true;
    CHECK(verified().files == 3);
    fs::create_directory(base + "/.filestore/other");
    write_file(log(), "of something else\n");
    CHECK(verified().files == 3);
}

TEST_CASE_METHOD(Fixture, "two runs at once", "[verify]") {
    const auto ids = add_many(20);
    flip(ids[0]);
    request.on_finding = [&](const VerifyFinding&) -> Result<void> {
        VerifyRequest second;
        CHECK(verify_store(store, second, clock).value().corrupt == 1);
        second.resume = true;
        CHECK(verify_store(store, second, clock).error().code() == ErrorCode::conflict);
        return {};
    };
    CHECK(verified().corrupt == 1);
}

TEST_CASE_METHOD(Fixture, "two repairs at once move each file once", "[verify]") {
    const auto ids = add_many(200);
    for (const FileId& id : ids) {
        flip(id);
    }
    VerifyRequest repair;
    repair.repair = true;
    std::atomic<std::uint64_t> corrupt{0};
    {
        std::vector<std::jthread> runs;
        for (int i = 0; i < 3; ++i) {
            runs.emplace_back([&] { corrupt += verify_store(store, repair, clock).value().corrupt; });
        }
    }
    CHECK(corrupt == ids.size());
    CHECK(names_in(quarantine()).size() == ids.size() + 1);
    CHECK(names_in(quarantine() + "/metadata").size() == ids.size());
}

TEST_CASE_METHOD(Fixture, "a file that is being stored is no damage", "[verify]") {
    const FileId id = add("some bytes");
    fs::rename(data(id), base + "/aside");
    std::jthread writer;
    {
        auto lock = FileLock::take(store, id, {});
        REQUIRE(lock.ok());
        writer = std::jthread([this, id, held = std::move(*lock)]() mutable {
            std::this_thread::sleep_for(std::chrono::milliseconds(200));
            fs::rename(base + "/aside", data(id));
            const FileLock released = std::move(held);
        });
    }
    CHECK(verified() == VerifyReport{.files = 1, .bytes = 10});
}

TEST_CASE_METHOD(Fixture, "files that come, change and go meanwhile are no damage", "[verify]") {
    add_many(50);
    request.record.reset();
    const auto backend = open_local_backend({.base_path = base, .durability = Durability::none}).value();
    std::atomic<bool> ended{false};
    std::atomic<int> failures{0};
    const auto work = [&](unsigned seed) {
        std::vector<FileId> own;
        for (unsigned number = 0; !ended; ++number) {
            UploadRequest upload;
            upload.id = number % 3 == 0 || own.empty() ? FileId::generate().value() : own.front();
            upload.source = source_from_string(random_bytes(100 + number % 7, seed + number));
            own.push_back(upload.id);
            failures += backend->upload(std::move(upload)).ok() ? 0 : 1;
            if (number % 2 == 0) {
                failures += backend->remove({own.back(), {}}).ok() ? 0 : 1;
                own.pop_back();
            }
        }
    };
    {
        std::jthread first([&] { work(1); });
        std::jthread second([&] { work(1'000'000); });
        for (int run = 0; run < 20; ++run) {
            const auto report = verify();
            CHECK((report.ok() && report->sound()));
            CHECK(found.empty());
        }
        ended = true;
    }
    CHECK(failures == 0);
}

TEST_CASE_METHOD(Fixture, "a run is cancelled, and its limits are checked", "[verify]") {
    add_many(5);
    std::stop_source stop;
    stop.request_stop();
    request.call.cancel = stop.get_token();
    CHECK(verify().error().code() == ErrorCode::cancelled);
    const auto backend = open_local_backend({.base_path = base}).value();
    CHECK(backend->verify({.parallel = 0}).error().code() == ErrorCode::invalid_argument);
    CHECK(backend->verify({.parallel = 65}).error().code() == ErrorCode::invalid_argument);
    CHECK(backend->verify({}).value().files == 5);
}
