#pragma once

/// What ends a call before it is done.

#include <chrono>
#include <optional>
#include <stop_token>

#include "filestore/result.h"

namespace filestore {

/// `cancelled` or `timeout`, where a call has to end for one of them.
[[nodiscard]] inline Result<void> check_call_limits(
    const std::stop_token& stop, const std::optional<std::chrono::steady_clock::time_point>& deadline) {
    if (stop.stop_requested()) {
        return Error(ErrorCode::cancelled);
    }
    if (deadline && std::chrono::steady_clock::now() >= *deadline) {
        return Error(ErrorCode::timeout);
    }
    return {};
}

}  // namespace filestore
