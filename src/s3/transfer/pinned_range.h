#pragma once

/// A ranged GET that goes on only with the object that it began with.

#include <cstdint>

#include "s3/protocol/object_pin.h"
#include "s3/requester.h"

namespace filestore::s3 {

/// Bytes [offset, offset + length) of an object. A value.
struct PinnedRange {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    /// The object that the first answer came from; its ETag is never empty.
    ObjectPin pin;

    /// Makes `call` ask for the range, less the `delivered` bytes at its start, which are not all.
    void apply(Call& call, std::uint64_t delivered) const;

    /// apply() for what is asked for once more; `unavailable` where nothing is left to ask for.
    [[nodiscard]] Result<void> resume(Call& call, std::uint64_t delivered) const;

    /// Whether an answer failed by its end only, as one in chunks may whose last one is lost: all the bytes are there.
    [[nodiscard]] bool is_whole(const Error& failure, std::uint64_t delivered) const noexcept {
        return delivered == length && failure.retryable();
    }

    /// Checks that an answer to it begins where it has to, and is of the same object: `conflict` where it is not.
    [[nodiscard]] Result<void> check(const Answer& head, std::uint64_t delivered) const;
};

/// `conflict` where the failure of a pinned request means that the object is no longer the same.
[[nodiscard]] Error of_pinned(const Error& error);

}  // namespace filestore::s3
