#pragma once

/// Numbers of requests and of the configuration.

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace filestore::tool::serve {

/// Of decimal digits and nothing else; one that is too large is told as the largest. Nothing for any other text.
[[nodiscard]] inline std::optional<std::uint64_t> decimal(std::string_view text) noexcept {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (stop != end || error == std::errc::invalid_argument) {
        return std::nullopt;
    }
    return error == std::errc() ? number : UINT64_MAX;
}

}  // namespace filestore::tool::serve
