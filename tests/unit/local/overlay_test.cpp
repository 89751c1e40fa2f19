/// A store on overlayfs, whose files may be in a lower layer, where no replacement reaches them.

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <functional>
#include <iostream>
#include <string_view>
#include <thread>

#include "filestore/local_backend.h"
#include "support/temporary_directory.h"

using namespace filestore;
using namespace filestore::test;

namespace {

namespace fs = std::filesystem;

/// Comes once before this thread looks whether a replacement is under way; empty where it need not.
thread_local std::function<void()> before_next_look;

/// A directory in two layers. A resource.
class Overlay {
public:
    Overlay() {
        for (const char* name : {"lower", "upper", "work", "merged"}) {
            fs::create_directory(directory_.file(name));
        }
    }
    ~Overlay() {
        if (is_mounted_) {
            ::umount2(merged().c_str(), MNT_DETACH);
        }
    }
    Overlay(const Overlay&) = delete;
    Overlay& operator=(const Overlay&) = delete;

    [[nodiscard]] bool mount() {
        const std::string options = "lowerdir=" + lower() + ",upperdir=" + directory_.file("upper") +
                                    ",workdir=" + directory_.file("work");
        is_mounted_ = ::mount("overlay", merged().c_str(), "overlay", 0, options.c_str()) == 0;
        return is_mounted_;
    }
    [[nodiscard]] std::string lower() const { return directory_.file("lower"); }
    [[nodiscard]] std::string merged() const { return directory_.file("merged"); }

private:
    TemporaryDirectory directory_;
    bool is_mounted_ = false;
};

std::shared_ptr<StorageBackend> open_store(const std::string& path, LocalLayout layout) {
    LocalOptions options;
    options.base_path = path;
    options.layout = layout;
    options.durability = Durability::none;
    return open_local_backend(options).value();
}

void store(StorageBackend& backend, const FileId& id, const std::string& text) {
    UploadRequest request;
    request.id = id;
    request.source = source_from_string(text);
    request.original_path = text;
    REQUIRE(backend.upload(std::move(request)).ok());
}

}  // namespace

/// Stands before the C library's own in this program.
extern "C" int fstatat(int directory, const char* name, struct ::stat* status, int flags) noexcept {
    if (before_next_look && std::string_view(name).ends_with(".json")) {
        std::exchange(before_next_look, nullptr)();
    }
    return static_cast<int>(::syscall(SYS_newfstatat, directory, name, status, flags));
}

TEST_CASE("a file that is replaced while it is opened is read with the metadata of its own upload",
          "[overlay]") {
    const auto layout = GENERATE(LocalLayout::flat, LocalLayout::sharded);
    const bool on_overlay = GENERATE(false, true);
    CAPTURE(on_overlay);
    const FileId id = FileId::generate().value();
    Overlay overlay;
    store(*open_store(overlay.lower(), layout), id, "old");
    if (on_overlay && !overlay.mount()) {
        std::cerr << "SKIPPED: overlayfs cannot be mounted: " << std::strerror(errno) << '\n';
        CHECK(std::getenv("CI") == nullptr);
        return;
    }
    const auto backend = open_store(on_overlay ? overlay.merged() : overlay.lower(), layout);
    before_next_look = [&] { std::thread([&] { store(*backend, id, "new"); }).join(); };
    const auto sink = std::make_shared<BufferSink>();
    std::string told;
    DownloadRequest request{id, sink, {}, {}, {}};
    request.on_info = [&](const FileInfo& info) {
        told = info.original_path;
        return Result<void>();
    };
    CHECK(backend->download(std::move(request)).ok());
    CHECK_FALSE(before_next_look);
    CHECK(told == "new");
    CHECK(std::string(reinterpret_cast<const char*>(sink->bytes().data()), sink->bytes().size()) == told);
}
