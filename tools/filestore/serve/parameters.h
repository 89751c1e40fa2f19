#pragma once

/// What stands in the query of a request.

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "serve/exchange.h"

namespace filestore::tool::serve {

/// A whole number from 1 to `most`; where it is none, the request is answered.
[[nodiscard]] std::optional<std::uint64_t> number_of(const std::shared_ptr<Exchange>& exchange,
                                                     std::string_view name, std::uint64_t usual,
                                                     std::uint64_t most);

/// `true` or `false`, which it is where it is not given; where it is neither, the request is answered.
[[nodiscard]] std::optional<bool> switch_of(const std::shared_ptr<Exchange>& exchange, std::string_view name);

}  // namespace filestore::tool::serve
