#pragma once

/// SIGPIPE, which the kernel sends to a thread that writes to a pipe or a connection that nobody reads.

#include <csignal>

namespace filestore {

/// Keeps this thread, which may be the caller's own, from dying of such a write: it fails with EPIPE, as it does for who ignores the signal. Leaves no SIGPIPE pending
/// that was not so before, and errno as it is. One thread.
class BrokenPipeSignalBlock {
public:
    BrokenPipeSignalBlock() noexcept;
    BrokenPipeSignalBlock(const BrokenPipeSignalBlock&) = delete;
    BrokenPipeSignalBlock& operator=(const BrokenPipeSignalBlock&) = delete;
    ~BrokenPipeSignalBlock();

private:
    sigset_t sigpipe_{};
    sigset_t before_{};
    bool was_pending_ = false;
};

}  // namespace filestore
