#pragma once

/// fork() while a thread is inside of SQLite would leave the child with SQLite's locks as they were, which nobody opens any more.

namespace filestore {

/// Holds up fork() in this process as long as it lives, a second at most. A resource; one thread at a time, and one a thread.
class ForkBarrier {
public:
    ForkBarrier() noexcept;
    ForkBarrier(const ForkBarrier&) = delete;
    ForkBarrier& operator=(const ForkBarrier&) = delete;
    ~ForkBarrier();
};

}  // namespace filestore
