#include "filestore/service.h"

#include <filesystem>
#include <mutex>
#include <new>
#include <utility>

#include "core/blocking_call.h"
#include "core/library_thread.h"
#include "core/pending_answer.h"
#include "core/text.h"
#include "core/thread_pool.h"
#include "core/try.h"
#include "service/audit_setup.h"
#include "service/catalogue_path.h"
#include "service/cleanup.h"
#include "service/history.h"
#include "service/open_store.h"
#include "service/operations.h"
#include "service/reconcile.h"
#include "service/resumable_uploads.h"
#include "service/schedule/cleanup_scheduler.h"
#include "service/soft_delete.h"

namespace filestore {

namespace {

/// The path as it stands now, so that a later change of the working directory does not matter. Empty stays empty.
Result<std::string> absolute(const Result<std::string>& given) {
    if (!given || given->empty()) {
        return given;
    }
    const std::string& path = *given;
    std::error_code error;
    const std::filesystem::path result = std::filesystem::absolute(path, error);
    return error ? path : result.native();
}

constexpr unsigned most_days_kept = 36'500;

/// What set() would refuse.
Result<void> check_cleanup(const CleanupOptions& cleanup) {
    if (cleanup.retention_days < 1 || cleanup.retention_days > most_days_kept) {
        return Error(ErrorCode::invalid_argument, "retention_days must be 1 to 36500");
    }
    if (cleanup.jitter < std::chrono::seconds(0) || cleanup.jitter > std::chrono::days(1)) {
        return Error(ErrorCode::invalid_argument, "cleanup_jitter must be 0 seconds to a day");
    }
    return {};
}

Result<void> check_grace(const std::optional<std::chrono::seconds>& grace,
                         const Result<std::string>& catalogue_path) {
    if (!grace) {
        return {};
    }
    if (*grace < std::chrono::seconds(1) || *grace > std::chrono::days(most_days_kept)) {
        return Error(ErrorCode::invalid_argument, "soft_delete_grace must be 1 second to 36500 days");
    }
    FILESTORE_TRY(catalogue_path);
    if (catalogue_path->empty()) {
        return without_catalogue_error(
            "soft delete keeps its marks in the catalogue, and that is off: leave out catalogue_path, or "
            "set soft_delete_grace to off");
    }
    return {};
}

}  // namespace

/// Shared by the service and its calls, which may outlive it by a moment.
class FileService::Impl {
public:
    /// With an empty `catalogue_path` nothing is recorded; with an error, calls that record fail with it. `owns_backend`: the service opened it, so it closes it.
    static std::shared_ptr<Impl> make(std::shared_ptr<StorageBackend> backend,
                                      const Result<std::string>& catalogue_path,
                                      std::shared_ptr<AuditServer> audit,
                                      std::shared_ptr<validation::Validator> validator,
                                      ServiceOptions options, ExecutorChoice executor, bool owns_backend) {
        auto pending = std::make_shared<PendingCalls>();
        ServiceParts parts;
        parts.executor = executor.executor;
        parts.clock = options.clock ? std::move(options.clock) : system_clock();
        parts.validator = std::move(validator);
        parts.grace = options.soft_delete_grace;
        parts.upload_lifetime = options.upload_lifetime;
        parts.audit_server = audit;
        auto sender = audit ? std::make_shared<Sender>(std::move(audit), parts.executor, parts.clock,
                                                       std::move(options.audit.on_delivery))
                            : std::shared_ptr<Sender>();
        parts.journal = std::make_shared<Journal>(absolute(catalogue_path), backend, pending,
                                                  std::move(sender), parts.clock, options.audit.strict,
                                                  LateTaskPauses(), options.audit.most_pending);
        parts.backend = std::move(backend);
        return std::make_shared<Impl>(std::move(parts), std::move(pending), std::move(executor),
                                      std::move(options.cleanup), owns_backend);
    }

