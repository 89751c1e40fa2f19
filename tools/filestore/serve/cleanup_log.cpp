#include "serve/cleanup_log.h"

#include <string>
#include <utility>

#include "filestore/time.h"
#include "output.h"

namespace filestore::tool::serve {

namespace {

/// A disk that fails would else fill the log.
constexpr std::uint64_t most_lines = 20;

}  // namespace

void CleanupLog::take(const CleanupFile& file) {
    if (file.outcome != CleanupOutcome::failed) {
        return;
    }
    failed_ += 1;
    if (failed_ <= most_lines && file.reason) {
        report(file.reason->within("cleanup: file " + file.id.str()));
    }
}

void CleanupLog::end(const Result<CleanupReport>& report) {
    const std::uint64_t failed = std::exchange(failed_, 0);
    if (failed > most_lines) {
        tool::report("cleanup: " + std::to_string(failed - most_lines) + " more files failed");
    }
    if (!report.ok()) {
        tool::report(report.error().within("cleanup"));
    }
    metrics_.cleanup_ended(report, failed, system_clock()->now());
}

}  // namespace filestore::tool::serve
