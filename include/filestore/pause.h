#pragma once

/// Pausing of calls that are under way. A `PauseSwitch` is a resource, shared by std::shared_ptr between the caller and any
/// number of calls; thread-safe.

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "filestore/export.h"

namespace filestore {

/// Stops the bytes of the calls that carry it (CallOptions::pause), and lets them go on.
///
/// While it is paused no byte moves in either direction, and a call that has not begun does not begin. The time counts for the
/// call's deadline and for nothing else: no stall limit runs. Cancelling works. A server may give a connection up
/// that is quiet for long; the call fails then as for any broken connection.
class FILESTORE_API PauseSwitch {
public:
    /// Told of changes: what a backend implements to obey a switch. A resource; thread-safe.
    class FILESTORE_API Listener {
    public:
        Listener() = default;
        Listener(const Listener&) = delete;
        Listener& operator=(const Listener&) = delete;
        virtual ~Listener();
        /// After each change, on the thread that made it. Must be quick, and may ask is_paused() but call nothing else of the switch.
        virtual void pause_changed() noexcept = 0;
    };

    PauseSwitch();
    PauseSwitch(const PauseSwitch&) = delete;
    PauseSwitch& operator=(const PauseSwitch&) = delete;
    ~PauseSwitch();

    /// From any thread; does not wait for the bytes to stop. Once more is no change.
    void pause() noexcept;
    void resume() noexcept;

    [[nodiscard]] bool is_paused() const noexcept { return paused_.load(); }

    /// Tells `listener` of later changes for as long as it lives; adding it again changes nothing. May throw std::bad_alloc.
    void add(const std::weak_ptr<Listener>& listener);

private:
    void change(bool paused) noexcept;

    std::atomic<bool> paused_{false};
    std::mutex mutex_;
    std::vector<std::weak_ptr<Listener>> listeners_;
};

}  // namespace filestore
