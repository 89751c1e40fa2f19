#include "local/group_flush.h"

#include <sys/stat.h>

#include <new>
#include <utility>

#include "core/staged_file.h"

namespace filestore::local {

GroupFlush::Waiter* GroupFlush::begin() noexcept {
    is_flushing_ = true;
    return std::exchange(waiting_, nullptr);
}

void GroupFlush::end(Waiter* served, int outcome) noexcept {
    is_flushing_ = false;
    while (served != nullptr) {
        Waiter& each = *served;
        served = each.next;
        each.outcome = outcome;
        each.is_served = true;
        each.may_begin_or_is_served.notify_one();
    }
    // One of those who came meanwhile begins the next flush.
    if (waiting_ != nullptr) {
        waiting_->may_begin_or_is_served.notify_one();
    }
}

int DirectoryFlushes::flush(int descriptor) noexcept {
    const auto flush = [descriptor] { return flush_descriptor(descriptor); };
    GroupFlush* const group = group_of(descriptor);
    return group != nullptr ? group->run(flush) : flush();
}

GroupFlush* DirectoryFlushes::group_of(int descriptor) noexcept {
    struct ::stat status {};
    if (::fstat(descriptor, &status) != 0) {
        return nullptr;
    }
    const std::scoped_lock guard(mutex_);
    try {
        return &groups_[status.st_ino];
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

}  // namespace filestore::local
