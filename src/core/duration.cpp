#include "core/duration.h"

#include <charconv>
#include <cstdint>
#include <system_error>

namespace filestore {

std::optional<std::chrono::seconds> read_duration(std::string_view text) noexcept {
    constexpr std::chrono::seconds longest = std::chrono::days(36'500);
    std::uint32_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
    if (failure != std::errc() || unit.size() > 1) {
        return std::nullopt;
    }
    std::chrono::seconds duration(number);
    switch (unit.empty() ? 's' : unit.front()) {
        case 's':
            break;
        case 'm':
            duration = std::chrono::minutes(number);
            break;
        case 'h':
            duration = std::chrono::hours(number);
            break;
        case 'd':
            duration = std::chrono::days(number);
            break;
        default:
            return std::nullopt;
    }
    return duration <= longest ? std::optional(duration) : std::nullopt;
}

}  // namespace filestore
