#pragma once

/// An upload and a removal with their record, as chains of asynchronous steps.
///
/// The intent is durable before the backend is asked, and becomes the event, in one transaction, before the caller is answered.

#include <chrono>
#include <memory>
#include <optional>

#include "core/pending_answer.h"
#include "filestore/service.h"
#include "service/journal.h"
#include "service/validation/validator.h"

namespace filestore {

/// What operations work with. A value (shared handles).
struct ServiceParts {
    std::shared_ptr<StorageBackend> backend;
    std::shared_ptr<Journal> journal;
    std::shared_ptr<Executor> executor;
    std::shared_ptr<Clock> clock;
    /// Null where there is none.
    std::shared_ptr<AuditServer> audit_server{};
    /// Null where there are no rules.
    std::shared_ptr<validation::Validator> validator{};
    /// Nothing without soft delete.
    std::optional<std::chrono::seconds> grace{};
    std::chrono::seconds upload_lifetime{24 * 3600};
};

/// An upload that failed may have left its file on a server whose answer was lost: it is removed again, for at most `undo_limit`, and the call stays
/// registered until then.
inline constexpr std::chrono::seconds undo_limit{5};

/// Whether a failed request may still have taken effect: its answer was lost or could not be read, or its body was broken off (some servers keep the part of a body
/// that had arrived).
[[nodiscard]] bool may_have_happened(const Error& error) noexcept;

void start_upload(const ServiceParts& parts, FileUpload file, PendingAnswerPtr<FileId> answer);
void start_removal(const ServiceParts& parts, FileRequest request, PendingAnswerPtr<bool> answer);

}  // namespace filestore
