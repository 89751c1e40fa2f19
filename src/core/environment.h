#pragma once

/// The one place that reads environment variables. What it is asked for stands in the public headers.

#include <optional>
#include <string>

namespace filestore {

/// Nothing where the variable is not set or empty.
[[nodiscard]] std::optional<std::string> environment_variable(const char* name);

}  // namespace filestore
