#pragma once

/// `FileService`: files go in and come out by ID, and every upload and deletion is recorded.
///
///     auto service = filestore::FileService::open({});                          // ./storage
///     auto id = service->upload({.source = filestore::source_from_string("hello"), .path = "hello.txt"});
///
/// `FileService` is a resource and thread-safe. Opening one does no network I/O and starts no thread; see start() for what a service does by itself. Destroying one completes every
/// pending call with `cancelled`, waits for that and ends the threads, unless it happens on a library thread. An object that was moved from
/// may only be destroyed or assigned to.
///
/// An upload that failed because the server's answer did not come may have left its file there. It is removed again: before the answer, or
/// behind it where that is `cancelled` or `timeout`; the destructor waits for that for up to 5 seconds. Where the server does not answer
/// that either, the catalogue keeps a note: the service asks again each minute, on a thread that exists only while something is to be found out, and the next process that uses the catalogue does, too. So
/// it is where the answer to a removal was lost. Without a catalogue such a file may stay.
///
/// A server may also carry out such an upload only after it was looked for (Capabilities::may_store_late, as of S3). So its file is looked for, and removed, for another hour, in growing intervals: by this service, or by whichever
/// process uses the catalogue then. What comes later still, or while none does, stays without a record until reconcile() finds it. A failed finish_upload() is not looked for: its file is recorded when the call is made again.
///
/// What a process that died has left half done is settled behind the first call that records, and behind one each minute from then on: a file that is whole gets its row, anything else is
/// removed. The destructor waits for that too, up to 5 seconds for each answer of the store.
///
/// Each call has a blocking and an asynchronous form, with the general failures of StorageBackend (see backend.h). Calls
/// that record may also fail with the catalogue's `io`, `no_space` and `corrupt`: then the file is as it was before the call,
/// or the message says otherwise.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/audit.h"
#include "filestore/backend.h"
#include "filestore/cleanup.h"
#include "filestore/executor.h"
#include "filestore/local_backend.h"
#include "filestore/reconcile.h"
#include "filestore/resumable_upload.h"
#include "filestore/s3_backend.h"
#include "filestore/soft_delete.h"
#include "filestore/validation.h"

namespace filestore {

/// The retention rule of `storage.yaml`, which a started service keeps (FileService::start()). A value.
///
/// The catalogue notes when a run began that ended well. From that on each time of the schedule is due, in whichever process that uses the catalogue and is started: one of
/// them runs it, and where that one dies, another. Times that no process was there for are caught up by one run, at once. A run that fails, or is cut short by the end of
/// the service, is made again: after 5 minutes, or by the next service. The first service that is started with a new catalogue runs nothing for the time before it.
/// A clock that was set is noticed within a minute.
struct CleanupOptions {
    bool enabled = false;
    /// At least 1.
    unsigned retention_days = 30;
    /// What schedule.h says.
    std::string schedule = "0 2 * * *";
    /// Of the schedule: "UTC", "local" for that of the system, or a name such as "Europe/Berlin".
    std::string time_zone = "UTC";
    /// A run begins up to so much later than the schedule says, by chance, so that many machines do not ask one server at the same moment. 0 to a day.
    std::chrono::seconds jitter{30};
    /// Called for every file that a scheduled run tells of, as CleanupRequest::on_file; the run's last call comes before on_run.
    std::function<void(const CleanupFile&)> on_file{};
    /// Called after each scheduled run, on a library thread, with what it came to or why it failed.
    std::function<void(const Result<CleanupReport>&)> on_run{};
};

/// A value. Every field can also be set by name, which is what configuration files and the C API do.
struct FILESTORE_API ServiceOptions {
    /// "local" or "s3".
    std::string backend = "local";
    LocalOptions local{};
    S3Options s3;
    CleanupOptions cleanup{};
    AuditOptions audit{};
    /// What uploads must be like. Without any rule everything is stored.
    ValidationOptions validation{};

    /// The SQLite file of the catalogue. Empty: `<base_path>/.filestore/catalogue.sqlite` of a local store; for S3 a file named after
    /// endpoint, bucket and prefix under `$XDG_STATE_HOME/filestore`, else `$HOME/.local/state/filestore`. "off": nothing is recorded.
    /// Where neither variable is set, calls that record fail with `configuration`.
    std::string catalogue_path{};

