#include "audit/sender_pauses.h"

#include <algorithm>
#include <cstdint>
#include <random>

namespace filestore {
namespace {

std::minstd_rand seeded_by_time() {
    const auto ticks = std::chrono::steady_clock::now().time_since_epoch().count();
    return std::minstd_rand(static_cast<std::minstd_rand::result_type>(ticks));
}

/// Between a half and all of it.
std::chrono::milliseconds shortened_by_chance(std::chrono::milliseconds pause) {
    thread_local std::minstd_rand random = seeded_by_time();
    const auto half = pause.count() / 2;
    return std::chrono::milliseconds(half + std::uniform_int_distribution<std::int64_t>(0, half)(random));
}

}  // namespace

std::chrono::milliseconds pause_after(unsigned before, const SenderPauses& pauses) {
    constexpr unsigned most_doublings = 20;
    const auto doubled = pauses.first * (std::int64_t{1} << std::min(before, most_doublings));
    return shortened_by_chance(std::min(doubled, pauses.longest));
}

}  // namespace filestore
