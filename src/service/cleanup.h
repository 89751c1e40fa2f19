#pragma once

/// A run of FileService::cleanup(), as a chain of asynchronous steps.

#include "core/pending_answer.h"
#include "filestore/cleanup.h"
#include "service/operations.h"

namespace filestore {

void start_cleanup(const ServiceParts& parts, CleanupRequest request, PendingAnswerPtr<CleanupReport> answer);

}  // namespace filestore
