#include "s3/policy/send_rate.h"

#include <algorithm>
#include <new>

namespace filestore::s3 {
namespace {

using Seconds = std::chrono::duration<double>;

constexpr Seconds window{0.5};
/// A shorter part of a window tells little.
constexpr Seconds least_window{0.1};

/// From a throttle until the rate is again what the server took then.
constexpr double recovery_seconds = 1;
/// How much of the known limit is added after one second beyond it; four times as much after two.
constexpr double relative_growth = 0.02;
/// The same in requests a second, and eight times as much after two: leads away from a limit that was very low.
constexpr double absolute_growth = 0.05;

/// How far above what the server took its limit can be.
constexpr double most_above_taken = 1.25;

/// Steep at first and flat near the limit, then slow, then ever faster: most time is spent near what the server is known to take.
double grown(double start, double limit, double seconds) noexcept {
    if (seconds < recovery_seconds) {
        const double missing = 1 - seconds / recovery_seconds;
        return limit - (limit - start) * missing * missing * missing;
    }
    const double beyond = seconds - recovery_seconds;
    return limit * (1 + relative_growth * beyond * beyond) + absolute_growth * beyond * beyond * beyond;
}

}  // namespace

void SendRate::count_answer(Time now) noexcept {
    if (!window_start_) {
        window_start_ = now;
    }
    const Seconds elapsed = now - *window_start_;
    if (elapsed >= window) {
        last_window_rate_ = static_cast<double>(window_answers_) / elapsed.count();
        window_start_ = now;
        window_answers_ = 0;
    }
    ++window_answers_;
}

double SendRate::measured(Time now) const noexcept {
    const Seconds elapsed = window_start_ ? Seconds(now - *window_start_) : Seconds::zero();
    if (elapsed < least_window && last_window_rate_ > 0) {
        return last_window_rate_;
    }
    const double so_far = static_cast<double>(window_answers_) / std::max(elapsed, least_window).count();
    return elapsed < window ? std::max(so_far, last_window_rate_) : so_far;
}

double SendRate::rate_at(Time now) const noexcept {
    const Seconds since = now - *slowed_from_;
    return grown(rate_, known_limit_, std::max(since, Seconds::zero()).count());
}

std::optional<SendRate::Clock::duration> SendRate::acquire(Time now, std::optional<Time> latest) noexcept {
    const std::lock_guard lock(mutex_);
    if (slowed_from_ && now - *slowed_from_ >= options_.forgotten) {
        slowed_from_.reset();
    }
    if (!slowed_from_) {
        given_back_.clear();
        return Clock::duration::zero();
    }
    given_back_.erase(given_back_.begin(), given_back_.lower_bound(now));
    const bool is_new = given_back_.empty();
    const Time place = is_new ? std::max(next_, now) : *given_back_.begin();
    if (latest && place > *latest) {
        return std::nullopt;
    }
    if (is_new) {
        next_ = place + std::chrono::duration_cast<Clock::duration>(Seconds(1 / rate_at(place)));
    } else {
        given_back_.erase(given_back_.begin());
    }
    return place - now;
}

void SendRate::give_back(Time place) noexcept {
    const std::lock_guard lock(mutex_);
    try {
        given_back_.insert(place);
    } catch (const std::bad_alloc&) {
        // It stays empty.
    }
}

void SendRate::on_answer(Time now) noexcept {
    const std::lock_guard lock(mutex_);
    count_answer(now);
}

/// Whether what was taken tells what the server takes: a client that had little to send may have been let through further.
bool SendRate::has_sent_enough(Time now) const noexcept {
    constexpr double least_answers = 10;
    if (slowed_from_) {
        const Seconds between_places{1 / rate_at(now)};
        return next_ - now > between_places;
    }
    const double answers = static_cast<double>(window_answers_) + last_window_rate_ * window.count();
    return answers >= least_answers;
}

void SendRate::on_throttle(Time now) noexcept {
    const std::lock_guard lock(mutex_);
    if (slowed_from_ && now < *slowed_from_ + options_.reaction) {
        return;
    }
    double least_limit = std::max(measured(now), options_.least);
    double bound = slowed_from_ ? rate_at(now) : least_limit;
    if (!has_sent_enough(now)) {
        bound = slowed_from_ ? bound * options_.backoff_factor : options_.unknown_limit;
        least_limit = std::max(least_limit, bound);
    }
    // The limit lies between what was taken and what was sent.
    known_limit_ = std::max(least_limit, std::min((least_limit + bound) / 2, least_limit * most_above_taken));
    const double sent = std::min(bound, known_limit_);
    rate_ = std::max(sent * options_.backoff_factor, options_.least);
    // The places that are taken already are at the old rate.
    slowed_from_ = std::max(now, next_);
}

std::optional<double> SendRate::rate(Time now) const noexcept {
    const std::lock_guard lock(mutex_);
    return slowed_from_ ? std::optional(rate_at(now)) : std::nullopt;
}

}  // namespace filestore::s3
