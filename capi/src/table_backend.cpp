#include "table_backend.h"

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "backend.h"
#include "core/backend_handle.h"
#include "core/blocking_job.h"
#include "core/blocking_machinery.h"
#include "core/request_checks.h"
#include "core/upload_record.h"
#include "table.h"
#include "table_uploads.h"

namespace filestore::capi {
namespace {

filestore_backend_call upload_call(const UploadRequest& request) {
    filestore_backend_call call = call_on(request.id, request.call);
    call.path = request.original_path;
    call.content_type = request.content_type;
    call.metadata = request.metadata.to_json();
    call.size = request.source->size().value_or(FILESTORE_UNKNOWN_SIZE);
    call.create_only = request.create_only;
    call.if_version = request.if_version;
    return call;
}

Result<FileInfo> describe(const Table& table, const FileId& id, const CallOptions& limits) {
    filestore_backend_call call = call_on(id, limits);
    FILESTORE_TRY(ask(table, "describe a file", table->describe, call));
    return std::move(call.info);
}

class TableWriter final : public BlockingBackend::Writer {
public:
    /// As long as it lives, so do the table and the limits of the call.
    TableWriter(const Table& table, filestore_backend_call call) : table_(table), call_(std::move(call)) {}
    ~TableWriter() override {
        if (is_open_) {
            close_opened(table_, table_->close_writer, writer_);
        }
    }

    Result<void> open() {
        FILESTORE_TRY(ask(table_, "store a file", table_->open_writer, call_, &writer_));
        is_open_ = true;
        return {};
    }

    Result<void> write(std::span<const std::byte> bytes) override {
        return ask(table_, "store a file", table_->write, call_, writer_,
                   static_cast<const void*>(bytes.data()), bytes.size());
    }

    Result<void> commit(std::uint64_t size) override {
        return ask(table_, "store a file", table_->commit, call_, writer_, size);
    }

private:
    const Table& table_;
    filestore_backend_call call_;
    void* writer_ = nullptr;
    bool is_open_ = false;
};

class TableReader final : public BlockingBackend::Reader {
public:
    /// As long as it lives, so do the table and the request.
    TableReader(const Table& table, const DownloadRequest& request)
        : table_(table), request_(request), bytes_(table, call_on(request.id, request.call)) {}

    Result<void> open() { return bytes_.open(table_->open_reader, "read a file"); }

    std::uint64_t size() const noexcept override { return bytes_.size(); }

    Result<FileInfo> info() override { return describe(table_, request_.id, request_.call); }

    Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> into) override {
        return bytes_.read(offset, into);
    }

private:
    const Table& table_;
    const DownloadRequest& request_;
    OpenedBytes bytes_;
};

filestore_backend_call batch_call(const RemoveBatchRequest& request, const CallOptions& limits) {
    filestore_backend_call call = call_within(limits);
    for (const FileId& id : request.ids) {
        call.ids.push_back(id.str());
        call.outcomes.push_back(
            {id, Error(ErrorCode::internal, "the program's backend did not tell of this file"), false});
    }
    call.if_versions = request.if_versions;
    return call;
}

filestore_backend_call sweep_call(const SweepUploadsRequest& request, const CallOptions& limits) {
    filestore_backend_call call = call_within(limits);
    for (const FileId& id : request.ids) {
        call.ids.push_back(id.str());
    }
    call.older_than = request.older_than;
    call.dry_run = request.dry_run;
    return call;
}

class TableBackend final : public BlockingBackend {
public:
    TableBackend(std::shared_ptr<const Table> table, std::shared_ptr<Executor> executor,
                 std::shared_ptr<Clock> clock)
        : BlockingBackend(std::move(executor)),
          shared_table_(std::move(table)),
          table_(*shared_table_),
          name_(table_->name != nullptr ? table_->name : "custom"),
          uploads_(shared_table_, std::move(clock), machinery().runtime, machinery().pending) {}
    ~TableBackend() override { close(); }

