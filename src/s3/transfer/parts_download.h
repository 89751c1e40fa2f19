#pragma once

/// Reads a range of an object by several requests side by side.

#include <functional>
#include <memory>

#include "s3/transfer/object_download.h"
#include "s3/transfer/pinned_range.h"

namespace filestore::s3 {

/// Hands the bytes of `range` to the sink, in order: on the executor, those of parts that found room in `memory`; on an event loop as they come, where there is none and the sink does not block. `done` is called
/// on the executor, once, when no request is under way any more; Sink::finish() has not been called then.
void download_parts(const std::shared_ptr<Requester>& requester, std::shared_ptr<PartMemory> memory,
                    std::shared_ptr<const ObjectDownload> download, PinnedRange range,
                    std::function<void(std::span<const std::byte>)> on_bytes,
                    std::function<void(Result<void>)> done);

}  // namespace filestore::s3
