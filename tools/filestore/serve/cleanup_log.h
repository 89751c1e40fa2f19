#pragma once

/// What runs of cleanup say on standard error: why files fail, and why a run does.

#include <cstdint>

#include "filestore/cleanup.h"
#include "filestore/result.h"
#include "serve/metrics/metrics.h"

namespace filestore::tool::serve {

/// A resource; for one run at a time, which calls it from one thread at a time.
class CleanupLog {
public:
    /// `metrics` outlives it.
    explicit CleanupLog(Metrics& metrics) noexcept : metrics_(metrics) {}

    /// The first failures of a run get a line each.
    void take(const CleanupFile& file);
    /// Counts the other failures, and begins anew for the next run.
    void end(const Result<CleanupReport>& report);

private:
    Metrics& metrics_;
    std::uint64_t failed_ = 0;
};

}  // namespace filestore::tool::serve