    /// How long deleted files can be had back (see soft_delete.h): 1 second to 36500 days. Nothing: deleted files are gone at once.
    std::optional<std::chrono::seconds> soft_delete_grace{};

    /// How long an upload that comes piece by piece (see resumable_upload.h) stays without a new byte: 1 second to 365 days.
    std::chrono::seconds upload_lifetime{24 * 3600};

    /// Shared by the backend, the catalogue and the completions; a thread pool of the service's own where there is none.
    /// `local.executor`, `s3.executor` and `s3.clock` are set from these two where they are empty.
    std::shared_ptr<Executor> executor{};
    /// The system's where there is none.
    std::shared_ptr<Clock> clock{};

    /// Sets one option by name: `backend`, `base_path`, `durability` (full, data, none), `layout` (flat, sharded), `file_mode`, `directory_mode` (octal),
    /// `url_base`, `url_key`, `checksum` (crc64nvme, sha256, off), `verify_downloads` (off, size, checksum; true is checksum, false is size), `bucket_name`, `aws_access_key`, `aws_secret_key`,
    /// `aws_session_token`, `region`, `endpoint`, `dual_stack` (true, false), `addressing` (automatic, path, virtual_host), `payload_signing` (automatic, signed,
    /// unsigned), `key_prefix`, `storage_class`, `server_side_encryption` (bucket_default, s3, kms, customer), `kms_key_id`, `kms_context`, `sse_customer_key` (base64 of 32 bytes), `requester_pays` (true,
    /// false), `versioned_removal` (marker, purge, error), `anonymous` (true, false), `aws_profile`, `role_arn`, `role_session_name`, `external_id`, `role_policy`, `role_duration` (seconds), `sts_endpoint`, `instance_metadata_endpoint`,
    /// `ca_file`, `ca_pem`, `spool_directory`, `connect_timeout`, `first_byte_timeout`, `stall_timeout` and `expect_wait` (seconds), `expect_threshold` (bytes, or off), `dns_cache_time` and
    /// `max_idle_age` (whole seconds), `max_attempts`, `retry_first_delay`, `retry_longest_delay`, `retry_longest_time` and `retry_longest_silence` (seconds), `proxy`, `no_proxy`,
    /// `proxy_from_environment` (true, false), `profile` (of the server; that of the credentials is `aws_profile`), `checksum_mode` (automatic, off, header, trailer), `checksum_algorithm` (crc32, crc32c, crc64nvme, sha1, sha256),
    /// `part_size`, `part_memory` (bytes), `parallel_parts`, `parallel_below_rate` (bytes a second), `max_connections`, `event_loops`,
    /// `catalogue_path`, `cleanup_enabled` (true, false), `retention_days`, `schedule`, `time_zone`, `cleanup_jitter` (whole seconds), `soft_delete_grace` (such as 30d, 12h, 15m, 90s; off), `upload_lifetime` (such as 7d, 12h), `audit_url`, `audit_key`, `audit_table`, `audit_ca_file`, `audit_plain_http`, `audit_strict` (true, false), `audit_most_pending` (files; 0 is none),
    /// `max_size` (bytes, or off), `type_policy` (strict, warn, off), `allowed_types`, `denied_types`, `allowed_extensions` and `denied_extensions` (with commas between them), `store_found_type` (true, false),
    /// `magic_database`, `scanner`, `scanner_timeout` (whole seconds).
    /// `invalid_argument`, with the nearest name, for an unknown one or a value out of range; nothing is changed then. `time_zone` reads the system's time zones.
    Result<void> set(std::string_view name, std::string_view value);
};

/// Reads `storage.yaml`. A key that is not known fails with `configuration` and names file, line and the nearest known key; so does a
/// value of the wrong kind. `unsupported` in a library without YAML (FILESTORE_WITH_YAML). Blocks.
[[nodiscard]] FILESTORE_API Result<ServiceOptions> load_config_file(const std::string& path);

/// The same from text; `origin` names it in messages.
[[nodiscard]] FILESTORE_API Result<ServiceOptions> parse_config(std::string_view yaml,
                                                                const std::string& origin);

/// What to store. A value.
struct FileUpload {
    /// Required.
    std::shared_ptr<Source> source{};
    /// The name that the file has for its owner, UTF-8; recorded, never used as a path.
    std::string path{};
    std::string content_type{default_content_type};
    Metadata metadata{};
    /// As UploadRequest::late_metadata: `unsupported` where the backend cannot wait for it, see takes_late_metadata().
    std::function<Result<Metadata>()> late_metadata{};
    CallOptions call{};
};

class FILESTORE_API FileService {
public:
    /// Reads SUPABASE_URL and SUPABASE_KEY, see AuditOptions. Failures: `invalid_argument` (an unknown backend, an option that cannot be right), and those of opening the store:
    /// `configuration` (there is no such place, or no such audit server, or one without a key or a catalogue, or soft delete without a catalogue), `unsupported` (what the options ask for was left out of this library: see the README's FILESTORE_WITH_...), `permission_denied`, `no_space`, `io`. Blocks for a few system calls. The catalogue is opened by the first call that records.
    [[nodiscard]] static Result<FileService> open(ServiceOptions options);

