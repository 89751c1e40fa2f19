#pragma once

/// How the time of a settling is shared out among providers, so that none keeps the others waiting. Pure.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>

#include "filestore/error.h"

namespace filestore {

using CallDeadline = std::optional<std::chrono::steady_clock::time_point>;

/// Removing a file and reading a list take seconds.
inline constexpr std::chrono::minutes longest_for_a_copy{2};

/// The end of the time of the next of so many places; none where the call has none.
[[nodiscard]] inline CallDeadline end_of_share(std::chrono::steady_clock::time_point now,
                                               CallDeadline deadline, std::size_t places_left) noexcept {
    if (!deadline) {
        return std::nullopt;
    }
    const auto left = std::max(*deadline - now, std::chrono::steady_clock::duration::zero());
    return now + left / static_cast<std::chrono::steady_clock::rep>(std::max<std::size_t>(places_left, 1));
}

/// The end of the time of a copy, in its place's share.
[[nodiscard]] inline std::chrono::steady_clock::time_point end_of_copy(
    std::chrono::steady_clock::time_point now, CallDeadline share) noexcept {
    const auto end = now + longest_for_a_copy;
    return share ? std::min(*share, end) : end;
}

/// Whether what failed so for one copy fails so for all others at the same place.
[[nodiscard]] constexpr bool concerns_the_place(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::timeout:
        case ErrorCode::unavailable:
        case ErrorCode::rate_limited:
        case ErrorCode::unauthenticated:
        case ErrorCode::configuration:
            return true;
        default:
            return false;
    }
}

}  // namespace filestore
