#include "filestore/s3_client.h"

#include <new>
#include <utility>

#include "core/blocking_call.h"
#include "core/try.h"
#include "s3/client/batch_removal.h"
#include "s3/client/copy.h"
#include "s3/client/core.h"
#include "s3/client/listing.h"
#include "s3/client/objects.h"
#include "s3/client/presigning.h"
#include "s3/client/probe.h"
#include "s3/client/resumption.h"
#include "s3/client/tags.h"
#include "s3/client/upload_sweep.h"

namespace filestore {

Result<S3Client> S3Client::open(S3ClientOptions options) {
    FILESTORE_TRY_ASSIGN(auto core, s3::ClientCore::open(std::move(options)));
    return S3Client(std::move(core));
}

S3Client::S3Client(std::shared_ptr<s3::ClientCore> core) noexcept : core_(std::move(core)) {}
S3Client::S3Client(S3Client&& other) noexcept = default;

S3Client& S3Client::operator=(S3Client&& other) noexcept {
    const S3Client ended(std::move(*this));
    core_ = std::move(other.core_);
    return *this;
}

S3Client::~S3Client() {
    if (!core_) {
        return;
    }
    if (core_->forked()) {
        // The threads that would be joined and the connections that would be closed are the parent's.
        new (std::nothrow) std::shared_ptr<s3::ClientCore>(std::move(core_));
        return;
    }
    core_->close();
}

void S3Client::close() noexcept {
    if (core_) {
        core_->close();
    }
}

void S3Client::put_async(S3PutRequest request, Completion<S3PutResult> done) {
    s3::put(*core_, std::move(request), std::move(done));
}

void S3Client::get_async(S3GetRequest request, Completion<S3GetResult> done) {
    s3::get(*core_, std::move(request), std::move(done));
}

void S3Client::head_async(S3ObjectRequest request, Completion<S3ObjectInfo> done) {
    s3::head(*core_, std::move(request), std::move(done));
}

void S3Client::remove_async(S3ObjectRequest request, Completion<S3RemoveResult> done) {
    s3::remove(*core_, std::move(request), std::move(done));
}

void S3Client::remove_batch_async(S3RemoveBatchRequest request,
                                  Completion<std::vector<S3RemoveBatchEntry>> done) {
    s3::remove_batch(*core_, std::move(request), std::move(done));
}

void S3Client::list_async(S3ListRequest request, Completion<S3ListPage> done) {
    s3::list(*core_, std::move(request), std::move(done));
}

void S3Client::list_versions_async(S3ListRequest request, Completion<S3VersionPage> done) {
    s3::list_versions(*core_, std::move(request), std::move(done));
}

void S3Client::copy_async(S3CopyRequest request, Completion<S3CopyResult> done) {
    s3::copy(*core_, std::move(request), std::move(done));
}

void S3Client::get_tags_async(S3TagsRequest request, Completion<std::vector<S3Field>> done) {
    s3::get_tags(*core_, std::move(request), std::move(done));
}

void S3Client::put_tags_async(S3TagsRequest request, Completion<void> done) {
    s3::put_tags(*core_, std::move(request), std::move(done));
}

void S3Client::sweep_uploads_async(S3SweepRequest request, Completion<std::vector<S3PendingUpload>> done) {
    s3::sweep_uploads(*core_, std::move(request), {}, std::move(done));
}

// Taken over with the call, as every request is.
// NOLINTNEXTLINE(performance-unnecessary-value-param)
void S3Client::abort_upload_async(S3AbortUploadRequest request, Completion<void> done) {
    s3::abort_upload(*core_, request, std::move(done));
}

// Taken over with the call, as every request is.
// NOLINTNEXTLINE(performance-unnecessary-value-param)
void S3Client::presign_async(S3PresignRequest request, Completion<PresignedUrl> done) {
    s3::presign(*core_, request, std::move(done));
}

// Taken over with the call, as every request is.
// NOLINTNEXTLINE(performance-unnecessary-value-param)
void S3Client::presign_post_async(S3PresignPostRequest request, Completion<S3PresignedPost> done) {
    s3::presign_post(*core_, request, std::move(done));
}

void S3Client::probe_async(S3ProbeRequest request, Completion<S3ProbeResult> done) {
    s3::probe(*core_, std::move(request), std::move(done));
}

Result<S3PutResult> S3Client::put(S3PutRequest request) {
    return wait_for<S3PutResult>([&](auto done) { put_async(std::move(request), std::move(done)); });
}

Result<S3GetResult> S3Client::get(S3GetRequest request) {
    return wait_for<S3GetResult>([&](auto done) { get_async(std::move(request), std::move(done)); });
}

Result<S3ObjectInfo> S3Client::head(S3ObjectRequest request) {
    return wait_for<S3ObjectInfo>([&](auto done) { head_async(std::move(request), std::move(done)); });
}

Result<S3RemoveResult> S3Client::remove(S3ObjectRequest request) {
    return wait_for<S3RemoveResult>([&](auto done) { remove_async(std::move(request), std::move(done)); });
}

Result<std::vector<S3RemoveBatchEntry>> S3Client::remove_batch(S3RemoveBatchRequest request) {
    return wait_for<std::vector<S3RemoveBatchEntry>>(
        [&](auto done) { remove_batch_async(std::move(request), std::move(done)); });
}

Result<S3ListPage> S3Client::list(S3ListRequest request) {
    return wait_for<S3ListPage>([&](auto done) { list_async(std::move(request), std::move(done)); });
}

Result<S3VersionPage> S3Client::list_versions(S3ListRequest request) {
    return wait_for<S3VersionPage>(
        [&](auto done) { list_versions_async(std::move(request), std::move(done)); });
}

Result<S3CopyResult> S3Client::copy(S3CopyRequest request) {
    return wait_for<S3CopyResult>([&](auto done) { copy_async(std::move(request), std::move(done)); });
}

Result<std::vector<S3Field>> S3Client::get_tags(S3TagsRequest request) {
    return wait_for<std::vector<S3Field>>(
        [&](auto done) { get_tags_async(std::move(request), std::move(done)); });
}

Result<void> S3Client::put_tags(S3TagsRequest request) {
    return wait_for<void>([&](auto done) { put_tags_async(std::move(request), std::move(done)); });
}

Result<std::vector<S3PendingUpload>> S3Client::sweep_uploads(S3SweepRequest request) {
    return wait_for<std::vector<S3PendingUpload>>(
        [&](auto done) { sweep_uploads_async(std::move(request), std::move(done)); });
}

Result<void> S3Client::abort_upload(S3AbortUploadRequest request) {
    return wait_for<void>([&](auto done) { abort_upload_async(std::move(request), std::move(done)); });
}

Result<PresignedUrl> S3Client::presign(S3PresignRequest request) {
    return wait_for<PresignedUrl>([&](auto done) { presign_async(std::move(request), std::move(done)); });
}

Result<S3PresignedPost> S3Client::presign_post(S3PresignPostRequest request) {
    return wait_for<S3PresignedPost>(
        [&](auto done) { presign_post_async(std::move(request), std::move(done)); });
}

Result<S3ProbeResult> S3Client::probe(S3ProbeRequest request) {
    return wait_for<S3ProbeResult>([&](auto done) { probe_async(std::move(request), std::move(done)); });
}

}  // namespace filestore
