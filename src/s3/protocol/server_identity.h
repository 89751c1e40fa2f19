#pragma once

/// Tells a server by what it says of itself without being asked. Pure function.

#include <string_view>
#include <vector>

#include "s3/protocol/quirks.h"
#include "s3/protocol/uri.h"

namespace filestore::s3 {

/// The profile of the server that sent these headers (names in lower case) from this endpoint; `guessed` where they tell nothing.
/// `Server: AmazonS3` tells nothing: many say so.
[[nodiscard]] const Quirks& identify_server(const std::vector<NameValue>& headers, std::string_view endpoint,
                                            const Quirks& guessed);

}  // namespace filestore::s3
