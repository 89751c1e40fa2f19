#pragma once

/// Uploads of which this process is just making the file: a client that asks again meanwhile is to have one file.

#include <mutex>
#include <set>

#include "filestore/file_id.h"

namespace filestore::tool::serve::openai {

/// A resource; thread-safe.
class UploadsBeingMade {
public:
    /// False where that is so already.
    [[nodiscard]] bool begin(const FileId& upload) {
        const std::lock_guard lock(mutex_);
        return uploads_.insert(upload).second;
    }
    void end(const FileId& upload) {
        const std::lock_guard lock(mutex_);
        uploads_.erase(upload);
    }

private:
    std::mutex mutex_;
    std::set<FileId> uploads_;
};

}  // namespace filestore::tool::serve::openai
