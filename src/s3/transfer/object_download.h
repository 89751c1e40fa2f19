#pragma once

/// Reads one object, or a range of it, into a sink, in order.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/checksum/checksum.h"
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
    /// Asks for checksums, and compares the bytes with one where the server gives one of the whole object.
    bool verify = false;
    /// The server tells the sizes of an object's parts, so that a checksum of these can be compared, too.
    bool knows_parts = false;
    /// What a sink that may block is written on, and `done` called; the requester's where there is none.
    std::shared_ptr<Executor> executor;
    CallOptions options;
};

/// A value.
struct DownloadedObject {
    BodyExtent extent;
    /// What the bytes were found to have.
    std::optional<ChecksumValue> verified;
};

/// Begins with one plain GET. Where that turns out to be slow and several parts are left, or how the object was cut has to be asked for its checksum, it goes on
/// by ranged requests side by side, pinned to the object's ETag; what breaks off is resumed where it broke. `done` is called on the executor,
/// once, after Sink::finish(). An object that changes meanwhile is `conflict`, one whose bytes have another checksum than it says is `corrupt`.
void download_object(const std::shared_ptr<Requester>& requester, std::shared_ptr<PartMemory> memory,
                     ObjectDownload download, std::function<void(Result<DownloadedObject>)> done);

}  // namespace filestore::s3
