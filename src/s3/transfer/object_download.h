#pragma once

/// Reads one object, or a range of it, into a sink, in order.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "filestore/backend.h"
#include "s3/protocol/answer_head.h"
#include "s3/requester.h"
#include "s3/transfer/part_memory.h"

namespace filestore::s3 {

/// A value.
struct ObjectDownload {
    std::string bucket;
    std::string key;
    std::string version_id;
    std::shared_ptr<Sink> sink;
    std::optional<ByteRange> range;
    /// Of every request: conditions, keys of the customer's.
    std::vector<NameValue> headers;
    /// Called once, before the first byte, on a thread of the library. A failure ends the download.
    std::function<Result<void>(const Answer& head, const BodyExtent& extent)> on_head;
    CallOptions options;
};

/// Begins with one plain GET. Where its answer is larger than several parts the rest goes by ranged requests side by side, pinned to the
/// object's ETag; what breaks off is resumed where it broke. `done` is called on the executor, once, after Sink::finish(). An object that
/// changes meanwhile is `conflict`.
void download_object(const std::shared_ptr<Requester>& requester, std::shared_ptr<PartMemory> memory,
                     ObjectDownload download, std::function<void(Result<BodyExtent>)> done);

}  // namespace filestore::s3