    /// A service on a backend of the caller's own. `options.catalogue_path` must be set; other options of the store are not used.
    /// The backend is not closed by the service.
    [[nodiscard]] static Result<FileService> open(std::shared_ptr<StorageBackend> backend,
                                                  ServiceOptions options);

    FileService(FileService&& other) noexcept;
    FileService& operator=(FileService&& other) noexcept;
    ~FileService();

    /// Stores a file and records it; answers its new ID. Once it succeeds the file is there, with its record, whatever happens next.
    /// Failures to act on: `rejected` (a rule of `validation`, see validation.h, or its scanner), and see StorageBackend::upload_async; nothing is stored then (see above for lost answers). `outcome_unknown` where
    /// neither the removal nor its note succeeded. `not_delivered`, here and of other calls that record: see AuditOptions::strict.
    [[nodiscard]] Result<FileId> upload(FileUpload file);
    void upload_async(FileUpload file, Completion<FileId> done);

    /// Whether upload() takes FileUpload::late_metadata here.
    [[nodiscard]] bool takes_late_metadata() const noexcept;

    /// Begins an upload that comes piece by piece (see resumable_upload.h), of no byte so far. Failures to act on: `rejected`, `unsupported` (this backend cannot, or a scanner is
    /// configured that could not see the bytes there), and those of the store.
    [[nodiscard]] Result<ResumableUpload> begin_upload(NewUpload upload);
    void begin_upload_async(NewUpload upload, Completion<ResumableUpload> done);

    /// Adds bytes. They are durable once it succeeds, as those of a file. Failures to act on: `not_found` (there is no such upload; ErrorDetails::server_code is "expired" where its time is over), `precondition_failed` (the next bytes go
    /// elsewhere: ask resumable_upload()), `conflict` (another call is at work on it: ask again in a moment), `rejected` (ErrorDetails::server_code is "length" for more bytes than were
    /// declared, which ends nothing; otherwise the upload is ended), `corrupt` (they are not of the checksum), `invalid_argument` (another length), `source_failed`.
    [[nodiscard]] Result<ResumableUpload> append(UploadAppend append);
    void append_async(UploadAppend append, Completion<ResumableUpload> done);

    /// What is there of an upload. One that is finished is the file of that ID, as long as that is there. `not_found`, as of append().
    [[nodiscard]] Result<ResumableUpload> resumable_upload(FileRequest request);
    void resumable_upload_async(FileRequest request, Completion<ResumableUpload> done);

    /// Makes the file of an upload that is complete, and records it; answers its ID, again where that has happened before. As upload(): the file is there with its record, or not at all. After a failure
    /// other than `rejected` the upload is still there, and the call can be made again. `precondition_failed` where bytes are missing; `not_found` and `conflict`, as of append().
    [[nodiscard]] Result<FileId> finish_upload(FileRequest request);
    void finish_upload_async(FileRequest request, Completion<FileId> done);

    /// Gives an upload up, and frees its bytes. False where there is no such upload, or it is finished.
    [[nodiscard]] Result<bool> end_upload(FileRequest request);
    void end_upload_async(FileRequest request, Completion<bool> done);

    /// Ends the uploads whose time is over; answers how many. None where the backend has no such uploads.
    [[nodiscard]] Result<std::uint64_t> sweep_uploads(const CallOptions& options);
    void sweep_uploads_async(const CallOptions& options, Completion<std::uint64_t> done);

    /// The most bytes that an upload can have here, by the rules and by the store. 0 where the backend has no uploads that come piece by piece.
    [[nodiscard]] std::uint64_t max_upload_length() const noexcept;

