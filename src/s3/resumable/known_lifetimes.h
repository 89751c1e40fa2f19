#pragma once

/// For how long uploads stay without a new byte, as far as a sweep has read that: the listing tells when each was written last, so that only those are read again whose time may be over.

#include <chrono>
#include <map>
#include <mutex>

#include "filestore/file_id.h"
#include "filestore/time.h"

namespace filestore::s3 {

/// A resource; thread-safe.
class KnownLifetimes {
public:
    void note(const FileId& id, std::chrono::seconds lifetime) {
        const std::lock_guard lock(mutex_);
        lifetimes_[id] = lifetime;
    }

    /// Leaves in `listed`, uploads with the times when they were written last, those that may have to be ended; forgets all that are not listed.
    void keep_due(std::map<FileId, Timestamp>& listed, Timestamp now) {
        const std::lock_guard lock(mutex_);
        std::erase_if(lifetimes_, [&](const auto& known) { return !listed.contains(known.first); });
        std::erase_if(listed, [&](const auto& upload) {
            const auto known = lifetimes_.find(upload.first);
            return known != lifetimes_.end() && now < upload.second + known->second;
        });
    }

private:
    std::mutex mutex_;
    std::map<FileId, std::chrono::seconds> lifetimes_;
};

}  // namespace filestore::s3
