#pragma once

/// The tags of an object (S3 user guide, "Categorizing your objects using tags"). A tag is a NameValue. Pure functions.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/result.h"
#include "s3/protocol/uri.h"

namespace filestore::s3 {

inline constexpr std::size_t most_tags = 10;
/// In characters, not bytes.
inline constexpr std::size_t longest_tag_name = 128;
inline constexpr std::size_t longest_tag_value = 256;

/// `invalid_argument` for more than 10 tags, a name twice, an empty name, one longer than 128 or a value longer than 256 characters, and for what is not
/// UTF-8 or holds control characters.
[[nodiscard]] Result<void> check_tags(std::span<const NameValue> tags);

/// The value of `x-amz-tagging`: a query of encoded names and values. Fails as check_tags().
[[nodiscard]] Result<std::string> tagging_header(std::span<const NameValue> tags);

/// The body of PutObjectTagging. Fails as check_tags().
[[nodiscard]] Result<std::string> tagging_body(std::span<const NameValue> tags);

/// The answer of GetObjectTagging, in its order. `corrupt` for anything but a whole <Tagging>.
[[nodiscard]] Result<std::vector<NameValue>> parse_tagging(std::string_view xml);

}  // namespace filestore::s3
