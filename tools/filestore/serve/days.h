#pragma once

/// The parameter `days` of a cleanup. A pure function.

#include <cstdint>
#include <string>

#include "serve/answers.h"

namespace filestore::tool::serve {

/// A value.
struct Days {
    std::uint64_t number = 30;
    /// Its type is empty where the number is right.
    InvalidInput invalid;
};

/// Null where it is not given. What is a whole number, and how it is told that one is none, is as in the original system; but there is no cleanup of files that are not a day old,
/// by which a slip would remove all. A number that is too large for the type is the largest.
[[nodiscard]] Days parse_days(const std::string* text);

}  // namespace filestore::tool::serve
