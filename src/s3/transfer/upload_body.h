#pragma once

/// Makes an upload's source ready for one PUT: of known size, never blocking, hashed where the signature covers the body.

#include <functional>
#include <memory>
#include <string>

#include "core/job.h"
#include "core/pump.h"
#include "filestore/call.h"
#include "filestore/stream.h"

namespace filestore::s3 {

/// A value (the body is shared).
struct UploadBody {
    /// Never blocks; gives exactly `size` bytes or fails.
    std::shared_ptr<Source> source;
    /// What reads the caller's source ahead: to be released before the call ends. None where the source does not block.
    std::shared_ptr<PumpedSource> pump;
    std::uint64_t size = 0;
    /// Hex SHA-256, or `UNSIGNED-PAYLOAD`.
    std::string payload_hash;
};

/// A value.
struct UploadBodyOptions {
    bool signed_payload = false;
    /// Where a source that cannot be read twice, or whose size is not known, is kept.
    std::string spool_directory;
    std::function<void(const Progress&)> progress;
};

/// Reads the source ahead where it has to (to hash it, or to learn its size) on the executor. `done` is called there, once.
void prepare_upload_body(const Runtime& runtime, std::stop_token stop,
                         std::optional<std::chrono::steady_clock::time_point> deadline,
                         std::shared_ptr<Source> source, UploadBodyOptions options,
                         std::function<void(Result<UploadBody>)> done);

}  // namespace filestore::s3
