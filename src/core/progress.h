#pragma once

/// Thins out progress reports: growing, at most ten a second, and one at the end.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "filestore/call.h"

namespace filestore {

/// A value; one thread at a time.
class ProgressMeter {
public:
    ProgressMeter() = default;
    ProgressMeter(std::function<void(const Progress&)> report, std::optional<std::uint64_t> total);

    void add(std::uint64_t bytes);
    /// All is done: the last report.
    void finish();

private:
    void report(std::chrono::steady_clock::time_point now);

    std::function<void(const Progress&)> report_;
    Progress progress_;
    std::chrono::steady_clock::time_point next_{};
};

}  // namespace filestore
