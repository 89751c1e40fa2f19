#pragma once

/// How a curl handle is set up before an exchange adds its own. Only src/http includes this header.

#include <curl/curl.h>

#include <chrono>
#include <string>

#include "http/curl_transport.h"
#include "http/trust.h"

namespace filestore::http {

/// How an exchange gets its connection. A value.
struct ConnectionPlan {
    /// Empty: none.
    std::string proxy;
    /// For the connection and its TLS handshake.
    std::chrono::milliseconds timeout;
};

/// Protocol, limits, connections, proxy, TLS and buffers. The handle borrows request, options and trust for as long as it is set up so.
void set_up_handle(CURL* handle, const Request& request, const TransportOptions& options,
                   const ConnectionPlan& plan, const Trust& trust);

}  // namespace filestore::http
