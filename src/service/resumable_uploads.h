#pragma once

/// Uploads that come piece by piece (resumable_upload.h), over the store's own way to keep them.

#include "service/operations.h"

namespace filestore {

void start_begin_upload(const ServiceParts& parts, NewUpload upload,
                        const PendingAnswerPtr<ResumableUpload>& answer);
void start_append(const ServiceParts& parts, UploadAppend append,
                  const PendingAnswerPtr<ResumableUpload>& answer);
void start_upload_state(const ServiceParts& parts, const FileRequest& request,
                        const PendingAnswerPtr<ResumableUpload>& answer);
void start_finish_upload(const ServiceParts& parts, FileRequest request, PendingAnswerPtr<FileId> answer);
void start_end_upload(const ServiceParts& parts, const FileRequest& request,
                      const PendingAnswerPtr<bool>& answer);
void start_sweep(const ServiceParts& parts, const CallOptions& options,
                 const PendingAnswerPtr<std::uint64_t>& answer);

[[nodiscard]] std::uint64_t most_of_an_upload(const ServiceParts& parts) noexcept;

}  // namespace filestore
