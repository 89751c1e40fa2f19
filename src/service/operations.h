#pragma once

/// An upload and a removal with their record, as chains of asynchronous steps.
///
/// The intent is durable before the backend is asked, and becomes the event, in one transaction, before the caller is answered.

#include <memory>

#include "core/pending_calls.h"
#include "filestore/service.h"
#include "service/journal.h"

namespace filestore {

/// What operations work with. A value (shared handles).
struct ServiceParts {
    std::shared_ptr<StorageBackend> backend;
    std::shared_ptr<Journal> journal;
    std::shared_ptr<Executor> executor;
    std::shared_ptr<Clock> clock;
};

/// Both answer `done` exactly once, on the executor; `call` is held until it has returned.
void start_upload(const ServiceParts& parts, std::shared_ptr<PendingCalls::Call> call, FileUpload file,
                  Completion<FileId> done);
void start_removal(const ServiceParts& parts, std::shared_ptr<PendingCalls::Call> call, FileRequest request,
                   Completion<bool> done);

}  // namespace filestore
