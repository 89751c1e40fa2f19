#pragma once

/// The transport by libcurl: event loops that keep connections.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "core/reactor.h"
#include "http/transport.h"

namespace filestore::http {

/// A value.
struct TransportOptions {
    /// The most event loop threads; at least 1. Small requests share one loop, bulk requests are spread over all.
    unsigned event_loops = 2;
    /// The most exchanges under way, each on a connection of its own, shared out evenly to the loops; more of them wait and begin in the order in
    /// which they came. A paused one does not count.
    unsigned max_connections = 64;

    // Limits of one exchange, beside the deadline of its request. Waiting for the caller's source or receiver, and a pause, count for none.
    /// Name lookup, connection and TLS handshake together.
    std::chrono::milliseconds connect_timeout{10'000};
    /// From the last byte of the request to the first of the final answer.
    std::chrono::milliseconds first_byte_timeout{30'000};
    /// A body of which fewer than `stall_bytes` move within this time fails with `timeout`, whichever its direction.
    std::chrono::milliseconds stall_window{20'000};
    std::uint64_t stall_bytes = 1024;

    /// A file or directory of certificates to trust; the system's where it is empty.
    std::string ca_file;
    /// Required: polls the descriptors of paused streams.
    std::shared_ptr<Reactor> reactor;
};

/// Starts no thread before the first request; a loop that has been idle for a second gives its thread back, not its connections.
[[nodiscard]] std::shared_ptr<Transport> make_curl_transport(const TransportOptions& options);

}  // namespace filestore::http
