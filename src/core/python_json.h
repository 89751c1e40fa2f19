#pragma once

/// What Python's json module writes beyond JSON. Pure functions.

#include <string>
#include <string_view>

namespace filestore {

/// `json` with what only Python understands made into JSON: half a surrogate pair becomes U+FFFD, and a number that JSON or a double
/// does not have (NaN, Infinity, -Infinity, 10 to the 400th) a string of its spelling. All else stays as it is, also what is not valid.
[[nodiscard]] std::string from_python_json(std::string_view json);

}  // namespace filestore
