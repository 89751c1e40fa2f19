#include "local/layout.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <span>
#include <string_view>
#include <thread>

#include "core/staged_file.h"
#include "core/text.h"
#include "core/try.h"
#include "local/paths.h"
#include "local/places.h"
#include "local/store.h"

namespace filestore::local {

namespace {

constexpr const char* record_path = ".filestore/layout";
constexpr const char* record_name = "layout";
constexpr std::chrono::milliseconds pause_between_attempts{5};
constexpr int attempts_to_share = 1000;

constexpr std::array<Layout, 4> every_layout{{
    {LocalLayout::flat, {}},
    {LocalLayout::sharded, {}},
    {LocalLayout::sharded, LocalLayout::flat},
    {LocalLayout::flat, LocalLayout::sharded},
}};

std::string line_of(const Layout& layout) {
    const std::string current(to_string(layout.current));
    return (layout.before ? std::string(to_string(*layout.before)) + " to " + current : current) + "\n";
}

bool lock(int base, int operation) noexcept {
    int outcome = 0;
    do {
        outcome = ::flock(base, operation);
    } while (outcome != 0 && errno == EINTR);
    return outcome == 0;
}

}  // namespace

std::string_view to_string(LocalLayout layout) noexcept {
    return layout == LocalLayout::sharded ? "sharded" : "flat";
}

Result<std::optional<Layout>> read_layout(int base, const std::string& place) {
    const Descriptor file = open_beneath(base, record_path, O_RDONLY | O_NONBLOCK);
    if (!file.is_open() && errno == ENOENT) {
        return has_shards(base) ? std::optional(Layout{LocalLayout::sharded, LocalLayout::flat})
                                : std::nullopt;
    }
    std::array<char, 64> text{};
    ssize_t size = -1;
    do {
        size = file.is_open() ? ::read(file.get(), text.data(), text.size()) : -1;
    } while (size < 0 && file.is_open() && errno == EINTR);
    if (size < 0) {
        return open_file_error(errno, "cannot read '" + std::string(record_path) + "' " + place);
    }
    const std::string_view line(text.data(), static_cast<std::size_t>(size));
    for (const Layout& layout : every_layout) {
        if (line == line_of(layout)) {
            return std::optional(layout);
        }
    }
    return Error(ErrorCode::unsupported,
                 "'" + std::string(record_path) + "' " + place + " records the layout " +
                     filestore::quoted(line) +
                     ", which this version does not know: use the one that made "
                     "the store; a damaged record may be removed, files are looked for "
                     "everywhere then");
}

Result<void> write_layout(const Store& store, const Layout& layout) {
    const std::string what = "cannot record the layout " + store.place();
    FILESTORE_TRY_ASSIGN(const int staging, store.staging());
    const Descriptor own = open_beneath(store.base.get(), ".filestore", O_RDONLY | O_DIRECTORY);
    if (!own.is_open()) {
        return open_file_error(errno, what);
    }
    auto file = StagedFile::create(staging, store.modes.file);
    if (!file) {
        return file.error().within(what);
    }
    const std::string line = line_of(layout);
    FILESTORE_TRY(write_all(file->descriptor(), std::as_bytes(std::span(line)), what));
    if ((store.modes.file & 0077U) != 0 && ::fchmod(file->descriptor(), store.modes.file) != 0) {
        return open_file_error(errno, what);
    }
    // Else somebody's recovery could take its hidden name for an abandoned one.
    if (!lock(file->descriptor(), LOCK_EX | LOCK_NB)) {
        return open_file_error(errno, what);
    }
    if (const auto named = file->prepare_replacing(); !named) {
        return named.error().within(what);
    }
    FILESTORE_TRY(flush_to_disk(file->descriptor(), what));
    if (const auto published = file->publish_replacing_in(own.get(), record_name); !published) {
        return published.error().within(what);
    }
    FILESTORE_TRY(flush_to_disk(own.get(), what));
    return flush_to_disk(store.base.get(), what);
}

Result<void> share_layout(int base, const std::string& place) {
    for (int attempt = 0; attempt < attempts_to_share; ++attempt) {
        if (lock(base, LOCK_SH | LOCK_NB) || errno != EWOULDBLOCK) {
            return {};
        }
        std::this_thread::sleep_for(pause_between_attempts);
    }
    return Error(ErrorCode::conflict, "the layout is being changed " + place + ": try again");
}

Result<bool> take_layout_alone(int base, const std::string& place) {
    if (lock(base, LOCK_EX | LOCK_NB)) {
        return true;
    }
    return errno == EWOULDBLOCK ? Result<bool>(false)
                                : open_file_error(errno, "cannot lock the directory " + place);
}

}  // namespace filestore::local
