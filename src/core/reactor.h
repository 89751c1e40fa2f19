#pragma once

/// Wakes parked jobs when a descriptor is ready or a time has come.

#include <chrono>
#include <memory>

#include "core/owner_process.h"
#include "filestore/stream.h"

namespace filestore {

/// A poll loop on one thread, which exists only while something is waited for. A resource; thread-safe.
class Reactor {
public:
    Reactor();
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;
    ~Reactor();

    /// Calls target->wake() once the descriptor is ready (or in error). A target that is gone by then is forgotten.
    void wake_when_ready(int descriptor, bool for_writing, std::weak_ptr<Wake::Target> target);

    /// Calls target->wake() at `time`. A target that is gone by then is forgotten.
    void wake_at(std::chrono::steady_clock::time_point time, std::weak_ptr<Wake::Target> target);

private:
    struct State;
    OwnerProcess owner_process_;
    std::shared_ptr<State> state_;
};

}  // namespace filestore
