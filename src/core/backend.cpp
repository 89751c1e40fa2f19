#include "filestore/backend.h"

#include <utility>

#include "core/blocking_call.h"
#include "core/remove_one_by_one.h"
#include "core/request_checks.h"
#include "core/try.h"
#include "filestore/resumable_store.h"

namespace filestore {

StorageBackend::~StorageBackend() = default;
ResumableStore::~ResumableStore() = default;

std::uint64_t ResumableStore::max_length() const noexcept {
    return INT64_MAX;
}

void StorageBackend::presign_async(PresignRequest request, Completion<PresignedUrl> done) {
    // Through exists_async, so that the answer comes from the executor of the backend like any other.
    FileRequest probe{request.id, std::move(request.call)};
    exists_async(std::move(probe), [done = std::move(done)](const Result<bool>&) {
        done(Error(ErrorCode::unsupported, "this backend has no presigned URLs"));
    });
}

void StorageBackend::remove_batch_async(RemoveBatchRequest request,
                                        Completion<std::vector<RemovalOutcome>> done) {
    const auto checked = check_batch(request, capabilities());
    if (checked.ok()) {
        return remove_one_by_one(*this, std::move(request), std::move(done));
    }
    // For the same reason.
    exists_async({FileId(), std::move(request.call)},
                 [done = std::move(done), error = checked.error()](const Result<bool>&) { done(error); });
}

void StorageBackend::verify_async(VerifyRequest request, Completion<VerifyReport> done) {
    // Through list_async, for the same reason.
    ListRequest probe{{}, 1, std::move(request.call)};
    list_async(std::move(probe), [done = std::move(done)](const Result<ListPage>&) {
        done(Error(ErrorCode::unsupported, "this backend cannot verify its files"));
    });
}

void StorageBackend::sweep_uploads_async(SweepUploadsRequest request, Completion<std::vector<FileId>> done) {
    // Through list_async, for the same reason.
    ListRequest probe{{}, 1, std::move(request.call)};
    list_async(std::move(probe), [done = std::move(done)](const Result<ListPage>& page) {
        done(page.ok() ? Result<std::vector<FileId>>(std::vector<FileId>()) : page.error());
    });
}

void StorageBackend::kept_versions_async(CallOptions options, Completion<KeptVersions> done) {
    // Through list_async, for the same reason.
    list_async({{}, 1, std::move(options)}, [done = std::move(done)](const Result<ListPage>& page) {
        done(page.ok() ? Result<KeptVersions>(KeptVersions()) : page.error());
    });
}

std::optional<FileAtHand> StorageBackend::read_at_hand(const FileId&, std::size_t) noexcept {
    return std::nullopt;
}

ResumableStore* StorageBackend::resumable_store() noexcept {
    return nullptr;
}

Result<UploadReceipt> StorageBackend::upload(UploadRequest request) {
    return wait_for<UploadReceipt>([&](auto done) { upload_async(std::move(request), std::move(done)); });
}

Result<DownloadReceipt> StorageBackend::download(DownloadRequest request) {
    return wait_for<DownloadReceipt>([&](auto done) { download_async(std::move(request), std::move(done)); });
}

Result<bool> StorageBackend::remove(FileRequest request) {
    return wait_for<bool>([&](auto done) { remove_async(std::move(request), std::move(done)); });
}

Result<std::vector<RemovalOutcome>> StorageBackend::remove_batch(RemoveBatchRequest request) {
    return wait_for<std::vector<RemovalOutcome>>(
        [&](auto done) { remove_batch_async(std::move(request), std::move(done)); });
}

void StorageBackend::discard_async(FileRequest request, Completion<void> done) {
    remove_async(std::move(request), [done = std::move(done)](const Result<bool>& removed) {
        done(removed.ok() ? Result<void>() : Result<void>(removed.error()));
    });
}

Result<void> StorageBackend::discard(FileRequest request) {
    return wait_for<void>([&](auto done) { discard_async(std::move(request), std::move(done)); });
}

Result<bool> StorageBackend::exists(FileRequest request) {
    return wait_for<bool>([&](auto done) { exists_async(std::move(request), std::move(done)); });
}

Result<FileInfo> StorageBackend::metadata(FileRequest request) {
    return wait_for<FileInfo>([&](auto done) { metadata_async(std::move(request), std::move(done)); });
}

Result<ListPage> StorageBackend::list(ListRequest request) {
    return wait_for<ListPage>([&](auto done) { list_async(std::move(request), std::move(done)); });
}

Result<PresignedUrl> StorageBackend::presign(PresignRequest request) {
    return wait_for<PresignedUrl>([&](auto done) { presign_async(std::move(request), std::move(done)); });
}

Result<VerifyReport> StorageBackend::verify(VerifyRequest request) {
    return wait_for<VerifyReport>([&](auto done) { verify_async(std::move(request), std::move(done)); });
}

Result<std::vector<FileId>> StorageBackend::sweep_uploads(SweepUploadsRequest request) {
    return wait_for<std::vector<FileId>>(
        [&](auto done) { sweep_uploads_async(std::move(request), std::move(done)); });
}

Result<KeptVersions> StorageBackend::kept_versions(CallOptions options) {
    return wait_for<KeptVersions>(
        [&](auto done) { kept_versions_async(std::move(options), std::move(done)); });
}

}  // namespace filestore
