#include "local/at_hand.h"

#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <span>
#include <string_view>
#include <utility>

#include "local/commit.h"
#include "local/places.h"
#include "local/stored_file.h"

namespace filestore::local {

namespace {

/// Of a sidecar; a larger one is read in the usual way.
constexpr std::size_t usual_sidecar = 4096;

/// Up to the end of the file or of `into`; how many bytes. Nothing where they are not all in memory.
std::optional<std::size_t> read_cached(const Store& store, int descriptor, std::span<char> into) {
    const ::iovec all{into.data(), into.size()};
    ssize_t got = ::preadv2(descriptor, &all, 1, 0, RWF_NOWAIT);
    if (got < 0 && errno == EOPNOTSUPP && store.is_in_memory) {
        got = ::preadv(descriptor, &all, 1, 0);
    }
    // One that is cut short is that in the middle, too.
    return got < 0 ? std::nullopt : std::optional(static_cast<std::size_t>(got));
}

std::optional<StoredFile> read_metadata(const Store& store, const FileId& id, const struct ::stat& status) {
    const Descriptor sidecar = open_cached_part(store, id, Part::sidecar);
    std::array<char, usual_sidecar> json{};
    const auto size =
        sidecar.is_open() ? read_cached(store, sidecar.get(), json) : std::optional<std::size_t>();
    if (!size || *size == json.size()) {
        return std::nullopt;
    }
    auto stored = stored_file_of(store, id, status, {json.data(), *size});
    return stored.ok() ? std::optional(std::move(*stored)) : std::nullopt;
}

/// Nothing is in its way: no replacement is under way.
bool is_settled(const Store& store, const FileId& id) {
    const auto is_replaced = is_being_replaced(store, id);
    return is_replaced.ok() && !*is_replaced;
}

}  // namespace

std::optional<FileAtHand> read_at_hand(const Store& store, const FileId& id, std::size_t most) {
    OpenFile file{open_cached_part(store, id, Part::data), {}};
    const bool is_small = file.descriptor.is_open() && ::fstat(file.descriptor.get(), &file.status) == 0 &&
                          S_ISREG(file.status.st_mode) &&
                          static_cast<std::uint64_t>(file.status.st_size) <= most;
    if (!is_small || !is_settled(store, id)) {
        return std::nullopt;
    }
    auto stored = read_metadata(store, id, file.status);
    if (!stored || !is_still_there(store, id, file)) {
        return std::nullopt;
    }
    FileAtHand whole{std::move(stored->info), {}};
    whole.bytes.resize(static_cast<std::size_t>(whole.info.size));
    const auto got = read_cached(store, file.descriptor.get(), whole.bytes);
    return got == whole.bytes.size() ? std::optional(std::move(whole)) : std::nullopt;
}

}  // namespace filestore::local
