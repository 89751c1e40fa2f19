#include "s3/policy/clock_skew.h"

#include <algorithm>
#include <array>

#include "core/http_date.h"

namespace filestore::s3 {
namespace {

using std::chrono::microseconds;

/// Dates of answers have whole seconds, and an answer takes a while: two clocks that agree show no more than this.
constexpr std::chrono::seconds noise{5};
/// S3 accepts a request that is 15 minutes off; a skew that is much smaller need not be corrected.
constexpr std::chrono::minutes negligible{1};

constexpr std::array<std::string_view, 3> clock_codes{"RequestExpired", "RequestInTheFuture",
                                                      "RequestTimeTooSkewed"};

microseconds distance(microseconds a, microseconds b) {
    return std::chrono::abs(a - b);
}

microseconds distance(Timestamp a, Timestamp b) {
    return std::chrono::abs(a - b);
}

}  // namespace

bool is_clock_error(std::string_view server_code) noexcept {
    return std::find(clock_codes.begin(), clock_codes.end(), server_code) != clock_codes.end();
}

Timestamp ClockSkew::corrected(Timestamp now) const noexcept {
    return now + skew();
}

microseconds ClockSkew::skew() const noexcept {
    const std::lock_guard lock(mutex_);
    return skew_;
}

bool ClockSkew::learn(std::string_view server_code, std::string_view date, Timestamp now,
                      Timestamp signed_for) {
    return is_clock_error(server_code) && learn(date, now, signed_for);
}

bool ClockSkew::learn(std::string_view date, Timestamp now, Timestamp signed_for) {
    const Result<Timestamp> server_time = parse_http_date(date);
    if (!server_time.ok()) {
        return false;
    }
    const microseconds observed = *server_time - now;
    if (distance(observed, microseconds::zero()) > largest_clock_skew) {
        return false;
    }
    const std::lock_guard lock(mutex_);
    if (distance(observed, skew_) > noise) {
        skew_ = observed;
    }
    return distance(*server_time, signed_for) > noise;
}

void ClockSkew::on_accepted(std::string_view date, Timestamp now) {
    const std::lock_guard lock(mutex_);
    if (skew_ == microseconds::zero()) {
        return;
    }
    const Result<Timestamp> server_time = parse_http_date(date);
    if (!server_time.ok() || distance(*server_time - now, skew_) <= noise) {
        return;
    }
    skew_ = skew_ / 2;
    if (distance(skew_, microseconds::zero()) < negligible) {
        skew_ = microseconds::zero();
    }
}

}  // namespace filestore::s3
