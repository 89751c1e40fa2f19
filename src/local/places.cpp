#include "local/places.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

#include "core/try.h"
#include "local/directory.h"
#include "local/paths.h"

namespace filestore::local {

namespace {

constexpr std::size_t shard_digits = 2;
constexpr unsigned shards = 256;
constexpr std::string_view hex_digits = "0123456789abcdef";

std::string_view suffix_of(Part part) noexcept {
    return part == Part::data ? std::string_view() : ".json";
}

int directory_above(const Store& store, Part part) noexcept {
    return part == Part::data ? store.base.get() : store.metadata.get();
}

/// As long as the longest: that of a sidecar in a shard.
using Path = std::array<char, shard_digits + 1 + FileId::text_size + sizeof ".json">;

/// Below the directory of all data, or of all sidecars.
Path path_of(LocalLayout layout, const FileId& id, Part part) noexcept {
    Path path{};
    auto end = path.begin();
    const auto add = [&end](std::string_view text) { end = std::copy(text.begin(), text.end(), end); };
    if (layout == LocalLayout::sharded) {
        add(id.text().substr(0, shard_digits));
        add("/");
    }
    add(id.text());
    add(suffix_of(part));
    return path;
}

std::string shard_name(const FileId& id) {
    return std::string(id.text().substr(0, shard_digits));
}

unsigned digit_value(char digit) noexcept {
    return static_cast<unsigned>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

std::string shard_name(unsigned number) {
    return {hex_digits[number / 16], hex_digits[number % 16]};
}

/// Nothing for a name that no shard has.
std::optional<unsigned> shard_number(std::string_view name) noexcept {
    const bool is_one = name.size() == shard_digits && std::all_of(name.begin(), name.end(), [](char digit) {
                            return (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f');
                        });
    return is_one ? std::optional(digit_value(name[0]) * 16 + digit_value(name[1])) : std::nullopt;
}

bool is_there(const Place& place) noexcept {
    struct ::stat status {};
    return ::fstatat(place.directory(), place.name().c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

/// False where the new name is taken.
bool move(const Place& from, const Place& to) noexcept {
    const int moved = ::renameat2(from.directory(), from.name().c_str(), to.directory(), to.name().c_str(),
                                  RENAME_NOREPLACE);
    if (moved == 0 || (errno != EINVAL && errno != ENOSYS)) {
        return moved == 0;
    }
    // A file system that cannot promise that: the lock of the file keeps others away.
    if (is_there(to)) {
        errno = EEXIST;
        return false;
    }
    return ::renameat(from.directory(), from.name().c_str(), to.directory(), to.name().c_str()) == 0;
}

Result<void> bring_home(const Store& store, const FileId& id, Part part) {
    const Place old = place_of(store, *store.layout.before, id, part);
    if (!old.is_open() || !is_there(old)) {
        return errno == ENOENT
                   ? Result<void>()
                   : open_file_error(errno, "cannot look at file " + id.str() + " " + store.place());
    }
    FILESTORE_TRY_ASSIGN(const Place home, home_of(store, id, part));
    if (move(old, home)) {
        return {};
    }
    if (errno == EEXIST) {
        return Error(ErrorCode::conflict,
                     "file " + old.name() + " " + store.place() +
                         " is there in the flat and in the sharded layout: move one of them away");
    }
    return open_file_error(errno,
                           "cannot move file " + old.name() + " " + store.place() + " to its new place");
}

}  // namespace

Place place_of(const Store& store, LocalLayout layout, const FileId& id, Part part) {
    const int above = directory_above(store, part);
    if (layout == LocalLayout::flat) {
        return {above, name_of(id, part)};
    }
    return {open_beneath(above, shard_name(id).c_str(), O_RDONLY | O_DIRECTORY), name_of(id, part)};
}

Result<Place> home_of(const Store& store, const FileId& id, Part part) {
    Place place = place_of(store, store.layout.current, id, part);
    if (!place.is_open() && errno == ENOENT) {
        FILESTORE_TRY_ASSIGN(Descriptor made,
                             open_or_make_again(store, directory_above(store, part), shard_name(id).c_str()));
        return Place(std::move(made), name_of(id, part));
    }
    if (!place.is_open()) {
        return open_file_error(errno, "cannot open the directory of file " + id.str() + " " + store.place());
    }
    return place;
}

Result<void> bring_home(const Store& store, const FileId& id) {
    if (!store.layout.before) {
        return {};
    }
    FILESTORE_TRY(bring_home(store, id, Part::data));
    return bring_home(store, id, Part::sidecar);
}

unsigned directories_of(LocalLayout layout) noexcept {
    return layout == LocalLayout::sharded ? shards : 1;
}

Descriptor open_directory_of(const Store& store, LocalLayout layout, Part part, unsigned number) {
    const std::string name = layout == LocalLayout::sharded ? shard_name(number) : ".";
    return open_beneath(directory_above(store, part), name.c_str(), O_RDONLY | O_DIRECTORY);
}

unsigned directory_of(LocalLayout layout, const FileId& id) noexcept {
    const std::string_view text = id.text();
    return layout == LocalLayout::sharded ? shard_number(text.substr(0, shard_digits)).value_or(0) : 0;
}

bool has_shards(int base) noexcept {
    constexpr unsigned links_without_directories = 2;
    const Descriptor metadata = open_beneath(base, "metadata", O_RDONLY | O_DIRECTORY);
    struct ::stat status {};
    if (!metadata.is_open() || ::fstat(metadata.get(), &status) != 0 ||
        status.st_nlink == links_without_directories) {
        return false;
    }
    for (unsigned number = 0; number < shards; ++number) {
        const std::array<char, shard_digits + 1> name{hex_digits[number / 16], hex_digits[number % 16], 0};
        if (::fstatat(metadata.get(), name.data(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISDIR(status.st_mode)) {
            return true;
        }
    }
    return false;
}

Result<std::vector<unsigned>> directories_there(const Store& store, LocalLayout layout, Part part) {
    if (layout == LocalLayout::flat) {
        return std::vector<unsigned>{0};
    }
    const std::string what = "cannot look for the directories " + store.place();
    FILESTORE_TRY_ASSIGN(const Directory names, open_directory(directory_above(store, part), what));
    std::vector<unsigned> there;
    errno = 0;
    while (const dirent* entry = ::readdir(names.get())) {
        if (const auto number = shard_number(entry->d_name)) {
            there.push_back(*number);
        }
        errno = 0;
    }
    if (errno != 0) {
        return open_file_error(errno, what);
    }
    std::sort(there.begin(), there.end());
    there.erase(std::unique(there.begin(), there.end()), there.end());
    return there;
}

void remove_shard(const Store& store, Part part, unsigned number) {
    ::unlinkat(directory_above(store, part), shard_name(number).c_str(), AT_REMOVEDIR);
}

std::optional<std::string_view> id_text(std::string_view name, Part part) noexcept {
    const std::string_view suffix = suffix_of(part);
    if (name.size() != FileId::text_size + suffix.size() || !name.ends_with(suffix)) {
        return std::nullopt;
    }
    return name.substr(0, FileId::text_size);
}

std::string name_of(const FileId& id, std::string_view suffix) {
    std::string name;
    name.reserve(FileId::text_size + suffix.size());
    return name.append(id.text()).append(suffix);
}

std::string name_of(const FileId& id, Part part) {
    return name_of(id, suffix_of(part));
}

Descriptor open_part(const Store& store, const FileId& id, Part part) noexcept {
    Descriptor file;
    static_cast<void>(look_in_layouts(store.layout, [&](LocalLayout layout) {
        file = open_beneath(directory_above(store, part), path_of(layout, id, part).data(),
                            O_RDONLY | O_NONBLOCK);
        return file.is_open();
    }));
    return file;
}

Descriptor open_cached_part(const Store& store, const FileId& id, Part part) noexcept {
    if (store.layout.before) {
        return Descriptor();
    }
    return open_cached_beneath(directory_above(store, part), path_of(store.layout.current, id, part).data(),
                               O_RDONLY | O_NONBLOCK);
}

bool state_by_name(const Store& store, const FileId& id, Part part, struct ::stat& status) noexcept {
    return look_in_layouts(store.layout, [&](LocalLayout layout) {
        return ::fstatat(directory_above(store, part), path_of(layout, id, part).data(), &status,
                         AT_SYMLINK_NOFOLLOW) == 0;
    });
}

}  // namespace filestore::local
