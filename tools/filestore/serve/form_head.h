#pragma once

/// The head of a part of a form, for libmicrohttpd's parser.

#include <optional>
#include <string>
#include <string_view>

namespace filestore::tool::serve {

/// Of the lines of a head, each with its end (RFC 7578, 4), those that say something of the part, as the parser wants them: it knows a name by the one blank behind its colon, and finds one in the value of another line, too. In place of a zero byte, at which it
/// would end, stands U+FFFD. Of several dispositions the last one counts, as in the original system. Nothing
/// where a line is no header. A pure function.
[[nodiscard]] std::optional<std::string> plain_head(std::string_view lines);

}  // namespace filestore::tool::serve
