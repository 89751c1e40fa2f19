#include "running_call.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cstdint>

namespace filestore::tool {

namespace {

constexpr int redraw_interval_ms = 100;
constexpr int until_woken = -1;

}  // namespace

void wait_while_watching(int descriptor, SignalWatch& signals, ProgressBar* bar) {
    const int interval = bar != nullptr && bar->is_shown() ? redraw_interval_ms : until_woken;
    std::array<pollfd, 2> polled{{{descriptor, POLLIN, 0}, {signals.descriptor(), POLLIN, 0}}};
    for (;;) {
        const int ready = ::poll(polled.data(), polled.size(), interval);
        if (ready > 0 && polled[1].revents != 0) {
            signals.collect();
        }
        if (ready > 0 && polled[0].revents != 0) {
            return;
        }
        if (bar != nullptr) {
            bar->draw();
        }
    }
}

void wait_for_input_or_signal(int descriptor, SignalWatch& signals) {
    std::array<pollfd, 2> polled{{{descriptor, POLLIN, 0}, {signals.descriptor(), POLLIN, 0}}};
    if (::poll(polled.data(), polled.size(), until_woken) > 0 && polled[1].revents != 0) {
        signals.collect();
    }
}

void announce(int descriptor) noexcept {
    const std::uint64_t one = 1;
    // Fails only when the counter is full, and then the descriptor is readable.
    [[maybe_unused]] const ssize_t written = ::write(descriptor, &one, sizeof one);
}

}  // namespace filestore::tool