    Impl(ServiceParts parts, std::shared_ptr<PendingCalls> pending, ExecutorChoice executor,
         CleanupOptions cleanup, bool owns_backend)
        : parts_(std::move(parts)),
          pending_(std::move(pending)),
          executor_(std::move(executor)),
          cleanup_(std::move(cleanup)),
          owns_backend_(owns_backend) {}

    [[nodiscard]] const ServiceParts& parts() const noexcept { return parts_; }
    [[nodiscard]] bool forked() const noexcept { return pending_->forked(); }

    /// Ends every call, then the threads; on a library thread those end by themselves.
    void close() noexcept {
        const auto scheduler = started_scheduler();
        if (scheduler) {
            scheduler->request_stop();
        }
        const bool have_ended = pending_->close();
        parts_.journal->close();
        if (!have_ended) {
            return;
        }
        if (scheduler) {
            scheduler->join();
        }
        if (parts_.validator) {
            parts_.validator->close();
        }
        if (owns_backend_) {
            parts_.backend->close();
        }
        executor_.join();
    }

    Result<void> start_schedule() {
        if (forked()) {
            return Error(ErrorCode::forked, "the service was opened before fork; open it again in the child");
        }
        const std::lock_guard lock(mutex_);
        if (is_started_) {
            return {};
        }
        FILESTORE_TRY(parts_.journal->go_on_telling());
        if (cleanup_.enabled) {
            FILESTORE_TRY_ASSIGN(auto scheduler, make_scheduler());
            FILESTORE_TRY(scheduler->start());
            scheduler_ = std::move(scheduler);
        }
        is_started_ = true;
        return {};
    }

    [[nodiscard]] std::shared_ptr<CleanupScheduler> started_scheduler() const noexcept {
        const std::lock_guard lock(mutex_);
        return scheduler_;
    }

    /// Registers a call and starts it.
    template <class T, class Start>
    void start(const CallOptions& options, Completion<T> done, Start&& start) {
        auto answer = begin_call<T>(*pending_, options.cancel, std::move(done));
        if (answer) {
            step_of(*answer, *parts_.executor, [&] { std::forward<Start>(start)(answer); });
        }
    }

    /// Does a call's work on the executor.
    template <class T, class Work>
    void run(const CallOptions& options, Completion<T> done, Work work) {
        start<T>(options, std::move(done), [&](const PendingAnswerPtr<T>& answer) {
            parts_.executor->post([parts = parts_, answer, work = std::move(work)] {
                const LibraryThreadScope scope;
                step_of(*answer, *parts.executor, [&] { work(parts, answer); });
            });
        });
    }

    /// Does a call's work, which asks the audit server where there is one: there, so that operations on files do not wait for answers.
    template <class T, class Work>
    void run_where_the_server_is_asked(const CallOptions& options, Completion<T> done, Work work) {
        if (!parts_.audit_server) {
            return run<T>(options, std::move(done), std::move(work));
        }
        start<T>(options, std::move(done), [&](const PendingAnswerPtr<T>& answer) {
            parts_.audit_server->post([parts = parts_, answer, work = std::move(work)] {
                step_of(*answer, *parts.executor, [&] { work(parts, answer); });
            });
        });
    }

    /// Hands a call through to the backend, with a token that close() triggers.
    template <class T, class Request>
    void forward(Request request, Completion<T> done,
                 void (StorageBackend::*start_call)(Request, Completion<T>)) {
        const CallOptions options = request.call;
        start<T>(options, std::move(done), [&](const PendingAnswerPtr<T>& answer) {
            request.call.cancel = answer->token();
            (*parts_.backend.*start_call)(std::move(request),
                                          [answer](Result<T> result) { answer->give(std::move(result)); });
        });
    }

