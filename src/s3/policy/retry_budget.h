#pragma once

/// A token bucket that bounds the retries of a client: in an outage they are a tenth of the calls that succeeded before, and what was saved up, at
/// most. Repeating every request several times would hinder the server that is to recover.

#include <cstdint>
#include <mutex>

namespace filestore::s3 {

/// A value.
struct RetryBudgetOptions {
    /// Retries that are there at first, and at most saved up.
    std::uint32_t burst = 100;
    /// Calls that have to succeed to earn one retry; at least 1.
    std::uint32_t calls_per_retry = 10;
};

/// A resource; thread-safe. It knows no time: an idle client earns nothing.
class RetryBudget {
public:
    explicit RetryBudget(RetryBudgetOptions options = {});

    /// A call succeeded. At its first sending it earns a part of a retry; after a retry it gives that one back, which was well spent.
    void on_success(bool after_retry) noexcept;

    /// Takes one retry out of the budget; false where there is none: the failure is then final, at once.
    [[nodiscard]] bool take() noexcept;

    /// Whole retries that are left.
    [[nodiscard]] std::uint32_t left() const noexcept;

private:
    const RetryBudgetOptions options_;
    mutable std::mutex mutex_;
    /// In parts of a retry: calls_per_retry of them make one.
    std::uint64_t parts_;
};

}  // namespace filestore::s3
