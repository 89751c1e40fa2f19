#pragma once

/// Where a request ends. Pure functions.

#include <optional>
#include <string_view>

#include "serve/head_layout.h"
#include "serve/message.h"

namespace filestore::tool::serve {

/// What makes the end of a request doubtful, so that a proxy before us may have found another one, and the next request on the connection may be of its client's making (request
/// smuggling); nothing where all is plain. Such a request is refused and its connection closed: RFC 9112, 6.1 and 6.3, and RFC 9110, 5.5.
/// libmicrohttpd passes over what of these it does not know. What stands between chunks it reads itself, and as ends of lines takes line feeds alone (RFC 9112, 7.1, has none), so the connection of any
/// request in chunks ends with its answer.
[[nodiscard]] std::optional<std::string_view> framing_fault(const Request& request, const ToldHead& head);

}  // namespace filestore::tool::serve
