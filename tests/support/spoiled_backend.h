#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "filestore/backend.h"

namespace filestore::test {

/// Hands every call on to another backend, and spoils the answers that a test wants spoiled. Thread-safe where the hooks are.
class SpoiledBackend final : public StorageBackend {
public:
    explicit SpoiledBackend(std::shared_ptr<StorageBackend> backend) : backend_(std::move(backend)) {}

    /// A hook. Thread-safe: tasks of the library may ask while the test sets it.
    class Spoil {
    public:
        using Function = std::function<std::optional<Error>(const FileId&)>;

        Spoil& operator=(Function function) {
            const std::lock_guard lock(mutex_);
            function_ = std::move(function);
            return *this;
        }
        [[nodiscard]] std::optional<Error> operator()(const FileId& id) const {
            std::unique_lock lock(mutex_);
            const Function function = function_;
            lock.unlock();
            return function ? function(id) : std::nullopt;
        }

    private:
        mutable std::mutex mutex_;
        Function function_;
    };
    /// What metadata() and remove() fail with instead of being asked.
    Spoil before_metadata;
    Spoil before_remove;
    /// What remove() fails with though it was done.
    Spoil after_remove;
    /// What upload() fails with instead of being asked.
    Spoil before_upload;
    /// What upload() fails with though it was done.
    Spoil after_upload;
    /// What exists() fails with though it was answered.
    Spoil after_exists;
    /// Uploads that come piece by piece are handed on, too; then discard() is the other backend's own.
    bool has_pieces = false;
    /// See Capabilities.
    bool may_store_late = false;
    /// What a batch removes stays as an older version.
    bool keeps_versions = false;
    /// What kept_versions() tells.
    Result<KeptVersions> versions_kept{KeptVersions()};

    [[nodiscard]] unsigned lists() const noexcept { return lists_; }
    /// Of metadata.
    [[nodiscard]] unsigned looks() const noexcept { return looks_; }
    /// Whether a file is there.
    [[nodiscard]] unsigned asked() const noexcept { return asked_; }

    void upload_async(UploadRequest request, Completion<UploadReceipt> done) override {
        if (const auto error = before_upload(request.id)) {
            return backend_->exists_async(
                {request.id, {}}, [done = std::move(done), error](const Result<bool>&) { done(*error); });
        }
        const auto late = after_upload(request.id);
        backend_->upload_async(std::move(request),
                               [done = std::move(done), late](const Result<UploadReceipt>& receipt) {
                                   done(late ? Result<UploadReceipt>(*late) : receipt);
                               });
    }
    void download_async(DownloadRequest request, Completion<DownloadReceipt> done) override {
        backend_->download_async(std::move(request), std::move(done));
    }
    void remove_async(FileRequest request, Completion<bool> done) override {
        const FileId id = request.id;
        if (const auto error = before_remove(id)) {
            return backend_->exists_async(
                std::move(request), [done = std::move(done), error](const Result<bool>&) { done(*error); });
        }
        const auto late = after_remove(id);
        backend_->remove_async(std::move(request),
                               [done = std::move(done), late](const Result<bool>& removed) {
                                   done(late ? Result<bool>(*late) : removed);
                               });
    }
    void discard_async(FileRequest request, Completion<void> done) override {
        has_pieces ? backend_->discard_async(std::move(request), std::move(done))
                   : StorageBackend::discard_async(std::move(request), std::move(done));
    }
    void remove_batch_async(RemoveBatchRequest request,
                            Completion<std::vector<RemovalOutcome>> done) override {
        StorageBackend::remove_batch_async(
            std::move(request),
            [done = std::move(done), keeps = keeps_versions](Result<std::vector<RemovalOutcome>> outcomes) {
                for (std::size_t i = 0; keeps && outcomes.ok() && i < outcomes->size(); ++i) {
                    (*outcomes)[i].keeps_version = true;
                }
                done(std::move(outcomes));
            });
    }
    void exists_async(FileRequest request, Completion<bool> done) override {
        ++asked_;
        const FileId id = request.id;
        backend_->exists_async(std::move(request),
                               [this, id, done = std::move(done)](const Result<bool>& exists) {
                                   const auto late = after_exists(id);
                                   done(late ? Result<bool>(*late) : exists);
                               });
    }
    void metadata_async(FileRequest request, Completion<FileInfo> done) override {
        ++looks_;
        const auto error = before_metadata(request.id);
        backend_->metadata_async(std::move(request),
                                 [done = std::move(done), error](const Result<FileInfo>& info) {
                                     done(error ? Result<FileInfo>(*error) : info);
                                 });
    }
    void list_async(ListRequest request, Completion<ListPage> done) override {
        ++lists_;
        backend_->list_async(std::move(request), std::move(done));
    }
    void kept_versions_async(CallOptions options, Completion<KeptVersions> done) override {
        list_async({{}, 1, std::move(options)},
                   [done = std::move(done), kept = versions_kept](const Result<ListPage>&) { done(kept); });
    }
    Capabilities capabilities() const noexcept override {
        Capabilities capabilities = backend_->capabilities();
        capabilities.may_store_late = may_store_late;
        return capabilities;
    }
    ResumableStore* resumable_store() noexcept override {
        return has_pieces ? backend_->resumable_store() : nullptr;
    }
    std::string_view name() const noexcept override { return backend_->name(); }
    void close() noexcept override { backend_->close(); }

private:
    const std::shared_ptr<StorageBackend> backend_;
    std::atomic<unsigned> lists_{0};
    std::atomic<unsigned> looks_{0};
    std::atomic<unsigned> asked_{0};
};

}  // namespace filestore::test
