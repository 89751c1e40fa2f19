#pragma once

/// Parts that are held, one behind the other, as the source of an upload.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "filestore/stream.h"
#include "serve/openai/parts_store.h"
#include "serve/routes.h"

namespace filestore::tool::serve::openai {

/// ErrorDetails::server_code of what the source fails with (`rejected`) where the bytes are not those of `md5`: 32 lower-case hexadecimal digits. Its last bytes are not given then.
inline constexpr std::string_view md5_rule = "md5";

[[nodiscard]] std::shared_ptr<Source> source_of_parts(const Context& context, std::vector<HeldPart> parts,
                                                      std::optional<std::string> md5);

}  // namespace filestore::tool::serve::openai
