#pragma once

/// Where a request ends. Pure functions.

#include <optional>
#include <string_view>

#include "serve/head_layout.h"
#include "serve/message.h"

namespace filestore::tool::serve {

/// What makes the end of a request doubtful, so that a proxy before us may have found another one, and the next request on the connection may be of its client's making (request
/// smuggling); nothing where all is plain. Such a request is refused and its connection closed: RFC 9112, 6.1 and 6.3, and RFC 9110, 5.5.
/// Also what says not, or in two ways, whom it is for or what it asks: no Host, or a space in the target. libmicrohttpd passes over what of these it does not know. What stands between chunks it reads itself, and as ends of lines takes line feeds alone (RFC 9112, 7.1, has none), so the connection of any
/// request in chunks ends with its answer.
[[nodiscard]] std::optional<std::string_view> framing_fault(const Request& request, const ToldHead& head);

/// Why a head is refused whose lines are told, but of which libmicrohttpd can make no request. A value.
struct UnusableHead {
    unsigned status;
    std::string_view why;
};
/// Its length is no number, or its memory is used up. `length`: the Content-Length; null where there is none, or none that counts.
[[nodiscard]] UnusableHead unusable_head(const std::string* length);

}  // namespace filestore::tool::serve
