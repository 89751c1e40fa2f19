#pragma once

/// Removes the bytes of deleted files whose grace is over (filestore/soft_delete.h).

#include <cstdint>
#include <functional>

#include "filestore/cleanup.h"
#include "service/operations.h"

namespace filestore {

/// A value.
struct PurgeRequest {
    /// Files whose grace was over then.
    Timestamp due{};
    /// Tells, but changes nothing.
    bool dry_run = false;
    /// See CleanupRequest.
    std::function<Result<void>(const CleanupFile&)> on_file{};
    CallOptions limits{};
};

/// A value.
struct PurgeReport {
    std::uint64_t purged = 0;
    /// Of these files.
    std::uint64_t bytes = 0;
    /// Of these bytes.
    std::uint64_t bytes_in_versions = 0;
    std::uint64_t failed = 0;
    /// The audit server has them as stored.
    std::uint64_t kept = 0;
};

/// In pages of up to 1000 files: what the audit server has of them, their intents, the store, their records. Files that fail do not stop the rest; the next run tries again. `done` is called once, on a library thread, perhaps before this returns.
void start_purge(const ServiceParts& parts, PurgeRequest request,
                 std::function<void(const Result<PurgeReport>&)> done);

}  // namespace filestore
