#pragma once

/// The ResumableStore of a backend of a C caller.

#include <memory>
#include <utility>

#include "core/job.h"
#include "core/pending_calls.h"
#include "filestore/resumable_store.h"
#include "filestore/time.h"
#include "table.h"

namespace filestore::capi {

class TableUploads final : public ResumableStore {
public:
    TableUploads(std::shared_ptr<const Table> table, std::shared_ptr<Clock> clock, Runtime runtime,
                 std::shared_ptr<PendingCalls> pending) noexcept
        : table_(std::move(table)),
          clock_(std::move(clock)),
          runtime_(std::move(runtime)),
          pending_(std::move(pending)) {}

    [[nodiscard]] bool can_read() const noexcept override { return true; }
    void begin_async(BeginUploadRequest request, Completion<PartialUpload> done) override;
    void append_async(AppendRequest request, Completion<PartialUpload> done) override;
    void state_async(FileRequest request, Completion<PartialUpload> done) override;
    void open_async(FileRequest request, Completion<std::shared_ptr<Source>> done) override;
    void end_async(FileRequest request, Completion<bool> done) override;
    void sweep_async(CallOptions options, Completion<std::vector<FileId>> done) override;

    /// What state_async answers, at once. Blocks.
    [[nodiscard]] Result<PartialUpload> look_at(const FileId& id, const CallOptions& limits) const;

private:
    template <class T, class Work>
    void run(CallOptions options, Completion<T> done, Work work);

    const std::shared_ptr<const Table> table_;
    const std::shared_ptr<Clock> clock_;
    const Runtime runtime_;
    const std::shared_ptr<PendingCalls> pending_;
};

}  // namespace filestore::capi
