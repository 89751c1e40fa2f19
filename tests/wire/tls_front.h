#pragma once

/// TLS in front of a server that speaks plain HTTP.

#include <cstdint>
#include <memory>
#include <string>

#include "wire/certificates.h"

namespace filestore::test {

/// Accepts TLS connections and hands their bytes on, both ways, to a port of this machine. A connection that the server closes or resets
/// ends in the same way towards the client. A resource; thread-safe.
class TlsFront {
public:
    /// `newest_version` is OpenSSL's number, 0 for the newest it knows.
    TlsFront(std::uint16_t server_port, Identity identity, int newest_version = 0);
    TlsFront(const TlsFront&) = delete;
    TlsFront& operator=(const TlsFront&) = delete;
    ~TlsFront();

    /// https and the address.
    [[nodiscard]] std::string endpoint() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace filestore::test
