#include "progress_bar.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace filestore::tool {

namespace {

constexpr std::uint64_t unknown_total = UINT64_MAX;
constexpr std::size_t bar_cells = 24;
constexpr std::size_t usual_columns = 80;
/// Shorter transfers show no bar, so that it does not flash.
constexpr std::chrono::milliseconds silent_time{300};

bool is_terminal_that_redraws() {
    const char* terminal = std::getenv("TERM");
    return ::isatty(STDERR_FILENO) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

std::size_t terminal_columns() {
    winsize size{};
    return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : usual_columns;
}

void write_to_terminal(std::string_view text) {
    // A bar that cannot be drawn is no reason to fail a transfer.
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

std::string amount(double number, ProgressUnit counted) {
    if (counted == ProgressUnit::files) {
        return std::to_string(static_cast<std::uint64_t>(number)) + " files";
    }
    double bytes = number;
    constexpr std::array<const char*, 6> units{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    std::size_t unit = 0;
    while (bytes >= 1024 && unit + 1 < units.size()) {
        bytes /= 1024;
        ++unit;
    }
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
    return text.data();
}

double as_double(std::uint64_t number) {
    return static_cast<double>(number);
}

std::string bar_and_percentage(double part) {
    const auto filled = static_cast<std::size_t>(part * static_cast<double>(bar_cells));
    std::array<char, 8> percentage{};
    std::snprintf(percentage.data(), percentage.size(), "%3d%%", static_cast<int>(part * 100));
    return "[" + std::string(filled, '#') + std::string(bar_cells - filled, '.') + "] " + percentage.data() +
           "  ";
}

}  // namespace

std::string progress_line(const std::string& label, const Progress& progress,
                          std::chrono::milliseconds elapsed, std::size_t columns, ProgressUnit unit) {
    std::string line = label + "  ";
    const double done = as_double(progress.bytes_done);
    const std::uint64_t total = progress.bytes_total.value_or(0);
    if (total > 0) {
        line += bar_and_percentage(std::min(1.0, done / as_double(total)));
    }
    line += amount(done, unit);
    if (total > 0) {
        line += " of " + amount(as_double(total), unit);
    }
    if (elapsed.count() > 0) {
        line += "  " + amount(done * 1000 / static_cast<double>(elapsed.count()), unit) + "/s";
    }
    return line.substr(0, columns);
}

ProgressBar::ProgressBar(std::string label, ProgressUnit unit)
    : label_(std::move(label)),
      unit_(unit),
      is_shown_(is_terminal_that_redraws()),
      started_(std::chrono::steady_clock::now()),
      total_(unknown_total) {}

void ProgressBar::update(const Progress& progress) noexcept {
    total_.store(progress.bytes_total.value_or(unknown_total), std::memory_order_relaxed);
    done_.store(progress.bytes_done, std::memory_order_relaxed);
}

void ProgressBar::draw() {
    const auto elapsed =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started_);
    if (!is_shown_ || elapsed < silent_time) {
        return;
    }
    Progress progress;
    progress.bytes_done = done_.load(std::memory_order_relaxed);
    if (const std::uint64_t total = total_.load(std::memory_order_relaxed); total != unknown_total) {
        progress.bytes_total = total;
    }
    is_drawn_ = true;
    // The last column stays free: some terminals wrap the line when it is written.
    write_to_terminal("\r" + progress_line(label_, progress, elapsed, terminal_columns() - 1, unit_) +
                      "\x1b[K");
}

void ProgressBar::clear() {
    if (std::exchange(is_drawn_, false)) {
        write_to_terminal("\r\x1b[K");
    }
}

}  // namespace filestore::tool
