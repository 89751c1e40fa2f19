#pragma once

#include <atomic>

#include "filestore/time.h"

namespace filestore::test {

/// Stands still until it is moved. Thread-safe.
class SettableClock final : public Clock {
public:
    explicit SettableClock(Timestamp now) : now_(now.time_since_epoch()) {}
    [[nodiscard]] Timestamp now() const noexcept override { return Timestamp(now_.load()); }
    void advance(std::chrono::microseconds by) noexcept { now_.store(now_.load() + by); }

private:
    std::atomic<std::chrono::microseconds> now_;
};

}  // namespace filestore::test
