#pragma once

/// Durations as text.

#include <chrono>
#include <optional>
#include <string_view>

namespace filestore {

/// A whole number, not negative, with s, m, h or d behind it, such as "90s" or "30d"; seconds where there is no letter. Nothing for anything else, and for more than 100 years. A pure function.
[[nodiscard]] std::optional<std::chrono::seconds> read_duration(std::string_view text) noexcept;

}  // namespace filestore
