#include "filestore/service.h"

#include <filesystem>
#include <new>
#include <utility>

#include "core/blocking_call.h"
#include "core/pending_calls.h"
#include "core/text.h"
#include "core/try.h"
#include "service/catalogue_path.h"
#include "service/operations.h"

namespace filestore {

/// Shared by the service and its calls, which may outlive it by a moment.
class FileService::Impl {
public:
    explicit Impl(ServiceParts parts) : parts_(std::move(parts)) {}

    [[nodiscard]] const ServiceParts& parts() const noexcept { return parts_; }
    [[nodiscard]] PendingCalls& pending() noexcept { return *pending_; }

    /// Registers a call and starts it.
    template <class T, class Start>
    void start(const CallOptions& options, Completion<T> done, Start&& start) {
        auto call = pending_->begin(options.cancel);
        if (!call.ok()) {
            return complete_on_new_thread<T>(std::move(done), call.error());
        }
        std::forward<Start>(start)(std::move(*call), std::move(done));
    }

    /// Hands a call through to the backend, with a token that close() triggers.
    template <class T, class Request>
    void forward(Request request, Completion<T> done,
                 void (StorageBackend::*start_call)(Request, Completion<T>)) {
        const CallOptions options = request.call;
        start<T>(options, std::move(done), [&](std::shared_ptr<PendingCalls::Call> call, Completion<T> last) {
            request.call.cancel = call->token();
            (*parts_.backend.*start_call)(
                std::move(request),
                [call, last = std::move(last)](Result<T> result) { last(std::move(result)); });
        });
    }

private:
    const ServiceParts parts_;
    const std::shared_ptr<PendingCalls> pending_ = std::make_shared<PendingCalls>();
};

namespace {

/// The path as it stands now, so that a later change of the working directory does not matter.
std::string absolute(const std::string& path) {
    std::error_code error;
    const std::filesystem::path result = std::filesystem::absolute(path, error);
    return error ? path : result.native();
}

Result<std::shared_ptr<StorageBackend>> open_backend(const ServiceOptions& options) {
    if (options.backend == "local") {
        LocalOptions local = options.local;
        local.executor = options.executor;
        return open_local_backend(std::move(local));
    }
    if (options.backend == "s3") {
        S3Options s3 = options.s3;
        s3.executor = options.executor;
        s3.clock = options.clock;
        return open_s3_backend(std::move(s3));
    }
    return Error(ErrorCode::invalid_argument,
                 "the backend " + filestore::quoted(options.backend) + " is not known: 'local' and 's3' are");
}

}  // namespace

Result<FileService> FileService::open(ServiceOptions options) {
    if (!options.executor) {
        options.executor = make_thread_pool();
    }
    if (!options.clock) {
        options.clock = system_clock();
    }
    FILESTORE_TRY_ASSIGN(std::shared_ptr<StorageBackend> backend, open_backend(options));
    FILESTORE_TRY_ASSIGN(options.catalogue_path, filestore::catalogue_path(options));
    if (options.catalogue_path.empty()) {
        options.catalogue_path = "off";
    }
    return open(std::move(backend), std::move(options));
}

Result<FileService> FileService::open(std::shared_ptr<StorageBackend> backend, ServiceOptions options) {
    if (!backend || options.catalogue_path.empty()) {
        return Error(ErrorCode::invalid_argument,
                     "a service on a backend of your own needs the backend and a catalogue_path");
    }
    const bool records = options.catalogue_path != "off";
    ServiceParts parts;
    parts.executor = options.executor ? std::move(options.executor) : make_thread_pool();
    parts.clock = options.clock ? std::move(options.clock) : system_clock();
    parts.journal =
        std::make_shared<Journal>(records ? absolute(options.catalogue_path) : std::string(), backend);
    parts.backend = std::move(backend);
    return FileService(std::make_shared<Impl>(std::move(parts)));
}

FileService::FileService(std::shared_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
FileService::FileService(FileService&& other) noexcept = default;

FileService& FileService::operator=(FileService&& other) noexcept {
    const FileService ended(std::move(*this));
    impl_ = std::move(other.impl_);
    return *this;
}

FileService::~FileService() {
    if (!impl_) {
        return;
    }
    if (impl_->pending().forked()) {
        // The threads that would be joined and the connections that would be closed are the parent's.
        new (std::nothrow) std::shared_ptr<Impl>(std::move(impl_));
        return;
    }
    impl_->pending().close();
}

void FileService::upload_async(FileUpload file, Completion<FileId> done) {
    const CallOptions options = file.call;
    impl_->start<FileId>(options, std::move(done), [&](auto call, auto last) {
        start_upload(impl_->parts(), std::move(call), std::move(file), std::move(last));
    });
}

void FileService::remove_async(FileRequest request, Completion<bool> done) {
    const CallOptions options = request.call;
    impl_->start<bool>(options, std::move(done), [&](auto call, auto last) {
        start_removal(impl_->parts(), std::move(call), std::move(request), std::move(last));
    });
}

void FileService::download_async(DownloadRequest request, Completion<DownloadReceipt> done) {
    impl_->forward(std::move(request), std::move(done), &StorageBackend::download_async);
}

void FileService::exists_async(FileRequest request, Completion<bool> done) {
    impl_->forward(std::move(request), std::move(done), &StorageBackend::exists_async);
}

void FileService::metadata_async(FileRequest request, Completion<FileInfo> done) {
    impl_->forward(std::move(request), std::move(done), &StorageBackend::metadata_async);
}

void FileService::list_async(ListRequest request, Completion<ListPage> done) {
    impl_->forward(std::move(request), std::move(done), &StorageBackend::list_async);
}

void FileService::presign_async(PresignRequest request, Completion<PresignedUrl> done) {
    impl_->forward(std::move(request), std::move(done), &StorageBackend::presign_async);
}

Result<FileId> FileService::upload(FileUpload file) {
    return wait_for<FileId>([&](auto done) { upload_async(std::move(file), std::move(done)); });
}

Result<DownloadReceipt> FileService::download(DownloadRequest request) {
    return wait_for<DownloadReceipt>([&](auto done) { download_async(std::move(request), std::move(done)); });
}

Result<bool> FileService::remove(FileRequest request) {
    return wait_for<bool>([&](auto done) { remove_async(std::move(request), std::move(done)); });
}

Result<bool> FileService::exists(FileRequest request) {
    return wait_for<bool>([&](auto done) { exists_async(std::move(request), std::move(done)); });
}

Result<FileInfo> FileService::metadata(FileRequest request) {
    return wait_for<FileInfo>([&](auto done) { metadata_async(std::move(request), std::move(done)); });
}

Result<ListPage> FileService::list(ListRequest request) {
    return wait_for<ListPage>([&](auto done) { list_async(std::move(request), std::move(done)); });
}

Result<PresignedUrl> FileService::presign(PresignRequest request) {
    return wait_for<PresignedUrl>([&](auto done) { presign_async(std::move(request), std::move(done)); });
}

const std::string& FileService::catalogue_path() const noexcept {
    return impl_->parts().journal->path();
}

}  // namespace filestore
