#include "core/progress.h"

#include <utility>

namespace filestore {

namespace {
constexpr std::chrono::milliseconds interval{100};
}

ProgressMeter::ProgressMeter(std::function<void(const Progress&)> report, std::optional<std::uint64_t> total)
    : report_(std::move(report)), progress_{0, 0, total} {}

void ProgressMeter::add(std::uint64_t bytes) {
    progress_.bytes_done += bytes;
    if (!report_) {
        return;
    }
    const auto now = std::chrono::steady_clock::now();
    if (now >= next_) {
        report(now);
    }
}

void ProgressMeter::finish() {
    if (report_) {
        progress_.bytes_total = progress_.bytes_done;
        progress_.bytes_acknowledged = progress_.bytes_done;
        report(std::chrono::steady_clock::now());
    }
}

void ProgressMeter::report(std::chrono::steady_clock::time_point now) {
    next_ = now + interval;
    report_(progress_);
}

}  // namespace filestore
