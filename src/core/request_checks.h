#pragma once

/// What every backend asks of a request before it does anything. Pure functions; failures are `invalid_argument`.

#include "filestore/backend.h"

namespace filestore {

[[nodiscard]] Result<void> check_request(const UploadRequest& request);
[[nodiscard]] Result<void> check_request(const DownloadRequest& request);
[[nodiscard]] Result<void> check_request(const FileRequest& request);
[[nodiscard]] Result<void> check_request(const RemoveBatchRequest& request);
[[nodiscard]] Result<void> check_request(const ListRequest& request);
[[nodiscard]] Result<void> check_request(const PresignRequest& request);
[[nodiscard]] Result<void> check_request(const VerifyRequest& request);

/// Of a batch; also `unsupported`, where it compares versions and the backend cannot.
[[nodiscard]] Result<void> check_batch(const RemoveBatchRequest& request, const Capabilities& capabilities);

[[nodiscard]] Result<void> check_range(const std::optional<ByteRange>& range);

/// The bytes of a range: where they begin and how many there are. A value.
struct ResolvedRange {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

/// `range_not_satisfiable` for a range that starts at or past the end of the file; the whole file where there is no range.
[[nodiscard]] Result<ResolvedRange> resolve_range(const std::optional<ByteRange>& range,
                                                  std::uint64_t file_size);

}  // namespace filestore
