#pragma once

/// What is said on standard error of something that is tried again and again, and fails.

#include <mutex>
#include <optional>
#include <string_view>

#include "filestore/error.h"

namespace filestore::tool::serve {

/// Says each change once: that it fails, why, and that it goes well again. A resource; thread-safe.
class OutageLog {
public:
    /// The texts live as long as it.
    OutageLog(std::string_view fails, std::string_view is_over) noexcept : fails_(fails), is_over_(is_over) {}

    /// Why it failed, or nothing where it went well.
    void take(const std::optional<Error>& reason);

private:
    const std::string_view fails_;
    const std::string_view is_over_;
    std::mutex mutex_;
    std::optional<Error> reason_;
};

}  // namespace filestore::tool::serve
