#include "http/limits.h"

#include <algorithm>

#include "http/retryable.h"

namespace filestore::http {

namespace {

constexpr std::chrono::milliseconds time_between_looks{100};

}  // namespace

std::string in_words(std::chrono::milliseconds time) {
    return time.count() % 1000 == 0 ? std::to_string(time.count() / 1000) + " s"
                                    : std::to_string(time.count()) + " ms";
}

ProgressWatch::Phase ProgressWatch::phase_of(const Observation& seen) noexcept {
    if (!seen.connected) {
        return Phase::connecting;
    }
    if (seen.answered) {
        return Phase::receiving;
    }
    return seen.request_sent ? Phase::waiting : Phase::sending;
}

void ProgressWatch::start_window(Time now, std::uint64_t moved) noexcept {
    since_ = now;
    moved_before_ = moved;
}

Result<void> ProgressWatch::look(Time now, const Observation& seen) {
    const Phase phase = phase_of(seen);
    look_again_ = seen.request_held ? std::optional(now + time_between_looks) : std::nullopt;
    if (phase != phase_) {
        phase_ = phase;
        start_window(now, seen.moved);
        return {};
    }
    if (phase == Phase::connecting) {
        return {};
    }
    if (phase == Phase::waiting) {
        return now - since_ < settings_.first_byte
                   ? Result<void>()
                   : Error(ErrorCode::timeout,
                           "the server did not begin its answer within " + in_words(settings_.first_byte) +
                               " of the request",
                           retryable());
    }
    // Over TLS the bytes that the system holds are not quite those of the body.
    const std::uint64_t moved = seen.moved - std::min(moved_before_, seen.moved);
    if (moved >= settings_.stall_bytes) {
        start_window(now, seen.moved);
        return {};
    }
    if (now - since_ < settings_.stall_window) {
        return {};
    }
    return Error(ErrorCode::timeout,
                 "the transfer stalled: " + std::to_string(moved) + " bytes in " +
                     in_words(settings_.stall_window) +
                     (phase == Phase::sending ? " were sent" : " were received"),
                 retryable());
}

ProgressWatch::Time ProgressWatch::next_limit() const noexcept {
    if (look_again_) {
        return std::min(*look_again_, since_ + settings_.stall_window);
    }
    switch (phase_) {
        case Phase::connecting:
            return Time::max();
        case Phase::waiting:
            return since_ + settings_.first_byte;
        case Phase::sending:
        case Phase::receiving:
            break;
    }
    return since_ + settings_.stall_window;
}

}  // namespace filestore::http
