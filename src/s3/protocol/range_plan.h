#pragma once

/// How a download is cut into ranges, and how a broken one goes on. Pure functions.

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "filestore/backend.h"
#include "filestore/result.h"
#include "s3/protocol/answer_head.h"
#include "s3/protocol/uri.h"

namespace filestore::s3 {

/// The ranges of [offset, end): all of one size but the last. A value.
struct RangePlan {
    std::uint64_t offset = 0;
    std::uint64_t end = 0;
    std::uint64_t range_size = 1;

    /// 0 for an empty extent.
    [[nodiscard]] constexpr std::uint64_t count() const noexcept {
        const std::uint64_t size = end - offset;
        return size / range_size + (size % range_size == 0 ? 0 : 1);
    }

    /// Range `index`, which is less than count(); always with a length.
    [[nodiscard]] ByteRange range(std::uint64_t index) const noexcept {
        const std::uint64_t from = offset + index * range_size;
        return {from, std::min(range_size, end - from)};
    }
};

/// `invalid_argument` when the extent ends before it begins, or for a range size of 0.
[[nodiscard]] Result<RangePlan> plan_ranges(std::uint64_t offset, std::uint64_t end,
                                            std::uint64_t range_size);

/// What is still to be fetched of an extent of which `delivered` bytes, at most all, have been handed on; nothing when that is all.
[[nodiscard]] std::optional<ByteRange> rest_of(const BodyExtent& extent, std::uint64_t delivered);

/// Which object an answer's body is of: what pins a resumed download. A value.
struct ObjectPin {
    /// Without quotes; empty where the server sends none.
    std::string etag;
    /// Empty where the bucket has no versions.
    std::string version_id;
    std::uint64_t object_size = 0;
};

/// From the head of the first answer.
[[nodiscard]] ObjectPin pin_of(const BodyExtent& extent, const std::vector<NameValue>& headers);

/// The extent of an answer that goes on with a download: as body_extent(), and `conflict` where it is of another object than `pin`: another ETag, version
/// or size. Without an ETag to compare, too: bytes of two objects are never mixed.
[[nodiscard]] Result<BodyExtent> resumed_extent(const ObjectPin& pin, const ByteRange& asked, int status,
                                                const std::vector<NameValue>& headers);

}  // namespace filestore::s3
