#pragma once

/// The dates of HTTP headers (RFC 9110, section 5.6.7, IMF-fixdate). Pure functions.

#include <string>
#include <string_view>

#include "filestore/result.h"
#include "filestore/time.h"

namespace filestore {

/// `Sun, 06 Nov 1994 08:49:37 GMT`; `corrupt` for anything else.
[[nodiscard]] Result<Timestamp> parse_http_date(std::string_view text);

/// The same the other way, whole seconds; the year has four digits.
[[nodiscard]] std::string format_http_date(Timestamp time);

}  // namespace filestore