    /// The same for a file, which may be marked as deleted: that answers `not_found`, or `of_deleted`.
    template <class T, class Request>
    void forward_unless_deleted(Request request, Completion<T> done,
                                void (StorageBackend::*start_call)(Request, Completion<T>),
                                std::optional<T> of_deleted = std::nullopt) {
        if (!parts_.grace) {
            return forward(std::move(request), std::move(done), start_call);
        }
        const CallOptions options = request.call;
        run<T>(options, std::move(done),
               [request = std::move(request), start_call, of_deleted = std::move(of_deleted)](
                   const ServiceParts& parts, const PendingAnswerPtr<T>& answer) {
                   const auto is_deleted = parts.journal->is_soft_deleted(request.id);
                   if (!is_deleted.ok()) {
                       return answer->give(is_deleted.error());
                   }
                   if (*is_deleted) {
                       return answer->give(of_deleted ? Result<T>(*of_deleted) : deleted_error(request.id));
                   }
                   Request own = request;
                   own.call.cancel = answer->token();
                   (*parts.backend.*start_call)(
                       std::move(own), [answer](Result<T> result) { answer->give(std::move(result)); });
               });
    }

private:
    [[nodiscard]] Result<std::shared_ptr<CleanupScheduler>> make_scheduler() const {
        FILESTORE_TRY(check_cleanup(cleanup_));
        if (!parts_.journal->records()) {
            return without_catalogue_error(
                "cleanup is enabled, and the catalogue, which keeps track of its runs, is off: leave "
                "out catalogue_path, or set cleanup_enabled to false");
        }
        FILESTORE_TRY_ASSIGN(const CronSchedule schedule,
                             CronSchedule::parse(cleanup_.schedule, cleanup_.time_zone));
        auto on_file = [told = cleanup_.on_file](const CleanupFile& file) -> Result<void> {
            if (told) {
                told(file);
            }
            return {};
        };
        auto run = [parts = parts_, pending = pending_, days = cleanup_.retention_days,
                    on_file = std::move(on_file)] {
            return wait_for<CleanupReport>([&](Completion<CleanupReport> done) {
                const auto answer = begin_call<CleanupReport>(*pending, {}, std::move(done));
                if (answer) {
                    step_of(*answer, *parts.executor,
                            [&] { start_cleanup(parts, {.days = days, .on_file = on_file}, answer); });
                }
            });
        };
        return std::make_shared<CleanupScheduler>(schedule, cleanup_.jitter, parts_.journal, parts_.clock,
                                                  std::move(run), cleanup_.on_run);
    }

