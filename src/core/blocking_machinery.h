#pragma once

/// What a BlockingBackend runs on, for those of the library that do more on it.

#include <memory>
#include <utility>

#include "core/job.h"
#include "core/pending_calls.h"
#include "core/thread_pool.h"
#include "filestore/blocking_backend.h"

namespace filestore {

/// A resource of its backend.
struct BlockingBackend::Machinery {
    explicit Machinery(std::shared_ptr<Executor> callers)
        : choice(std::move(callers)), runtime{choice.executor, std::make_shared<Reactor>()} {}

    ExecutorChoice choice;
    Runtime runtime;
    std::shared_ptr<PendingCalls> pending = std::make_shared<PendingCalls>();
};

}  // namespace filestore
