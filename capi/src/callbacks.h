#pragma once

/// Calls back into the program.

#include <cstdint>
#include <string>
#include <string_view>

#include "filestore/result.h"

namespace filestore::capi {

/// The failure of a callback, with the number that it returned.
[[nodiscard]] Error caller_error(ErrorCode code, std::string_view callback, std::int32_t caller_code);

/// C++ exceptions of the program, if any, end here.
template <class Call>
[[nodiscard]] Result<void> call_back(ErrorCode code, std::string_view callback, Call&& call) {
    std::int32_t caller_code = 0;
    try {
        caller_code = call();
    } catch (...) {
        return Error(code, "the caller's " + std::string(callback) + " threw an exception");
    }
    if (caller_code != 0) {
        return caller_error(code, callback, caller_code);
    }
    return {};
}

}  // namespace filestore::capi
