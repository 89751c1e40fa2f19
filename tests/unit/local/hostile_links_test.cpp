#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "filestore/local_backend.h"
#include "support/code_of.h"
#include "support/files.h"
#include "support/temporary_directory.h"

using namespace filestore;
using namespace filestore::test;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

/// A store, and a place outside of it that nothing may be written to.
struct Fixture {
    Fixture() { write_file(outside.file("victim"), "secret"); }

    [[nodiscard]] std::shared_ptr<StorageBackend> open() const {
        LocalOptions options;
        options.base_path = directory.path().string();
        options.durability = Durability::none;
        return open_local_backend(options).value();
    }

    void check_outside() const {
        CHECK(names_in(outside.path()) == std::vector<std::string>{"victim"});
        CHECK(read_file(outside.file("victim")) == "secret");
    }

    TemporaryDirectory directory;
    TemporaryDirectory outside;
};

/// What may stand where a file should.
struct Trap {
    std::string name;
    std::function<void(const std::string& path, const std::string& victim)> set;
};

std::vector<Trap> traps() {
    return {
        {"a link", [](const auto& path, const auto& victim) { fs::create_symlink(victim, path); }},
        {"a link to nothing",
         [](const auto& path, const auto& victim) { fs::create_symlink(victim + "-absent", path); }},
        {"a link to a directory",
         [](const auto& path, const auto& victim) {
             fs::create_symlink(fs::path(victim).parent_path(), path);
         }},
        {"a link to itself",
         [](const auto& path, const auto&) { fs::create_symlink(fs::path(path).filename(), path); }},
        {"a FIFO", [](const auto& path, const auto&) { REQUIRE(::mkfifo(path.c_str(), 0600) == 0); }},
        {"a directory", [](const auto& path, const auto&) { fs::create_directory(path); }},
        {"a device",
         [](const auto& path, const auto&) {
             // Only root can make one: elsewhere a FIFO has to do.
             if (::mknod(path.c_str(), S_IFCHR | 0600, makedev(1, 5)) != 0) {
                 REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
             }
         }},
    };
}

CallOptions soon() {
    CallOptions options;
    options.deadline = deadline_in(10s);
    return options;
}

UploadRequest upload_of(const FileId& id) {
    UploadRequest request;
    request.id = id;
    request.source = source_from_string("bytes");
    request.call = soon();
    return request;
}

ErrorCode download(StorageBackend& backend, const FileId& id) {
    DownloadRequest request;
    request.id = id;
    request.sink = std::make_shared<BufferSink>();
    request.call = soon();
    return code_of(backend.download(std::move(request)));
}

/// Swaps a directory for a link, and back, until it goes: then the directory is in its place. A resource.
class Swapper {
public:
    Swapper(const std::string& place, const std::string& link)
        : thread_([this, place, link](const std::stop_token& stop) {
              while (!stop.stop_requested()) {
                  for (int i = 0; i < 2; ++i) {
                      swaps_ +=
                          ::renameat2(AT_FDCWD, place.c_str(), AT_FDCWD, link.c_str(), RENAME_EXCHANGE) == 0;
                  }
                  // Lets some of the calls pass that look at it several times.
                  if (swaps_ % 64 == 0) {
                      std::this_thread::sleep_for(std::chrono::microseconds(200));
                  }
              }
          }) {}

    [[nodiscard]] int swaps() const noexcept { return swaps_; }

private:
    std::atomic<int> swaps_{0};
    std::jthread thread_;
};

/// Wherever they are below a directory.
std::set<std::string> all_names_below(const fs::path& directory) {
    std::set<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(directory)) {
        names.insert(entry.path().filename().string());
    }
    return names;
}

}  // namespace

