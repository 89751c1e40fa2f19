#pragma once

/// A local store's directories, reached by descriptor only, and the lock of a file.

#include <sys/stat.h>

#include <memory>
#include <optional>
#include <string>

#include "core/descriptor.h"
#include "filestore/call.h"
#include "filestore/file_id.h"
#include "filestore/local_backend.h"
#include "filestore/result.h"
#include "filestore/time.h"
#include "local/layout.h"

namespace filestore::local {

/// Of the store itself, beside the files.
inline constexpr const char* own_directory = ".filestore";

/// Of what is made. A value.
struct Modes {
    unsigned file = 0600;
    unsigned directory = 0700;
};

/// The open directories of a store. A resource; thread-safe.
class Store {
public:
    /// Makes what is missing, and settles what crashed processes left (see recovery.h). A store that is made gets the layout `wanted`, or is flat. Failures:
    /// `configuration` where there is no such place, or where the store has another layout than `wanted`; those of layout.h, and those of
    /// code_of_errno; never `not_found`. Blocks.
    [[nodiscard]] static Result<Store> open(const std::string& base_path, Durability durability,
                                            Modes modes = {}, std::optional<LocalLayout> wanted = {});

    Store(Store&&) noexcept;
    Store& operator=(Store&&) noexcept;
    ~Store();

    /// For messages: "in store './storage'".
    [[nodiscard]] std::string place() const;

    /// `<base>/.filestore/staging`: hidden files and the records of unfinished operations (see commit.h). Made, with the lock's file, where it is
    /// missing. The descriptor stays open as long as the store.
    [[nodiscard]] Result<int> staging() const;

    /// Nothing where there is none, so that nothing can be unfinished.
    [[nodiscard]] Result<std::optional<int>> staging_if_there() const;

    /// After a failure: where somebody removed the directory, it is made again, for the descriptor that everybody has. False where that was not it.
    bool renew_staging() const;

    /// For an upload: another one with each call, here and in any other process.
    [[nodiscard]] std::string new_version() const;

    std::string base_path;
    Durability durability = Durability::full;
    Modes modes;
    Layout layout;
    /// Has the shared lock of layout.h, as long as it is open in this process or in a forked one.
    Descriptor base;
    Descriptor metadata;
    /// Its files are on no disk, so that reading them waits for none.
    bool is_in_memory = false;

private:
    friend class FileLock;
    struct Staging;
    class LockFiles;
    struct Versions;

    Store();
    [[nodiscard]] Result<void> agree_on_layout(std::optional<LocalLayout> wanted);
    [[nodiscard]] Result<void> make_layout(LocalLayout wanted) const;
    [[nodiscard]] Result<Descriptor> make_staging() const;

    std::unique_ptr<Staging> staging_;
    std::unique_ptr<LockFiles> lock_files_;
    std::unique_ptr<Versions> versions_;
};

/// Keeps other writers and removers of one file away, in this and in other processes, by a lock on one byte of
/// `<base>/.filestore/lock`. A resource (movable) that does not outlive its store; released by the destructor.
class FileLock {
public:
    /// Blocks until the lock is free, or fails with `cancelled` or `timeout` as the call's limits say.
    [[nodiscard]] static Result<FileLock> take(const Store& store, const FileId& id,
                                               const CallOptions& limits);

    /// Nothing where somebody holds it. Does not wait.
    [[nodiscard]] static Result<std::optional<FileLock>> try_take(const Store& store, const FileId& id);

    FileLock(FileLock&&) noexcept = default;
    FileLock& operator=(FileLock&&) = delete;
    ~FileLock();

private:
    FileLock(const Store& store, Descriptor file, off_t byte) noexcept
        : store_(&store), file_(std::move(file)), byte_(byte) {}
    [[nodiscard]] static Result<FileLock> prepare(const Store& store, const FileId& id);
    /// False, and errno, where it cannot be had now.
    [[nodiscard]] bool set(short type) noexcept;

    const Store* store_;
    Descriptor file_;
    off_t byte_;
};

/// A directory of ours below another one of an open store; made again where it was removed. Not followed where it is a link. `io` where the one above was removed.
[[nodiscard]] Result<Descriptor> open_or_make_again(const Store& store, int above, const char* name);

[[nodiscard]] Timestamp modification_time(const struct ::stat& status);

}  // namespace filestore::local
