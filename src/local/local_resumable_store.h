#pragma once

/// The ResumableStore of a local store.

#include <memory>

#include "core/job.h"
#include "core/pending_calls.h"
#include "filestore/resumable_store.h"
#include "local/store.h"

namespace filestore::local {

/// A resource; thread-safe.
class LocalResumableStore final : public ResumableStore {
public:
    LocalResumableStore(std::shared_ptr<const Store> store, std::shared_ptr<Clock> clock);
    ~LocalResumableStore() override;

    /// Where the work runs; once, before any call.
    void run_on(const Runtime& runtime, std::shared_ptr<PendingCalls> pending);

    [[nodiscard]] bool can_read() const noexcept override { return true; }
    void begin_async(BeginUploadRequest request, Completion<PartialUpload> done) override;
    void append_async(AppendRequest request, Completion<PartialUpload> done) override;
    void state_async(FileRequest request, Completion<PartialUpload> done) override;
    void open_async(FileRequest request, Completion<std::shared_ptr<Source>> done) override;
    void end_async(FileRequest request, Completion<bool> done) override;
    void sweep_async(CallOptions options, Completion<std::vector<FileId>> done) override;

private:
    template <class T, class Work>
    void run(CallOptions options, Completion<T> done, Work work);

    const std::shared_ptr<const Store> store_;
    const std::shared_ptr<Clock> clock_;
    Runtime runtime_;
    std::shared_ptr<PendingCalls> pending_;
};

}  // namespace filestore::local
