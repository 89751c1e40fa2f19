#include "local/listing.h"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

#include "support/file_changes.h"
#include "support/files.h"
#include "support/temporary_directory.h"

using filestore::Durability;
using filestore::ErrorCode;
using filestore::FileId;
using filestore::ListRequest;
using filestore::LocalLayout;
using filestore::local::list_files;
using filestore::local::Part;
using filestore::local::read_id_window;
using filestore::local::ReadAhead;
using filestore::local::Store;
using filestore::test::DirectoryReads;
using filestore::test::HesitantDirectories;
using filestore::test::TemporaryDirectory;
using filestore::test::write_file;

using namespace std::chrono_literals;

namespace {

struct Fixture {
    TemporaryDirectory directory;
    LocalLayout layout = GENERATE(LocalLayout::flat, LocalLayout::sharded);
    Store store = Store::open(directory.path().string(), Durability::none, {}, layout).value();
    mutable ReadAhead ahead;

    [[nodiscard]] std::string path_of(const std::string& id) const {
        const std::string shard = directory.file(id.substr(0, 2));
        if (layout == LocalLayout::flat) {
            return directory.file(id);
        }
        std::filesystem::create_directory(shard);
        return shard + "/" + id;
    }

    std::vector<FileId> make_files(std::size_t count) const {
        std::vector<FileId> ids;
        for (std::size_t i = 0; i < count; ++i) {
            ids.push_back(FileId::generate().value());
            write_file(path_of(ids.back().str()), std::string(i, 'x'));
        }
        std::sort(ids.begin(), ids.end());
        return ids;
    }

    std::vector<FileId> listed(std::size_t limit) const { return listed(ahead, limit); }

