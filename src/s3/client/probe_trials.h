#pragma once

/// What a probe tries: one feature each, on objects of its own.

#include <span>
#include <string>
#include <string_view>

#include "s3/client/probe_session.h"

namespace filestore::s3 {

/// What a trial came to; `how` is one line. A value.
struct Finding {
    bool yes = false;
    std::string how;
};

/// Pure function.
[[nodiscard]] Finding found(bool is_so, std::string_view how, std::string_view how_not);

/// A failure of the server is an answer, too; see finding_of().
struct Trial {
    std::string_view feature;
    Result<Finding> (*run)(ProbeSession& session);
};

/// In the order in which they are run: a trial may use what an earlier one has stored.
[[nodiscard]] std::span<const Trial> object_trials() noexcept;
[[nodiscard]] std::span<const Trial> part_trials() noexcept;

/// What a trial shows: a refusal, or no answer at all, may have another cause than a lack. Pure function.
[[nodiscard]] S3ProbeFeature feature_of(std::string_view name, const Result<Finding>& found);

/// Whether a request that had to be refused was: by its condition, and not for another reason. Pure function.
[[nodiscard]] Result<bool> was_refused(const Result<Answer>& answer);

}  // namespace filestore::s3
