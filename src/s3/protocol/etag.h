#pragma once

/// Entity tags. We keep them without their quotes, for servers write some and leave out others. Opaque: an ETag is compared with another
/// ETag, never with an MD5, except where a server's profile and the object's shape allow it. Pure functions.

#include <string>
#include <string_view>

namespace filestore::s3 {

/// Without the quotes around it.
[[nodiscard]] std::string_view unquoted_etag(std::string_view etag) noexcept;

/// With quotes, as a header or a <ETag> has it; `*` and weak tags (`W/"..."`) stay as they are.
[[nodiscard]] std::string quoted_etag(std::string_view etag);

/// Whether it is a weak one (`W/"..."`), quoted or not: it names no bytes, and If-Match never matches it (RFC 9110, section 8.8.3.2).
[[nodiscard]] bool is_weak_etag(std::string_view etag) noexcept;

}  // namespace filestore::s3
