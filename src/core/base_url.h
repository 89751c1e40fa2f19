#pragma once

/// URLs of servers as somebody gives them: paths of requests are put behind them. Pure functions.

#include <optional>
#include <string_view>

namespace filestore {

/// The same without slashes at its end.
[[nodiscard]] std::string_view without_last_slashes(std::string_view url) noexcept;

/// What is wrong with a URL without slashes at its end, to be read behind "the URL"; nothing where it is `http` or `https` with a server, and neither user, query nor fragment.
[[nodiscard]] std::optional<std::string_view> fault_of_base_url(std::string_view url) noexcept;

/// Whether what is sent there, to a URL without a fault, passes a network and has no TLS, so that anybody on the way reads it.
[[nodiscard]] bool can_be_read_on_the_way(std::string_view url) noexcept;

}  // namespace filestore