TEST_CASE_METHOD(Fixture, "what stands for a file's bytes and is none is damage, and is not touched",
                 "[hostile]") {
    for (const Trap& trap : traps()) {
        INFO(trap.name);
        const auto backend = open();
        const FileId id = FileId::generate().value();
        const std::string path = directory.file(id.str());
        trap.set(path, outside.file("victim"));
        CHECK(download(*backend, id) == ErrorCode::corrupt);
        CHECK(code_of(backend->metadata({id, soon()})) == ErrorCode::corrupt);
        CHECK(code_of(backend->exists({id, soon()})) == ErrorCode::corrupt);
        CHECK(code_of(backend->upload(upload_of(id))) == ErrorCode::corrupt);
        CHECK(code_of(backend->remove({id, soon()})) == ErrorCode::corrupt);
        CHECK(backend->list({}).value().files.empty());
        CHECK(fs::symlink_status(path).type() != fs::file_type::not_found);
        check_outside();
    }
}

TEST_CASE_METHOD(Fixture, "what stands for a sidecar and is none is damage, and is not followed",
                 "[hostile]") {
    for (const Trap& trap : traps()) {
        INFO(trap.name);
        const auto backend = open();
        const FileId id = FileId::generate().value();
        REQUIRE(backend->upload(upload_of(id)).ok());
        const std::string path = directory.file("metadata/" + id.str() + ".json");
        fs::remove(path);
        trap.set(path, outside.file("victim"));
        CHECK(download(*backend, id) == ErrorCode::corrupt);
        CHECK(code_of(backend->metadata({id, soon()})) == ErrorCode::corrupt);
        // A name can be taken away from anything but a directory.
        const ErrorCode expected = trap.name == "a directory" ? ErrorCode::corrupt : ErrorCode::ok;
        CHECK(code_of(backend->upload(upload_of(id))) == expected);
        CHECK(download(*backend, id) == expected);
        CHECK(backend->remove({id, soon()}).value());
        CHECK_FALSE(backend->exists({id, soon()}).value());
        CHECK(names_in(directory.file(".filestore/staging")).empty());
        check_outside();
    }
}

TEST_CASE_METHOD(Fixture, "what stands for a sidecar of a new file is not followed", "[hostile]") {
    for (const Trap& trap : traps()) {
        INFO(trap.name);
        const auto backend = open();
        const FileId id = FileId::generate().value();
        trap.set(directory.file("metadata/" + id.str() + ".json"), outside.file("victim"));
        const bool uploaded = backend->upload(upload_of(id)).ok();
        CHECK(uploaded == (trap.name != "a directory"));
        CHECK(backend->exists({id, soon()}).value() == uploaded);
        CHECK(names_in(directory.file(".filestore/staging")).empty());
        check_outside();
    }
}

TEST_CASE_METHOD(Fixture, "what stands for a record is not followed", "[hostile]") {
    const std::string suffix = GENERATE(".data", ".json");
    for (const Trap& trap : traps()) {
        INFO(trap.name << suffix);
        const FileId id = FileId::generate().value();
        REQUIRE(open()->upload(upload_of(id)).ok());
        trap.set(directory.file(".filestore/staging/" + id.str() + suffix), outside.file("victim"));
        const auto backend = open();
        CHECK(code_of(backend->upload(upload_of(id))) == ErrorCode::corrupt);
        CHECK(code_of(backend->remove({id, soon()})) == ErrorCode::corrupt);
        CHECK(backend->exists({id, soon()}).value());
        check_outside();
    }
}

TEST_CASE_METHOD(Fixture, "what stands for the lock's file is not followed", "[hostile]") {
    for (const Trap& trap : traps()) {
        if (trap.name == "a FIFO" || trap.name == "a device") {
            // These can be locked as well as a file.
            continue;
        }
        INFO(trap.name);
        const auto backend = open();
        const FileId id = FileId::generate().value();
        REQUIRE(backend->upload(upload_of(id)).ok());
        fs::remove(directory.file(".filestore/lock"));
        trap.set(directory.file(".filestore/lock"), outside.file("victim"));
        CHECK(code_of(backend->upload(upload_of(id))) == ErrorCode::invalid_argument);
        fs::remove(directory.file(".filestore/lock"));
        check_outside();
    }
}

