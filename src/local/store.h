#pragma once

/// A local store's directories, reached by descriptor only.

#include <sys/stat.h>

#include <memory>
#include <string>

#include "core/descriptor.h"
#include "filestore/call.h"
#include "filestore/file_id.h"
#include "filestore/local_backend.h"
#include "filestore/result.h"
#include "filestore/time.h"

namespace filestore::local {

/// The open directories of a store. A resource; immutable, so thread-safe.
struct Store {
    /// Makes what is missing. Failures: `configuration` where there is no such place, and those of code_of_errno; never `not_found`. Blocks.
    [[nodiscard]] static Result<Store> open(const std::string& base_path, Durability durability);

    /// For messages: "in store './storage'".
    [[nodiscard]] std::string place() const;

    std::string base_path;
    Durability durability = Durability::full;
    Descriptor base;
    Descriptor metadata;
};

/// Keeps other writers and removers of one file away, in this and in other processes, by a lock on one byte of
/// `<base>/.filestore/lock`. A resource (movable); released by the destructor.
class FileLock {
public:
    /// Blocks until the lock is free, or fails with `cancelled` or `timeout` as the call's limits say.
    [[nodiscard]] static Result<FileLock> take(const Store& store, const FileId& id,
                                               const CallOptions& limits);

private:
    explicit FileLock(Descriptor file) noexcept : file_(std::move(file)) {}
    Descriptor file_;
};

[[nodiscard]] std::string sidecar_name(const FileId& id);

[[nodiscard]] Timestamp modification_time(const struct ::stat& status);

}  // namespace filestore::local
