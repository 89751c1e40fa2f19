#pragma once

#include <chrono>
#include <cstddef>

namespace filestore::tool::serve {

/// What clients may use. A value.
struct HttpLimits {
    /// Connections at a time; more wait to be accepted.
    unsigned connections = 2000;
    /// Without a byte either way.
    std::chrono::seconds idle{60};
    /// From the answer before, or the beginning, to the end of a request's head: who drips its bytes holds no connection for longer.
    std::chrono::seconds head{60};
    /// A body, of a request or an answer, moves at least `least_body` bytes in each `body`, but for the time that the store takes; 0 for no limit.
    std::chrono::seconds body{60};
    unsigned least_body = 4096;
    /// Bytes of a request's head, and what is read of a body at a time.
    std::size_t connection_memory = 131'072;
    /// Of one address at a time; 0 for no limit.
    unsigned connections_of_address = 0;

    [[nodiscard]] bool operator==(const HttpLimits&) const = default;
};

}  // namespace filestore::tool::serve
