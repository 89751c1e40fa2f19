#pragma once

/// Flushes of a directory that serve many at once.

#include <sys/types.h>

#include <condition_variable>
#include <map>
#include <mutex>

namespace filestore::local {

/// Each caller waits for a flush that began after its call, so that what it had changed is flushed; all who called before it began share it, and its
/// outcome. A flush that failed is not tried again: whoever waited for it fails. A resource; thread-safe; allocates nothing.
class GroupFlush {
public:
    GroupFlush() = default;
    GroupFlush(const GroupFlush&) = delete;
    GroupFlush& operator=(const GroupFlush&) = delete;
    ~GroupFlush() = default;

    /// `flush` answers 0 or an errno, and does not throw; it is called on the thread of one of those who wait. Answers what the flush answered that
    /// served this call. Blocks.
    template <class Flush>
    [[nodiscard]] int run(const Flush& flush) {
        std::unique_lock lock(mutex_);
        Waiter me{waiting_};
        waiting_ = &me;
        me.may_begin_or_is_served.wait(lock, [&] { return me.is_served || !is_flushing_; });
        if (!me.is_served) {
            Waiter* const all = begin();
            lock.unlock();
            const int outcome = flush();
            lock.lock();
            end(all, outcome);
        }
        return me.outcome;
    }

private:
    /// Lives on the stack of its thread until it is served.
    struct Waiter {
        Waiter* next;
        std::condition_variable may_begin_or_is_served{};
        bool is_served = false;
        int outcome = 0;
    };

    /// Whom the flush serves that begins.
    [[nodiscard]] Waiter* begin() noexcept;
    void end(Waiter* served, int outcome) noexcept;

    std::mutex mutex_;
    /// For a flush that has not begun.
    Waiter* waiting_ = nullptr;
    bool is_flushing_ = false;
};

/// Flushes the directories of a store, each in groups of its own. A resource; thread-safe.
class DirectoryFlushes {
public:
    /// fsync of a directory, by whichever of the descriptors that wait for it: 0 or an errno.
    [[nodiscard]] int flush(int descriptor) noexcept;

private:
    /// Null where it cannot be told, or there is no memory for another one.
    [[nodiscard]] GroupFlush* group_of(int descriptor) noexcept;

    std::mutex mutex_;
    /// By inode. One that is given to another directory finds nobody waiting.
    std::map<ino_t, GroupFlush> groups_;
};

}  // namespace filestore::local
