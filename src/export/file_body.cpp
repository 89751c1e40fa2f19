#include "export/file_body.h"

#include <utility>

namespace filestore {

namespace {

Result<void> check_same(const FileInfo& looked_at, const FileInfo& found) {
    const bool is_same = found.size == looked_at.size && found.version == looked_at.version;
    return is_same ? Result<void>()
                   : Error(ErrorCode::conflict,
                           "file " + looked_at.id.str() + " was replaced while it was sent: send it again");
}

}  // namespace

std::shared_ptr<FileBody> FileBody::open(StorageBackend& backend, const FileInfo& file, std::uint64_t offset,
                                         const CallOptions& limits,
                                         std::function<void(std::uint64_t)> on_given) {
    auto body = std::make_shared<FileBody>();
    body->pipe_ = std::make_shared<FilePipe>(file.size, offset, std::move(on_given));
    DownloadRequest request;
    request.id = file.id;
    request.sink = body->pipe_;
    request.on_info = [file](const FileInfo& found) { return check_same(file, found); };
    request.call.deadline = limits.deadline;
    request.call.cancel = limits.cancel;
    request.call.pause = limits.pause;
    backend.download_async(std::move(request), [body](const Result<DownloadReceipt>& receipt) {
        if (!receipt.ok()) {
            body->pipe_->fail(receipt.error());
        }
        body->outcome_.give(receipt.ok() ? Result<void>() : receipt.error());
    });
    return body;
}

Result<void> FileBody::end() {
    pipe_->close();
    auto outcome = outcome_.wait();
    const bool was_closed = !outcome.ok() && outcome.error().code() == ErrorCode::cancelled;
    return was_closed ? Result<void>() : std::move(outcome);
}

}  // namespace filestore
