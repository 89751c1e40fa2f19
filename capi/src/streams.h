#pragma once

/// The library's streams over the callbacks and memory of a C caller, which live until the call has returned.

#include <cstddef>
#include <memory>
#include <span>

#include "filestore.h"
#include "filestore/stream.h"

namespace filestore::capi {

/// The callbacks of an upload. A value.
struct Reader {
    filestore_read_function read = nullptr;
    /// Null where it cannot.
    filestore_rewind_function rewind = nullptr;
    void* context = nullptr;
    std::uint64_t size = FILESTORE_UNKNOWN_SIZE;
};

[[nodiscard]] std::shared_ptr<Source> source_from_reader(const Reader& reader);

[[nodiscard]] std::shared_ptr<Sink> sink_to_writer(filestore_write_function write, void* context);

/// Fills `memory` from its start and counts in `length`; `sink_failed` for more bytes than it has.
[[nodiscard]] std::shared_ptr<Sink> sink_to_memory(std::span<std::byte> memory, std::size_t& length);

}  // namespace filestore::capi
