#pragma once

/// Soft delete (filestore/soft_delete.h) as the calls of a service use it.

#include "core/pending_answer.h"
#include "filestore/service.h"
#include "service/operations.h"

namespace filestore {

/// Records the deletion and marks the file; the parts have a grace.
void start_soft_removal(const ServiceParts& parts, FileRequest request, PendingAnswerPtr<bool> answer);

void start_undelete(const ServiceParts& parts, FileRequest request, PendingAnswerPtr<bool> answer);

/// What is asked of a file that is marked fails with this: `not_found`.
[[nodiscard]] Error deleted_error(const FileId& id);

/// Takes what is marked out of a page. Blocks.
[[nodiscard]] Result<ListPage> without_deleted(const ServiceParts& parts, ListPage page);

/// Blocks.
[[nodiscard]] Result<DeletedFilesPage> read_deleted_files(const ServiceParts& parts,
                                                          const DeletedFilesRequest& request);

}  // namespace filestore
