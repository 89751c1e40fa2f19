#pragma once

/// Whether the head of a request is just what libmicrohttpd tells of it. Pure functions.

#include <string_view>
#include <utility>
#include <vector>

namespace filestore::tool::serve {

/// What is told of a head, each a part of `whole`: the head as it stands in the memory of its connection, from the method to the empty line, with zero bytes in place
/// of what libmicrohttpd has cut it at.
struct ToldHead {
    std::string_view whole{};
    std::string_view method{};
    /// With its query.
    std::string_view target{};
    std::string_view version{};
    /// Names and values in their order.
    std::vector<std::pair<std::string_view, std::string_view>> fields{};
};

/// libmicrohttpd hangs a folded line (RFC 9112, 5.2) on the name of its field, which is then another field; what it tells of ends at the first zero byte; and it takes line feeds and carriage returns alone for ends of
/// lines. Whoever stands before us may have read each of them otherwise. False where any of it, or more than one space in the first line, is in the head.
[[nodiscard]] bool is_told_whole(const ToldHead& head);

}  // namespace filestore::tool::serve
