#pragma once

/// The ResumableStore of an S3 store.

#include <set>

#include "filestore/resumable_store.h"
#include "s3/resumable/known_lifetimes.h"
#include "s3/resumable/upload_place.h"

namespace filestore::s3 {

/// A resource; thread-safe.
class S3ResumableStore final : public ResumableStore {
public:
    explicit S3ResumableStore(UploadPlace place) : place_(std::move(place)) {}

    [[nodiscard]] bool can_read() const noexcept override { return false; }
    [[nodiscard]] std::uint64_t max_length() const noexcept override;
    void begin_async(BeginUploadRequest request, Completion<PartialUpload> done) override;
    void append_async(AppendRequest request, Completion<PartialUpload> done) override;
    void state_async(FileRequest request, Completion<PartialUpload> done) override;
    void open_async(FileRequest request, Completion<std::shared_ptr<Source>> done) override;
    void end_async(FileRequest request, Completion<bool> done) override;
    void sweep_async(CallOptions options, Completion<std::vector<FileId>> done) override;

    /// All that are there, whatever their time.
    void list_async(CallOptions options, Completion<std::set<FileId>> done);

private:
    const UploadPlace place_;
    const std::shared_ptr<KnownLifetimes> lifetimes_ = std::make_shared<KnownLifetimes>();
};

}  // namespace filestore::s3
