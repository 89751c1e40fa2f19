#pragma once

/// The failure of a condition that something is there, where nothing is. Pure functions.

#include <vector>

#include "filestore/error.h"
#include "s3/protocol/uri.h"

namespace filestore::s3 {

/// `precondition_failed` in place of the `not_found` that some servers, AWS among them, answer to If-Match on a key without an object; any other error as
/// it is. `conditions`: the headers of the request.
[[nodiscard]] Error of_condition(const Error& error, const std::vector<NameValue>& conditions);

}  // namespace filestore::s3
