#pragma once

/// Which pages of other origins may use the service from a browser (CORS, the Fetch standard). Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/message.h"

namespace filestore::tool::serve {

/// A value; immutable.
class CrossOrigin {
public:
    /// Such as `https://app.example`; none where it is empty.
    explicit CrossOrigin(std::vector<std::string> origins) : origins_(std::move(origins)) {}

    /// Whether the page that asks is listed.
    [[nodiscard]] bool allows(const Request& request) const;

    /// The answer to a preflight of a listed page; nothing for any other request.
    [[nodiscard]] std::optional<Response> preflight(const Request& request) const;

    /// What the answer to a listed page's request says more.
    [[nodiscard]] std::vector<Header> headers(const Request& request) const;

private:
    std::vector<std::string> origins_;
};

}  // namespace filestore::tool::serve