    /// `rejected` where the rules refuse a file before there is a byte of it, by its name, declared type or, where it is known, its size: for who would rather not receive it. Does not block.
    [[nodiscard]] Result<void> check_upload(const std::string& path, const std::string& content_type,
                                            std::optional<std::uint64_t> size) const;

    /// See StorageBackend::download_async.
    [[nodiscard]] Result<DownloadReceipt> download(DownloadRequest request);
    void download_async(DownloadRequest request, Completion<DownloadReceipt> done);

    /// See StorageBackend::read_at_hand. Nothing where deleted files are kept for a while: whether this is one may have to be waited for.
    [[nodiscard]] std::optional<FileAtHand> read_at_hand(const FileId& id, std::size_t most) const noexcept;

    /// Removes a file and records it. False, and nothing recorded, where it was not there. With ServiceOptions::soft_delete_grace the bytes stay for a while, and undelete() gives
    /// the file back; `conflict`, retryable, where another process is at work on it. With FileRequest::if_version a file of another version stays (`precondition_failed`), and `unsupported` answers for a store that cannot compare it
    /// (Capabilities::compare_and_delete); where the bytes stay, the version is that which the file has when it is looked at.
    [[nodiscard]] Result<bool> remove(FileRequest request);
    void remove_async(FileRequest request, Completion<bool> done);

    /// Takes the deletion of a file back, and records that (see soft_delete.h). False, and nothing changed, for a file that is stored. Failures to act on: `not_found` (it was never deleted softly, its grace is over, or its
    /// bytes are gone), `conflict` (retryable: another process is removing it for good), and the store's.
    [[nodiscard]] Result<bool> undelete(FileRequest request);
    void undelete_async(FileRequest request, Completion<bool> done);

    /// A page of the files that undelete() gives back. `invalid_argument` (limit, cursor).
    [[nodiscard]] Result<DeletedFilesPage> deleted_files(DeletedFilesRequest request);
    void deleted_files_async(DeletedFilesRequest request, Completion<DeletedFilesPage> done);

    [[nodiscard]] Result<bool> exists(FileRequest request);
    void exists_async(FileRequest request, Completion<bool> done);

    [[nodiscard]] Result<FileInfo> metadata(FileRequest request);
    void metadata_async(FileRequest request, Completion<FileInfo> done);

    /// Always reads the backend; with soft delete files that are deleted are left out.
    [[nodiscard]] Result<ListPage> list(ListRequest request);
    void list_async(ListRequest request, Completion<ListPage> done);

    [[nodiscard]] Result<PresignedUrl> presign(PresignRequest request);
    void presign_async(PresignRequest request, Completion<PresignedUrl> done);

    /// See StorageBackend::verify_async. Files are also `missing` that are recorded as stored and of which nothing is there: a catalogue is of one store.
    [[nodiscard]] Result<VerifyReport> verify(VerifyRequest request);
    void verify_async(VerifyRequest request, Completion<VerifyReport> done);

    /// Removes, and records as deleted, what is older than a number of days (see cleanup.h), at once and without asking. Files that fail are reported and do not stop the rest; the
    /// run ends early where that says nothing of the file (no credentials, no store), and where nothing of 1000 files can be reached. Failures to act on:
    /// `invalid_argument` (days), `precondition_failed` (the store holds nothing of what is recorded), those of list(), the catalogue's, and those of history() where the audit server does not answer, or hides its rows from the key: nothing more is removed then, and the next run goes on.
    [[nodiscard]] Result<CleanupReport> cleanup(CleanupRequest request);
    void cleanup_async(CleanupRequest request, Completion<CleanupReport> done);

    /// Has the service do by itself what is for programs that run for long: where `cleanup.enabled` says so, files are cleaned up by the schedule (see CleanupOptions), on a thread that this
    /// starts and the destructor ends, together with a run under way; and the audit server is told of what earlier processes have left to tell. More than once is once.
    /// Failures to act on: `configuration` (a cleanup is enabled, and the catalogue, which keeps track of it, is off; the system has no time zones), `invalid_argument` (the schedule or
    /// the rest of `cleanup`), and the catalogue's. Blocks for the catalogue.
    [[nodiscard]] Result<void> start();

