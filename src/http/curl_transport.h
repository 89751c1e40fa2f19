#pragma once

/// The transport by libcurl: event loops that keep connections.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/reactor.h"
#include "http/transport.h"

namespace filestore::http {

/// A value.
struct TransportOptions {
    /// The most event loop threads; at least 1. Small requests share one loop, bulk requests are spread over all.
    unsigned event_loops = 2;
    /// The most exchanges under way, each on a connection of its own, shared out evenly to the loops; more of them wait and begin in the order in
    /// which they came. A paused one does not count, nor one that has waited for its source or receiver for a second.
    unsigned max_connections = 64;

    // Limits of one exchange, beside the deadline of its request. Waiting for the caller's source or receiver, and a pause, count for none.
    /// Name lookup, connection and TLS handshake together. The lookup's part may pass in waiting for those of four other names.
    std::chrono::milliseconds connect_timeout{10'000};
    /// From the last byte of the request to the first of the final answer.
    std::chrono::milliseconds first_byte_timeout{30'000};
    /// A body of which fewer than `stall_bytes` move within this time fails with `timeout`, whichever its direction.
    std::chrono::milliseconds stall_window{20'000};
    std::uint64_t stall_bytes = 1024;

    /// A request with a body above this size asks the server first (`Expect: 100-continue`), so that one that refuses is not sent the body. Never where
    /// there is none.
    std::optional<std::uint64_t> expect_threshold = std::uint64_t{1} << 20U;
    /// So long it waits for the server's word before it sends the body unasked.
    std::chrono::milliseconds expect_wait{1'000};

    /// A connection is used again unless it has been idle for longer than this, or is older. Those that are too old are closed when the loop is next used.
    std::chrono::seconds max_idle_age{60};
    std::chrono::seconds max_connection_age{300};
    /// How long a resolved name is used before it is asked for again. One that was used within this time keeps its old addresses meanwhile, however long
    /// that takes and until a lookup finds others. Each name is looked up once for all loops that wait for it. Names whose lookups the system's resolver does
    /// not answer hold a thread each: with four of them all later ones wait, until their limits; nothing else does, not even the end of the transport.
    std::chrono::seconds dns_cache_time{30};
    /// Spreads connections over the addresses of a name. One that cannot be connected to is passed over either way.
    bool shuffle_addresses = true;

    /// `http://`, `https://` or `socks5h://`, with user and password where it wants them. Empty: that of the environment (`http_proxy`, `https_proxy`, `all_proxy`,
    /// `no_proxy`) as the first request of a loop finds it, unless switched off. Hosts for which is_never_proxied() holds, and requests that ask for it, go past any.
    std::string proxy;
    /// Hosts that go past `proxy`: see is_excepted().
    std::string no_proxy;
    bool proxy_from_environment = true;

    /// The certificates to trust: themselves (PEM), or a file or directory of them. The system's where both are empty, see find_system_trust().
    std::string ca_pem;
    std::string ca_file;
    /// What the user calls that, for messages.
    std::string name_of_ca_file = "ca_file";
    /// Required: polls the descriptors of paused streams.
    std::shared_ptr<Reactor> reactor;
};

/// Starts no thread before the first request, and at most one for each loop and one for name lookups, and up to three more while several names are looked up
/// at one time; what has been idle for a second gives its thread back, not its connections.
[[nodiscard]] std::shared_ptr<Transport> make_curl_transport(const TransportOptions& options);

}  // namespace filestore::http
