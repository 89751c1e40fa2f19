#pragma once

/// The IDs of a store's directories, in order, in bounded memory.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/descriptor.h"
#include "filestore/file_id.h"
#include "local/store.h"

namespace filestore::local {

/// A stretch of the IDs of a directory. A value.
struct IdWindow {
    /// In order, none left out.
    std::vector<FileId> ids;
    /// How many there are after the request's `after`; more than `ids` where the stretch does not reach to the end.
    std::uint64_t found = 0;

    [[nodiscard]] bool reaches_the_end() const noexcept { return found == ids.size(); }
};

/// The `most` smallest IDs after `after` of which the directory has a name `ID` + `suffix`, whatever that is; memory for no more of them. Reads the whole directory; blocks.
[[nodiscard]] Result<IdWindow> read_id_window(const Store& store, const Descriptor& directory,
                                              std::string_view suffix, const FileId& after, std::size_t most);

}  // namespace filestore::local