    Capabilities capabilities() const noexcept override {
        Capabilities capabilities;
        capabilities.remove_tells_existence = true;
        capabilities.presign = table_->presign != nullptr;
        capabilities.compare_and_swap = (table_->abilities & FILESTORE_COMPARES_UPLOADS) != 0;
        capabilities.compare_and_delete = (table_->abilities & FILESTORE_COMPARES_DELETIONS) != 0;
        capabilities.may_store_late = (table_->abilities & FILESTORE_MAY_STORE_LATE) != 0;
        capabilities.leaves_uploads = table_->sweep_uploads != nullptr;
        return capabilities;
    }
    std::string_view name() const noexcept override { return name_; }

    ResumableStore* resumable_store() noexcept override {
        return table_->begin_upload != nullptr ? &uploads_ : nullptr;
    }

    void remove_batch_async(RemoveBatchRequest request,
                            Completion<std::vector<RemovalOutcome>> done) override {
        if (table_->remove_batch == nullptr) {
            return BlockingBackend::remove_batch_async(std::move(request), std::move(done));
        }
        const CallOptions options = request.call;
        run(options, std::move(done), [this, request = std::move(request)](const CallOptions& limits) {
            return remove_batch_now(request, limits);
        });
    }

    void discard_async(FileRequest request, Completion<void> done) override {
        const CallOptions options = request.call;
        run(options, std::move(done),
            [this, id = request.id](const CallOptions& limits) { return discard_now(id, limits); });
    }

    void sweep_uploads_async(SweepUploadsRequest request, Completion<std::vector<FileId>> done) override {
        if (table_->sweep_uploads == nullptr) {
            return BlockingBackend::sweep_uploads_async(std::move(request), std::move(done));
        }
        const CallOptions options = request.call;
        run(options, std::move(done),
            [this, request = std::move(request)](const CallOptions& limits) -> Result<std::vector<FileId>> {
                filestore_backend_call call = sweep_call(request, limits);
                FILESTORE_TRY(ask(table_, "sweep uploads", table_->sweep_uploads, call));
                return std::move(call.told_ids);
            });
    }

    void kept_versions_async(CallOptions options, Completion<KeptVersions> done) override {
        if (table_->kept_versions == nullptr) {
            return BlockingBackend::kept_versions_async(std::move(options), std::move(done));
        }
        run(std::move(options), std::move(done), [this](const CallOptions& limits) -> Result<KeptVersions> {
            filestore_backend_call call = call_within(limits);
            FILESTORE_TRY(ask(table_, "count versions", table_->kept_versions, call));
            return call.kept;
        });
    }

protected:
    Result<std::unique_ptr<Writer>> open_writer(const UploadRequest& request) override {
        auto writer = std::make_unique<TableWriter>(table_, upload_call(request));
        FILESTORE_TRY(writer->open());
        return std::unique_ptr<Writer>(std::move(writer));
    }

    Result<std::unique_ptr<Reader>> open_reader(const DownloadRequest& request) override {
        auto reader = std::make_unique<TableReader>(table_, request);
        FILESTORE_TRY(reader->open());
        return std::unique_ptr<Reader>(std::move(reader));
    }

    Result<bool> remove_now(const FileRequest& request) override {
        filestore_backend_call call = call_on(request.id, request.call);
        call.if_version = request.if_version;
        std::int32_t removed = 0;
        FILESTORE_TRY(ask(table_, "remove a file", table_->remove, call, &removed));
        return removed != 0;
    }

    Result<bool> exists_now(const FileRequest& request) override {
        const auto info = describe(table_, request.id, request.call);
        if (!info.ok() && info.error().code() != ErrorCode::not_found) {
            return info.error();
        }
        return info.ok();
    }

    Result<FileInfo> metadata_now(const FileRequest& request) override {
        return describe(table_, request.id, request.call);
    }

