#pragma once

/// How a curl handle is set up before an exchange adds its own. Only src/http includes this header.

#include <curl/curl.h>

#include "http/curl_transport.h"
#include "http/trust.h"

namespace filestore::http {

/// Protocol, limits, connections, names, proxy, TLS and buffers. The handle borrows all arguments for as long as it is set up so.
void set_up_handle(CURL* handle, const Request& request, const TransportOptions& options, const Trust& trust);

}  // namespace filestore::http
