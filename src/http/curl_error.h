#pragma once

/// What a failure of libcurl means to the caller. Only src/http includes this header.

#include <curl/curl.h>

#include <string_view>

#include "filestore/error.h"

namespace filestore::http {

/// What is known beside the code. A value that borrows.
struct FailureContext {
    /// libcurl's own text; empty where it has none.
    std::string_view message;
    /// Of the request's URL.
    std::string_view host;
    /// What TLS trusts, see Trust::described().
    std::string_view trusted;
    /// See TransportOptions::name_of_ca_file.
    std::string_view name_of_ca_file;
    /// The status by which a proxy refused to connect; 0 where there was none.
    long proxy_status = 0;
    /// The request was sent, and the head of its answer has not come whole.
    bool awaits_head = false;
};

/// `unavailable`: no connection, or it broke (to retry), or the server's certificate is not accepted, or the server has none (not to retry). `timeout`: no connection in
/// time (to retry). `configuration`: certificates to trust that cannot be used, a proxy that refuses or is
/// of a kind that libcurl was built without. `corrupt`: an answer that is not HTTP. `no_memory`.
[[nodiscard]] Error error_of(CURLcode code, const FailureContext& context);

}  // namespace filestore::http
