#include "local/layout.h"

#include <fcntl.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "core/descriptor.h"
#include "filestore/local_backend.h"
#include "local/places.h"
#include "local/store.h"
#include "support/code_of.h"
#include "support/files.h"
#include "support/recorded_flushes.h"
#include "support/temporary_directory.h"

using namespace filestore;
using namespace filestore::local;
using namespace filestore::test;

namespace fs = std::filesystem;

namespace {

const FileId id = FileId::parse("6f1c1f0e-3f1b-4c43-9d1e-0a4c8a1b2c3d").value();
using Names = std::vector<std::string>;

struct Fixture {
    TemporaryDirectory directory;
    std::string base = directory.file("store");
    std::string record = base + "/.filestore/layout";

    [[nodiscard]] Result<Store> open(std::optional<LocalLayout> wanted = {},
                                     Durability durability = Durability::full) const {
        return Store::open(base, durability, {}, wanted);
    }
    [[nodiscard]] std::shared_ptr<StorageBackend> open_backend(std::optional<LocalLayout> wanted = {}) const {
        return open_local_backend({.base_path = base, .durability = Durability::none, .layout = wanted})
            .value();
    }
    void write_record(const std::string& text) const {
        fs::create_directories(base + "/.filestore");
        write_file(record, text);
    }
};

Result<UploadReceipt> upload(StorageBackend& backend, const std::string& bytes, const FileId& of = id) {
    UploadRequest request;
    request.id = of;
    request.source = source_from_string(bytes);
    return backend.upload(std::move(request));
}

}  // namespace

TEST_CASE_METHOD(Fixture, "a sharded store has a directory for the first two digits of its IDs", "[layout]") {
    const auto backend = open_backend(LocalLayout::sharded);
    CHECK(read_file(record) == "sharded\n");
    REQUIRE(upload(*backend, "bytes").ok());
    CHECK(names_in(base) == Names{".filestore", "6f", "metadata"});
    CHECK(read_file(base + "/6f/" + id.str()) == "bytes");
    CHECK(names_in(base + "/metadata") == Names{"6f"});
    CHECK(names_in(base + "/metadata/6f") == Names{id.str() + ".json"});
    CHECK(backend->metadata({id, {}})->size == 5);
    REQUIRE(upload(*backend, "more bytes").ok());
    CHECK(backend->metadata({id, {}})->size == 10);
    CHECK(backend->list({})->files.size() == 1);
    CHECK(backend->remove({id, {}}).value());
    CHECK(names_in(base + "/6f").empty());
    CHECK(names_in(base + "/metadata/6f").empty());
    CHECK_FALSE(backend->remove({id, {}}).value());
}

TEST_CASE_METHOD(Fixture, "an open store that is removed has no files, and takes none", "[layout]") {
    const auto backend = open_backend(GENERATE(LocalLayout::flat, LocalLayout::sharded));
    SECTION("whole") {
        REQUIRE(upload(*backend, "bytes").ok());
        fs::remove_all(base);
        CHECK(code_of(backend->metadata({id, {}})) == ErrorCode::not_found);
        CHECK_FALSE(backend->exists({id, {}}).value());
        CHECK_FALSE(backend->remove({id, {}}).value());
        CHECK(backend->list({})->files.empty());
    }
    SECTION("the metadata of all files") {
        fs::remove_all(base + "/metadata");
    }
    CHECK(code_of(upload(*backend, "bytes")) == ErrorCode::io);
}

TEST_CASE_METHOD(Fixture, "a store keeps the layout that it was made with", "[layout]") {
    const auto made = GENERATE(LocalLayout::flat, LocalLayout::sharded);
    const auto other = made == LocalLayout::flat ? LocalLayout::sharded : LocalLayout::flat;
    REQUIRE(open(made).ok());
    CHECK(open()->layout == Layout{made});
    CHECK(open(made)->layout == Layout{made});
    const auto refused = open(other);
    REQUIRE(code_of(refused) == ErrorCode::configuration);
    CHECK_THAT(std::string(refused.error().message()),
               Catch::Contains("filestore convert --layout " + std::string(to_string(other))));
    CHECK(fs::exists(record) == (made == LocalLayout::sharded));
}

