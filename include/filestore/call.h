#pragma once

/// What every call takes beside its own arguments, and how it answers. All types here are values.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

#include "filestore/pause.h"
#include "filestore/result.h"

namespace filestore {

/// How far a transfer is.
struct Progress {
    /// Handed to the other side.
    std::uint64_t bytes_done = 0;
    /// Of these, what is known to have arrived.
    std::uint64_t bytes_acknowledged = 0;
    /// Unknown where the source does not know its size.
    std::optional<std::uint64_t> bytes_total{};
};

/// Limits and hooks of one call.
struct CallOptions {
    /// The call fails with `timeout` once this has passed. Without one, a call ends when it is done or fails; network
    /// calls also have the limits of their backend (connect, stall).
    std::optional<std::chrono::steady_clock::time_point> deadline{};

    /// The call ends with `cancelled` soon after a stop is requested, from any thread; what was done is undone, as for any failure.
    std::stop_token cancel{};

    /// Stops and continues the transfer; may be null.
    std::shared_ptr<PauseSwitch> pause;

    /// Called with growing `bytes_done`, at most about ten times a second and once at the end, on a library thread. It
    /// must be quick and must not block or throw.
    std::function<void(const Progress&)> progress{};
};

/// A deadline `limit` from now.
[[nodiscard]] inline std::chrono::steady_clock::time_point deadline_in(std::chrono::milliseconds limit) {
    return std::chrono::steady_clock::now() + limit;
}

/// Receives the answer of an asynchronous call: exactly once, on the executor, never inside the starting call and never
/// under a lock of the library. It must not be empty when it is handed over, and must not throw. Blocking calls of the library answer `would_deadlock` in it.
/// Only where the system has neither memory nor a thread left does it come on the thread that is at hand, which may be the
/// one that starts the call, with `no_memory`.
template <class T>
using Completion = std::function<void(Result<T>)>;

}  // namespace filestore
