#pragma once

/// Counting what a verification finds.

#include <cstdint>

#include "filestore/verify.h"

namespace filestore {

/// Where a report counts files of that damage.
[[nodiscard]] inline std::uint64_t& count_of(VerifyReport& report, Damage damage) noexcept {
    switch (damage) {
        case Damage::corrupt:
            return report.corrupt;
        case Damage::missing:
            return report.missing;
        case Damage::orphaned:
            return report.orphaned;
        case Damage::unreadable:
            break;
    }
    return report.unreadable;
}

}  // namespace filestore