TEST_CASE_METHOD(Fixture, "what the original wrote is flat", "[layout]") {
    fs::create_directories(base);
    SECTION("its directory of metadata") {
        fs::create_directory(base + "/metadata");
    }
    SECTION("a file without that") {
        write_file(base + "/" + id.str(), "x");
    }
    CHECK(code_of(open(LocalLayout::sharded)) == ErrorCode::configuration);
    CHECK(open(LocalLayout::flat).ok());
    CHECK_FALSE(fs::exists(record));
}

TEST_CASE_METHOD(Fixture, "a directory that is there and has no files can become any store", "[layout]") {
    fs::create_directories(base + "/lost+found");
    CHECK(open(LocalLayout::sharded)->layout == Layout{LocalLayout::sharded});
}

TEST_CASE_METHOD(Fixture, "a store whose making was interrupted behind its record is of that layout",
                 "[layout]") {
    write_record("sharded\n");
    CHECK(open()->layout == Layout{LocalLayout::sharded});
}

TEST_CASE_METHOD(Fixture, "a record that is not known is not passed over", "[layout]") {
    for (const char* text : {"", "sharded", "sharded\nflat\n", "deeper\n", "flat to flat\n"}) {
        INFO(text);
        write_record(text);
        CHECK(code_of(open()) == ErrorCode::unsupported);
    }
    fs::remove(record);
    fs::create_symlink("/etc/hostname", record);
    CHECK_FALSE(open().ok());
}

TEST_CASE_METHOD(Fixture, "the record is flushed before a file can come, whatever the durability",
                 "[layout]") {
    const auto durability = GENERATE(Durability::full, Durability::data, Durability::none);
    REQUIRE(fs::create_directory(base));
    const std::string place = fs::canonical(base).string();
    const RecordedFlushes flushes;
    REQUIRE(open(LocalLayout::sharded, durability).ok());
    Names paths = flushes.paths();
    const auto file = std::find_if(paths.begin(), paths.end(), [](const std::string& path) {
        return path == RecordedFlushes::named_later;
    });
    REQUIRE(paths.end() - file >= 3);
    CHECK(*(file + 1) == place + "/.filestore");
    CHECK(*(file + 2) == place);
    CHECK(names_in(base + "/.filestore/staging").empty());
}

TEST_CASE_METHOD(Fixture, "a new shard is flushed into the directory above it", "[layout]") {
    const auto store = open(LocalLayout::sharded);
    const std::string place = fs::canonical(base).string();
    const RecordedFlushes flushes;
    REQUIRE(home_of(*store, id, Part::data).ok());
    REQUIRE(home_of(*store, id, Part::sidecar).ok());
    REQUIRE(home_of(*store, id, Part::data).ok());
    CHECK(flushes.paths() == Names{place, place + "/metadata"});
}

