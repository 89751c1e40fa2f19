#pragma once

/// The address at which the service is reached.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/descriptor.h"
#include "filestore/result.h"

namespace filestore::tool::serve {

/// A value.
struct ListenAddress {
    /// Without brackets.
    std::string ip;
    std::uint16_t port = 0;

    /// `127.0.0.1:8080`, `[::1]:8080`.
    [[nodiscard]] std::string text() const;
    /// 0.0.0.0 and ::, which stand for every address of this machine, and are none that anybody can call.
    [[nodiscard]] bool is_any() const;
};

/// `ADDR:PORT`; a name other than `localhost` is none. `invalid_argument`, and `configuration` for an address that other machines reach where there are no keys, by which their users
/// could be told apart.
[[nodiscard]] Result<ListenAddress> parse_listen_address(const std::string& text, bool has_keys);

/// A socket that listens. Where the port was 0 it is now the one that the system chose. `configuration` where the address cannot be had.
[[nodiscard]] Result<Descriptor> listen_at(ListenAddress& address);

/// By which hosts browsers may call a service at that address, by `http` or `https`: without the port where it is the usual one.
[[nodiscard]] std::vector<std::string> hosts_of(const ListenAddress& address, std::string_view scheme);

}  // namespace filestore::tool::serve
