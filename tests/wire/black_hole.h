#pragma once

/// An address on the loopback interface that answers no attempt to connect.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "core/descriptor.h"

namespace filestore::test {

/// Listens, but its queue of connections is full and nobody takes any out: the kernel drops what comes. A resource.
class BlackHole {
public:
    BlackHole() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        address_.sin_family = AF_INET;
        address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address_;
        if (::bind(listener_.get(), generic(), size) != 0 || ::listen(listener_.get(), 0) != 0 ||
            ::getsockname(listener_.get(), generic(), &size) != 0) {
            throw std::runtime_error("cannot listen on the loopback interface");
        }
        while (connects_one_more()) {
        }
    }

    [[nodiscard]] std::string endpoint() const {
        return "http://127.0.0.1:" + std::to_string(ntohs(address_.sin_port));
    }

private:
    sockaddr* generic() { return reinterpret_cast<sockaddr*>(&address_); }

    bool connects_one_more() {
        fillers_.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        ::connect(fillers_.back().get(), generic(), sizeof address_);
        pollfd connected{fillers_.back().get(), POLLOUT, 0};
        return ::poll(&connected, 1, 200) == 1;
    }

    Descriptor listener_;
    sockaddr_in address_{};
    std::vector<Descriptor> fillers_;
};

}  // namespace filestore::test
