#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <optional>

#include "filestore/local_backend.h"
#include "local/layout.h"
#include "local/store.h"
#include "support/code_of.h"
#include "support/file_changes.h"
#include "support/files.h"
#include "support/recorded_flushes.h"
#include "support/temporary_directory.h"

using namespace filestore;
using namespace filestore::local;
using namespace filestore::test;

namespace fs = std::filesystem;

namespace {

constexpr LocalLayout flat = LocalLayout::flat;
constexpr LocalLayout sharded = LocalLayout::sharded;
using Names = std::vector<std::string>;

/// A store of files, each in the layout that the section begins with.
struct Fixture {
    LocalLayout old = GENERATE(flat, sharded);
    LocalLayout wanted = old == flat ? sharded : flat;
    TemporaryDirectory directory;
    LocalOptions options = [this] {
        LocalOptions local;
        local.base_path = directory.file("store");
        local.durability = Durability::none;
        return local;
    }();
    std::string record = options.base_path + "/.filestore/layout";
    std::map<FileId, std::string> files;

    explicit Fixture(std::size_t count = 5) {
        LocalOptions first = options;
        first.layout = old;
        const auto backend = open_local_backend(first).value();
        for (std::size_t i = 0; i < count; ++i) {
            add(*backend);
        }
        // What a crash can leave: metadata of no file.
        REQUIRE(fs::remove(path_of(files.begin()->first, old)));
        files.erase(files.begin());
    }

    void add(StorageBackend& backend) {
        UploadRequest request;
        request.id = FileId::generate().value();
        const std::string bytes = "bytes of " + request.id.str();
        request.source = source_from_string(bytes);
        files.emplace(request.id, bytes);
        REQUIRE(backend.upload(std::move(request)).ok());
    }

    [[nodiscard]] std::string path_of(const FileId& id, LocalLayout layout) const {
        const std::string shard = layout == sharded ? id.str().substr(0, 2) + "/" : "";
        return options.base_path + "/" + shard + id.str();
    }

    [[nodiscard]] Result<ConvertReport> convert(LocalLayout layout, ConvertRequest request = {}) const {
        request.layout = layout;
        return convert_local_store(options, request);
    }

    /// Every file is there, whole, with its metadata.
    void check_files(StorageBackend& backend) const {
        std::map<FileId, std::string> found;
        const auto page = backend.list({});
        REQUIRE(page.ok());
        for (const ListEntry& entry : page->files) {
            const auto sink = std::make_shared<BufferSink>();
            DownloadRequest request;
            request.id = entry.id;
            request.sink = sink;
            CHECK(backend.download(std::move(request)).ok());
            found.emplace(entry.id, sink->take());
            CHECK(backend.metadata({entry.id, {}}).ok());
        }
        CHECK(found == files);
    }

    void check_converted(LocalLayout layout) const {
        const auto backend = open_local_backend(options).value();
        check_files(*backend);
        const auto report = backend->verify({});
        REQUIRE(report.ok());
        CHECK(report->files == files.size() + 1);
        CHECK((report->corrupt + report->missing + report->unreadable) == 0);
        CHECK(read_file(record) == std::string(to_string(layout)) + "\n");
        for (const auto& [id, bytes] : files) {
            CHECK(fs::exists(path_of(id, layout)));
        }
        CHECK(names_in(options.base_path + "/.filestore/staging").empty());
    }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a conversion moves every file with its metadata, and nothing else", "[convert]") {
    fs::create_directory(options.base_path + "/7z");
    write_file(options.base_path + "/readme.txt", "of somebody else");
    const auto report = convert(wanted);
    REQUIRE(report.ok());
    CHECK(report->files == files.size() + 1);
    check_converted(wanted);
    CHECK(read_file(options.base_path + "/readme.txt") == "of somebody else");
    if (wanted == flat) {
        Names left{".filestore", "7z", "metadata", "readme.txt"};
        for (const auto& [id, bytes] : files) {
            left.push_back(id.str());
        }
        std::sort(left.begin(), left.end());
        CHECK(names_in(options.base_path) == left);
        CHECK(names_in(options.base_path + "/metadata").size() == files.size() + 1);
    }
    CHECK(convert(wanted)->files == 0);
    check_converted(wanted);
}

TEST_CASE_METHOD(Fixture, "a store that somebody has open is not converted", "[convert]") {
    auto backend = open_local_backend(options).value();
    CHECK(code_of(convert(wanted)) == ErrorCode::conflict);
    check_files(*backend);
    add(*backend);
    backend.reset();
    CHECK(convert(wanted).ok());
    check_converted(wanted);
}

TEST_CASE_METHOD(Fixture, "a store is used as ever while it is converted, and afterwards", "[convert]") {
    std::shared_ptr<StorageBackend> backend;
    ConvertRequest request;
    request.progress = [&](const ConvertProgress& progress) {
        if (backend) {
            return;
        }
        CHECK(progress.files_done == 1);
        CHECK(progress.files_total == files.size());
        backend = open_local_backend(options).value();
        check_files(*backend);
        add(*backend);
        const FileId removed = std::prev(files.end())->first;
        CHECK(backend->remove({removed, {}}).value());
        files.erase(removed);
        check_files(*backend);
        CHECK(code_of(convert(old)) == ErrorCode::conflict);
    };
    REQUIRE(convert(wanted, request).ok());
    REQUIRE(backend);
    check_files(*backend);
    add(*backend);
    backend.reset();
    check_converted(wanted);
}

TEST_CASE_METHOD(Fixture, "a conversion that was ended is gone on with, or turned back", "[convert]") {
    ConvertRequest request;
    std::stop_source stop;
    request.call.cancel = stop.get_token();
    request.progress = [&stop](const ConvertProgress&) { stop.request_stop(); };
    CHECK(code_of(convert(wanted, request)) == ErrorCode::cancelled);
    const std::string state = std::string(to_string(old)) + " to " + std::string(to_string(wanted)) + "\n";
    CHECK(read_file(record) == state);
    {
        const auto backend = open_local_backend(options).value();
        check_files(*backend);
        // In both places.
        CHECK(backend->verify({})->files == files.size() + 1);
    }
    const bool turns_back = GENERATE(false, true);
    const LocalLayout then = turns_back ? old : wanted;
    REQUIRE(convert(then).ok());
    check_converted(then);
}

TEST_CASE_METHOD(Fixture, "a process that dies before any change leaves every file, and another run ends it",
                 "[convert]") {
    bool survived = false;
    int points = 0;
    for (int nth = 1; !survived; ++nth) {
        INFO("dead at change " << nth);
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            const FileChanges changes = FileChanges::dying_at(nth);
            ::_exit(convert(wanted).ok() ? 0 : 1);
        }
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        REQUIRE((WIFEXITED(status) &&
                 (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == FileChanges::exit_code)));
        survived = WEXITSTATUS(status) == 0;
        points += survived ? 0 : 1;
        check_files(*open_local_backend(options).value());
        REQUIRE(convert(wanted).ok());
        check_converted(wanted);
        REQUIRE(convert(old).ok());
    }
    CHECK(points >= 20);
}

