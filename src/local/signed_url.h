#pragma once

/// URLs that allow one thing with one file of a local store for a while: how they are made (filestore/local_backend.h says what they hold, and checks
/// them). Pure functions.

#include <string>
#include <string_view>

#include "filestore/backend.h"
#include "filestore/result.h"
#include "filestore/time.h"

namespace filestore::local {

/// Whether URLs can be made of these: `invalid_argument` for a base that is no http or https URL, or has a query or fragment, and for a key
/// of less than 32 bytes.
[[nodiscard]] Result<void> check_url_options(std::string_view base, std::string_view key);

[[nodiscard]] PresignedUrl sign_url(std::string_view base, std::string_view key,
                                    const PresignRequest& request, Timestamp now);

}  // namespace filestore::local