    std::vector<FileId> listed(ReadAhead& kept, std::size_t limit, const std::string& from = {}) const {
        std::vector<FileId> ids;
        ListRequest request{from, limit, {}};
        while (true) {
            const auto page = list_files(store, kept, request);
            REQUIRE(page.ok());
            CHECK(page->files.size() <= limit);
            for (const auto& file : page->files) {
                ids.push_back(file.id);
            }
            if (!page->next) {
                return ids;
            }
            request.cursor = *page->next;
        }
    }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "every file is listed once, in order, whatever the page", "[listing]") {
    CHECK(listed(10).empty());
    const auto ids = make_files(25);
    for (const std::size_t limit :
         {std::size_t{1}, std::size_t{4}, std::size_t{24}, std::size_t{25}, std::size_t{1000}}) {
        INFO(limit);
        CHECK(listed(limit) == ids);
    }
}

TEST_CASE_METHOD(Fixture, "a full last page has no next one", "[listing]") {
    make_files(5);
    CHECK_FALSE(list_files(store, ahead, {{}, 5, {}})->next);
    CHECK(list_files(store, ahead, {{}, 4, {}})->next);
}

TEST_CASE_METHOD(Fixture, "a walk page by page reads a directory that is at rest once", "[listing]") {
    const auto ids = make_files(25);
    ReadAhead at_rest(0s);
    const DirectoryReads reads;
    CHECK(listed(at_rest, 4) == ids);
    if (layout == LocalLayout::flat) {
        CHECK(reads.count() == 1);
    }
}

TEST_CASE_METHOD(Fixture, "a walk leaves out what goes, and a new one finds what has come", "[listing]") {
    auto ids = make_files(25);
    ReadAhead kept(GENERATE(0s, 1s));
    const auto first = list_files(store, kept, {{}, 4, {}});
    REQUIRE(first->next);
    // Beyond the resolution of the directory's times.
    std::this_thread::sleep_for(20ms);
    std::filesystem::remove(path_of(ids[10].str()));
    ids.erase(ids.begin() + 10);
    const auto added = FileId::parse("ffffffff-ffff-4fff-bfff-ffffffffffff").value();
    write_file(path_of(added.str()), "x");
    const bool with_what_came = GENERATE(true, false);
    if (with_what_came) {
        ids.push_back(added);
        CHECK(listed(kept, 4) == ids);
        return;
    }
    auto rest = listed(kept, 4, *first->next);
    rest.erase(std::remove(rest.begin(), rest.end(), added), rest.end());
    CHECK(rest == std::vector<FileId>(ids.begin() + 4, ids.end()));
}

TEST_CASE_METHOD(Fixture,
                 "a walk reads a directory that is written to once, and the next walk reads it again",
                 "[listing]") {
    const auto ids = make_files(25);
    const DirectoryReads reads;
    CHECK(listed(4) == ids);
    CHECK((layout == LocalLayout::sharded || reads.count() == 1));
    CHECK(listed(4) == ids);
    CHECK((layout == LocalLayout::sharded || reads.count() == 2));
}

TEST_CASE_METHOD(Fixture, "a name that a directory gives twice is listed once", "[listing]") {
    const auto ids = make_files(25);
    const HesitantDirectories twice;
    CHECK(listed(4) == ids);
    CHECK(listed(1000) == ids);
    CHECK(read_id_window(store, Part::data, {}, 1000)->ids == ids);
}

TEST_CASE_METHOD(Fixture, "of several walks at once one reads the directory", "[listing]") {
    const auto ids = make_files(25);
    ReadAhead at_rest(0s);
    std::atomic<int> reads = 0;
    const auto walk = [&] {
        const HesitantDirectories slow;
        const DirectoryReads counted;
        const auto page = list_files(store, at_rest, {{}, 4, {}});
        reads += counted.count();
        return page.ok() && page->files.size() == 4;
    };
    std::atomic<int> answered = 0;
    std::vector<std::thread> walkers;
    for (int each = 0; each < 4; ++each) {
        walkers.emplace_back([&] { answered += walk() ? 1 : 0; });
    }
    for (std::thread& walker : walkers) {
        walker.join();
    }
    CHECK(answered == 4);
    CHECK((layout == LocalLayout::sharded || reads == 1));
}

TEST_CASE_METHOD(Fixture, "an ID as a cursor begins a walk", "[listing]") {
    const auto ids = make_files(25);
    const auto first = list_files(store, ahead, {{}, 4, {}});
    const auto added = FileId::parse("ffffffff-ffff-4fff-bfff-ffffffffffff").value();
    write_file(path_of(added.str()), "x");
    CHECK(listed(ahead, 4, ids[20].str()).back() == added);
}

TEST_CASE_METHOD(Fixture, "what is not a stored file is left out", "[listing]") {
    const auto ids = make_files(1);
    write_file(directory.file("readme.txt"), "x");
    write_file(directory.file("6F1C1F0E-3F1B-4C43-9D1E-0A4C8A1B2C3D"), "x");
    std::filesystem::create_directory(path_of(FileId::generate().value().str()));
    std::filesystem::create_symlink(ids.front().str(), path_of(FileId::generate().value().str()));
    CHECK(listed(10) == ids);
}

TEST_CASE_METHOD(Fixture, "size and time of a file", "[listing]") {
    const FileId id = FileId::generate().value();
    write_file(path_of(id.str()), "12345");
    const auto page = list_files(store, ahead, {});
    REQUIRE(page.ok());
    REQUIRE(page->files.size() == 1);
    CHECK(page->files.front().size == 5);
    const auto age = std::chrono::system_clock::now() - page->files.front().last_modified;
    CHECK(age > std::chrono::minutes(-1));
    CHECK(age < std::chrono::minutes(10));
}

TEST_CASE_METHOD(Fixture, "a cursor goes on after its file, even when that is gone", "[listing]") {
    const auto ids = make_files(3);
    std::filesystem::remove(path_of(ids[1].str()));
    const auto page = list_files(store, ahead, {ids[1].str(), 10, {}});
    REQUIRE(page.ok());
    REQUIRE(page->files.size() == 1);
    CHECK(page->files.front().id == ids[2]);
}

TEST_CASE_METHOD(Fixture, "a cursor of something else is refused", "[listing]") {
    const std::string id = "6f1c1f0e-3f1b-4c43-9d1e-0a4c8a1b2c3d";
    for (const std::string& cursor :
         {std::string("x"), std::string("../.."), std::string("6F1C1F0E-3F1B-4C43-9D1E-0A4C8A1B2C3D"),
          id + ".", "." + id, id + "x", id + "." + id + "." + id}) {
        INFO(cursor);
        CHECK(list_files(store, ahead, {cursor, 10, {}}).error().code() == ErrorCode::invalid_argument);
    }
}