    /// The time of the schedule that a cleanup is due at next, `cleanup.jitter` aside; past where one is under way, or to be made again. Nothing where none is scheduled here:
    /// before start(), or without `cleanup.enabled`. Later times: CronSchedule (schedule.h).
    [[nodiscard]] std::optional<Timestamp> next_cleanup() const;

    /// Waits until the audit server was told all that had been recorded when this was called; what was parked is not waited for. `timeout` at the deadline, with what keeps it waiting;
    /// before that `unauthenticated`, `permission_denied` or `configuration` (the table is not as it must be; no audit server is named), which waiting does not mend. Whatever it answers,
    /// what was not told stays noted.
    [[nodiscard]] Result<void> flush(FlushRequest request);
    void flush_async(FlushRequest request, Completion<void> done);

    /// What is recorded of a file: the audit server's row where there is one, which may not have been told of the newest yet, else the catalogue's. `not_found` where there is no row, `permission_denied` where the server perhaps hides it: it shows the key no row at all, and the key may not write one. And the
    /// failures of flush() for a server that does not answer.
    [[nodiscard]] Result<FileHistory> history(FileRequest request);
    void history_async(FileRequest request, Completion<FileHistory> done);

    /// A page of the files that are recorded as uploaded before a time and not as deleted, of the same record as history(); rows that come and go meanwhile shift no page.
    /// `invalid_argument` (limit, cursor), and those of history() but `not_found`.
    [[nodiscard]] Result<RecordedFilesPage> recorded_files(RecordedFilesRequest request);
    void recorded_files_async(RecordedFilesRequest request, Completion<RecordedFilesPage> done);

    /// A page of the files that the catalogue has as stored, whatever an audit server was told of them. A damaged row is left out. Failures to act on: `invalid_argument` (the limit), `not_found` (there is no record of
    /// the file to go on behind), `configuration` (the catalogue is off).
    [[nodiscard]] Result<CataloguedFilesPage> catalogued_files(CataloguedFilesRequest request);
    void catalogued_files_async(CataloguedFilesRequest request, Completion<CataloguedFilesPage> done);

    /// Finds where store, catalogue and audit server disagree, and repairs that where it is asked to (see reconcile.h). Failures to act on: `configuration` (the catalogue is off), and those of list(),
    /// of the catalogue and of history(); files that fail are findings with a reason.
    [[nodiscard]] Result<ReconcileReport> reconcile(ReconcileRequest request);
    void reconcile_async(ReconcileRequest request, Completion<ReconcileReport> done);

    /// See audit.h; of the catalogue, so also without an audit server.
    [[nodiscard]] Result<AuditStatus> audit_status(const CallOptions& options);
    void audit_status_async(const CallOptions& options, Completion<AuditStatus> done);

    /// A page of the files that could not be told of, in the order of their IDs. `invalid_argument` (the limit).
    [[nodiscard]] Result<std::vector<ParkedFile>> parked_files(ParkedRequest request);
    void parked_files_async(ParkedRequest request, Completion<std::vector<ParkedFile>> done);

    /// Has parked files told again, as the catalogue has them now. Answers how many; 0 where the file is not parked, or has no row in the catalogue.
    [[nodiscard]] Result<std::uint64_t> retry_parked(RetryParkedRequest request);
    void retry_parked_async(RetryParkedRequest request, Completion<std::uint64_t> done);

    /// The catalogue is to have no audit server any more: nothing is noted for one from now on, and what waits or is parked is dropped. Answers how many files that were.
    /// `configuration` where this service has an audit server.
    [[nodiscard]] Result<std::uint64_t> forget_audit_server(const CallOptions& options);
    void forget_audit_server_async(const CallOptions& options, Completion<std::uint64_t> done);

    /// Whether an audit server is told of what is recorded.
    [[nodiscard]] bool has_audit_server() const noexcept;

    /// Where the files are. What is stored or removed there directly is not recorded, and with soft delete deleted files are still there. Lives as long as the service, and no longer.
    [[nodiscard]] std::shared_ptr<StorageBackend> backend() const noexcept;

    /// Where the catalogue is; empty where nothing is or can be recorded.
    [[nodiscard]] const std::string& catalogue_path() const noexcept;

private:
    class Impl;
    explicit FileService(std::shared_ptr<Impl> impl) noexcept;
    std::shared_ptr<Impl> impl_;
};

}  // namespace filestore
