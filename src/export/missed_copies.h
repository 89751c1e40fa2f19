#pragma once

/// What a provider's list says of a copy that it lacks. Pure.

#include <chrono>
#include <optional>

#include "filestore/time.h"

namespace filestore {

/// Providers look at a whole file before they answer and list it, for up to the 10 minutes that an exporter waits for an answer (see exchange.cpp); lists lag behind by some minutes more. Whoever was
/// interrupted in between cannot know how far they were, so the time counts from the first list without the file.
inline constexpr std::chrono::minutes longest_arrival{15};

/// What follows from a list without the file.
enum class AfterMiss {
    /// The time begins now.
    begin,
    /// It may still come.
    wait,
    /// It does not come any more.
    give_up,
};

[[nodiscard]] inline AfterMiss after_miss(std::optional<Timestamp> missed_since, Timestamp now) noexcept {
    // A clock that was put back says nothing.
    if (!missed_since || now < *missed_since) {
        return AfterMiss::begin;
    }
    return now - *missed_since < longest_arrival ? AfterMiss::wait : AfterMiss::give_up;
}

/// Since when it is missed, where a list lacks it now.
[[nodiscard]] inline Timestamp missed_from(std::optional<Timestamp> missed_since, Timestamp now) noexcept {
    return after_miss(missed_since, now) == AfterMiss::begin ? now : *missed_since;
}

}  // namespace filestore
