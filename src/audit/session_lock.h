#pragma once

/// Which sessions of a catalogue are alive, across processes and containers that share a volume.
///
/// Every session has a number and holds a lock on the byte of that number in one file, by an open file description: the kernel
/// drops the lock when the process ends, however it ends, and process ids mean nothing here. A forked child shares the
/// description, so a session counts as alive until its process called release() or all its children have ended too.
/// The file holds no data; removing it while the catalogue is in use makes live sessions look dead.
///
/// Behind the bytes of all sessions every copy at a provider has one, which is locked as long as somebody works on it, see copies_in_work.h.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/copies_in_work.h"
#include "core/descriptor.h"
#include "filestore/result.h"

namespace filestore {

/// A resource; one thread at a time. Destroying it closes the file, which ends the session unless a forked child has it too.
class SessionLock {
public:
    /// Touches no file.
    explicit SessionLock(std::string path) : path_(std::move(path)) {}

    /// Locks the session's byte, and makes the file (mode 0600) where it is missing. False where somebody else holds it.
    [[nodiscard]] Result<bool> take(std::int64_t session);

    /// Ends the session, for forked children too. Not to be called in a child.
    void release() noexcept;

    /// Those of `sessions` whose byte nobody has locked.
    [[nodiscard]] Result<std::vector<std::int64_t>> dead_among(
        const std::vector<std::int64_t>& sessions) const;

    /// Locks the byte of a copy. Nothing where somebody else has it.
    [[nodiscard]] Result<std::optional<CopyInWork>> hold_copy(std::int64_t number) const;

    /// Those of `copies` whose byte nobody has locked.
    [[nodiscard]] Result<std::vector<std::int64_t>> idle_among(const std::vector<std::int64_t>& copies) const;

private:
    [[nodiscard]] Result<Descriptor> open_file() const;
    /// False where somebody else has it.
    [[nodiscard]] Result<bool> lock_byte(const Descriptor& file, std::int64_t byte) const;
    /// Those of `numbers` whose byte nobody has locked.
    template <class ByteOf>
    [[nodiscard]] Result<std::vector<std::int64_t>> free_among(const std::vector<std::int64_t>& numbers,
                                                               ByteOf byte_of) const;
    [[nodiscard]] Error failure(int number, const char* what) const;

    std::string path_;
    Descriptor held_;
    std::int64_t session_ = 0;
};

}  // namespace filestore
