#pragma once

/// A run of FileService::reconcile(), as a chain of asynchronous steps.

#include "core/pending_answer.h"
#include "filestore/reconcile.h"
#include "service/operations.h"

namespace filestore {

void start_reconcile(const ServiceParts& parts, ReconcileRequest request,
                     PendingAnswerPtr<ReconcileReport> answer);

}  // namespace filestore
