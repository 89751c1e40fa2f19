#pragma once

/// A file that is written in secret and then published under its name in one step.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/descriptor.h"
#include "filestore/result.h"

namespace filestore {

/// Has no name at all where the file system can do that (O_TMPFILE), so that nothing remains of it even after kill -9; else a
/// hidden name in its directory, which the destructor removes. A file that is made under a hidden name is locked (flock) as long as it is open, so that
/// remove_if_abandoned() tells it from one whose process has died. A resource (movable); one thread at a time; blocks.
class StagedFile {
public:
    /// `directory` is a descriptor that stays open as long as this object. `mode` is subject to the umask.
    [[nodiscard]] static Result<StagedFile> create(int directory, unsigned mode);

    /// A file that is there already, under a name that somebody else sees to: it is published by another one. Nothing where the system cannot do that.
    [[nodiscard]] static std::optional<StagedFile> adopt(int directory, Descriptor file);

    StagedFile(StagedFile&& other) noexcept;
    StagedFile& operator=(StagedFile&&) = delete;
    ~StagedFile();

    [[nodiscard]] int descriptor() const noexcept { return file_.get(); }

    /// It goes with the process, whatever ends that.
    [[nodiscard]] bool is_unnamed() const noexcept { return hidden_name_.empty(); }

    /// Gives the file its name in the directory; `already_exists` where it is taken.
    [[nodiscard]] Result<void> publish_new(const std::string& name) const {
        return publish_new_in(directory_, name);
    }

    /// The same in another directory of the file system.
    [[nodiscard]] Result<void> publish_new_in(int directory, const std::string& name) const;

    /// Whether a name is one that staged files have in their directory for a while.
    [[nodiscard]] static bool is_hidden_name(std::string_view name) noexcept;

    /// Removes a hidden name whose file nobody is writing any more. A name that somebody may still use, or that cannot be removed, stays.
    static void remove_if_abandoned(int directory, const std::string& hidden_name) noexcept;

    /// Does what publish_replacing() may lack space for, so that only a rename remains. The file has a name from here on, so that a flush keeps it: btrfs may
    /// keep nothing of a file without one.
    [[nodiscard]] Result<void> prepare_replacing();

    /// Gives the file its name, in place of another file that may have it: readers see the old or the new one.
    [[nodiscard]] Result<void> publish_replacing(const std::string& name) {
        return publish_replacing_in(directory_, name);
    }

    /// The same in another directory of the file system.
    [[nodiscard]] Result<void> publish_replacing_in(int directory, const std::string& name);

private:
    StagedFile(int directory, Descriptor file, std::string hidden_name) noexcept;
    [[nodiscard]] int link_to(int directory, const std::string& name) const noexcept;

    int directory_;
    Descriptor file_;
    /// Empty where the file has no name.
    std::string hidden_name_;
};

/// Writes all bytes, past short writes and EINTR: 0 or an errno.
[[nodiscard]] int write_to_descriptor(int descriptor, std::span<const std::byte> bytes) noexcept;

/// The same, with an Error that `what` leads.
[[nodiscard]] Result<void> write_all(int descriptor, std::span<const std::byte> bytes,
                                     const std::string& what);

/// Waits until the bytes are on the disk, without what the file system keeps of them: only a flush makes them outlive a loss of power, but has little to
/// wait for then.
[[nodiscard]] Result<void> write_out(int descriptor, const std::string& what);

/// Does not wait for them.
[[nodiscard]] Result<void> begin_write_out(int descriptor, const std::string& what);

/// fsync, past EINTR: 0 or an errno. A failure is final: the kernel may have dropped the data, so it is never tried again.
[[nodiscard]] int flush_descriptor(int descriptor) noexcept;

/// The same, with an Error that `what` leads.
[[nodiscard]] Result<void> flush_to_disk(int descriptor, const std::string& what);

}  // namespace filestore
