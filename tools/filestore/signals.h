#pragma once

/// SIGINT, SIGTERM and SIGHUP as something to wait for, so that a call under way is cancelled and cleans up after itself.

#include <csignal>
#include <memory>
#include <stop_token>

#include "core/descriptor.h"
#include "filestore/result.h"

namespace filestore::tool {

/// Takes the signals over for the whole process. A resource; for the main thread only.
class SignalWatch {
public:
    /// Blocks the signals: call it before the first thread starts. A signal that the process was started to ignore (nohup,
    /// background jobs) stays ignored. SIGPIPE is ignored from here on.
    [[nodiscard]] static Result<std::unique_ptr<SignalWatch>> start();

    /// Readable when a signal has come.
    [[nodiscard]] int descriptor() const noexcept { return descriptor_.get(); }

    /// Takes in what has come. The first signal requests a stop; a second one ends the process at once.
    void collect();

    /// For a command that answers signals in a way of its own: the number of one that has come, 0 where none has. It stops nothing, and is not caught().
    [[nodiscard]] int take() noexcept;

    /// The number of the signal that came first; 0 where none was collected.
    [[nodiscard]] int caught() const noexcept { return caught_; }

    [[nodiscard]] std::stop_token stop_token() const noexcept { return stop_.get_token(); }

    /// While one lives, a signal ends the process as if nobody watched: for waits that leave nothing to clean up. A resource.
    class LetThrough {
    public:
        explicit LetThrough(const SignalWatch& watch) noexcept;
        LetThrough(const LetThrough&) = delete;
        LetThrough& operator=(const LetThrough&) = delete;
        ~LetThrough();

    private:
        const SignalWatch& watch_;
    };

private:
    SignalWatch(const sigset_t& signals, Descriptor descriptor) noexcept;

    sigset_t signals_;
    Descriptor descriptor_;
    std::stop_source stop_;
    int caught_ = 0;
};

}  // namespace filestore::tool
