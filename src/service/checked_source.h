#pragma once

/// A source whose bytes are compared with a checksum that somebody told.

#include <memory>

#include "filestore/checksum.h"
#include "filestore/stream.h"

namespace filestore {

/// Fails with `corrupt`, and "checksum" as ErrorDetails::server_code, in place of its end where the bytes are not of the checksum. Cannot be rewound.
[[nodiscard]] std::shared_ptr<Source> checked_source(std::shared_ptr<Source> source, ChecksumValue expected);

}  // namespace filestore
