#pragma once

/// The proxy that spoils connections, which tests/servers starts beside the S3 servers.

#include <string>
#include <string_view>

namespace filestore::test {

/// The address of its control interface; empty where it does not run.
[[nodiscard]] std::string toxiproxy_url();

/// A port of loopback that leads to a server, until its end. A resource. Every member throws std::runtime_error when the proxy refuses.
///
/// Clients must name this port as their endpoint, so that they sign the host that the server is told.
class ToxicPort {
public:
    /// `upstream` is an http URL of an address and a port.
    explicit ToxicPort(std::string_view upstream);
    ToxicPort(const ToxicPort&) = delete;
    ToxicPort& operator=(const ToxicPort&) = delete;
    ~ToxicPort();

    /// As an http URL.
    [[nodiscard]] const std::string& endpoint() const noexcept { return endpoint_; }

    /// Spoils connections that are made from now on. `type` and `attributes` (JSON) are those of toxiproxy's manual.
    void add_downstream(std::string_view type, std::string_view attributes, double share_of_connections = 1);
    void add_upstream(std::string_view type, std::string_view attributes, double share_of_connections = 1);

private:
    void add(std::string_view stream, std::string_view type, std::string_view attributes,
             double share_of_connections);

    std::string name_;
    std::string endpoint_;
};

}  // namespace filestore::test
