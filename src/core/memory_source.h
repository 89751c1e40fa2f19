#pragma once

/// A source whose bytes are all in memory already, and need not be copied to be sent.

#include <cstddef>
#include <span>

#include "filestore/stream.h"

namespace filestore {

/// A resource; one thread at a time, but for bytes(), which is thread-safe.
class MemorySource : public Source {
public:
    /// What read() gives from the start; unchanged while the source lives and the call that it was given to goes on.
    [[nodiscard]] virtual std::span<const std::byte> bytes() const noexcept = 0;
};

}  // namespace filestore
