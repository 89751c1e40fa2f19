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

    /// Calls target->wake() once the descriptor is ready (or in error). A target that is gone by then is forgotten. False where there is no
    /// memory or thread for it, or after join(): the target is woken at once then, and will ask again.
    bool wake_when_ready(int descriptor, bool for_writing,
                         const std::weak_ptr<Wake::Target>& target) noexcept;

    /// The same at `time`.
    bool wake_at(std::chrono::steady_clock::time_point time,
                 const std::weak_ptr<Wake::Target>& target) noexcept;

    /// Forgets every target and joins the thread. Not to be called on that thread.
    void join() noexcept;

private:
    struct State;
    template <class Register>
    bool watch(const std::weak_ptr<Wake::Target>& target, Register&& add) noexcept;

    OwnerProcess owner_process_;
    std::shared_ptr<State> state_;
};

}  // namespace filestore
