#pragma once

/// The media types of forms. Pure functions.

#include <optional>
#include <string>
#include <string_view>

namespace filestore::tool::serve {

/// Whether it is multipart/form-data, with whatever parameters.
[[nodiscard]] bool is_form_type(std::string_view type);

/// Whether it is application/x-www-form-urlencoded, with whatever parameters.
[[nodiscard]] bool is_url_form_type(std::string_view type);

/// The value of the parameter `boundary` (RFC 9110, 5.6.6), wherever it stands; of several, the last one. Empty where it is no boundary (RFC 2046, 5.1.1); nothing where there is none.
[[nodiscard]] std::optional<std::string> boundary_of_type(std::string_view type);

/// The type as libmicrohttpd reads it, which takes all behind "boundary=" for the boundary. Never longer than what boundary_of_type() was given.
[[nodiscard]] std::string plain_form_type(std::string_view boundary);

}  // namespace filestore::tool::serve
