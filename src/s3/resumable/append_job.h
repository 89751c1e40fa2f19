#pragma once

/// Adds what a source gives to an upload that comes piece by piece.

#include "core/pending_answer.h"
#include "s3/resumable/upload_place.h"

namespace filestore::s3 {

/// See ResumableStore::append_async.
void append_to_upload(const UploadPlace& place, AppendRequest request,
                      PendingAnswerPtr<PartialUpload> answer);

}  // namespace filestore::s3