TEST_CASE_METHOD(Fixture, "a directory that somebody swaps for a link leads nobody outside", "[hostile]") {
    const bool is_long = std::getenv("FILESTORE_TEST_LONG") != nullptr;
    const std::string victim = GENERATE("metadata", ".filestore", ".filestore/staging");
    INFO(victim);
    fs::create_directories(outside.file("trap/staging"));
    REQUIRE(open()->upload(upload_of(FileId::generate().value())).ok());
    const std::string place = directory.file(victim);
    const std::string link = directory.file("link");
    fs::create_directory_symlink(outside.file("trap"), link);
    const auto long_opened = open();
    int succeeded = 0;
    {
        const Swapper swapper(place, link);
        for (int i = 0; i < (is_long ? 20'000 : 1'000); ++i) {
            const FileId id = FileId::generate().value();
            LocalOptions options;
            options.base_path = directory.path().string();
            options.durability = Durability::none;
            const auto newly_opened = i % 2 == 0 ? Result(long_opened) : open_local_backend(options);
            if (!newly_opened.ok() || !(*newly_opened)->upload(upload_of(id)).ok()) {
                continue;
            }
            succeeded += 1;
            static_cast<void>(download(**newly_opened, id));
            static_cast<void>((*newly_opened)->remove({id, soon()}));
        }
        CHECK(swapper.swaps() > 100);
    }
    CHECK(succeeded > 0);
    CHECK(names_in(outside.path()) == std::vector<std::string>{"trap", "victim"});
    CHECK(names_in(outside.file("trap")) == std::vector<std::string>{"staging"});
    CHECK(names_in(outside.file("trap/staging")).empty());
}

TEST_CASE_METHOD(Fixture,
                 "a repair or a conversion is led outside by no directory that is swapped for a link",
                 "[hostile]") {
    const bool is_long = std::getenv("FILESTORE_TEST_LONG") != nullptr;
    const std::string victim = GENERATE("metadata", ".filestore", ".filestore/quarantine");
    INFO(victim);
    // Whatever it may be taken for.
    fs::create_directories(outside.file("trap/staging"));
    fs::create_directories(outside.file("trap/metadata"));
    fs::create_directories(outside.file("trap/quarantine/metadata"));
    write_file(outside.file("trap/verify"), "secret");
    write_file(outside.file("trap/lock"), "");
    const auto untouched = all_names_below(outside.path());
    REQUIRE(open()->upload(upload_of(FileId::generate().value())).ok());
    fs::create_directories(directory.file(".filestore/quarantine"));
    fs::create_directory_symlink(outside.file("trap"), directory.file("link"));
    LocalOptions options;
    options.base_path = directory.path().string();
    options.durability = Durability::none;
    std::vector<FileId> stored;
    int repaired = 0;
    int converted = 0;
    {
        const Swapper swapper(directory.file(victim), directory.file("link"));
        for (int i = 0; i < (is_long ? 10'000 : 500); ++i) {
            const auto layout = i % 2 == 0 ? LocalLayout::sharded : LocalLayout::flat;
            converted += convert_local_store(options, {.layout = layout}).ok() ? 1 : 0;
            const auto backend = open_local_backend(options);
            const FileId id = FileId::generate().value();
            if (!backend.ok() || !(*backend)->upload(upload_of(id)).ok()) {
                continue;
            }
            stored.push_back(id);
            for (const std::string& path : {id.str(), id.str().substr(0, 2) + "/" + id.str()}) {
                if (fs::exists(directory.file(path))) {
                    write_file(directory.file(path), "other");
                }
            }
            VerifyRequest repair;
            repair.repair = true;
            const auto report = (*backend)->verify(std::move(repair));
            repaired += report.ok() && report->corrupt > 0 ? 1 : 0;
        }
        CHECK(swapper.swaps() > 100);
    }
    CHECK(repaired > 0);
    CHECK(converted > 0);
    CHECK(all_names_below(outside.path()) == untouched);
    CHECK(read_file(outside.file("trap/verify")) == "secret");
    CHECK(read_file(outside.file("victim")) == "secret");
    const auto names = all_names_below(directory.path());
    CHECK(std::all_of(stored.begin(), stored.end(),
                      [&](const FileId& id) { return names.contains(id.str()); }));
}
