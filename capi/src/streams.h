#pragma once

/// The library's streams over the callbacks and memory of a C caller, which live until the call has ended. A required pointer that is null is `invalid_argument`.

#include <cstddef>
#include <cstdint>
#include <memory>

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

[[nodiscard]] Result<std::shared_ptr<Source>> source_from_reader(const Reader& reader);

[[nodiscard]] Result<std::shared_ptr<Source>> source_from_memory(const void* data, std::size_t size);

[[nodiscard]] Result<std::shared_ptr<Source>> source_from_file(const char* path);

[[nodiscard]] Result<std::shared_ptr<Sink>> sink_to_writer(filestore_write_function write, void* context);

/// Fills the memory from its start; `sink_failed` for more bytes than it has.
[[nodiscard]] Result<std::shared_ptr<Sink>> sink_to_memory(void* data, std::size_t capacity);

[[nodiscard]] Result<std::shared_ptr<Sink>> sink_to_file(const char* path);

}  // namespace filestore::capi
