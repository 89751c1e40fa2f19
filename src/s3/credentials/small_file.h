#pragma once

/// Files that hold keys, tokens and settings.

#include <string>

#include "core/secret.h"
#include "filestore/result.h"

namespace filestore::s3 {

/// The whole content. `invalid_argument` where it is larger than 1 MiB; else as errno_error(). Blocks.
[[nodiscard]] Result<SecretString> read_small_file(const std::string& path);

/// A token, without the line break that the file may end with. `invalid_argument` where it is empty or cannot be sent in a header. Blocks.
[[nodiscard]] Result<SecretString> read_token_file(const std::string& path);

}  // namespace filestore::s3
