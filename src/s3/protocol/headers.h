#pragma once

/// Looks into the headers of an answer. Pure functions.

#include <algorithm>
#include <string_view>
#include <vector>

#include "s3/protocol/uri.h"

namespace filestore::s3 {

/// The value of the first header with this name (both in lower case); the empty text where there is none. It lives as long as `headers`.
[[nodiscard]] inline std::string_view header_value(const std::vector<NameValue>& headers,
                                                   std::string_view name) noexcept {
    const auto found = std::find_if(headers.begin(), headers.end(),
                                    [name](const NameValue& header) { return header.name == name; });
    return found == headers.end() ? std::string_view() : std::string_view(found->value);
}

}  // namespace filestore::s3
