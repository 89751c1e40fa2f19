#pragma once

/// Splits the command line of a credential_process into words. Pure functions.

#include <string>
#include <string_view>
#include <vector>

#include "filestore/result.h"

namespace filestore::s3 {

/// As a POSIX shell splits words and takes quotes off (single, double, backslash), and nothing else that a shell does: `$`, `;`, `|`, backquotes and `*` are letters like
/// others. `configuration` where there is no word, a quote is not closed, or a NUL is in it; the message does not hold the line.
[[nodiscard]] Result<std::vector<std::string>> split_command_line(std::string_view line);

}  // namespace filestore::s3
