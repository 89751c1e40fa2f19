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
    /// So many of the bytes are known to have arrived; reported with the next ones.
    void acknowledge(std::uint64_t bytes) noexcept { progress_.bytes_acknowledged += bytes; }
    /// All is done and has arrived: the last report.
    void finish();

private:
    void report(std::chrono::steady_clock::time_point now);

    std::function<void(const Progress&)> report_;
    Progress progress_;
    std::chrono::steady_clock::time_point next_{};
};

}  // namespace filestore
