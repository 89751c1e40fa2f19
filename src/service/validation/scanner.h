#pragma once

/// Has a virus scanner look at the bytes of an upload on their way (see clamd.h for how it is spoken to).

#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <string>

#include "core/reactor.h"
#include "filestore/stream.h"
#include "service/validation/scanner_address.h"

namespace filestore::validation {

/// Where a connection goes. A value.
struct SocketAddress {
    ::sockaddr_storage address{};
    ::socklen_t size = 0;
};

/// A resource; immutable, so thread-safe.
class Scanner {
public:
    Scanner(ScannerAddress address, std::chrono::seconds timeout, std::shared_ptr<Reactor> reactor);

    /// The bytes of `source`, of which the last ones come, or the end where their number is not known, once the scanner has called all of them clean. `path` stands in messages. Reading
    /// fails with `rejected` where it finds something, and with `unavailable` where it cannot say. Blocks where the scanner's host is a name; `unavailable` where that is not known.
    [[nodiscard]] Result<std::shared_ptr<Source>> scanned(std::shared_ptr<Source> source,
                                                          std::string path) const;

private:
    [[nodiscard]] Result<SocketAddress> resolve() const;

    const ScannerAddress address_;
    const std::string shown_;
    const std::chrono::seconds timeout_;
    const std::shared_ptr<Reactor> reactor_;
};

}  // namespace filestore::validation
