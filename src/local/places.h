#pragma once

/// Where the files of a store are: the one place that knows directory and name of a file's data (D) and sidecar (M).
///
///     flat       D  <base>/<id>           M  <base>/metadata/<id>.json
///     sharded    D  <base>/<s>/<id>       M  <base>/metadata/<s>/<id>.json        s: the first two digits of the ID
///
/// A sharded store has 256 directories for the data and as many for the sidecars: some 4,000 files in each where it has a million. They are
/// made when they are first needed, and sort as the IDs do.
///
/// In a store that is being converted (see convert.cpp) a file may be in the old place or in the new one, D and M each for itself. Files go from the old to the new
/// only, so who looks in the old place and then in the new one misses none; and nothing is stored or replaced in the old place.
///
/// All functions are thread-safe and block.

#include <sys/stat.h>

#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/descriptor.h"
#include "filestore/file_id.h"
#include "filestore/local_backend.h"
#include "filestore/result.h"
#include "local/store.h"

namespace filestore::local {

enum class Part { data, sidecar };

/// A name in an open directory of a store. A resource (movable); outlived by the store.
class Place {
public:
    /// In a directory that the store keeps open.
    Place(int directory, std::string name) noexcept : directory_(directory), name_(std::move(name)) {}
    /// In one of its own.
    Place(Descriptor shard, std::string name) noexcept
        : shard_(std::move(shard)), directory_(shard_.get()), name_(std::move(name)) {}

    /// False where the directory is not there or cannot be opened.
    [[nodiscard]] bool is_open() const noexcept { return directory_ >= 0; }
    [[nodiscard]] int directory() const noexcept { return directory_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }

private:
    Descriptor shard_;
    int directory_;
    std::string name_;
};

/// The place of a file's part in a layout. Not open, which errno explains, where it has no directory.
[[nodiscard]] Place place_of(const Store& store, LocalLayout layout, const FileId& id, Part part);

/// The place that a file's part comes to; its directory is made where it is missing.
[[nodiscard]] Result<Place> home_of(const Store& store, const FileId& id, Part part);

/// In a store that is being converted: moves what is in the old place to the new one, the data first. `conflict` where there is something in both. The caller
/// holds the file's lock.
[[nodiscard]] Result<void> bring_home(const Store& store, const FileId& id);

/// How many directories a layout has for a part, and one of them, in the order of the IDs; not open, which errno explains, where it is not there.
[[nodiscard]] unsigned directories_of(LocalLayout layout) noexcept;
[[nodiscard]] Descriptor open_directory_of(const Store& store, LocalLayout layout, Part part,
                                           unsigned number);

/// Whether there are directories of a sharded store's sidecars. False where that cannot be told. `base`: a descriptor of the store's directory.
[[nodiscard]] bool has_shards(int base) noexcept;

/// The numbers of those that are there, in order.
[[nodiscard]] Result<std::vector<unsigned>> directories_there(const Store& store, LocalLayout layout,
                                                              Part part);

/// Removes a directory of a sharded store where it is empty.
void remove_shard(const Store& store, Part part, unsigned number);

/// The directory that an ID belongs to.
[[nodiscard]] unsigned directory_of(LocalLayout layout, const FileId& id) noexcept;

/// The ID that a part's name begins with, where it is as long as that of an ID; whether it is one is not looked at.
[[nodiscard]] std::optional<std::string_view> id_text(std::string_view name, Part part) noexcept;

/// An ID, and what follows it in a name.
[[nodiscard]] std::string name_of(const FileId& id, std::string_view suffix);

/// The name of a file's part.
[[nodiscard]] std::string name_of(const FileId& id, Part part);

/// Opens a file's part, where it may be, for reading; never waits for it. Not open on failure, which errno tells.
[[nodiscard]] Descriptor open_part(const Store& store, const FileId& id, Part part) noexcept;

/// The same without waiting for a disk: not open also where the system would have to look there, or the store is being converted.
[[nodiscard]] Descriptor open_cached_part(const Store& store, const FileId& id, Part part) noexcept;

/// The state of whatever has the name of a file's part, in one look: unlike open_part() it follows a link that stands for a directory of ours, so it only tells whether
/// a file that was opened is still there. False, and errno, where there is nothing.
[[nodiscard]] bool state_by_name(const Store& store, const FileId& id, Part part,
                                 struct ::stat& status) noexcept;

/// Lets `attempt(layout)` look for something where it may be. The attempt answers whether it found it, and errno where not; so does this.
template <class Attempt>
[[nodiscard]] bool look_in_layouts(const Layout& layout, Attempt attempt) {
    if (attempt(layout.current)) {
        return true;
    }
    if (errno != ENOENT || !layout.before) {
        return false;
    }
    // It may have been moved between the two looks.
    return attempt(*layout.before) || (errno == ENOENT && attempt(layout.current));
}

/// The same of a file's part by `attempt(directory, name)`.
template <class Attempt>
[[nodiscard]] bool look_for(const Store& store, const FileId& id, Part part, Attempt attempt) {
    return look_in_layouts(store.layout, [&](LocalLayout layout) {
        const Place place = place_of(store, layout, id, part);
        return place.is_open() && attempt(place.directory(), place.name().c_str());
    });
}

}  // namespace filestore::local
