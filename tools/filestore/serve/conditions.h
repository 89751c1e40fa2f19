#pragma once

/// Conditional requests and ranges (RFC 9110, sections 13 and 14). Pure functions.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "filestore/backend.h"
#include "serve/message.h"

namespace filestore::tool::serve {

/// A strong tag; empty where the file has no version.
[[nodiscard]] std::string entity_tag(const FileInfo& info);

/// Whether anything of the file must be known before it can be said what is to be sent.
[[nodiscard]] bool depends_on_file(const Request& request);

/// What a GET or HEAD is answered with. A value.
struct Selection {
    /// 200, 206, 304, 412 or 416.
    unsigned status = 200;
    /// Of 206: what is to be sent.
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

/// One range; a request for several, or of another unit, gets the whole file, as the RFC allows. Times are compared by the second.
[[nodiscard]] Selection select(const Request& request, const FileInfo& info);

}  // namespace filestore::tool::serve
