#pragma once

/// The host names of AWS. Pure functions; host names are in lower case and without port.

#include <string>
#include <string_view>

namespace filestore::s3 {

/// Where the hosts of AWS in this region are: `amazonaws.com`.
[[nodiscard]] std::string_view aws_domain(std::string_view region);

/// The AWS domain that the host lies in; empty for another host.
[[nodiscard]] std::string_view aws_domain_of(std::string_view host);

/// `s3.eu-west-1.amazonaws.com`, or the one that has IPv6 addresses, too.
[[nodiscard]] std::string aws_host(std::string_view region, bool dual_stack);

/// The host of the same kind (dual stack, FIPS, a bucket's own) in another region. Unchanged where it is no host of a region's S3 (`s3-accelerate`, a VPC's
/// endpoint), or where the region belongs to another domain.
[[nodiscard]] std::string aws_host_in_region(std::string_view host, std::string_view region);

}  // namespace filestore::s3
