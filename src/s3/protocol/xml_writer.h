#pragma once

/// What the writers of S3's XML share. Pure functions.

#include <string>
#include <string_view>

namespace filestore::s3 {

/// Whether XML 1.0 can carry this text: it is UTF-8 without control characters (tab, line feed and carriage return are carried as
/// character references) and without U+FFFE and U+FFFF.
[[nodiscard]] bool fits_xml(std::string_view text) noexcept;

/// Appends `<name>text</name>`, the text escaped; fits_xml(text) holds.
void append_element(std::string& xml, std::string_view name, std::string_view text);

}  // namespace filestore::s3
