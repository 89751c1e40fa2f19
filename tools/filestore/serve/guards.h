#pragma once

/// Keeps web pages of others from using a service that is there for this machine. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/result.h"
#include "serve/message.h"

namespace filestore::tool::serve {

/// A value; immutable.
class Guard {
public:
    /// The hosts by which the service may be called, such as `localhost:8080`, and by `http` or `https`.
    Guard(std::vector<std::string> hosts, std::string_view scheme)
        : hosts_(std::move(hosts)), origin_prefix_(std::string(scheme) + "://") {}

    /// Why the request is refused; nothing where it is not. A name of somebody's that leads to this machine (DNS rebinding) is an unlisted host; a page of another
    /// site that sends a form, or asks by script, tells its origin.
    [[nodiscard]] std::optional<std::string> refusal(const Request& request) const;

private:
    [[nodiscard]] bool is_listed(std::string_view host) const;
    [[nodiscard]] bool is_own_origin(std::string_view origin) const;

    std::vector<std::string> hosts_;
    std::string origin_prefix_;
};

/// `configuration` where no client can write it as the host of a URL: a name or an address, and the port where it is not the usual one.
[[nodiscard]] Result<void> check_host_name(std::string_view text);

/// Headers of every answer that has none of their own.
[[nodiscard]] std::vector<Header> security_headers();

}  // namespace filestore::tool::serve
