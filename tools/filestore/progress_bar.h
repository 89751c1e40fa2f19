#pragma once

/// How far a transfer is, on a terminal.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "filestore/call.h"

namespace filestore::tool {

/// What the numbers of a Progress count.
enum class ProgressUnit { bytes, files };

/// One line on standard error, redrawn in place; nothing at all where that is not a terminal. A resource: update() from any
/// thread, the rest from the main thread.
class ProgressBar {
public:
    /// `label` leads the line.
    explicit ProgressBar(std::string label, ProgressUnit unit = ProgressUnit::bytes);
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;
    ~ProgressBar() { clear(); }

    [[nodiscard]] bool is_shown() const noexcept { return is_shown_; }

    /// Notes how far the transfer is; does not draw.
    void update(const Progress& progress) noexcept;

    void draw();

    /// Takes the line away.
    void clear();

private:
    std::string label_;
    ProgressUnit unit_;
    bool is_shown_;
    bool is_drawn_ = false;
    std::chrono::steady_clock::time_point started_;
    std::atomic<std::uint64_t> done_{0};
    std::atomic<std::uint64_t> total_;
};

/// The line that a bar shows: part, percentage, amount and speed, at most `columns` wide.
[[nodiscard]] std::string progress_line(const std::string& label, const Progress& progress,
                                        std::chrono::milliseconds elapsed, std::size_t columns,
                                        ProgressUnit unit = ProgressUnit::bytes);

}  // namespace filestore::tool
