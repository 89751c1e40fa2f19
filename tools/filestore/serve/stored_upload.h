#pragma once

/// What is recorded of an upload. Pure functions.

#include <optional>
#include <string>
#include <string_view>

#include "filestore/service.h"

namespace filestore::tool::serve {

/// In UTF-8, of Latin-1.
[[nodiscard]] std::string utf8_of_latin1(std::string_view text);

/// Text that is not UTF-8 is taken for Latin-1, each byte of which is the character of its number.
[[nodiscard]] std::string as_utf8(const std::string& text);

/// As the original system recorded it: the metadata has `content_type` (null where there was none) and `filename`. A type that no store takes, being none or too long, stands in the metadata only. The source is still to be set.
[[nodiscard]] Result<FileUpload> upload_of(const std::string& name,
                                           const std::optional<std::string>& content_type);

}  // namespace filestore::tool::serve
