#pragma once

/// How an object is cut into the parts of a multipart upload (S3 user guide, "Amazon S3 multipart upload limits"). Pure functions.

#include <algorithm>
#include <cstdint>

#include "filestore/result.h"

namespace filestore::s3 {

inline constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;
inline constexpr std::uint64_t gibibyte = std::uint64_t{1} << 30U;
inline constexpr std::uint64_t tebibyte = std::uint64_t{1} << 40U;

/// For every part but the last.
inline constexpr std::uint64_t least_part_size = 5 * mebibyte;
inline constexpr std::uint64_t largest_part_size = 5 * gibibyte;
inline constexpr std::uint64_t default_part_size = 8 * mebibyte;
inline constexpr std::uint32_t most_parts = 10'000;
inline constexpr std::uint64_t largest_object_size = 5 * tebibyte;
/// What one PUT or one CopyObject may hold.
inline constexpr std::uint64_t largest_single_put = 5 * gibibyte;

/// What the size of a part may be. A value. The defaults are those of S3; a server of a test's own may take less.
struct PartLimits {
    std::uint64_t least = least_part_size;
    /// Sizes that are not wished for are whole multiples of it.
    std::uint64_t unit = mebibyte;
};

/// A part: its number counts from 1. A value.
struct Part {
    std::uint32_t number = 1;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;

    friend bool operator==(const Part&, const Part&) = default;
};

/// The parts of an object of known size: all of one size but the last. A value.
struct PartPlan {
    std::uint64_t object_size = 0;
    std::uint64_t part_size = default_part_size;
    /// At least 1: an empty object is one empty part.
    std::uint32_t count = 1;

    /// `number` is 1 to `count`.
    [[nodiscard]] constexpr Part part(std::uint32_t number) const noexcept {
        const std::uint64_t offset = (number - 1) * part_size;
        return {number, offset, std::min(part_size, object_size - offset)};
    }
};

/// Parts of `wished` bytes, or of as many more whole MiB as make 10,000 of them suffice. `invalid_argument` for more than 5 TiB, or for a
/// wish outside of 5 MiB to 5 GiB.
[[nodiscard]] Result<PartPlan> plan_parts(std::uint64_t object_size, std::uint64_t wished = default_part_size,
                                          PartLimits limits = {});

/// Whether the parts of a stream may differ in size. Some servers take equal ones only (Cloudflare R2). A value.
enum class PartSizes { growing, equal };

/// How many parts of a growing stream share a size; the next ones have twice as much.
inline constexpr std::uint32_t parts_per_step = 950;

/// The size of part `number` (from 1) of a stream of unknown length whose first part has `first` bytes: twice as much after each 950
/// parts, 5 GiB at most. Starting from the least size, 5 MiB, 10,000 of them hold more than 5 TiB.
[[nodiscard]] constexpr std::uint64_t growing_part_size(std::uint32_t number, std::uint64_t first) noexcept {
    const std::uint32_t doublings = (number - 1) / parts_per_step;
    return doublings > 10 ? largest_part_size : std::min(first << doublings, largest_part_size);
}

/// The parts of a stream of unknown length. A value.
class StreamParts {
public:
    /// `invalid_argument` for a first size outside of 5 MiB to 5 GiB. It is rounded up to whole MiB.
    [[nodiscard]] static Result<StreamParts> make(PartSizes sizes = PartSizes::growing,
                                                  std::uint64_t first = default_part_size,
                                                  PartLimits limits = {});

    /// The largest stream that fits: 5 TiB, or with equal sizes 10,000 times the size, where that is less.
    [[nodiscard]] std::uint64_t capacity() const noexcept;

    /// The most bytes that part `number` (from 1) may hold; every part but the last has exactly so many. `invalid_argument` where the parts
    /// before it have used up the capacity: the message says which part size would do.
    [[nodiscard]] Result<std::uint64_t> size_of(std::uint32_t number) const;

private:
    StreamParts(PartSizes sizes, std::uint64_t first) : sizes_(sizes), first_(first) {}

    /// Bytes of the parts before it; `number` is at most 10,000.
    [[nodiscard]] std::uint64_t offset_of(std::uint32_t number) const noexcept;
    [[nodiscard]] std::uint64_t plain_size_of(std::uint32_t number) const noexcept;

    PartSizes sizes_;
    std::uint64_t first_;
};

}  // namespace filestore::s3
