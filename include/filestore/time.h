#pragma once

/// Wall-clock time as the library stores and prints it: UTC, microseconds, RFC 3339 with `Z`.
/// `Timestamp` is a value. `Clock` is a resource and thread-safe: the seam by which tests set the time.

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "filestore/export.h"
#include "filestore/result.h"

namespace filestore {

using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

/// `2026-01-31T23:59:59.000001Z`: always six digits of fraction.
[[nodiscard]] FILESTORE_API std::string format_timestamp(Timestamp time);

/// Reads RFC 3339 (any offset, 0 to 9 digits of fraction; digits past the sixth are dropped).
/// `invalid_argument` for anything else.
[[nodiscard]] FILESTORE_API Result<Timestamp> parse_timestamp(std::string_view text);

/// Where the library takes the time of day from. Implementations must be thread-safe and must not throw.
class FILESTORE_API Clock {
public:
    Clock() = default;
    Clock(const Clock&) = delete;
    Clock& operator=(const Clock&) = delete;
    virtual ~Clock();

    [[nodiscard]] virtual Timestamp now() const noexcept = 0;
};

/// The operating system's clock.
[[nodiscard]] FILESTORE_API std::shared_ptr<Clock> system_clock();

}  // namespace filestore
