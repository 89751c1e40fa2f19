#pragma once

/// Copies a large object inside the store, in parts.

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "s3/transfer/multipart_job.h"

namespace filestore::s3 {

/// A value.
struct ObjectCopy {
    UploadTarget target;
    /// Of the request that begins the upload.
    std::vector<NameValue> create_headers;
    /// Of every part: which object is copied, on which conditions.
    std::vector<NameValue> source_headers;
    /// Asks what the source is, which is done once more when all parts are there: not every server looks at the conditions of a part.
    Call look_at_source;
    /// Whether it is still the object that the parts were to be of.
    std::function<Result<void>(const Result<Answer>&)> check_source;
    std::function<void(const Progress&)> progress;
    /// Bytes.
    std::uint64_t size = 0;
    std::uint64_t part_size = 0;
};

/// Has up to `parallel_parts` parts copied at once (S3 API reference, "UploadPartCopy"). `done` is called on the executor, once. On failure see
/// MultipartJob.
void copy_object_in_parts(const std::shared_ptr<Requester>& requester, ObjectCopy copy,
                          std::function<void(Result<S3PutResult>)> done);

}  // namespace filestore::s3
