#pragma once

/// A limit on sources that do not know their size.

#include <cstdint>
#include <memory>
#include <string>

#include "filestore/stream.h"

namespace filestore::validation {

/// Gives the same bytes, and fails with `rejected` once they are more than `most`. `path` stands in the message.
[[nodiscard]] std::shared_ptr<Source> limit_source(std::shared_ptr<Source> source, std::uint64_t most,
                                                   std::string path);

}  // namespace filestore::validation
