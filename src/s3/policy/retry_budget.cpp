#include "s3/policy/retry_budget.h"

#include <algorithm>

namespace filestore::s3 {

RetryBudget::RetryBudget(RetryBudgetOptions options)
    : options_(options), parts_(std::uint64_t{options.burst} * options.calls_per_retry) {}

void RetryBudget::on_success(bool after_retry) noexcept {
    const std::lock_guard lock(mutex_);
    const std::uint64_t most = std::uint64_t{options_.burst} * options_.calls_per_retry;
    parts_ = std::min(parts_ + (after_retry ? options_.calls_per_retry : 1), most);
}

bool RetryBudget::take() noexcept {
    const std::lock_guard lock(mutex_);
    if (parts_ < options_.calls_per_retry) {
        return false;
    }
    parts_ -= options_.calls_per_retry;
    return true;
}

std::uint32_t RetryBudget::left() const noexcept {
    const std::lock_guard lock(mutex_);
    return static_cast<std::uint32_t>(parts_ / options_.calls_per_retry);
}

}  // namespace filestore::s3
