#pragma once

/// Looks at the files of a local store by their IDs. All functions block.

#include <sys/stat.h>

#include <optional>
#include <string>
#include <string_view>

#include "core/descriptor.h"
#include "filestore/backend.h"
#include "filestore/checksum.h"
#include "local/store.h"

namespace filestore::local {

/// As open_file_error(). Retryable where it tells nothing of the file: the process, or the system, has no descriptor left.
[[nodiscard]] Error reading_error(int number, const std::string& what);

[[nodiscard]] Error no_such_file(const Store& store, const FileId& id);
[[nodiscard]] Error no_metadata(const Store& store, const FileId& id);
[[nodiscard]] Error not_regular(const Store& store, const FileId& id);

/// The state of a stored file; nothing where there is none. `corrupt` for what is no regular file: nothing of ours.
[[nodiscard]] Result<std::optional<struct ::stat>> find_file(const Store& store, const FileId& id);

/// The bytes of a stored file. A resource.
struct OpenFile {
    Descriptor descriptor;
    struct ::stat status {};
};

/// `not_found` where there is none, `corrupt` for what is no regular file.
[[nodiscard]] Result<OpenFile> open_file(const Store& store, const FileId& id);

/// Whether it still has its name, untouched since it was opened. The name is asked, not the descriptor: on overlayfs a file of a lower layer keeps its name there, whatever
/// is stored over it.
[[nodiscard]] bool is_still_there(const Store& store, const FileId& id, const OpenFile& file);

/// Whether two looks saw the same file, untouched.
[[nodiscard]] bool is_same_file(const struct ::stat& first, const struct ::stat& second) noexcept;

/// What is known of a file. A value.
struct StoredFile {
    FileInfo info;
    std::optional<ChecksumValue> checksum;
};

/// What the bytes of a file tell of it, without a sidecar.
[[nodiscard]] FileInfo bare_info_of(const FileId& id, const struct ::stat& status);

/// The text of a file's sidecar. `not_found` where there is none, `corrupt` where it is no regular file, or too large for one of ours.
[[nodiscard]] Result<std::string> read_sidecar_text(const Store& store, const FileId& id);

/// What a sidecar tells of a file that was found to be as `status` tells. `corrupt` where it is damaged, or tells of another size.
[[nodiscard]] Result<StoredFile> stored_file_of(const Store& store, const FileId& id,
                                                const struct ::stat& status, std::string_view json);

/// Reads a file's metadata. `not_found` where file or metadata is not there; `corrupt` where the metadata is damaged or tells of another size.
[[nodiscard]] Result<StoredFile> read_stored_file(const Store& store, const FileId& id);

/// The same of a file that is there, and was found to be as `status` tells.
[[nodiscard]] Result<StoredFile> read_stored_file(const Store& store, const FileId& id,
                                                  const struct ::stat& status);

}  // namespace filestore::local
