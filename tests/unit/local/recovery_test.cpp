#include "local/recovery.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <optional>

#include "core/staged_file.h"
#include "local/commit.h"
#include "support/code_of.h"
#include "support/file_changes.h"
#include "support/files.h"
#include "support/temporary_directory.h"

using namespace filestore;
using namespace filestore::local;
using filestore::test::names_in;
using filestore::test::TemporaryDirectory;
using filestore::test::WithoutUnnamedFiles;
using filestore::test::write_file;

namespace {

struct Fixture {
    TemporaryDirectory directory;
    Store store = Store::open(directory.path().string(), Durability::full).value();
    int staging = store.staging().value();

    [[nodiscard]] std::string staged(const std::string& name) const {
        return directory.file(".filestore/staging/" + name);
    }
    [[nodiscard]] std::vector<std::string> all_staged() const {
        return names_in(directory.file(".filestore/staging"));
    }
    [[nodiscard]] Result<Store> reopened() const {
        return Store::open(directory.path().string(), Durability::full);
    }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "what a dead process was writing goes, what a live one writes stays",
                 "[recovery]") {
    const WithoutUnnamedFiles without;
    const pid_t child = ::fork();
    if (child == 0) {
        const auto dead = stage(store);
        ::_exit(dead.ok() ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(status == 0);
    auto alive = stage(store);
    REQUIRE(alive.ok());
    REQUIRE(all_staged().size() == 2);
    CHECK(reopened().ok());
    REQUIRE(all_staged().size() == 1);
    CHECK(alive->publish_new_in(store.base.get(), "published").ok());
    CHECK(names_in(directory.path()) == std::vector<std::string>{".filestore", "metadata", "published"});
}

TEST_CASE_METHOD(Fixture, "an operation whose file is locked is somebody's, and is left alone",
                 "[recovery]") {
    const FileId id = FileId::generate().value();
    write_file(staged(id.str() + ".data"), "x");
    {
        const auto lock = FileLock::take(store, id, {});
        CHECK(reopened().ok());
        CHECK(all_staged().size() == 1);
    }
    CHECK(reopened().ok());
    CHECK(all_staged().empty());
}

TEST_CASE_METHOD(Fixture, "every operation that was left is settled", "[recovery]") {
    std::vector<FileId> ids;
    for (int i = 0; i < 20; ++i) {
        ids.push_back(FileId::generate().value());
        write_file(directory.file(ids.back().str()), "old");
        write_file(directory.file("metadata/" + ids.back().str() + ".json"), "old");
        write_file(staged(ids.back().str() + ".data"), "new");
        write_file(staged(ids.back().str() + ".json"), "new");
    }
    CHECK(reopened().ok());
    CHECK(all_staged().empty());
    for (const FileId& id : ids) {
        CHECK(filestore::test::read_file(directory.file(id.str())) == "new");
        CHECK(filestore::test::read_file(directory.file("metadata/" + id.str() + ".json")) == "new");
    }
}

TEST_CASE_METHOD(Fixture, "what is not ours stays, and keeps nobody from opening", "[recovery]") {
    std::filesystem::create_directory(staged("directory"));
    std::filesystem::create_directory(staged(".filestore-directory"));
    std::filesystem::create_directory(staged(FileId::generate().value().str() + ".data"));
    write_file(staged("notes.data"), "x");
    write_file(staged("x.json"), "x");
    REQUIRE(::mkfifo(staged(".filestore-fifo").c_str(), 0600) == 0);
    write_file(directory.file("outside"), "x");
    std::filesystem::create_symlink("../../outside", staged(".filestore-link"));
    CHECK(reopened().ok());
    CHECK(all_staged().size() == 6);
    CHECK(std::filesystem::exists(directory.file("outside")));
}

TEST_CASE("a directory of ours that is a link or a file is refused", "[recovery]") {
    const std::string victim = GENERATE("metadata", ".filestore", ".filestore/staging");
    const bool is_link = GENERATE(true, false);
    INFO(victim << is_link);
    const TemporaryDirectory directory;
    const TemporaryDirectory outside;
    std::filesystem::create_directory(outside.file("staging"));
    std::filesystem::create_directories(directory.file(victim));
    std::filesystem::remove(directory.file(victim));
    if (is_link) {
        std::filesystem::create_directory_symlink(outside.path(), directory.file(victim));
    } else {
        write_file(directory.file(victim), "x");
    }
    const auto store = Store::open(directory.path().string(), Durability::full);
    CHECK(code_of(store) == ErrorCode::invalid_argument);
    CHECK(names_in(outside.path()) == std::vector<std::string>{"staging"});
    CHECK(names_in(outside.file("staging")).empty());
}
