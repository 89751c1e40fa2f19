#pragma once

/// What ends a call before it is done.

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>

#include "filestore/call.h"
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

/// Waits so long. False at once where the call's deadline would pass meanwhile, and as soon as it is cancelled.
[[nodiscard]] inline bool pause_within(const CallOptions& limits, std::chrono::milliseconds length) {
    const auto end = std::chrono::steady_clock::now() + length;
    if (limits.deadline && *limits.deadline <= end) {
        return false;
    }
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_until(lock, limits.cancel, end, [] { return false; });
    return !limits.cancel.stop_requested();
}

}  // namespace filestore
