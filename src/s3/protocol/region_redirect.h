#pragma once

/// Where a bucket really is, when a server says that the request went to the wrong region. Pure functions.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "s3/protocol/uri.h"

namespace filestore::s3 {

/// An answer that is not a success. A value.
struct RedirectAnswer {
    int http_status = 0;
    /// Names in lower case.
    const std::vector<NameValue>& headers;
    /// The body, as far as it was kept; empty for HEAD.
    std::string_view body;
    /// The host that was asked, with the bucket where it led.
    std::string_view asked_host;
    std::string_view asked_region;
};

/// The region to sign for and, with an AWS endpoint, to build the host from. Nothing where the answer gives no hint, the hint is the region that was asked
/// already, is no region name, or comes with an <Endpoint> that does not lie in the same domain as the host that was asked: credentials never follow a
/// redirect to another operator. Hints are read from 301, 307 and 400 answers only (400: AuthorizationHeaderMalformed and
/// IllegalLocationConstraintException), in this order: header x-amz-bucket-region, <Region>, the region in <Endpoint>.
[[nodiscard]] std::optional<std::string> redirected_region(const RedirectAnswer& answer);

/// Whether two hosts (ports are left out) belong to one endpoint: the same host, or the same AWS domain (amazonaws.com, amazonaws.com.cn, ...).
[[nodiscard]] bool same_endpoint_domain(std::string_view a, std::string_view b);

}  // namespace filestore::s3
