#pragma once

/// The IDs of a store, in order, in bounded memory.

#include <sys/stat.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "core/descriptor.h"
#include "filestore/file_id.h"
#include "local/places.h"
#include "local/store.h"

namespace filestore::local {

/// A stretch of the IDs of a store. A value.
struct IdWindow {
    /// In order, none left out.
    std::vector<FileId> ids{};
    /// About how many there are after the request's `after`.
    std::uint64_t found = 0;
    /// No more follow. Where more do, there is at least one in `ids`.
    bool is_last = false;
    /// Names what was read ahead beyond it (see ReadAhead); nil where nothing was.
    FileId reading{};
};

/// Where a page of a listing goes on. A value.
struct WalkPosition {
    FileId after{};
    /// IdWindow::reading of the page before: what comes after that reading may be left out of the walk.
    FileId reading{};
};

/// What was read of a directory beyond what was asked for, for the next page of a listing: else each page would read the whole directory again. It counts for the walk
/// that it was read for, and for others while the directory has not changed since: each walk finds every file that is there from its beginning to its end. So a walk of n
/// files reads the directory of a flat store n / 65,536 + 1 times, also while it is written to; walks that take turns in one that is written to
/// read it for each page. At most some 2 MiB, which go with the last page: of several walks at once one reads, and the others wait for what it finds. A resource;
/// thread-safe.
class ReadAhead {
public:
    static constexpr std::size_t most_ids = 65'536;

    /// A directory that has changed less than `rest` ago may change again without its times telling.
    explicit ReadAhead(std::chrono::nanoseconds rest = std::chrono::seconds(1)) : rest_(rest) {}

    /// As read_id_window() for one directory: `is_last` and `found` are of this one.
    [[nodiscard]] Result<IdWindow> read(const Store& store, const Descriptor& directory, Part part,
                                        const WalkPosition& from, std::size_t most);

private:
    /// What tells of a change.
    struct State {
        dev_t device = 0;
        ino_t inode = 0;
        std::chrono::nanoseconds content{};
        std::chrono::nanoseconds status{};
        friend bool operator==(const State&, const State&) = default;
    };

    [[nodiscard]] static State state_of(const struct ::stat& status) noexcept;
    [[nodiscard]] bool is_at_rest(const State& state) const noexcept;
    /// Whether what is kept tells what follows.
    [[nodiscard]] bool knows(const State& state, Part part, const WalkPosition& from) const noexcept;

    std::chrono::nanoseconds rest_;
    std::mutex mutex_;
    State state_;
    bool was_at_rest_ = false;
    Part part_ = Part::data;
    FileId after_;
    IdWindow kept_;
};

/// The `most` (1 or more) smallest IDs after `after` of which the store has a name for the part, whatever that is; memory for no more of them. Reads each
/// directory that it needs as a whole: the only one of a flat store, in a sharded one those of that stretch. Blocks.
[[nodiscard]] Result<IdWindow> read_id_window(const Store& store, Part part, const FileId& after,
                                              std::size_t most);

/// The same for the next page of a listing.
[[nodiscard]] Result<IdWindow> read_id_window(const Store& store, ReadAhead& ahead, Part part,
                                              const WalkPosition& from, std::size_t most);

}  // namespace filestore::local
