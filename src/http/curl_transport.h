#pragma once

/// The transport by libcurl: event loops that keep connections.

#include <chrono>
#include <memory>
#include <string>

#include "core/reactor.h"
#include "http/transport.h"

namespace filestore::http {

/// A value.
struct TransportOptions {
    /// The most event loop threads; at least 1. Small requests share one loop, bulk requests are spread over all.
    unsigned event_loops = 2;
    std::chrono::milliseconds connect_timeout{10'000};
    /// An exchange in which no byte moves for so long, though neither source nor receiver is waited for, fails with `timeout`.
    std::chrono::milliseconds stall_timeout{30'000};
    /// A file or directory of certificates to trust; the system's where it is empty.
    std::string ca_file;
    /// Required: polls the descriptors of paused streams.
    std::shared_ptr<Reactor> reactor;
};

/// Starts no thread before the first request; a loop that has been idle for a second gives its thread back, not its connections.
[[nodiscard]] std::shared_ptr<Transport> make_curl_transport(const TransportOptions& options);

}  // namespace filestore::http