TEST_CASE_METHOD(Fixture, "the layout is changed only while nobody has the store open", "[layout]") {
    REQUIRE(open().ok());
    const auto can_be_changed = [this] {
        const Descriptor other(::open(base.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        return take_layout_alone(other.get(), "here").value();
    };
    {
        const auto store = open();
        CHECK_FALSE(can_be_changed());
        // One that ends does not take the lock of the other with it.
        CHECK(open().ok());
        CHECK_FALSE(can_be_changed());
    }
    CHECK(can_be_changed());
    CHECK(open().ok());
}

TEST_CASE_METHOD(Fixture, "a shard that is a link is not followed", "[layout]") {
    const auto backend = open_backend(LocalLayout::sharded);
    const std::string outside = directory.file("outside");
    fs::create_directory(outside);
    write_file(outside + "/" + id.str(), "secret");
    fs::create_directory_symlink(outside, base + "/6f");
    CHECK_FALSE(backend->exists({id, {}}).ok());
    CHECK_FALSE(backend->metadata({id, {}}).ok());
    CHECK_FALSE(upload(*backend, "bytes").ok());
    CHECK_FALSE(backend->remove({id, {}}).ok());
    CHECK_FALSE(backend->list({}).ok());
    CHECK(names_in(outside) == Names{id.str()});
    CHECK(read_file(outside + "/" + id.str()) == "secret");
}

TEST_CASE_METHOD(Fixture, "a file of a store that is being converted is found in both places", "[layout]") {
    const auto current = GENERATE(LocalLayout::flat, LocalLayout::sharded);
    const bool is_sharded = current == LocalLayout::sharded;
    const auto backend = open_backend(is_sharded ? LocalLayout::flat : LocalLayout::sharded);
    REQUIRE(upload(*backend, "bytes").ok());
    const std::string flat = base + "/" + id.str();
    const std::string sharded = base + "/6f/" + id.str();
    write_record(is_sharded ? "flat to sharded\n" : "sharded to flat\n");
    const auto converting = open_backend();
    CHECK(converting->exists({id, {}}).value());
    CHECK(converting->metadata({id, {}})->size == 5);
    CHECK(converting->list({})->files.size() == 1);
    CHECK(converting->verify({})->sound());
    CHECK(fs::exists(is_sharded ? flat : sharded));

    SECTION("a replacement brings it home") {
        REQUIRE(upload(*converting, "more bytes").ok());
        CHECK(converting->metadata({id, {}})->size == 10);
        CHECK(read_file(is_sharded ? sharded : flat) == "more bytes");
    }
    SECTION("a removal removes it") {
        CHECK(converting->remove({id, {}}).value());
        CHECK_FALSE(converting->exists({id, {}}).value());
    }
    SECTION("in both places at once it is nobody's to choose") {
        fs::create_directories(base + "/6f");
        fs::copy_file(is_sharded ? flat : sharded, is_sharded ? sharded : flat);
        CHECK(code_of(upload(*converting, "more bytes")) == ErrorCode::conflict);
        CHECK(fs::exists(flat));
        CHECK(fs::exists(sharded));
        return;
    }
    CHECK_FALSE(fs::exists(is_sharded ? flat : sharded));
}

TEST_CASE_METHOD(Fixture, "a sharded store that lost its record is looked for everywhere", "[layout]") {
    const FileId other = FileId::parse("b3d0c8a4-58f5-4e5c-8a37-0f0e6d5c4b3a").value();
    REQUIRE(upload(*open_backend(LocalLayout::sharded), "bytes").ok());
    const bool whole = GENERATE(false, true);
    fs::remove_all(whole ? base + "/.filestore" : record);
    CHECK(open()->layout == Layout{LocalLayout::sharded, LocalLayout::flat});
    CHECK(code_of(open(LocalLayout::flat)) == ErrorCode::configuration);
    {
        const auto backend = open_backend();
        CHECK(backend->metadata({id, {}})->size == 5);
        REQUIRE(upload(*backend, "more", other).ok());
        CHECK(backend->list({})->files.size() == 2);
    }
    REQUIRE(convert_local_store({.base_path = base}, {.layout = LocalLayout::sharded}).ok());
    CHECK(read_file(record) == "sharded\n");
    CHECK(open_backend()->list({})->files.size() == 2);
}

TEST_CASE_METHOD(Fixture, "what an open store keeps beside its files may be removed", "[layout]") {
    const auto backend = open_backend();
    const std::string bytes(GENERATE(std::size_t{10}, std::size_t{1'000'000}), 'x');
    REQUIRE(upload(*backend, bytes).ok());
    fs::remove_all(base + GENERATE("/.filestore", "/.filestore/staging"));
    const auto first = upload(*backend, bytes);
    CHECK((first.ok() || code_of(first) == ErrorCode::io));
    CHECK(upload(*backend, bytes).ok());
    CHECK(backend->remove({id, {}}).value());
    CHECK(fs::exists(base + "/.filestore/staging"));
}
