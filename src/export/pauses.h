#pragma once

/// How long exporters wait between two attempts. Pure.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "filestore/file_exporter.h"
#include "s3/policy/retry_policy.h"

namespace filestore {

/// The pause behind so many attempts, by 64 random bits; `retry_after` is the last answer's header, empty where there was none. Nothing where no attempt is to follow.
[[nodiscard]] inline std::optional<std::chrono::milliseconds> pause_behind(const ExportRetryOptions& options,
                                                                           unsigned attempts,
                                                                           std::uint64_t random,
                                                                           std::string_view retry_after,
                                                                           Timestamp now) {
    if (attempts >= options.max_attempts) {
        return std::nullopt;
    }
    S3RetryOptions spread;
    spread.first_delay = options.first_delay;
    spread.longest_delay = options.longest_delay;
    return s3::backoff(spread, attempts + 1, random, s3::parse_retry_after(retry_after, now));
}

}  // namespace filestore