TEST_CASE_METHOD(Fixture, "what a killed process left unfinished is settled, wherever the file is",
                 "[convert]") {
    const FileId removed = files.begin()->first;
    // As a removal leaves it behind its second step.
    const std::string staged = options.base_path + "/.filestore/staging/" + removed.str() + ".data";
    fs::rename(path_of(removed, old), staged);
    files.erase(removed);
    REQUIRE(convert(wanted).ok());
    check_converted(wanted);
}

TEST_CASE_METHOD(Fixture, "the beginning is flushed before a file is moved, and every file before the end",
                 "[convert]") {
    const std::string base = fs::canonical(options.base_path).string();
    const Names recorded{base + "/.filestore", base};
    std::size_t at_first_move = 0;
    ConvertRequest request;
    const RecordedFlushes flushes;
    request.progress = [&](const ConvertProgress& progress) {
        if (progress.files_done == 1 && at_first_move == 0) {
            at_first_move = flushes.paths().size();
        }
    };
    REQUIRE(convert(wanted, request).ok());
    const Names& paths = flushes.paths();
    REQUIRE(at_first_move >= 3);
    CHECK(std::search(paths.begin(), paths.begin() + static_cast<std::ptrdiff_t>(at_first_move),
                      recorded.begin(),
                      recorded.end()) != paths.begin() + static_cast<std::ptrdiff_t>(at_first_move));
    const Names last(paths.end() - 2, paths.end());
    CHECK(last == recorded);
    for (const auto& [id, bytes] : files) {
        const std::string shard = "/" + id.str().substr(0, 2);
        for (const std::string& place : {base, base + "/metadata"}) {
            const auto flushed = [&](const std::string& path) {
                return std::find(paths.begin() + static_cast<std::ptrdiff_t>(at_first_move), paths.end() - 2,
                                 path) != paths.end() - 2;
            };
            CHECK(flushed(place));
            CHECK(flushed(place + shard));
        }
    }
}

TEST_CASE_METHOD(Fixture, "a file that is there in both layouts is left to its owner", "[convert]") {
    const FileId id = files.begin()->first;
    fs::create_directories(fs::path(path_of(id, wanted)).parent_path());
    write_file(path_of(id, wanted), "of somebody else");
    const auto converted = convert(wanted);
    REQUIRE(code_of(converted) == ErrorCode::conflict);
    CHECK_THAT(std::string(converted.error().message()), Catch::Contains(id.str()));
    CHECK(read_file(path_of(id, old)) == files[id]);
    fs::remove(path_of(id, wanted));
    CHECK(convert(wanted).ok());
    check_converted(wanted);
}

TEST_CASE("where there is no store, nothing is converted and nothing made", "[convert]") {
    const TemporaryDirectory directory;
    LocalOptions options;
    for (const std::string& path : {directory.path().string(), directory.file("absent"), std::string()}) {
        options.base_path = path;
        CHECK(code_of(convert_local_store(options, {})) == ErrorCode::configuration);
    }
    CHECK(names_in(directory.path()).empty());
}
