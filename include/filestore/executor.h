#pragma once

/// Where blocking work and completions run. `Executor` is a resource and thread-safe.

#include <chrono>
#include <functional>
#include <memory>

#include "filestore/export.h"

namespace filestore {

/// Runs tasks on threads other than the one that posts them. A resource; thread-safe. Implement it to run the library's work on your own threads.
class FILESTORE_API Executor {
public:
    Executor() = default;
    Executor(const Executor&) = delete;
    Executor& operator=(const Executor&) = delete;
    virtual ~Executor();

    /// Queues `task`, to be run exactly once. It must not run before post() returns on the same thread, and must not
    /// be dropped: a call waits for it. Tasks do not throw. May throw std::bad_alloc (and nothing else), and then has queued
    /// nothing.
    virtual void post(std::function<void()> task) = 0;
};

/// A value.
struct ThreadPoolOptions {
    /// The most threads that exist at one time; at least 1.
    unsigned max_threads = 4;
    /// How long a thread without work stays.
    std::chrono::milliseconds idle_time{500};
};

/// A bounded pool. It owns no thread until the first task and none again once it has been idle. All signals are blocked
/// in its threads. Destroying it runs the tasks that are queued, then joins its threads.
[[nodiscard]] FILESTORE_API std::shared_ptr<Executor> make_thread_pool(ThreadPoolOptions options = {});

}  // namespace filestore