    Result<ListPage> list_now(const ListRequest& request) override {
        filestore_backend_call call;
        call.limits = &request.call;
        call.cursor = request.cursor;
        call.limit = static_cast<std::uint32_t>(request.limit);
        FILESTORE_TRY(ask(table_, "list its files", table_->list, call));
        return std::move(call.page);
    }

    Result<PresignedUrl> presign_now(const PresignRequest& request) override {
        filestore_backend_call call = call_on(request.id, request.call);
        call.method = request.method;
        call.expires = request.expires;
        call.exact_expiry = !request.allow_earlier_expiry;
        call.answer_disposition = request.answer_disposition;
        call.answer_type = request.answer_type;
        FILESTORE_TRY(ask(table_, "make URLs", table_->presign, call));
        return std::move(call.url);
    }

    Result<VerifyReport> verify_now(const VerifyRequest& request) override {
        filestore_backend_call call = call_within(request.call);
        call.verify = &request;
        FILESTORE_TRY(ask(table_, "verify its files", table_->verify, call));
        return call.report;
    }

private:
    /// The work of a call that has no function of BlockingBackend's.
    template <class T, class Work>
    void run(CallOptions options, Completion<T> done, Work work) {
        run_blocking(machinery().runtime, *machinery().pending, std::move(options), std::move(done),
                     [self = shared_from_this(), work = std::move(work)](const CallOptions& limits) {
                         return work(limits);
                     });
    }

    Result<std::vector<RemovalOutcome>> remove_batch_now(const RemoveBatchRequest& request,
                                                         const CallOptions& limits) {
        FILESTORE_TRY(check_batch(request, capabilities()));
        filestore_backend_call call = batch_call(request, limits);
        FILESTORE_TRY(ask(table_, "remove files", table_->remove_batch, call));
        return std::move(call.outcomes);
    }

    /// Of an upload that comes piece by piece somebody may be making the file just now.
    Result<void> discard_now(const FileId& id, const CallOptions& limits) {
        const FileRequest request{id, limits, {}};
        FILESTORE_TRY(check_request(request));
        if (table_->describe_upload != nullptr) {
            const auto upload = uploads_.look_at(id, limits);
            if (!is_gone(upload)) {
                return nothing_to_discard(upload);
            }
        }
        if (table_->discard == nullptr) {
            FILESTORE_TRY(remove_now(request));
            return {};
        }
        filestore_backend_call call = call_on(id, limits);
        return ask(table_, "discard an upload", table_->discard, call);
    }

    const std::shared_ptr<const Table> shared_table_;
    const Table& table_;
    const std::string name_;
    TableUploads uploads_;
};

}  // namespace

Result<std::shared_ptr<StorageBackend>> backend_over(const filestore_backend_table* given, void* context,
                                                     std::shared_ptr<Executor> executor,
                                                     std::shared_ptr<Clock> clock) {
    FILESTORE_TRY(require(given, "table"));
    FILESTORE_TRY(check_size(*given));
    Table own(*given, context);
    FILESTORE_TRY(check_functions(own));
    return make_backend_handle(std::make_shared<TableBackend>(std::make_shared<const Table>(std::move(own)),
                                                              std::move(executor), std::move(clock)));
}

}  // namespace filestore::capi

using namespace filestore;

int32_t filestore_backend_create(const filestore_backend_table* table, void* context,
                                 const filestore_options* options, filestore_backend** backend,
                                 filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        capi::give(backend, static_cast<filestore_backend*>(nullptr));
        auto executor = options != nullptr ? options->options.executor : std::shared_ptr<Executor>();
        auto clock = options != nullptr ? options->options.clock : std::shared_ptr<Clock>();
        // Before anything can fail, since the context is the library's to end from now on.
        auto made = capi::backend_over(table, context, std::move(executor),
                                       clock ? std::move(clock) : system_clock());
        FILESTORE_TRY(capi::require(backend, "backend"));
        FILESTORE_TRY(made);
        *backend = capi::make_backend(std::move(*made));
        return {};
    });
}
