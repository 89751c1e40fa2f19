#pragma once

/// Calls back into the program.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/function_ref.h"
#include "filestore/result.h"

namespace filestore::capi {

/// The failure of a callback, with the number that it returned.
[[nodiscard]] Error caller_error(ErrorCode code, std::string_view callback, std::int32_t caller_code);

/// C++ exceptions of the program, if any, end here.
[[nodiscard]] Result<void> call_back(ErrorCode code, std::string_view callback,
                                     FunctionRef<std::int32_t()> call);

}  // namespace filestore::capi
