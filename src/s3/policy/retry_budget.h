#pragma once

/// A token bucket that bounds the retries of a client: in an outage they are a tenth of its calls, and what was saved up, at most. Repeating every
/// request several times would hinder the server that is to recover.

#include <cstdint>
#include <mutex>

namespace filestore::s3 {

/// A value.
struct RetryBudgetOptions {
    /// Retries that are there at first, and at most saved up.
    std::uint32_t burst = 100;
    /// Calls that earn one retry.
    std::uint32_t calls_per_retry = 10;
};

/// A resource; thread-safe. It knows no time: an idle client earns nothing.
class RetryBudget {
public:
    explicit RetryBudget(RetryBudgetOptions options = {});

    /// A call was started (its first sending only).
    void on_call() noexcept;

    /// A call succeeded at its first sending or a later one: earns as much again, so that the budget refills after an outage.
    void on_success() noexcept;

    /// Takes one retry out of the budget; false where there is none: the failure is then final.
    [[nodiscard]] bool take() noexcept;

    /// Whole retries that are left.
    [[nodiscard]] std::uint32_t left() const noexcept;

private:
    void earn() noexcept;

    const RetryBudgetOptions options_;
    mutable std::mutex mutex_;
    /// In parts of a retry: calls_per_retry of them make one.
    std::uint64_t parts_;
};

}  // namespace filestore::s3
