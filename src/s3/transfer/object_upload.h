#pragma once

/// Stores one object from a source of any length: one PUT where it fits into a part, else a multipart upload.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "filestore/call.h"
#include "s3/protocol/part_plan.h"
#include "s3/protocol/resume_token.h"
#include "s3/transfer/multipart_job.h"
#include "s3/transfer/part_memory.h"
#include "s3/transfer/upload_checksums.h"

namespace filestore::s3 {

/// A value.
struct ObjectUpload {
    UploadTarget target;
    std::shared_ptr<Source> source;
    /// Type, metadata and the like: of the PUT, or of the request that begins a multipart upload. Gets the size where it is known then.
    std::function<Result<std::vector<NameValue>>(std::optional<std::uint64_t> size)> headers;
    ChecksumChoice checksums;
    /// Of a source whose size is not known.
    PartSizes part_sizes = PartSizes::growing;
    /// Why the object cannot go in parts, where it cannot: an upload that does not fit into one PUT fails with it.
    std::optional<Error> refuses_parts;
    std::function<void(const Progress&)> progress;
    /// Gets the token of an upload in parts once that has begun; it stays on a later failure. May be empty.
    std::function<Result<void>(const std::string&)> on_resume_token;
    /// The upload to go on with, begun with what is said here; `headers` are not asked then.
    std::optional<ResumeToken> resume;
};

/// Reads the source on the executor, `part_size` at a time, and sends up to `parallel_parts` parts at once. `done` is called on the executor,
/// once, when no request is under way any more and the source is no longer in use. On failure see MultipartJob. An upload that is gone on with
/// reads the source from its start, too, and sends what the server does not have, or has with other bytes; `not_found` where it is gone.
void upload_object(const std::shared_ptr<Requester>& requester, std::shared_ptr<PartMemory> memory,
                   ObjectUpload upload, std::function<void(Result<S3PutResult>)> done);

}  // namespace filestore::s3
