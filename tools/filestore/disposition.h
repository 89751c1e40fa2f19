#pragma once

/// How a browser may treat a download. Pure functions.

#include <string>
#include <string_view>

#include "filestore/backend.h"

namespace filestore::tool {

/// The header Content-Disposition (RFC 6266). A name that is not plain ASCII also goes as `filename*` (RFC 8187).
[[nodiscard]] std::string content_disposition(bool is_inline, std::string_view name);

/// Whether content of that type cannot act in a page's name: pictures but for SVG, sound, films, plain text.
[[nodiscard]] bool may_be_shown_inline(std::string_view content_type);

/// Has a URL give the file as the service would: under its name, and shown in a browser only where its type is harmless.
void dispose_of(PresignRequest& request, const FileInfo& info);

}  // namespace filestore::tool