    const ServiceParts parts_;
    const std::shared_ptr<PendingCalls> pending_;
    const ExecutorChoice executor_;
    const CleanupOptions cleanup_;
    const bool owns_backend_;
    mutable std::mutex mutex_;
    bool is_started_ = false;
    std::shared_ptr<CleanupScheduler> scheduler_;
};

Result<FileService> FileService::open(ServiceOptions options) {
    try {
        FILESTORE_TRY(check_catalogue(options));
        ExecutorChoice executor(options.executor);
        const auto catalogue = filestore::catalogue_path(options);
        FILESTORE_TRY(check_grace(options.soft_delete_grace, catalogue));
        FILESTORE_TRY_ASSIGN(auto audit, open_audit_server(options));
        FILESTORE_TRY_ASSIGN(auto validator,
                             validation::Validator::make(options.validation, executor.executor));
        FILESTORE_TRY_ASSIGN(std::shared_ptr<StorageBackend> backend, open_store(options, executor.executor));
        return FileService(Impl::make(std::move(backend), catalogue, std::move(audit), std::move(validator),
                                      std::move(options), std::move(executor), true));
    } catch (const std::bad_alloc&) {
        return Error(ErrorCode::no_memory);
    }
}

Result<FileService> FileService::open(std::shared_ptr<StorageBackend> backend, ServiceOptions options) {
    if (!backend || options.catalogue_path.empty()) {
        return Error(ErrorCode::invalid_argument,
                     "a service on a backend of your own needs the backend and a catalogue_path");
    }
    try {
        FILESTORE_TRY(check_catalogue(options));
        const std::string catalogue = has_catalogue(options) ? options.catalogue_path : "";
        FILESTORE_TRY(check_grace(options.soft_delete_grace, catalogue));
        ExecutorChoice executor(options.executor);
        FILESTORE_TRY_ASSIGN(auto audit, open_audit_server(options));
        FILESTORE_TRY_ASSIGN(auto validator,
                             validation::Validator::make(options.validation, executor.executor));
        return FileService(Impl::make(std::move(backend), catalogue, std::move(audit), std::move(validator),
                                      std::move(options), std::move(executor), false));
    } catch (const std::bad_alloc&) {
        return Error(ErrorCode::no_memory);
    }
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
    if (impl_->forked()) {
        // The threads that would be joined and the connections that would be closed are the parent's.
        new (std::nothrow) std::shared_ptr<Impl>(std::move(impl_));
        return;
    }
    impl_->close();
}

void FileService::upload_async(FileUpload file, Completion<FileId> done) {
    const CallOptions options = file.call;
    impl_->start<FileId>(options, std::move(done), [&](const PendingAnswerPtr<FileId>& answer) {
        start_upload(impl_->parts(), std::move(file), answer);
    });
}

bool FileService::takes_late_metadata() const noexcept {
    return impl_->parts().backend->capabilities().late_metadata;
}

void FileService::begin_upload_async(NewUpload upload, Completion<ResumableUpload> done) {
    const CallOptions options = upload.call;
    impl_->run<ResumableUpload>(
        options, std::move(done),
        [upload = std::move(upload)](const ServiceParts& parts,
                                     const PendingAnswerPtr<ResumableUpload>& answer) {
            start_begin_upload(parts, upload, answer);
        });
}

void FileService::append_async(UploadAppend append, Completion<ResumableUpload> done) {
    const CallOptions options = append.call;
    impl_->run<ResumableUpload>(
        options, std::move(done),
        [append = std::move(append)](const ServiceParts& parts,
                                     const PendingAnswerPtr<ResumableUpload>& answer) {
            start_append(parts, append, answer);
        });
}

void FileService::resumable_upload_async(FileRequest request, Completion<ResumableUpload> done) {
    const CallOptions options = request.call;
    impl_->run<ResumableUpload>(
        options, std::move(done),
        [request = std::move(request)](const ServiceParts& parts,
                                       const PendingAnswerPtr<ResumableUpload>& answer) {
            start_upload_state(parts, request, answer);
        });
}

void FileService::finish_upload_async(FileRequest request, Completion<FileId> done) {
    const CallOptions options = request.call;
    impl_->run<FileId>(
        options, std::move(done),
        [request = std::move(request)](const ServiceParts& parts, const PendingAnswerPtr<FileId>& answer) {
            start_finish_upload(parts, request, answer);
        });
}

void FileService::end_upload_async(FileRequest request, Completion<bool> done) {
    const CallOptions options = request.call;
    impl_->run<bool>(
        options, std::move(done),
        [request = std::move(request)](const ServiceParts& parts, const PendingAnswerPtr<bool>& answer) {
            start_end_upload(parts, request, answer);
        });
}

void FileService::sweep_uploads_async(const CallOptions& options, Completion<std::uint64_t> done) {
    impl_->run<std::uint64_t>(
        options, std::move(done),
        [options](const ServiceParts& parts, const PendingAnswerPtr<std::uint64_t>& answer) {
            start_sweep(parts, options, answer);
        });
}

std::uint64_t FileService::max_upload_length() const noexcept {
    return most_of_an_upload(impl_->parts());
}

Result<void> FileService::check_upload(const std::string& path, const std::string& content_type,
                                       std::optional<std::uint64_t> size) const {
    const auto& validator = impl_->parts().validator;
    return validator ? validator->look_at_name(path, content_type, size) : Result<void>();
}

void FileService::remove_async(FileRequest request, Completion<bool> done) {
    const CallOptions options = request.call;
    impl_->start<bool>(options, std::move(done), [&](const PendingAnswerPtr<bool>& answer) {
        const auto start = impl_->parts().grace ? start_soft_removal : start_removal;
        start(impl_->parts(), std::move(request), answer);
    });
}

void FileService::undelete_async(FileRequest request, Completion<bool> done) {
    const CallOptions options = request.call;
    impl_->start<bool>(options, std::move(done), [&](const PendingAnswerPtr<bool>& answer) {
        start_undelete(impl_->parts(), std::move(request), answer);
    });
}

void FileService::deleted_files_async(DeletedFilesRequest request, Completion<DeletedFilesPage> done) {
    const CallOptions options = request.call;
    impl_->run<DeletedFilesPage>(
        options, std::move(done),
        [request = std::move(request)](const ServiceParts& parts,
                                       const PendingAnswerPtr<DeletedFilesPage>& answer) {
            answer->give(read_deleted_files(parts, request));
        });
}

void FileService::download_async(DownloadRequest request, Completion<DownloadReceipt> done) {
    impl_->forward_unless_deleted(std::move(request), std::move(done), &StorageBackend::download_async);
}

std::optional<FileAtHand> FileService::read_at_hand(const FileId& id, std::size_t most) const noexcept {
    const ServiceParts& parts = impl_->parts();
    return parts.grace || impl_->forked() ? std::nullopt : parts.backend->read_at_hand(id, most);
}

void FileService::exists_async(FileRequest request, Completion<bool> done) {
    impl_->forward_unless_deleted<bool>(std::move(request), std::move(done), &StorageBackend::exists_async,
                                        false);
}

void FileService::metadata_async(FileRequest request, Completion<FileInfo> done) {
    impl_->forward_unless_deleted(std::move(request), std::move(done), &StorageBackend::metadata_async);
}

void FileService::list_async(ListRequest request, Completion<ListPage> done) {
    if (impl_->parts().grace) {
        done = [parts = impl_->parts(), done = std::move(done)](Result<ListPage> page) {
            done(page.ok() ? without_deleted(parts, std::move(*page)) : std::move(page));
        };
    }
    impl_->forward(std::move(request), std::move(done), &StorageBackend::list_async);
}

void FileService::presign_async(PresignRequest request, Completion<PresignedUrl> done) {
    impl_->forward_unless_deleted(std::move(request), std::move(done), &StorageBackend::presign_async);
}

void FileService::verify_async(VerifyRequest request, Completion<VerifyReport> done) {
    if (!request.record && impl_->parts().journal->records()) {
        request.record = impl_->parts().journal;
    }
    impl_->forward(std::move(request), std::move(done), &StorageBackend::verify_async);
}

void FileService::cleanup_async(CleanupRequest request, Completion<CleanupReport> done) {
    const CallOptions options = request.call;
    impl_->start<CleanupReport>(options, std::move(done), [&](const PendingAnswerPtr<CleanupReport>& answer) {
        start_cleanup(impl_->parts(), std::move(request), answer);
    });
}

void FileService::flush_async(FlushRequest request, Completion<void> done) {
    const CallOptions options = std::move(request.call);
    impl_->run<void>(
        options, std::move(done),
        [deadline = options.deadline](const ServiceParts& parts, const PendingAnswerPtr<void>& answer) {
            if (!parts.journal->has_sender()) {
                return answer->give(Error(ErrorCode::configuration,
                                          "no audit server is named: set SUPABASE_URL and "
                                          "SUPABASE_KEY, or audit_url and audit_key"));
            }
            parts.journal->flush(deadline, answer);
        });
}

void FileService::history_async(FileRequest request, Completion<FileHistory> done) {
    const CallOptions options = request.call;
    impl_->run_where_the_server_is_asked<FileHistory>(
        options, std::move(done),
        [request = std::move(request)](const ServiceParts& parts,
                                       const PendingAnswerPtr<FileHistory>& answer) {
            answer->give(read_history(parts, request.id, {request.call.deadline, answer->token(), {}, {}}));
        });
}

void FileService::recorded_files_async(RecordedFilesRequest request, Completion<RecordedFilesPage> done) {
    const CallOptions options = request.call;
    impl_->run_where_the_server_is_asked<RecordedFilesPage>(
        options, std::move(done),
        [request = std::move(request)](const ServiceParts& parts,
                                       const PendingAnswerPtr<RecordedFilesPage>& answer) {
            RecordedFilesRequest limited = request;
            limited.call = {request.call.deadline, answer->token(), {}, {}};
            answer->give(read_recorded_files(parts, limited));
        });
}

void FileService::catalogued_files_async(CataloguedFilesRequest request,
                                         Completion<CataloguedFilesPage> done) {
    const CallOptions options = request.call;
    impl_->run<CataloguedFilesPage>(
        options, std::move(done),
        [request = std::move(request)](const ServiceParts& parts,
                                       const PendingAnswerPtr<CataloguedFilesPage>& answer) {
            answer->give(read_catalogued_files(parts, request));
        });
}

void FileService::reconcile_async(ReconcileRequest request, Completion<ReconcileReport> done) {
    const CallOptions options = request.call;
    impl_->start<ReconcileReport>(options, std::move(done),
                                  [&](const PendingAnswerPtr<ReconcileReport>& answer) {
                                      start_reconcile(impl_->parts(), std::move(request), answer);
                                  });
}

void FileService::audit_status_async(const CallOptions& options, Completion<AuditStatus> done) {
    impl_->run<AuditStatus>(options, std::move(done),
                            [](const ServiceParts& parts, const PendingAnswerPtr<AuditStatus>& answer) {
                                answer->give(parts.journal->audit_status());
                            });
}

void FileService::parked_files_async(ParkedRequest request, Completion<std::vector<ParkedFile>> done) {
    const CallOptions options = request.call;
    impl_->run<std::vector<ParkedFile>>(
        options, std::move(done),
        [request = std::move(request)](const ServiceParts& parts,
                                       const PendingAnswerPtr<std::vector<ParkedFile>>& answer) {
            constexpr std::uint32_t most = 1000;
            if (request.limit < 1 || request.limit > most) {
                return answer->give(
                    Error(ErrorCode::invalid_argument, "the limit of a page of parked files is 1 to 1000"));
            }
            answer->give(parts.journal->parked(request.after, request.limit));
        });
}

void FileService::retry_parked_async(RetryParkedRequest request, Completion<std::uint64_t> done) {
    const CallOptions options = request.call;
    impl_->run<std::uint64_t>(
        options, std::move(done),
        [request = std::move(request)](const ServiceParts& parts,
                                       const PendingAnswerPtr<std::uint64_t>& answer) {
            answer->give(parts.journal->retry_parked(request.file_id, parts.clock->now()));
        });
}

void FileService::forget_audit_server_async(const CallOptions& options, Completion<std::uint64_t> done) {
    impl_->run<std::uint64_t>(options, std::move(done),
                              [](const ServiceParts& parts, const PendingAnswerPtr<std::uint64_t>& answer) {
                                  answer->give(parts.journal->forget_server());
                              });
}

Result<FileId> FileService::upload(FileUpload file) {
    return wait_for<FileId>([&](auto done) { upload_async(std::move(file), std::move(done)); });
}

Result<DownloadReceipt> FileService::download(DownloadRequest request) {
    return wait_for<DownloadReceipt>([&](auto done) { download_async(std::move(request), std::move(done)); });
}

Result<ResumableUpload> FileService::begin_upload(NewUpload upload) {
    return wait_for<ResumableUpload>(
        [&](auto done) { begin_upload_async(std::move(upload), std::move(done)); });
}

Result<ResumableUpload> FileService::append(UploadAppend append) {
    return wait_for<ResumableUpload>([&](auto done) { append_async(std::move(append), std::move(done)); });
}

Result<ResumableUpload> FileService::resumable_upload(FileRequest request) {
    return wait_for<ResumableUpload>(
        [&](auto done) { resumable_upload_async(std::move(request), std::move(done)); });
}

Result<FileId> FileService::finish_upload(FileRequest request) {
    return wait_for<FileId>([&](auto done) { finish_upload_async(std::move(request), std::move(done)); });
}

Result<bool> FileService::end_upload(FileRequest request) {
    return wait_for<bool>([&](auto done) { end_upload_async(std::move(request), std::move(done)); });
}

Result<std::uint64_t> FileService::sweep_uploads(const CallOptions& options) {
    return wait_for<std::uint64_t>([&](auto done) { sweep_uploads_async(options, std::move(done)); });
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

Result<VerifyReport> FileService::verify(VerifyRequest request) {
    return wait_for<VerifyReport>([&](auto done) { verify_async(std::move(request), std::move(done)); });
}

Result<CleanupReport> FileService::cleanup(CleanupRequest request) {
    return wait_for<CleanupReport>([&](auto done) { cleanup_async(std::move(request), std::move(done)); });
}

Result<void> FileService::flush(FlushRequest request) {
    return wait_for<void>([&](auto done) { flush_async(std::move(request), std::move(done)); });
}

Result<FileHistory> FileService::history(FileRequest request) {
    return wait_for<FileHistory>([&](auto done) { history_async(std::move(request), std::move(done)); });
}

Result<RecordedFilesPage> FileService::recorded_files(RecordedFilesRequest request) {
    return wait_for<RecordedFilesPage>(
        [&](auto done) { recorded_files_async(std::move(request), std::move(done)); });
}

Result<CataloguedFilesPage> FileService::catalogued_files(CataloguedFilesRequest request) {
    return wait_for<CataloguedFilesPage>(
        [&](auto done) { catalogued_files_async(std::move(request), std::move(done)); });
}

Result<ReconcileReport> FileService::reconcile(ReconcileRequest request) {
    return wait_for<ReconcileReport>(
        [&](auto done) { reconcile_async(std::move(request), std::move(done)); });
}

Result<bool> FileService::undelete(FileRequest request) {
    return wait_for<bool>([&](auto done) { undelete_async(std::move(request), std::move(done)); });
}

Result<DeletedFilesPage> FileService::deleted_files(DeletedFilesRequest request) {
    return wait_for<DeletedFilesPage>(
        [&](auto done) { deleted_files_async(std::move(request), std::move(done)); });
}

Result<AuditStatus> FileService::audit_status(const CallOptions& options) {
    return wait_for<AuditStatus>([&](auto done) { audit_status_async(options, std::move(done)); });
}

Result<std::vector<ParkedFile>> FileService::parked_files(ParkedRequest request) {
    return wait_for<std::vector<ParkedFile>>(
        [&](auto done) { parked_files_async(std::move(request), std::move(done)); });
}

Result<std::uint64_t> FileService::retry_parked(RetryParkedRequest request) {
    return wait_for<std::uint64_t>(
        [&](auto done) { retry_parked_async(std::move(request), std::move(done)); });
}

Result<std::uint64_t> FileService::forget_audit_server(const CallOptions& options) {
    return wait_for<std::uint64_t>([&](auto done) { forget_audit_server_async(options, std::move(done)); });
}

Result<void> FileService::start() {
    try {
        return impl_->start_schedule();
    } catch (const std::bad_alloc&) {
        return Error(ErrorCode::no_memory);
    }
}

std::optional<Timestamp> FileService::next_cleanup() const {
    const auto scheduler = impl_->started_scheduler();
    return scheduler ? scheduler->next() : std::nullopt;
}

bool FileService::has_audit_server() const noexcept {
    return impl_->parts().journal->has_sender();
}

std::shared_ptr<StorageBackend> FileService::backend() const noexcept {
    return impl_->parts().backend;
}

const std::string& FileService::catalogue_path() const noexcept {
    return impl_->parts().journal->path();
}

}  // namespace filestore
