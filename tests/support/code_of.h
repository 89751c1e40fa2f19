#pragma once

/// The code of a result, so that a test of a failure fails, and does not crash, where there is none.

#include "filestore/result.h"

namespace filestore {

template <class T>
[[nodiscard]] ErrorCode code_of(const Result<T>& result) {
    return result.ok() ? ErrorCode::ok : result.error().code();
}

}  // namespace filestore
