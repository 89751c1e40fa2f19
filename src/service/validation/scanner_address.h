#pragma once

/// Where a scanner listens. Pure.

#include <string>
#include <string_view>

#include "filestore/result.h"

namespace filestore::validation {

/// A value.
struct ScannerAddress {
    /// Of a socket of the file system; empty for TCP.
    std::string socket_path{};
    std::string host{};
    std::string port{};
};

/// Of "unix:/path" or "tcp:host:port", where a host may be an IPv6 address in brackets. `invalid_argument` otherwise.
[[nodiscard]] Result<ScannerAddress> parse_scanner_address(std::string_view text);

}  // namespace filestore::validation
