#ifndef FILESTORE_H
#define FILESTORE_H

/// libfilestore for C, and for every language that can call C: files go in and come out by ID, into a local directory or an
/// S3-compatible store, and every upload and deletion is recorded.
///
/// Conventions, which hold wherever a function does not say otherwise:
///
///  1. Handles are pointers to opaque structs. What `x_create` or `x_open` made, `x_destroy` or `x_close` ends, once; both do
///     nothing with NULL.
///  2. Functions that can fail return a code: FILESTORE_OK (0) or another FILESTORE_ code below. A program treats a code
///     that it does not know as FILESTORE_INTERNAL: newer libraries may have more.
///  3. The last parameter `err` may be NULL. Otherwise `*err` becomes NULL on success, and on failure an error that the caller
///     destroys; its code is the code that was returned. What `*err` held before is overwritten, not destroyed.
///  4. Outputs come after the inputs. On failure they are set to empty: NULL, 0 or "". An output pointer must not be NULL,
///     unless the function says that it may be.
///  5. Text is UTF-8 and NUL-terminated, in both directions; bytes are a pointer and a length. Paths of the file system are
///     given to the operating system as they are.
///  6. A required pointer that is NULL answers FILESTORE_INVALID_ARGUMENT; only `context` is never looked at. Optional
///     arguments, `options` above all, may be NULL and then have their defaults.
///  7. Inputs stay the caller's, are copied where they are kept, and need to live as long as the call. Text that a function
///     returns belongs to the handle that it was asked of and lives as long as it. Memory of the library is freed only by
///     destroying its handle, never by free().
///  8. Truth values are int32_t: 0 is no, 1 is yes.
///  9. Threads: a service, a backend, an exporter, a cancel token and a pause may be used by any number of threads at once. Errors, buffers, pages, answers and schedules do not
///     change, so any thread may read them. Options may be read by many calls at once while no thread sets them.
///     Destroying a handle while another thread uses it is an error of the program.
/// 10. Blocking: filestore_open, filestore_open_config, filestore_open_on and filestore_backend_open make a few system calls; filestore_salvage_catalogue reads and writes the whole catalogue, and filestore_convert_store moves every file. Every function that takes a service, a backend or an exporter,
///     filestore_catalogue_path, filestore_exporter_open, filestore_backend_of, filestore_backend_name, filestore_backend_can, filestore_check_upload, filestore_max_upload_length, filestore_has_audit_server and those whose names end with `_async` apart, waits for the disk or the network, and in a callback answers FILESTORE_WOULD_DEADLOCK.
///     All others return at once.
/// 11. Callbacks, those of the options of a service or an exporter apart, run on a thread of the library or of the program's executor, or on the one that made the call, one at a time for one call, and only before
///     that call returns, or where it is asynchronous before its `done`: no lock is needed for what only they and the caller use. A reader, rewinder or writer may block. One that returns something
///     other than 0 ends the call; its number comes back from filestore_error_caller_code. A callback must not leave by
///     longjmp or pthread_exit.
/// 12. A function that takes a service, a backend or an exporter may also fail with FILESTORE_NO_MEMORY, FILESTORE_TIMEOUT, FILESTORE_CANCELLED,
///     FILESTORE_FORKED (the service was opened before fork), FILESTORE_IO, FILESTORE_UNAVAILABLE, FILESTORE_RATE_LIMITED,
///     FILESTORE_UNAUTHENTICATED, FILESTORE_PERMISSION_DENIED, FILESTORE_CONFIGURATION (for example an unknown bucket)
///     and FILESTORE_INTERNAL.
/// 13. Asynchronous calls have names that end with `_async`. They do what the function without that does, and take the same; in place of outputs they have `done` and its `context`.
///     Where they return FILESTORE_OK, `done` is called exactly once, whatever happens: it gets an answer, which it owns, with the outputs or with any of the failures. Where they return another code, for an argument that is not valid, for a path that cannot
///     be opened, or for FILESTORE_NO_MEMORY, nothing was begun, and `done` is never called. It is called on a thread of the library or of the program's executor, perhaps before the function has returned, but not inside it; only where the system has neither
///     memory nor a thread left, or the executor no room, may that be the thread that starts the call. It may start calls, request cancels, and end handles, the service too; it should be quick, since other calls may need its thread.
///     Options, IDs, paths and cursors are read before the function returns; bytes, callbacks and their contexts live until `done` is called. Until then a cancel token ends the call as any other, and `done` gets FILESTORE_CANCELLED, or what the call came to before that.
/// 14. The process: there is no init or shutdown call. Services may be opened before main and closed after it, in static initialisers, in functions of atexit, or never; each may be left open at exit, also with calls under way, and when the shared library is unloaded, which stays in memory then. A plugin
///     that contains the static library closes what it opened before it is unloaded. Several copies of the library may be in a process, and use one store. The library changes no signal handling, but that a thread which waits in a blocking call gets no SIGPIPE and no SIGXFSZ by it, and no locale, umask or working directory, and starts no process but those of `credential_process`. Threads start
///     with calls that need them and end when these are done for a while, or with the service. After fork, what was opened before answers FILESTORE_FORKED in the child, where it may be closed, and what is opened anew works; the parent goes on. A program may initialise and clean up libcurl as its own functions demand, at any time; one that calls
///     OPENSSL_cleanup lets no call begin after it.
/// 15. Parts: a library may have been built without S3, the catalogue (with audit server, soft delete and exporters), configuration files or the types of files. Every function is there all the same; what needs such a part answers FILESTORE_UNSUPPORTED, with a message that names the option
///     of the build (`FILESTORE_WITH_S3`, `_SQLITE`, `_YAML`, `_MAGIC`). Without the catalogue nothing is recorded, and filestore_catalogue_path is "".
/// 16. Versions: ABI.md says what does not change. FILESTORE_VERSION is the version of this header, filestore_version() that of the library.

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define FILESTORE_C_API __attribute__((visibility("default")))
#else
#define FILESTORE_C_API
#endif

#ifdef __cplusplus
#define FILESTORE_NOEXCEPT noexcept
extern "C" {
#else
#define FILESTORE_NOEXCEPT
#endif

#define FILESTORE_VERSION_MAJOR 0
#define FILESTORE_VERSION_MINOR 1
#define FILESTORE_VERSION_PATCH 0
#define FILESTORE_VERSION "0.1.0"

/// Success. The numbers of codes are never reused.
#define FILESTORE_OK 0
/// An argument is not valid.
#define FILESTORE_INVALID_ARGUMENT 1
/// The file is not there.
#define FILESTORE_NOT_FOUND 2
/// A file with this ID is already there.
#define FILESTORE_ALREADY_EXISTS 3
/// A condition of the request does not hold.
#define FILESTORE_PRECONDITION_FAILED 4
/// Another writer was at work at the same time.
#define FILESTORE_CONFLICT 5
/// Access is not allowed.
#define FILESTORE_PERMISSION_DENIED 6
/// The credentials are missing, wrong or expired.
#define FILESTORE_UNAUTHENTICATED 7
/// The range lies outside the file.
#define FILESTORE_RANGE_NOT_SATISFIABLE 8
/// The server asks for fewer requests.
#define FILESTORE_RATE_LIMITED 9
/// The time limit of the call, or of the network, passed.
#define FILESTORE_TIMEOUT 10
/// The call was cancelled.
#define FILESTORE_CANCELLED 11
/// The server cannot be reached or cannot answer now.
#define FILESTORE_UNAVAILABLE 12
/// Stored or received data is damaged.
#define FILESTORE_CORRUPT 13
/// This backend or server cannot do it.
#define FILESTORE_UNSUPPORTED 14
/// Out of memory.
#define FILESTORE_NO_MEMORY 15
/// No space left for the data.
#define FILESTORE_NO_SPACE 16
/// An operating system call failed.
#define FILESTORE_IO 17
/// The caller's source failed, or did not deliver what it declared.
#define FILESTORE_SOURCE_FAILED 18
/// The caller's sink failed, or has no room.
#define FILESTORE_SINK_FAILED 19
/// Validation refused the file.
#define FILESTORE_REJECTED 20
/// The configuration is not valid.
#define FILESTORE_CONFIGURATION 21
/// A blocking call was made on a thread of the library.
#define FILESTORE_WOULD_DEADLOCK 22
/// The object was made before fork and used in the child.
#define FILESTORE_FORKED 23
/// The answer was lost, and the outcome cannot be told.
#define FILESTORE_OUTCOME_UNKNOWN 24
/// A defect in the library.
#define FILESTORE_INTERNAL 25
/// What was asked is done and recorded, but the audit server was not told yet (option `audit_strict`).
#define FILESTORE_NOT_DELIVERED 26

/// Characters of a file ID (a UUID of version 4 in lower case) with the NUL at its end.
#define FILESTORE_ID_SIZE 37

/// A size that is not known, and a length that reaches to the end.
#define FILESTORE_UNKNOWN_SIZE UINT64_MAX

typedef struct filestore_error filestore_error;
typedef struct filestore_options filestore_options;
typedef struct filestore_service filestore_service;
typedef struct filestore_backend filestore_backend;
typedef struct filestore_backend_call filestore_backend_call;
typedef struct filestore_cancel filestore_cancel;
typedef struct filestore_pause filestore_pause;
typedef struct filestore_call_options filestore_call_options;
typedef struct filestore_upload_options filestore_upload_options;
typedef struct filestore_download_options filestore_download_options;
typedef struct filestore_presign_options filestore_presign_options;
typedef struct filestore_verify_options filestore_verify_options;
typedef struct filestore_exporter_options filestore_exporter_options;
typedef struct filestore_exporter filestore_exporter;
typedef struct filestore_send_options filestore_send_options;
typedef struct filestore_buffer filestore_buffer;
typedef struct filestore_list_page filestore_list_page;
typedef struct filestore_schedule filestore_schedule;
typedef struct filestore_answer filestore_answer;
typedef struct filestore_task filestore_task;

/// Gives the next bytes of an upload: puts 1 to `capacity` bytes into `buffer` and their number into `*length`, or 0 at the
/// end. Returns 0, or the caller's own number to fail the upload.
typedef int32_t (*filestore_read_function)(void* context, void* buffer, size_t capacity, size_t* length);

/// Goes back to the first byte of an upload. Returns 0, or the caller's own number to fail the upload.
typedef int32_t (*filestore_rewind_function)(void* context);

/// Takes the next bytes of a download, all of them, in order. Returns 0, or the caller's own number to fail the download.
typedef int32_t (*filestore_write_function)(void* context, const void* data, size_t size);

/// Hears how far a transfer is: growing `bytes_done`, at most about ten times a second and once at the end; `bytes_total` is
/// FILESTORE_UNKNOWN_SIZE where it is not known. It must be quick and must not block.
typedef void (*filestore_progress_function)(void* context, uint64_t bytes_done, uint64_t bytes_total);

/// Hears of a file before the first byte of its download: `json` is as of filestore_metadata, and lives as long as the call. It must not block. Returns 0, or the caller's own number to end the download.
typedef int32_t (*filestore_info_function)(void* context, const char* json);

/// Hears how many files of about `files_total` a conversion has moved, at most about ten times a second and once at the end. It must be quick and must not block.
typedef void (*filestore_files_function)(void* context, uint64_t files_done, uint64_t files_total);

/// Tells the time of day, in microseconds since 1970-01-01T00:00:00Z. It is called on any thread, by several at once, must be quick and must not block.
typedef int64_t (*filestore_now_function)(void* context);

/// Hears of a damaged file, in the order of their IDs: `damage` is "corrupt" (its bytes are not those that were stored, or its metadata cannot be
/// read), "missing" (it is recorded as stored and its bytes are gone, or its metadata is), "orphaned" (metadata of no file: nothing is lost) or "unreadable" (the system
/// does not let it be read); `what` says in a line what is wrong; `quarantined` is 1 where it has been moved to the quarantine. A program treats another `damage` as
/// "corrupt": newer libraries may have more. Returns 0, or the caller's own number to end the run.
typedef int32_t (*filestore_finding_function)(void* context, const char* id, const char* damage,
                                              const char* what, int32_t quarantined);

/// Hears of a file on which store, catalogue and project disagree, in the order of their IDs: `drift` is "unrecorded" (it is there, and the catalogue does not know it), "marked_deleted" (it is
/// there, and recorded as deleted), "missing" (it is recorded as stored, and not there) or "untold" (the project lacks its row or its deletion); newer libraries may have more. `what` says in a line who says
/// what, and where the file could not be looked at or repaired, why; `repaired` is 1 where it was. Returns 0, or the caller's own number to end the run.
typedef int32_t (*filestore_drift_function)(void* context, const char* id, const char* drift,
                                            const char* what, int32_t repaired);

/// Hears of an old file, or of one whose time to be had back is over: `outcome` is "removed", "already_gone" (it is recorded as stored, and not there), "kept" (it is newer than its record, or the project has it as new, as deleted
/// or, after it was deleted here, as stored), "failed" (the next run tries again) or "purged" (it was deleted before, and its bytes are freed); newer libraries may have more. In a dry run it is what would become of it. `reason` says in a
/// line why it was kept or what failed, else it is "". Returns 0, or the caller's own number to end the run; what was removed stays so.
typedef int32_t (*filestore_cleanup_function)(void* context, const char* id, const char* outcome,
                                              const char* reason);

/// Hears of a row of a damaged catalogue that was there and cannot be read as it was: `table` is "file_uploads" (what is recorded of the file), "intents" (an operation on it that was under way), "outbox" (the project is
/// still to be told of it), "parked", "soft_deleted" or "provider_copies"; newer libraries may have more. Returns 0, or the caller's own number to end the call.
typedef int32_t (*filestore_unreadable_function)(void* context, const char* table, const char* file_id);

/// Hears how far a run of filestore_verify is, at most about ten times a second and once at the end; `files_total` is about right, or
/// FILESTORE_UNKNOWN_SIZE. It must be quick and must not block.
typedef void (*filestore_verify_progress_function)(void* context, uint64_t files_done, uint64_t files_total,
                                                   uint64_t bytes_done);

/// Hears of a file that is stored although its name, its declared type and its content do not agree (option `type_policy`: warn): `path` is its name as it was given for the upload, `declared_type` and
/// `found_type` (of the content; "" where it is not known) are media types, and `message` says in a line what does not agree. The texts live as long as the call. It must be quick and must not block; uploads
/// that run at once may call it at once.
typedef void (*filestore_warning_function)(void* context, const char* path, const char* declared_type,
                                           const char* found_type, const char* message);

/// Gives the key of a provider: puts it into `key`, which has room for `capacity` bytes, and its length into `*length`. `profile` and `base_url` say whose it is; `key_variable` is what the send options name, or "". It is called once for each
/// send, and once for each copy that is removed or found out about, on a thread of the library, by many calls at once, and may block. Returns 0, or the caller's own number: the call then fails with FILESTORE_UNAUTHENTICATED.
typedef int32_t (*filestore_key_function)(void* context, const char* profile, const char* base_url,
                                          const char* key_variable, char* key, size_t capacity,
                                          size_t* length);

/// Hears what a settling that filestore_exporter_start began came to: `report` is the JSON of filestore_settle, `code` FILESTORE_OK and `message` "". Where it failed, `report` is NULL, and `code` and `message` say why. The texts live as long as
/// the call. It is called on the exporter's thread, one at a time, must be quick and must not block.
typedef void (*filestore_settled_function)(void* context, const char* report, int32_t code,
                                           const char* message);

/// Hears the end of an asynchronous call, once (convention 13): `answer` has what it came to, and is now the callback's to destroy, there or later, on any thread.
typedef void (*filestore_done_function)(void* context, filestore_answer* answer);

/// Takes work of the library for an executor of the program: filestore_task_run is to be called with `task` exactly once, on any thread, but on this one not before this function has returned. No task may be dropped: calls wait for theirs, and so does
/// filestore_close. Tasks may block for the disk, and several may run at once. It is called on any thread, by several at once; it must be quick, and must call nothing of the library. Returns 0, or another number where it has no room: the task
/// stays the library's then, and the call that needed it fails with FILESTORE_NO_MEMORY.
typedef int32_t (*filestore_execute_function)(void* context, filestore_task* task);

/// `abilities` of a backend of the program's own: `open_writer` or `commit` looks at filestore_backend_call_if_version; and so does `remove`.
#define FILESTORE_COMPARES_UPLOADS 1
#define FILESTORE_COMPARES_DELETIONS 2
/// An upload that failed may be carried out by the storage all the same, some time after.
#define FILESTORE_MAY_STORE_LATE 4

/// What a backend of the program's own is made of (filestore_backend_create). `struct_size` is sizeof(filestore_backend_table), by which the library knows of which version the table is: later ones have more functions at the end, and an older program's table lacks them. A function
/// that is NULL, or that the table is too short to have, is one that the backend cannot do: FILESTORE_UNSUPPORTED.
///
/// Each function gets the `context` of the backend. It returns FILESTORE_OK or the code of its failure, with filestore_backend_call_set_failure in its own words; a number that is no code counts as FILESTORE_INTERNAL, and comes back from filestore_error_caller_code.
/// `call` tells what is asked and takes the answer, for as long as the function runs (for writers and appends: until they are closed or ended), on its thread. The functions are called on threads of the library, of the program's executor, and of blocking calls, for different calls at once; they may block,
/// must not call functions that wait for a store, and must not leave by longjmp or pthread_exit. One that may wait for long asks filestore_backend_call_state.
typedef struct filestore_backend_table {
    size_t struct_size;
    /// FILESTORE_COMPARES_ numbers, added.
    uint64_t abilities;
    /// What filestore_backend_name tells; NULL for "custom". It is copied.
    const char* name;
    /// Called once, when nothing uses the backend any more: perhaps a moment after the last handle was closed, on any thread; also where filestore_backend_create fails.
    void (*destroy)(void* context);
    /// Tells of a file by filestore_backend_call_set_info. FILESTORE_NOT_FOUND where it is not there; that "exists" is asked by this, too.
    int32_t (*describe)(void* context, filestore_backend_call* call);
    /// Opens a file for reading: `*reader` is what the next two get, `*size` how many bytes the file has. FILESTORE_NOT_FOUND where it is not there. On a failure nothing is open.
    int32_t (*open_reader)(void* context, filestore_backend_call* call, void** reader, uint64_t* size);
    /// Puts up to `capacity` bytes (never 0) from `offset` on into `buffer`, and their number into `*length`; 0 at the end.
    int32_t (*read)(void* context, filestore_backend_call* call, void* reader, uint64_t offset, void* buffer,
                    size_t capacity, size_t* length);
    /// Ends a reader, once.
    void (*close_reader)(void* context, void* reader);
    /// Begins to store a file: `*writer` is what the next three get. What is to be stored tell filestore_backend_call_path and the like. On a failure nothing is open.
    int32_t (*open_writer)(void* context, filestore_backend_call* call, void** writer);
    /// Takes the next `size` bytes, all of them, in order.
    int32_t (*write)(void* context, filestore_backend_call* call, void* writer, const void* data,
                     size_t size);
    /// Makes the file, of `size` bytes in all, whole and with its metadata, in place of one that is there. With filestore_backend_call_create_only it fails with FILESTORE_ALREADY_EXISTS where one is there, and with another filestore_backend_call_if_version than that
    /// of the file with FILESTORE_PRECONDITION_FAILED. On a failure all is as it was.
    int32_t (*commit)(void* context, filestore_backend_call* call, void* writer, uint64_t size);
    /// Ends a writer, once. Without `commit`, or where that failed, nothing of the file stays.
    void (*close_writer)(void* context, void* writer);
    /// Removes a file; `*removed` is 1 where it was there. With another filestore_backend_call_if_version than that of the file it fails with FILESTORE_PRECONDITION_FAILED.
    int32_t (*remove)(void* context, filestore_backend_call* call, int32_t* removed);
    /// Tells up to filestore_backend_call_limit files behind filestore_backend_call_cursor ("": from the first on), in the order of their IDs, by filestore_backend_call_add_file, and by filestore_backend_call_set_next where more follow.
    int32_t (*list)(void* context, filestore_backend_call* call);
    /// Makes a URL for a file, by filestore_backend_call_set_url.
    int32_t (*presign)(void* context, filestore_backend_call* call);
    /// Removes the files of filestore_backend_call_id_at, each as `remove` does, in as few steps as the storage needs, and tells what became of each by filestore_backend_call_set_outcome; one of which nothing is told failed with FILESTORE_INTERNAL. A
    /// failure of its own is that of the whole batch. Without this function `remove` is called for each.
    int32_t (*remove_batch)(void* context, filestore_backend_call* call);
    /// Takes back an upload that did not end well, as filestore_backend_discard says; not called where an upload that comes piece by piece is there. Without this function `remove` is called.
    int32_t (*discard)(void* context, filestore_backend_call* call);
    /// Reads every file and tells which are damaged, by filestore_backend_call_add_finding in the order of their IDs, and at the end, by filestore_backend_call_set_verified, how the run went. What is asked for tell filestore_backend_call_repair and the like. FILESTORE_UNSUPPORTED where
    /// it cannot repair, or go on with a run; FILESTORE_CONFLICT where a run is at work that is to be gone on with. Damage is no failure.
    int32_t (*verify)(void* context, filestore_backend_call* call);
    /// Ends uploads that were begun and never ended, longer ago than filestore_backend_call_older_than, of the files of filestore_backend_call_id_at, or of all where these are none; tells of each by filestore_backend_call_add_id. With filestore_backend_call_dry_run it only tells. Without
    /// this function there are none; with it the backend has the ability `leaves_uploads`.
    int32_t (*sweep_uploads)(void* context, filestore_backend_call* call);
    /// Counts what is kept of older versions, by filestore_backend_call_set_kept. Without this function nothing is.
    int32_t (*kept_versions)(void* context, filestore_backend_call* call);
    /// Uploads that come piece by piece (filestore_upload_begin): either all of the functions from here on are there, or none. What was told to be there outlives the process, as far as a stored file does.
    ///
    /// Begins an empty upload under the ID that its file will have. FILESTORE_ALREADY_EXISTS where there is such an upload. It stays until filestore_backend_call_lifetime has passed without a new byte.
    int32_t (*begin_upload)(void* context, filestore_backend_call* call);
    /// Tells of an upload by filestore_backend_call_set_upload. FILESTORE_NOT_FOUND where it is not there. One whose time is over may be told of, and is taken for given up.
    int32_t (*describe_upload)(void* context, filestore_backend_call* call);
    /// Begins to add bytes behind those that are there: `*append` is what the next two get. FILESTORE_PRECONDITION_FAILED where these are not filestore_backend_call_offset bytes, FILESTORE_NOT_FOUND where there is no such upload, FILESTORE_CONFLICT, retryable, where another append is under way or the
    /// upload is open for reading. filestore_backend_call_size is its length from now on, where that is known. On a failure nothing is open.
    int32_t (*open_append)(void* context, filestore_backend_call* call, void** append);
    /// Takes the next `size` bytes, all of them, in order.
    int32_t (*append)(void* context, filestore_backend_call* call, void* append, const void* data,
                      size_t size);
    /// Ends an append, once, also where the call was cancelled. With `keep` 1 the bytes that it was given count, once they are kept as bytes of a stored file are; with 0, or on a failure, none of them does. Of a process that ends before
    /// that they may count, but with filestore_backend_call_all_or_nothing they must not.
    int32_t (*end_append)(void* context, filestore_backend_call* call, void* append, int32_t keep);
    /// Opens the bytes of an upload as `open_reader` does, for the same `read` and `close_reader`. No byte may come as long as it is open. FILESTORE_CONFLICT, retryable, where an append is under way.
    int32_t (*open_upload)(void* context, filestore_backend_call* call, void** reader, uint64_t* size);
    /// Removes an upload with its bytes; `*ended` is 1 where it was there. An append that is under way fails. The file that was made of it stays.
    int32_t (*end_upload)(void* context, filestore_backend_call* call, int32_t* ended);
    /// Removes every upload whose time is over, and tells of each by filestore_backend_call_add_id.
    int32_t (*expire_uploads)(void* context, filestore_backend_call* call);
} filestore_backend_table;

/// Hears what a scheduled cleanup came to: `report` is a JSON object as of filestore_cleanup_report, and `error` is NULL; or `report` is "", and `error`, which lives as long as the call, says why the run failed. It is made again then. It may block; the next run waits for it.
typedef void (*filestore_cleanup_run_function)(void* context, const char* report,
                                               const filestore_error* error);

/// Hears what keeps the audit project from being told, when that changes: `error` lives as long as the call, and is NULL once an attempt has gone through, the first one of a service included. Never twice at a time; nothing is sent meanwhile.
typedef void (*filestore_delivery_function)(void* context, const filestore_error* error);

// Version

/// The version of the library that runs, for example "0.1.0"; lives for ever.
FILESTORE_C_API const char* filestore_version(void) FILESTORE_NOEXCEPT;

// Errors

/// The name of a code, for example "not_found"; "unknown" for a number that this library does not have. Lives for ever.
FILESTORE_C_API const char* filestore_code_name(int32_t code) FILESTORE_NOEXCEPT;

/// The code of an error; FILESTORE_OK for NULL.
FILESTORE_C_API int32_t filestore_error_code(const filestore_error* error) FILESTORE_NOEXCEPT;

/// One line that says what failed, where, and what to do; it never holds a secret. "" for NULL.
FILESTORE_C_API const char* filestore_error_message(const filestore_error* error) FILESTORE_NOEXCEPT;

/// 1 where the same call may succeed when it is made again, else 0; 0 for NULL.
FILESTORE_C_API int32_t filestore_error_retryable(const filestore_error* error) FILESTORE_NOEXCEPT;

/// The HTTP status of the server's answer; 0 where none was received, and for NULL.
FILESTORE_C_API int32_t filestore_error_http_status(const filestore_error* error) FILESTORE_NOEXCEPT;

/// The server's own code, for example "NoSuchBucket"; "" where there is none, and for NULL.
FILESTORE_C_API const char* filestore_error_server_code(const filestore_error* error) FILESTORE_NOEXCEPT;

/// The server's id of the request, for its operator's logs; "" where there is none, and for NULL.
FILESTORE_C_API const char* filestore_error_request_id(const filestore_error* error) FILESTORE_NOEXCEPT;

/// The number that a callback of the caller failed with; 0 where none did, and for NULL.
FILESTORE_C_API int32_t filestore_error_caller_code(const filestore_error* error) FILESTORE_NOEXCEPT;

/// Frees an error.
FILESTORE_C_API void filestore_error_destroy(filestore_error* error) FILESTORE_NOEXCEPT;

// Opening a service

/// Makes options with their defaults: files in the directory ./storage. Fails with FILESTORE_NO_MEMORY only.
FILESTORE_C_API int32_t filestore_options_create(filestore_options** options,
                                                 filestore_error** err) FILESTORE_NOEXCEPT;

/// Sets one option by its name: `backend` (local, s3), `base_path`, `durability` (full, data, none), `layout` (flat, sharded), `file_mode` and `directory_mode` (octal),
/// `checksum` (crc64nvme, sha256, off), `verify_downloads` (off, size, checksum; true is checksum, false is size), `url_base`, `url_key`,
/// `bucket_name`, `aws_access_key`, `aws_secret_key`, `aws_session_token`, `region`, `endpoint`, `dual_stack` (true, false),
/// `addressing` (automatic, path,
/// virtual_host), `payload_signing` (automatic, signed, unsigned), `key_prefix`, `storage_class`,
/// `server_side_encryption` (bucket_default, s3, kms, customer), `kms_key_id`, `kms_context`, `sse_customer_key` (base64 of 32 bytes), `requester_pays` (true,
/// false), `versioned_removal` (marker, purge, error: what becomes of a file that is removed from a bucket with versions), `anonymous` (true, false), `aws_profile`, `role_arn`, `role_session_name`, `external_id`, `role_policy`, `role_duration` (seconds), `sts_endpoint`,
/// `instance_metadata_endpoint`, `ca_file`, `ca_pem`, `spool_directory`, `connect_timeout`, `first_byte_timeout`, `stall_timeout` and `expect_wait` (seconds),
/// `expect_threshold` (bytes, or off), `dns_cache_time` and `max_idle_age` (whole seconds), `max_attempts`, `retry_first_delay`, `retry_longest_delay`,
/// `retry_longest_time` and `retry_longest_silence` (seconds), `proxy`, `no_proxy`, `proxy_from_environment` (true, false), `profile` (of the server;
/// that of the credentials is `aws_profile`), `checksum_mode` (automatic, off,
/// header, trailer), `checksum_algorithm` (crc32, crc32c, crc64nvme, sha1, sha256), `part_size`, `part_memory` (bytes), `parallel_parts`, `parallel_below_rate` (bytes a second; a download that comes slower goes on in parts), `max_connections`, `event_loops`, `catalogue_path`, `cleanup_enabled` (true, false),
/// `retention_days`, `schedule`, `time_zone`, `cleanup_jitter` (seconds), `soft_delete_grace` (such as 30d, 12h, 15m, 90s; off), `upload_lifetime` (such as 7d, 12h), `audit_url`, `audit_key`, `audit_table`, `audit_ca_file`, `audit_plain_http`, `audit_strict`, `audit_most_pending` (files that may wait before uploads fail with FILESTORE_NO_SPACE; 0: any number) (a Supabase project that is told of uploads and deletions; SUPABASE_URL and
/// SUPABASE_KEY where they are empty), and the rules that uploads must keep, or fail with FILESTORE_REJECTED: `max_size` (bytes, or off), `type_policy` (strict, warn,
/// off: whether name, declared type and content must agree; who is warned is told by filestore_options_set_warning), `allowed_types`, `denied_types`, `allowed_extensions` and `denied_extensions` (with commas between them), `store_found_type` (true, false: where none is
/// declared), `magic_database` (of libmagic), `scanner` (`unix:/path` or `tcp:host:port` of clamd) and `scanner_timeout` (seconds).
/// FILESTORE_INVALID_ARGUMENT, with the nearest name, for an unknown one or a value out of range; nothing is changed then.
FILESTORE_C_API int32_t filestore_options_set(filestore_options* options, const char* name, const char* value,
                                              filestore_error** err) FILESTORE_NOEXCEPT;

/// Sets who hears of files that are stored although something of them does not agree, of all services that are opened with the options; NULL for nobody, and then nothing is compared where `type_policy` is
/// warn. `context` must live as long as these services. A service of filestore_open_config warns nobody.
FILESTORE_C_API int32_t filestore_options_set_warning(filestore_options* options,
                                                      filestore_warning_function warning, void* context,
                                                      filestore_error** err) FILESTORE_NOEXCEPT;

/// Sets who hears of what is cleaned up by the schedule of services that are opened with the options (option `cleanup_enabled`, filestore_start): `file` of each file, whose answer is passed over, and then `run` once; either may be NULL. They come on a thread of the library.
/// `context` must live as long as these services.
FILESTORE_C_API int32_t filestore_options_set_cleanup(filestore_options* options,
                                                      filestore_cleanup_function file,
                                                      filestore_cleanup_run_function run, void* context,
                                                      filestore_error** err) FILESTORE_NOEXCEPT;

/// Sets who hears what keeps the audit project from being told; NULL for nobody. It comes on a thread of the library. `context` must live as long as the services that are opened with the options.
FILESTORE_C_API int32_t filestore_options_set_delivery(filestore_options* options,
                                                       filestore_delivery_function delivery, void* context,
                                                       filestore_error** err) FILESTORE_NOEXCEPT;

/// Sets all options as a storage.yaml file tells; what it does not name, and every callback and executor, has its default. It reads the file. Failures to act on: FILESTORE_CONFIGURATION (a file that cannot be read, an unknown key or a wrong value, named with its
/// line); nothing is changed then.
FILESTORE_C_API int32_t filestore_options_load(filestore_options* options, const char* path,
                                               filestore_error** err) FILESTORE_NOEXCEPT;

/// The same from text; `origin` names it in messages.
FILESTORE_C_API int32_t filestore_options_parse(filestore_options* options, const char* yaml,
                                                const char* origin, filestore_error** err) FILESTORE_NOEXCEPT;

/// Sets where services that are opened with the options do their work, and call back; NULL for a few threads of their own. `context` must live as long as these services, and until every task that was taken has been run. Blocking calls still do a part of their
/// work on the thread that waits, and a service on S3 has threads for the network beside the executor.
FILESTORE_C_API int32_t filestore_options_set_executor(filestore_options* options,
                                                       filestore_execute_function execute, void* context,
                                                       filestore_error** err) FILESTORE_NOEXCEPT;

/// Sets where services and backends that are opened with the options take the time of day from; NULL for the system. `context` must live as long as these. Pauses and time limits run by the system's steady clock.
FILESTORE_C_API int32_t filestore_options_set_clock(filestore_options* options, filestore_now_function now,
                                                    void* context, filestore_error** err) FILESTORE_NOEXCEPT;

/// Does the work that an executor of the program was given, and ends the handle. Blocking calls that its callbacks make are refused, as in any callback. Blocks as long as the work does.
FILESTORE_C_API void filestore_task_run(filestore_task* task) FILESTORE_NOEXCEPT;

/// Frees options; services that were opened with them are not touched.
FILESTORE_C_API void filestore_options_destroy(filestore_options* options) FILESTORE_NOEXCEPT;

/// Opens a service; `options` may be NULL for the defaults. It uses no network and starts no thread until a call needs one.
/// Failures to act on: FILESTORE_INVALID_ARGUMENT (an unknown backend, an option that cannot be right, a file where a
/// directory is needed), FILESTORE_CONFIGURATION (there is no such place for the store, or it has another `layout`), FILESTORE_UNSUPPORTED (a layout of a newer
/// library), FILESTORE_CONFLICT (the layout is just being changed), FILESTORE_PERMISSION_DENIED, FILESTORE_NO_SPACE, FILESTORE_IO. The catalogue is opened by the first call that records.
FILESTORE_C_API int32_t filestore_open(const filestore_options* options, filestore_service** service,
                                       filestore_error** err) FILESTORE_NOEXCEPT;

/// Opens a service as a storage.yaml file tells. Failures to act on: those of filestore_open, FILESTORE_CONFIGURATION (a file that
/// cannot be read, an unknown key or a wrong value, named with its line).
FILESTORE_C_API int32_t filestore_open_config(const char* path, filestore_service** service,
                                              filestore_error** err) FILESTORE_NOEXCEPT;

/// Gives a local store another `layout` ("flat", "sharded"): every file is moved in place, none is read or copied. `options` says where the store is, which must be there; NULL for the defaults. Whoever has it open keeps the call from beginning; once it has begun, others may open and use the store. Where it ends early the store is whole and can be
/// used, and another call goes on. `progress` (NULL for nobody) gets `context`, on the calling thread. `*files`, which may be NULL, is how many were moved. It blocks, for some 20 microseconds a file. Failures to act on: FILESTORE_CONFLICT (somebody has the store open; a file is there in both layouts), FILESTORE_CONFIGURATION (there is no store), FILESTORE_INVALID_ARGUMENT (no such layout, no local
/// store), FILESTORE_CANCELLED, FILESTORE_TIMEOUT, FILESTORE_PERMISSION_DENIED, FILESTORE_NO_SPACE, FILESTORE_IO.
FILESTORE_C_API int32_t filestore_convert_store(const filestore_options* options, const char* layout,
                                                filestore_files_function progress, void* context,
                                                const filestore_call_options* call, uint64_t* files,
                                                filestore_error** err) FILESTORE_NOEXCEPT;

/// Where the service records uploads and deletions (an SQLite file); "" where it records nothing, and for NULL.
FILESTORE_C_API const char* filestore_catalogue_path(const filestore_service* service) FILESTORE_NOEXCEPT;

/// Ends a service, after what it still does has been cancelled. No blocking call may be using it. Asynchronous calls end with FILESTORE_CANCELLED, or with what they came to before; every `done` has returned when this does. In a callback
/// it does not wait: other calls may then end after it has returned.
FILESTORE_C_API void filestore_close(filestore_service* service) FILESTORE_NOEXCEPT;

// Cancelling

/// Makes a token by which any thread can end the calls whose options hold it. Fails with FILESTORE_NO_MEMORY only.
FILESTORE_C_API int32_t filestore_cancel_create(filestore_cancel** cancel,
                                                filestore_error** err) FILESTORE_NOEXCEPT;

/// Ends every call that holds the token, now or later, with FILESTORE_CANCELLED; what such a call did is undone. It cannot be
/// taken back, and does nothing the second time or with NULL. Not for signal handlers.
FILESTORE_C_API void filestore_cancel_request(filestore_cancel* cancel) FILESTORE_NOEXCEPT;

/// Frees the handle. Calls and options that hold the token are not touched.
FILESTORE_C_API void filestore_cancel_destroy(filestore_cancel* cancel) FILESTORE_NOEXCEPT;

// Pausing

/// Makes a switch by which any thread can stop the bytes of the calls whose options hold it, and let them go on. Fails with FILESTORE_NO_MEMORY only.
FILESTORE_C_API int32_t filestore_pause_create(filestore_pause** pause,
                                               filestore_error** err) FILESTORE_NOEXCEPT;

/// With `paused` not 0 no byte of these calls moves, and none of them begins, until it is set to 0 again; it does not wait for that. The time counts for the limit of a call, and for no other. Cancelling works. Does nothing with NULL.
FILESTORE_C_API void filestore_pause_set(filestore_pause* pause, int32_t paused) FILESTORE_NOEXCEPT;

/// 1 where it is paused, else 0; 0 for NULL.
FILESTORE_C_API int32_t filestore_pause_is_set(const filestore_pause* pause) FILESTORE_NOEXCEPT;

/// Frees the handle. Calls and options that hold the switch stay as they are: one that is paused is best cancelled.
FILESTORE_C_API void filestore_pause_destroy(filestore_pause* pause) FILESTORE_NOEXCEPT;

// Options of calls: of filestore_delete, filestore_exists, filestore_metadata, filestore_list and filestore_cleanup, and of what is like them

/// Makes options with their defaults: no time limit, no token. Fails with FILESTORE_NO_MEMORY only.
FILESTORE_C_API int32_t filestore_call_options_create(filestore_call_options** options,
                                                      filestore_error** err) FILESTORE_NOEXCEPT;

/// Limits the whole of each call, from its start; it then fails with FILESTORE_TIMEOUT. 0: no limit.
FILESTORE_C_API int32_t filestore_call_options_set_timeout_ms(filestore_call_options* options,
                                                              uint64_t timeout_ms,
                                                              filestore_error** err) FILESTORE_NOEXCEPT;

/// Lets a token end the calls; NULL takes it away. The handle may be destroyed before the options.
FILESTORE_C_API int32_t filestore_call_options_set_cancel(filestore_call_options* options,
                                                          const filestore_cancel* cancel,
                                                          filestore_error** err) FILESTORE_NOEXCEPT;

/// Of filestore_cleanup and filestore_cleanup_report only: with `accept_missing` not 0 it goes on where the store holds nothing of what is recorded, and records what is gone as deleted, in place of failing with FILESTORE_PRECONDITION_FAILED. Of other calls
/// it changes nothing.
FILESTORE_C_API int32_t filestore_call_options_set_accept_missing(filestore_call_options* options,
                                                                  int32_t accept_missing,
                                                                  filestore_error** err) FILESTORE_NOEXCEPT;

/// Of the same calls and filestore_backend_sweep_uploads only: uploads that were begun in parts, and have not ended for so many seconds, are ended, and their parts freed, unless the catalogue knows them to be under way. 7 days where it is not set.
/// Failures to act on: FILESTORE_INVALID_ARGUMENT (more than 100 years).
FILESTORE_C_API int32_t filestore_call_options_set_uploads_older_than(
    filestore_call_options* options, uint64_t seconds, filestore_error** err) FILESTORE_NOEXCEPT;

/// Of filestore_cleanup_report only: with `count_versions` not 0 the report tells what the store keeps of older versions, by a listing of them all.
FILESTORE_C_API int32_t filestore_call_options_set_count_versions(filestore_call_options* options,
                                                                  int32_t count_versions,
                                                                  filestore_error** err) FILESTORE_NOEXCEPT;

/// Of filestore_unsend only: with `forget_damaged` not 0 damaged rows of copies are forgotten, those of all files (and nothing else is done) where it is called without an ID. What they name may stay at the provider: the report has them as `dropped`.
FILESTORE_C_API int32_t filestore_call_options_set_forget_damaged(filestore_call_options* options,
                                                                  int32_t forget_damaged,
                                                                  filestore_error** err) FILESTORE_NOEXCEPT;

/// Of filestore_delete, filestore_delete_async and filestore_backend_delete only: a file of another version than `version`, which filestore_backend_metadata tells, stays, and the call fails with FILESTORE_PRECONDITION_FAILED; with FILESTORE_UNSUPPORTED
/// where the store is not known to compare it (`compare_and_delete` of filestore_backend_can). NULL or "" for any version.
FILESTORE_C_API int32_t filestore_call_options_set_if_version(filestore_call_options* options,
                                                              const char* version,
                                                              filestore_error** err) FILESTORE_NOEXCEPT;

/// Frees options.
FILESTORE_C_API void filestore_call_options_destroy(filestore_call_options* options) FILESTORE_NOEXCEPT;

// Upload

/// Makes options with their defaults: no name, content type application/octet-stream, no metadata, no limit. Fails with
/// FILESTORE_NO_MEMORY only.
FILESTORE_C_API int32_t filestore_upload_options_create(filestore_upload_options** options,
                                                        filestore_error** err) FILESTORE_NOEXCEPT;

/// Sets the name that the file has for its owner; it is recorded, never used as a path. NULL: none, or the path itself in
/// filestore_upload_path. FILESTORE_INVALID_ARGUMENT where it is not UTF-8; nothing is changed then.
FILESTORE_C_API int32_t filestore_upload_options_set_path(filestore_upload_options* options, const char* path,
                                                          filestore_error** err) FILESTORE_NOEXCEPT;

/// Sets the content type; NULL for the default. FILESTORE_INVALID_ARGUMENT where it is not printable ASCII; nothing is
/// changed then.
FILESTORE_C_API int32_t filestore_upload_options_set_content_type(filestore_upload_options* options,
                                                                  const char* content_type,
                                                                  filestore_error** err) FILESTORE_NOEXCEPT;

/// Sets the metadata of one key to a string; a value of NULL removes the key. FILESTORE_INVALID_ARGUMENT where one is not UTF-8 or
/// the library keeps the key for itself (`file_id`, `original_path`, `size`, `filestore`); nothing is changed then.
FILESTORE_C_API int32_t filestore_upload_options_set_metadata(filestore_upload_options* options,
                                                              const char* key, const char* value,
                                                              filestore_error** err) FILESTORE_NOEXCEPT;

/// Replaces all metadata by a JSON object; NULL for none. FILESTORE_INVALID_ARGUMENT, with the byte offset, for anything else,
/// and for the keys that the library keeps for itself; nothing is changed then.
FILESTORE_C_API int32_t filestore_upload_options_set_metadata_json(filestore_upload_options* options,
                                                                   const char* json,
                                                                   filestore_error** err) FILESTORE_NOEXCEPT;

/// Of uploads to a backend only; others refuse it with FILESTORE_INVALID_ARGUMENT. With `create_only` not 0 they fail with FILESTORE_ALREADY_EXISTS where the ID is in use, and with FILESTORE_UNSUPPORTED where the store is known to pass over that.
FILESTORE_C_API int32_t filestore_upload_options_set_create_only(filestore_upload_options* options,
                                                                 int32_t create_only,
                                                                 filestore_error** err) FILESTORE_NOEXCEPT;

/// Of uploads to a backend only; others refuse it with FILESTORE_INVALID_ARGUMENT, and so does an upload with `create_only`. They replace the file only as long as it is of `version`, which filestore_backend_metadata tells, and fail with
/// FILESTORE_PRECONDITION_FAILED where it is of another or not there, and with FILESTORE_UNSUPPORTED where the store is known to lack that (`compare_and_swap` of filestore_backend_can). NULL or "" for any version.
FILESTORE_C_API int32_t filestore_upload_options_set_if_version(filestore_upload_options* options,
                                                                const char* version,
                                                                filestore_error** err) FILESTORE_NOEXCEPT;

/// Limits the whole of each upload, from its start; it then fails with FILESTORE_TIMEOUT. 0: no limit.
FILESTORE_C_API int32_t filestore_upload_options_set_timeout_ms(filestore_upload_options* options,
                                                                uint64_t timeout_ms,
                                                                filestore_error** err) FILESTORE_NOEXCEPT;

/// Lets a token end the uploads; NULL takes it away. The handle may be destroyed before the options.
FILESTORE_C_API int32_t filestore_upload_options_set_cancel(filestore_upload_options* options,
                                                            const filestore_cancel* cancel,
                                                            filestore_error** err) FILESTORE_NOEXCEPT;

/// Lets a switch pause the uploads; NULL takes it away. The handle may be destroyed before the options.
FILESTORE_C_API int32_t filestore_upload_options_set_pause(filestore_upload_options* options,
                                                           const filestore_pause* pause,
                                                           filestore_error** err) FILESTORE_NOEXCEPT;

/// Sets who hears how far an upload is; NULL for nobody.
FILESTORE_C_API int32_t filestore_upload_options_set_progress(filestore_upload_options* options,
                                                              filestore_progress_function progress,
                                                              void* context,
                                                              filestore_error** err) FILESTORE_NOEXCEPT;

/// Frees options.
FILESTORE_C_API void filestore_upload_options_destroy(filestore_upload_options* options) FILESTORE_NOEXCEPT;

/// Stores the file at `path` and puts its new ID into `id`; `options` may be NULL. The file is there whole, with its record,
/// or not at all. Failures to act on: FILESTORE_NOT_FOUND, FILESTORE_PERMISSION_DENIED, FILESTORE_INVALID_ARGUMENT (a
/// directory, a path that is not UTF-8 and has no name in `options`), FILESTORE_SOURCE_FAILED (it changed meanwhile),
/// FILESTORE_NO_SPACE, FILESTORE_CORRUPT.
FILESTORE_C_API int32_t filestore_upload_path(filestore_service* service, const char* path,
                                              const filestore_upload_options* options,
                                              char id[FILESTORE_ID_SIZE],
                                              filestore_error** err) FILESTORE_NOEXCEPT;

/// Stores `size` bytes at `data`, which may be NULL where `size` is 0, and puts the new ID into `id`; `options` may be NULL.
/// Failures to act on: FILESTORE_INVALID_ARGUMENT, FILESTORE_NO_SPACE, FILESTORE_CORRUPT; nothing is stored then.
FILESTORE_C_API int32_t filestore_upload_buffer(filestore_service* service, const void* data, size_t size,
                                                const filestore_upload_options* options,
                                                char id[FILESTORE_ID_SIZE],
                                                filestore_error** err) FILESTORE_NOEXCEPT;

/// Stores what `read` gives and puts the new ID into `id`. `size` is what it will give, or FILESTORE_UNKNOWN_SIZE. `rewind` may
/// be NULL: then the bytes are read once only, so some stores keep them in a file meanwhile and failed requests cannot be repeated.
/// `options` may be NULL.
/// Failures to act on: FILESTORE_SOURCE_FAILED (a callback failed, or `read` gave another number of bytes than `size`),
/// FILESTORE_INVALID_ARGUMENT, FILESTORE_NO_SPACE, FILESTORE_CORRUPT; nothing is stored then.
FILESTORE_C_API int32_t filestore_upload_callback(filestore_service* service, filestore_read_function read,
                                                  filestore_rewind_function rewind, void* context,
                                                  uint64_t size, const filestore_upload_options* options,
                                                  char id[FILESTORE_ID_SIZE],
                                                  filestore_error** err) FILESTORE_NOEXCEPT;

// Uploads piece by piece: over many calls, processes and days
//
//     filestore_upload_begin(service, FILESTORE_UNKNOWN_SIZE, NULL, id, &err);
//     filestore_upload_append_descriptor(service, id, 0, first, FILESTORE_UNKNOWN_SIZE, NULL, &offset, &err);     (breaks off)
//     filestore_upload_state(service, id, NULL, &offset, NULL, NULL, &err);                                       (in another process, a day later)
//     filestore_upload_append_descriptor(service, id, offset, rest, length, NULL, &offset, &err);
//     filestore_upload_finish(service, id, NULL, &err);
//
// Until it is finished there is no file, and nothing lists, reads or counts it. One to which no byte comes for the option `upload_lifetime` is given up. Of such an upload these fail with FILESTORE_NOT_FOUND, as of one that was ended or never
// begun, and with FILESTORE_UNSUPPORTED where the store has none.

/// Begins an upload of `length` bytes, or FILESTORE_UNKNOWN_SIZE where that is told later, and puts into `id` the ID that its file will have, which nobody can guess who was not told it. `options` may be NULL.
/// Failures to act on: FILESTORE_REJECTED (by the rules for name, type and size), FILESTORE_INVALID_ARGUMENT.
FILESTORE_C_API int32_t filestore_upload_begin(filestore_service* service, uint64_t length,
                                               const filestore_upload_options* options,
                                               char id[FILESTORE_ID_SIZE],
                                               filestore_error** err) FILESTORE_NOEXCEPT;

/// Appends what `read` gives: `size` bytes, or FILESTORE_UNKNOWN_SIZE, which go to `offset`, where the last ones ended. `length` is as of filestore_upload_begin, where it was not told yet. Of `options`, which may be NULL, limit, token and progress
/// count. Puts into `*next`, which may be NULL, where the next bytes go; 0 on failure, and what came until then stays: ask filestore_upload_state. Failures to act on:
/// FILESTORE_PRECONDITION_FAILED (another `offset`), FILESTORE_CONFLICT (another call is at work on the upload), FILESTORE_REJECTED (more bytes than `length`, none of which stays, or what the rules
/// refuse, which ends the upload), FILESTORE_SOURCE_FAILED, FILESTORE_INVALID_ARGUMENT (another `length` than was told), FILESTORE_NO_SPACE.
FILESTORE_C_API int32_t filestore_upload_append_callback(filestore_service* service, const char* id,
                                                         uint64_t offset, filestore_read_function read,
                                                         void* context, uint64_t size, uint64_t length,
                                                         const filestore_upload_options* options,
                                                         uint64_t* next,
                                                         filestore_error** err) FILESTORE_NOEXCEPT;

/// The same with what an open descriptor gives, from its position on to its end. It stays the caller's; the position of a regular file is not moved.
FILESTORE_C_API int32_t filestore_upload_append_descriptor(
    filestore_service* service, const char* id, uint64_t offset, int32_t descriptor, uint64_t length,
    const filestore_upload_options* options, uint64_t* next, filestore_error** err) FILESTORE_NOEXCEPT;

/// How far an upload is. Outputs may be NULL: `*offset` is where the next bytes go, `*length` FILESTORE_UNKNOWN_SIZE where it was not told yet, `*finished` 1 where it is a file.
FILESTORE_C_API int32_t filestore_upload_state(filestore_service* service, const char* id,
                                               const filestore_call_options* options, uint64_t* offset,
                                               uint64_t* length, int32_t* finished,
                                               filestore_error** err) FILESTORE_NOEXCEPT;

/// Makes the file, once all bytes are there; may be called again. Failures to act on: FILESTORE_PRECONDITION_FAILED (bytes are missing, or the length was not told), FILESTORE_REJECTED (by the rules: the upload is
/// ended), FILESTORE_CONFLICT (another call is at work on the upload).
FILESTORE_C_API int32_t filestore_upload_finish(filestore_service* service, const char* id,
                                                const filestore_call_options* options,
                                                filestore_error** err) FILESTORE_NOEXCEPT;

/// Gives an upload up. `*ended`, which may be NULL, is 0 where there is none, or where it is a file already, which stays. Failures to act on: FILESTORE_CONFLICT (it is being finished just now).
FILESTORE_C_API int32_t filestore_upload_end(filestore_service* service, const char* id,
                                             const filestore_call_options* options, int32_t* ended,
                                             filestore_error** err) FILESTORE_NOEXCEPT;

/// Ends the uploads to which no byte came for `upload_lifetime`. `*count`, which may be NULL, is how many; 0 where the store has no such uploads. `options` may be NULL.
FILESTORE_C_API int32_t filestore_sweep_uploads(filestore_service* service,
                                                const filestore_call_options* options, uint64_t* count,
                                                filestore_error** err) FILESTORE_NOEXCEPT;

/// The most bytes that such an upload can have here, by the rules and by the store; 0 where the store has none, and for NULL.
FILESTORE_C_API uint64_t filestore_max_upload_length(const filestore_service* service) FILESTORE_NOEXCEPT;

/// Fails with FILESTORE_REJECTED where the rules refuse a file before there is a byte of it: by its name, its declared type, or its size where it is not FILESTORE_UNKNOWN_SIZE. `path` and `content_type` may be NULL, as for an upload.
FILESTORE_C_API int32_t filestore_check_upload(const filestore_service* service, const char* path,
                                               const char* content_type, uint64_t size,
                                               filestore_error** err) FILESTORE_NOEXCEPT;

// Download

/// Makes options with their defaults: the whole file, no limit. Fails with FILESTORE_NO_MEMORY only.
FILESTORE_C_API int32_t filestore_download_options_create(filestore_download_options** options,
                                                          filestore_error** err) FILESTORE_NOEXCEPT;

/// Asks for `length` bytes from `offset` on, or, with FILESTORE_UNKNOWN_SIZE, for all from there. A range that reaches past
/// the end is cut; one that starts at or past it fails with FILESTORE_RANGE_NOT_SATISFIABLE. (0, FILESTORE_UNKNOWN_SIZE)
/// is the whole file, also of an empty one. FILESTORE_INVALID_ARGUMENT for a length of 0; nothing is changed then.
FILESTORE_C_API int32_t filestore_download_options_set_range(filestore_download_options* options,
                                                             uint64_t offset, uint64_t length,
                                                             filestore_error** err) FILESTORE_NOEXCEPT;

/// Sets who hears of the file before its first byte, once for each download; NULL for nobody.
FILESTORE_C_API int32_t filestore_download_options_set_info(filestore_download_options* options,
                                                            filestore_info_function info, void* context,
                                                            filestore_error** err) FILESTORE_NOEXCEPT;

/// Limits the whole of each download, from its start; it then fails with FILESTORE_TIMEOUT. 0: no limit.
FILESTORE_C_API int32_t filestore_download_options_set_timeout_ms(filestore_download_options* options,
                                                                  uint64_t timeout_ms,
                                                                  filestore_error** err) FILESTORE_NOEXCEPT;

/// Lets a token end the downloads; NULL takes it away. The handle may be destroyed before the options.
FILESTORE_C_API int32_t filestore_download_options_set_cancel(filestore_download_options* options,
                                                              const filestore_cancel* cancel,
                                                              filestore_error** err) FILESTORE_NOEXCEPT;

/// Lets a switch pause the downloads; NULL takes it away. The handle may be destroyed before the options.
FILESTORE_C_API int32_t filestore_download_options_set_pause(filestore_download_options* options,
                                                             const filestore_pause* pause,
                                                             filestore_error** err) FILESTORE_NOEXCEPT;

/// Sets who hears how far a download is; NULL for nobody.
FILESTORE_C_API int32_t filestore_download_options_set_progress(filestore_download_options* options,
                                                                filestore_progress_function progress,
                                                                void* context,
                                                                filestore_error** err) FILESTORE_NOEXCEPT;

/// Frees options.
FILESTORE_C_API void filestore_download_options_destroy(filestore_download_options* options)
    FILESTORE_NOEXCEPT;

/// Writes a file to `path`, which is the whole download or what it was before; `options` may be NULL. Failures to act on:
/// FILESTORE_NOT_FOUND (no such file, or no such directory), FILESTORE_INVALID_ARGUMENT (a malformed ID, a directory at
/// `path`), FILESTORE_RANGE_NOT_SATISFIABLE, FILESTORE_NO_SPACE, FILESTORE_CORRUPT.
FILESTORE_C_API int32_t filestore_download_path(filestore_service* service, const char* id, const char* path,
                                                const filestore_download_options* options,
                                                filestore_error** err) FILESTORE_NOEXCEPT;

/// Reads a file into a new buffer, which the caller destroys; `options` may be NULL. Failures to act on: FILESTORE_NOT_FOUND,
/// FILESTORE_INVALID_ARGUMENT (a malformed ID), FILESTORE_RANGE_NOT_SATISFIABLE, FILESTORE_CORRUPT.
FILESTORE_C_API int32_t filestore_download_buffer(filestore_service* service, const char* id,
                                                  const filestore_download_options* options,
                                                  filestore_buffer** buffer,
                                                  filestore_error** err) FILESTORE_NOEXCEPT;

/// Reads a file into the `capacity` bytes at `data`, which may be NULL where `capacity` is 0, and puts the number of bytes into
/// `*length`; `options` may be NULL. What `data` holds after a failure is not defined. Failures to act on:
/// FILESTORE_SINK_FAILED (more bytes than `capacity`), and those of filestore_download_buffer.
FILESTORE_C_API int32_t filestore_download_into(filestore_service* service, const char* id, void* data,
                                                size_t capacity, const filestore_download_options* options,
                                                size_t* length, filestore_error** err) FILESTORE_NOEXCEPT;

/// Hands the bytes of a file to `write`; `options` may be NULL. After a failure `write` may have had a part. Failures to act
/// on: FILESTORE_SINK_FAILED (the callback failed), and those of filestore_download_buffer.
FILESTORE_C_API int32_t filestore_download_callback(filestore_service* service, const char* id,
                                                    filestore_write_function write, void* context,
                                                    const filestore_download_options* options,
                                                    filestore_error** err) FILESTORE_NOEXCEPT;

// Buffers

/// The bytes of a buffer, followed by a NUL that its size does not count. "" for NULL.
FILESTORE_C_API const char* filestore_buffer_data(const filestore_buffer* buffer) FILESTORE_NOEXCEPT;

/// The number of bytes of a buffer; 0 for NULL.
FILESTORE_C_API size_t filestore_buffer_size(const filestore_buffer* buffer) FILESTORE_NOEXCEPT;

/// Frees a buffer.
FILESTORE_C_API void filestore_buffer_destroy(filestore_buffer* buffer) FILESTORE_NOEXCEPT;

// Stored files

/// Removes a file and records it. `*deleted`, which may be NULL, tells whether it was there. `options` may be NULL. Failures to act on:
/// FILESTORE_INVALID_ARGUMENT (a malformed ID); FILESTORE_NO_SPACE, FILESTORE_CORRUPT, FILESTORE_IO (the catalogue, as the message says).
/// With the option `soft_delete_grace` the bytes stay for that time, in which filestore_undelete gives the file back; to everything else it is gone. filestore_cleanup frees the bytes after that.
/// FILESTORE_CONFLICT then: another process is at work on the file; try again.
FILESTORE_C_API int32_t filestore_delete(filestore_service* service, const char* id,
                                         const filestore_call_options* options, int32_t* deleted,
                                         filestore_error** err) FILESTORE_NOEXCEPT;

/// Takes the deletion of a file back. `*restored`, which may be NULL, is 0 where there was nothing to do, as the file is stored. `options` may be NULL. Failures to act on: FILESTORE_NOT_FOUND (it was not
/// deleted with `soft_delete_grace`, that time is over, or its bytes are gone), FILESTORE_CONFLICT (another process is removing it for good; try again), FILESTORE_INVALID_ARGUMENT (a malformed ID), and the catalogue's
/// as of filestore_delete.
FILESTORE_C_API int32_t filestore_undelete(filestore_service* service, const char* id,
                                           const filestore_call_options* options, int32_t* restored,
                                           filestore_error** err) FILESTORE_NOEXCEPT;

/// A page of the files that filestore_undelete gives back, by ID. `cursor` is `next` of the page before; NULL or "" for the first page. `*page` is a new buffer, which the caller destroys: a JSON object with `files`, an
/// array of up to `limit` (1 to 1000) objects with `file_id`, `original_path`, `size` (bytes), `deleted_at` and `until` (when it is gone for good; RFC 3339, UTC), and `next`, which is null after the last page. `options`
/// may be NULL. Failures to act on: FILESTORE_INVALID_ARGUMENT (a limit or cursor that cannot be right), and the catalogue's.
FILESTORE_C_API int32_t filestore_deleted_files(filestore_service* service, const char* cursor,
                                                uint32_t limit, const filestore_call_options* options,
                                                filestore_buffer** page,
                                                filestore_error** err) FILESTORE_NOEXCEPT;

/// Puts into `*exists` whether a file is there; where that cannot be told, fails. `options` may be NULL. Failures to act on:
/// FILESTORE_INVALID_ARGUMENT (a malformed ID), FILESTORE_CORRUPT (something that is no file has its name).
FILESTORE_C_API int32_t filestore_exists(filestore_service* service, const char* id,
                                         const filestore_call_options* options, int32_t* exists,
                                         filestore_error** err) FILESTORE_NOEXCEPT;

/// Describes a file in a new buffer, which the caller destroys: a JSON object with `file_id`, `original_path`, `size` (bytes),
/// `last_modified` (RFC 3339, UTC), `content_type` and `metadata` (what the uploader gave). `options` may be NULL. Failures
/// to act on: FILESTORE_NOT_FOUND, FILESTORE_INVALID_ARGUMENT (a malformed ID), FILESTORE_CORRUPT (the record is damaged).
FILESTORE_C_API int32_t filestore_metadata(filestore_service* service, const char* id,
                                           const filestore_call_options* options, filestore_buffer** json,
                                           filestore_error** err) FILESTORE_NOEXCEPT;

/// One page of the stored files, by ID, in a new handle, which the caller destroys. `cursor` is what filestore_list_page_next
/// of the page before gave, or NULL for the first page; `limit` is the most entries to give, 1 to 1000, or 0 for 1000.
/// `options` may be NULL. Failures to act on: FILESTORE_INVALID_ARGUMENT (a limit or cursor that cannot be right).
FILESTORE_C_API int32_t filestore_list(filestore_service* service, const char* cursor, uint32_t limit,
                                       const filestore_call_options* options, filestore_list_page** page,
                                       filestore_error** err) FILESTORE_NOEXCEPT;

/// The number of files on a page; it may be 0 although more pages follow. 0 for NULL.
FILESTORE_C_API size_t filestore_list_page_count(const filestore_list_page* page) FILESTORE_NOEXCEPT;

/// The ID of a file on a page; "" past the last one, and for NULL.
FILESTORE_C_API const char* filestore_list_page_id(const filestore_list_page* page,
                                                   size_t index) FILESTORE_NOEXCEPT;

/// The bytes of a file on a page; 0 past the last one, and for NULL.
FILESTORE_C_API uint64_t filestore_list_page_size(const filestore_list_page* page,
                                                  size_t index) FILESTORE_NOEXCEPT;

/// When a file on a page was last changed (RFC 3339, UTC); "" past the last one, and for NULL.
FILESTORE_C_API const char* filestore_list_page_last_modified(const filestore_list_page* page,
                                                              size_t index) FILESTORE_NOEXCEPT;

/// The cursor of the next page; NULL after the last page, and for NULL.
FILESTORE_C_API const char* filestore_list_page_next(const filestore_list_page* page) FILESTORE_NOEXCEPT;

/// Frees a page.
FILESTORE_C_API void filestore_list_page_destroy(filestore_list_page* page) FILESTORE_NOEXCEPT;

// Presigned URLs: anybody can use a file by them, for a while

/// Makes options with their defaults: to read the file, for an hour. Fails with FILESTORE_NO_MEMORY only.
FILESTORE_C_API int32_t filestore_presign_options_create(filestore_presign_options** options,
                                                         filestore_error** err) FILESTORE_NOEXCEPT;

/// Sets what the URL allows: "get", "put", "head" or "remove". FILESTORE_INVALID_ARGUMENT for anything else; nothing is changed then.
FILESTORE_C_API int32_t filestore_presign_options_set_method(filestore_presign_options* options,
                                                             const char* method,
                                                             filestore_error** err) FILESTORE_NOEXCEPT;

/// Sets how long it lasts, 1 second to 7 days; filestore_presign refuses another time.
FILESTORE_C_API int32_t filestore_presign_options_set_expires_in(filestore_presign_options* options,
                                                                 uint64_t seconds,
                                                                 filestore_error** err) FILESTORE_NOEXCEPT;

/// With `exact` not 0 a URL that would end before that, with the credentials, is refused with FILESTORE_UNAUTHENTICATED.
FILESTORE_C_API int32_t filestore_presign_options_set_exact_expiry(filestore_presign_options* options,
                                                                   int32_t exact,
                                                                   filestore_error** err) FILESTORE_NOEXCEPT;

/// Sets the header Content-Disposition of what "get" is answered with, of printable ASCII, such as "attachment"; NULL for none. Local stores leave it to the server that answers.
FILESTORE_C_API int32_t filestore_presign_options_set_disposition(filestore_presign_options* options,
                                                                  const char* disposition,
                                                                  filestore_error** err) FILESTORE_NOEXCEPT;

/// The same of the header Content-Type; NULL for that of the file.
FILESTORE_C_API int32_t filestore_presign_options_set_content_type(filestore_presign_options* options,
                                                                   const char* content_type,
                                                                   filestore_error** err) FILESTORE_NOEXCEPT;

/// Limits the whole of each call, from its start; it then fails with FILESTORE_TIMEOUT. 0: no limit.
FILESTORE_C_API int32_t filestore_presign_options_set_timeout_ms(filestore_presign_options* options,
                                                                 uint64_t timeout_ms,
                                                                 filestore_error** err) FILESTORE_NOEXCEPT;

/// Lets a token end the calls; NULL takes it away. The handle may be destroyed before the options.
FILESTORE_C_API int32_t filestore_presign_options_set_cancel(filestore_presign_options* options,
                                                             const filestore_cancel* cancel,
                                                             filestore_error** err) FILESTORE_NOEXCEPT;

/// Frees options.
FILESTORE_C_API void filestore_presign_options_destroy(filestore_presign_options* options) FILESTORE_NOEXCEPT;

/// Makes a URL for a file, in a new buffer, which the caller destroys: whoever has it may use it until it ends. `*expires_at`, which may be NULL, is when that is, in microseconds since 1970-01-01T00:00:00Z; it may be earlier than was asked
/// for. `options` may be NULL. Whether the file is there is not looked at, but with the option `soft_delete_grace` whether it is deleted: FILESTORE_NOT_FOUND. Failures to act on: FILESTORE_UNSUPPORTED (a local store without `url_base` and `url_key`), FILESTORE_UNAUTHENTICATED (no credentials, or such as end too early),
/// FILESTORE_INVALID_ARGUMENT (a malformed ID, options that cannot be right).
FILESTORE_C_API int32_t filestore_presign(filestore_service* service, const char* id,
                                          const filestore_presign_options* options, filestore_buffer** url,
                                          int64_t* expires_at, filestore_error** err) FILESTORE_NOEXCEPT;

/// For the server that answers the URLs of a local store: puts into `id` the file that `url` allows `method` on at the time `now` (microseconds since 1970-01-01T00:00:00Z). `url` is the whole URL, or path and query; `url_key` is the option. It touches no
/// store. Failures to act on: FILESTORE_PERMISSION_DENIED (another signature or method, or its time is over), FILESTORE_INVALID_ARGUMENT (it is no such URL, or no such method).
FILESTORE_C_API int32_t filestore_check_signed_url(const char* url, const char* method, const char* url_key,
                                                   int64_t now, char id[FILESTORE_ID_SIZE],
                                                   filestore_error** err) FILESTORE_NOEXCEPT;

// Asynchronous calls (convention 13)

/// As filestore_upload_path; filestore_answer_id gives the new ID.
FILESTORE_C_API int32_t filestore_upload_path_async(filestore_service* service, const char* path,
                                                    const filestore_upload_options* options,
                                                    filestore_done_function done, void* context,
                                                    filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_upload_buffer; `data` stays as it is until `done` is called. filestore_answer_id gives the new ID.
FILESTORE_C_API int32_t filestore_upload_buffer_async(filestore_service* service, const void* data,
                                                      size_t size, const filestore_upload_options* options,
                                                      filestore_done_function done, void* context,
                                                      filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_upload_callback, with `stream` as the context of `read` and `rewind`. filestore_answer_id gives the new ID.
FILESTORE_C_API int32_t filestore_upload_callback_async(
    filestore_service* service, filestore_read_function read, filestore_rewind_function rewind, void* stream,
    uint64_t size, const filestore_upload_options* options, filestore_done_function done, void* context,
    filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_download_path; filestore_answer_bytes gives the number of bytes.
FILESTORE_C_API int32_t filestore_download_path_async(filestore_service* service, const char* id,
                                                      const char* path,
                                                      const filestore_download_options* options,
                                                      filestore_done_function done, void* context,
                                                      filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_download_buffer; filestore_answer_buffer gives the bytes.
FILESTORE_C_API int32_t filestore_download_buffer_async(filestore_service* service, const char* id,
                                                        const filestore_download_options* options,
                                                        filestore_done_function done, void* context,
                                                        filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_download_into; filestore_answer_bytes gives their number. `data` is the library's until `done` is called.
FILESTORE_C_API int32_t filestore_download_into_async(filestore_service* service, const char* id, void* data,
                                                      size_t capacity,
                                                      const filestore_download_options* options,
                                                      filestore_done_function done, void* context,
                                                      filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_download_callback, with `stream` as the context of `write`. filestore_answer_bytes gives the number of bytes.
FILESTORE_C_API int32_t filestore_download_callback_async(filestore_service* service, const char* id,
                                                          filestore_write_function write, void* stream,
                                                          const filestore_download_options* options,
                                                          filestore_done_function done, void* context,
                                                          filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_delete; filestore_answer_flag tells whether the file was there.
FILESTORE_C_API int32_t filestore_delete_async(filestore_service* service, const char* id,
                                               const filestore_call_options* options,
                                               filestore_done_function done, void* context,
                                               filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_undelete; filestore_answer_flag tells whether there was something to do.
FILESTORE_C_API int32_t filestore_undelete_async(filestore_service* service, const char* id,
                                                 const filestore_call_options* options,
                                                 filestore_done_function done, void* context,
                                                 filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_exists; filestore_answer_flag tells whether the file is there.
FILESTORE_C_API int32_t filestore_exists_async(filestore_service* service, const char* id,
                                               const filestore_call_options* options,
                                               filestore_done_function done, void* context,
                                               filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_metadata; filestore_answer_buffer gives the JSON object.
FILESTORE_C_API int32_t filestore_metadata_async(filestore_service* service, const char* id,
                                                 const filestore_call_options* options,
                                                 filestore_done_function done, void* context,
                                                 filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_list; filestore_answer_page gives the page.
FILESTORE_C_API int32_t filestore_list_async(filestore_service* service, const char* cursor, uint32_t limit,
                                             const filestore_call_options* options,
                                             filestore_done_function done, void* context,
                                             filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_presign; filestore_answer_buffer gives the URL, and filestore_answer_expires_at when it ends.
FILESTORE_C_API int32_t filestore_presign_async(filestore_service* service, const char* id,
                                                const filestore_presign_options* options,
                                                filestore_done_function done, void* context,
                                                filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_upload_begin; filestore_answer_id gives the ID.
FILESTORE_C_API int32_t filestore_upload_begin_async(filestore_service* service, uint64_t length,
                                                     const filestore_upload_options* options,
                                                     filestore_done_function done, void* context,
                                                     filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_upload_append_callback, with `stream` as the context of `read`; filestore_answer_offset gives where the next bytes go.
FILESTORE_C_API int32_t filestore_upload_append_callback_async(filestore_service* service, const char* id,
                                                               uint64_t offset, filestore_read_function read,
                                                               void* stream, uint64_t size, uint64_t length,
                                                               const filestore_upload_options* options,
                                                               filestore_done_function done, void* context,
                                                               filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_upload_append_descriptor; the descriptor stays open until `done` is called. filestore_answer_offset gives where the next bytes go.
FILESTORE_C_API int32_t filestore_upload_append_descriptor_async(filestore_service* service, const char* id,
                                                                 uint64_t offset, int32_t descriptor,
                                                                 uint64_t length,
                                                                 const filestore_upload_options* options,
                                                                 filestore_done_function done, void* context,
                                                                 filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_upload_state; filestore_answer_offset gives where the next bytes go, filestore_answer_length the length, and filestore_answer_flag tells whether it is a file.
FILESTORE_C_API int32_t filestore_upload_state_async(filestore_service* service, const char* id,
                                                     const filestore_call_options* options,
                                                     filestore_done_function done, void* context,
                                                     filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_upload_finish; filestore_answer_id gives the ID of the file.
FILESTORE_C_API int32_t filestore_upload_finish_async(filestore_service* service, const char* id,
                                                      const filestore_call_options* options,
                                                      filestore_done_function done, void* context,
                                                      filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_upload_end; filestore_answer_flag tells whether there was one to give up.
FILESTORE_C_API int32_t filestore_upload_end_async(filestore_service* service, const char* id,
                                                   const filestore_call_options* options,
                                                   filestore_done_function done, void* context,
                                                   filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_sweep_uploads; filestore_answer_count gives how many.
FILESTORE_C_API int32_t filestore_sweep_uploads_async(filestore_service* service,
                                                      const filestore_call_options* options,
                                                      filestore_done_function done, void* context,
                                                      filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_deleted_files; filestore_answer_buffer gives the page.
FILESTORE_C_API int32_t filestore_deleted_files_async(filestore_service* service, const char* cursor,
                                                      uint32_t limit, const filestore_call_options* options,
                                                      filestore_done_function done, void* context,
                                                      filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_verify; filestore_answer_buffer gives the report.
FILESTORE_C_API int32_t filestore_verify_async(filestore_service* service,
                                               const filestore_verify_options* options,
                                               filestore_done_function done, void* context,
                                               filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_cleanup_report, with `listener` as the context of `file`; filestore_answer_buffer gives the report.
FILESTORE_C_API int32_t filestore_cleanup_report_async(filestore_service* service, uint32_t days,
                                                       int32_t dry_run, filestore_cleanup_function file,
                                                       void* listener, const filestore_call_options* options,
                                                       filestore_done_function done, void* context,
                                                       filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_flush.
FILESTORE_C_API int32_t filestore_flush_async(filestore_service* service,
                                              const filestore_call_options* options,
                                              filestore_done_function done, void* context,
                                              filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_history; filestore_answer_buffer gives the JSON object.
FILESTORE_C_API int32_t filestore_history_async(filestore_service* service, const char* id,
                                                const filestore_call_options* options,
                                                filestore_done_function done, void* context,
                                                filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_recorded_files; filestore_answer_buffer gives the page.
FILESTORE_C_API int32_t filestore_recorded_files_async(filestore_service* service, const char* before,
                                                       const char* cursor, uint32_t limit,
                                                       const filestore_call_options* options,
                                                       filestore_done_function done, void* context,
                                                       filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_catalogued_files; filestore_answer_buffer gives the page.
FILESTORE_C_API int32_t filestore_catalogued_files_async(filestore_service* service, const char* behind,
                                                         int32_t newest_first, const char* key,
                                                         uint32_t limit,
                                                         const filestore_call_options* options,
                                                         filestore_done_function done, void* context,
                                                         filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_reconcile, with `listener` as the context of `finding`; filestore_answer_buffer gives the report.
FILESTORE_C_API int32_t filestore_reconcile_async(filestore_service* service, int32_t repair,
                                                  filestore_drift_function finding, void* listener,
                                                  const filestore_call_options* options,
                                                  filestore_done_function done, void* context,
                                                  filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_audit_status; filestore_answer_buffer gives the JSON object.
FILESTORE_C_API int32_t filestore_audit_status_async(filestore_service* service,
                                                     const filestore_call_options* options,
                                                     filestore_done_function done, void* context,
                                                     filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_parked; filestore_answer_buffer gives the JSON array.
FILESTORE_C_API int32_t filestore_parked_async(filestore_service* service, const char* after, uint32_t limit,
                                               const filestore_call_options* options,
                                               filestore_done_function done, void* context,
                                               filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_retry_parked; filestore_answer_count gives how many.
FILESTORE_C_API int32_t filestore_retry_parked_async(filestore_service* service, const char* file_id,
                                                     const filestore_call_options* options,
                                                     filestore_done_function done, void* context,
                                                     filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_forget_audit_server; filestore_answer_count gives how many.
FILESTORE_C_API int32_t filestore_forget_audit_server_async(filestore_service* service,
                                                            const filestore_call_options* options,
                                                            filestore_done_function done, void* context,
                                                            filestore_error** err) FILESTORE_NOEXCEPT;

/// FILESTORE_OK, or the code that the call failed with. FILESTORE_OK for NULL.
FILESTORE_C_API int32_t filestore_answer_code(const filestore_answer* answer) FILESTORE_NOEXCEPT;

/// What the call failed with; NULL where it succeeded, and for NULL. It belongs to the answer: it is not destroyed by itself.
FILESTORE_C_API const filestore_error* filestore_answer_error(const filestore_answer* answer)
    FILESTORE_NOEXCEPT;

/// The ID of what was uploaded, or is being uploaded piece by piece; "" of other calls, of failures, and for NULL.
FILESTORE_C_API const char* filestore_answer_id(const filestore_answer* answer) FILESTORE_NOEXCEPT;

/// What a call answered that asks for yes or no; 0 of other calls, of failures, and for NULL.
FILESTORE_C_API int32_t filestore_answer_flag(const filestore_answer* answer) FILESTORE_NOEXCEPT;

/// How many bytes a download has given; 0 of other calls, of failures, and for NULL.
FILESTORE_C_API uint64_t filestore_answer_bytes(const filestore_answer* answer) FILESTORE_NOEXCEPT;

/// What a call answered that asks for how many; 0 of other calls, of failures, and for NULL.
FILESTORE_C_API uint64_t filestore_answer_count(const filestore_answer* answer) FILESTORE_NOEXCEPT;

/// Where the next bytes of an upload go that comes piece by piece; 0 of other calls, of failures, and for NULL.
FILESTORE_C_API uint64_t filestore_answer_offset(const filestore_answer* answer) FILESTORE_NOEXCEPT;

/// How many bytes such an upload will have, FILESTORE_UNKNOWN_SIZE where that was not told yet; 0 of other calls, of failures, and for NULL.
FILESTORE_C_API uint64_t filestore_answer_length(const filestore_answer* answer) FILESTORE_NOEXCEPT;

/// The version of a file that filestore_backend_metadata_async tells of; "" of other calls, of failures, and for NULL.
FILESTORE_C_API const char* filestore_answer_version(const filestore_answer* answer) FILESTORE_NOEXCEPT;

/// When a URL ends, in microseconds since 1970-01-01T00:00:00Z; 0 of other calls, of failures, and for NULL.
FILESTORE_C_API int64_t filestore_answer_expires_at(const filestore_answer* answer) FILESTORE_NOEXCEPT;

/// The buffer of a call that has one; NULL of other calls, of failures, and for NULL. It belongs to the answer: it is not destroyed by itself.
FILESTORE_C_API const filestore_buffer* filestore_answer_buffer(const filestore_answer* answer)
    FILESTORE_NOEXCEPT;

/// The page of a listing; NULL of other calls, of failures, and for NULL. It belongs to the answer: it is not destroyed by itself.
FILESTORE_C_API const filestore_list_page* filestore_answer_page(const filestore_answer* answer)
    FILESTORE_NOEXCEPT;

/// Frees an answer with all that belongs to it.
FILESTORE_C_API void filestore_answer_destroy(filestore_answer* answer) FILESTORE_NOEXCEPT;

// Backends: the stores below services
//
// A backend stores files under IDs of the caller's, replaces them, and compares versions. Nothing that is done by it is recorded: programs that keep a record use a service.

/// Opens the store that a service with `options` would have; NULL for the defaults. It uses no network and starts no thread. Failures to act on: those of filestore_open that are of the store.
FILESTORE_C_API int32_t filestore_backend_open(const filestore_options* options, filestore_backend** backend,
                                               filestore_error** err) FILESTORE_NOEXCEPT;

/// A new handle on the backend of a service. Once the service is closed its calls fail with FILESTORE_CANCELLED, where the service has opened the store itself.
FILESTORE_C_API int32_t filestore_backend_of(filestore_service* service, filestore_backend** backend,
                                             filestore_error** err) FILESTORE_NOEXCEPT;

/// Makes a backend of the program's own (see filestore_backend_table, which is copied). Of `options`, which may be NULL, the executor and the clock count. `context` is the backend's from now on, also on a failure, where `destroy` is called before this returns,
/// unless the table is NULL or too short to have it. Failures to act on: FILESTORE_INVALID_ARGUMENT (`struct_size` is smaller than that of any version; a function that goes with another is NULL).
FILESTORE_C_API int32_t filestore_backend_create(const filestore_backend_table* table, void* context,
                                                 const filestore_options* options,
                                                 filestore_backend** backend,
                                                 filestore_error** err) FILESTORE_NOEXCEPT;

/// Opens a service on a backend. `options` are not optional here: `catalogue_path` must be set ("off": nothing is recorded); those of the store are not used. The handle on the backend may be closed before the service.
/// Failures to act on: FILESTORE_INVALID_ARGUMENT (no `catalogue_path`, an option that cannot be right), FILESTORE_CONFIGURATION.
FILESTORE_C_API int32_t filestore_open_on(filestore_backend* backend, const filestore_options* options,
                                          filestore_service** service,
                                          filestore_error** err) FILESTORE_NOEXCEPT;

/// Ends a handle on a backend; with the last one, those of services included, calls under way end with FILESTORE_CANCELLED, and it waits for that, unless it is called in a callback.
FILESTORE_C_API void filestore_backend_close(filestore_backend* backend) FILESTORE_NOEXCEPT;

/// "local", "s3", or the name of a backend of the program's own; "" for NULL.
FILESTORE_C_API const char* filestore_backend_name(const filestore_backend* backend) FILESTORE_NOEXCEPT;

/// 1 where the backend has an ability: `compare_and_swap` (it tells versions, and uploads look at `if_version`), `compare_and_delete` (deletions are known to look at `if_version`), `presign`, `remove_tells_existence` (filestore_backend_delete can tell whether the file
/// was there), `leaves_uploads` (uploads that never ended may leave something), `may_store_late` (an upload that failed without the storage's answer may be carried out some time after). 0 where it has not, for any other name, and for NULL.
FILESTORE_C_API int32_t filestore_backend_can(const filestore_backend* backend,
                                              const char* ability) FILESTORE_NOEXCEPT;

/// Puts a new random ID into `id`. Fails with FILESTORE_INTERNAL where the system has no randomness to give.
FILESTORE_C_API int32_t filestore_generate_id(char id[FILESTORE_ID_SIZE],
                                              filestore_error** err) FILESTORE_NOEXCEPT;

/// Stores the file at `path` under `id`; `options` may be NULL. A file that is there is replaced, unless `options` say otherwise. The file is there whole, or as it was before. Failures to act on: those of filestore_upload_path,
/// FILESTORE_ALREADY_EXISTS, FILESTORE_PRECONDITION_FAILED and FILESTORE_UNSUPPORTED (conditions in `options`).
FILESTORE_C_API int32_t filestore_backend_upload_path(filestore_backend* backend, const char* id,
                                                      const char* path,
                                                      const filestore_upload_options* options,
                                                      filestore_error** err) FILESTORE_NOEXCEPT;

/// The same with `size` bytes at `data`, which may be NULL where `size` is 0.
FILESTORE_C_API int32_t filestore_backend_upload_buffer(filestore_backend* backend, const char* id,
                                                        const void* data, size_t size,
                                                        const filestore_upload_options* options,
                                                        filestore_error** err) FILESTORE_NOEXCEPT;

/// The same with what `read` gives, as of filestore_upload_callback.
FILESTORE_C_API int32_t filestore_backend_upload_callback(filestore_backend* backend, const char* id,
                                                          filestore_read_function read,
                                                          filestore_rewind_function rewind, void* context,
                                                          uint64_t size,
                                                          const filestore_upload_options* options,
                                                          filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_download_path.
FILESTORE_C_API int32_t filestore_backend_download_path(filestore_backend* backend, const char* id,
                                                        const char* path,
                                                        const filestore_download_options* options,
                                                        filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_download_buffer.
FILESTORE_C_API int32_t filestore_backend_download_buffer(filestore_backend* backend, const char* id,
                                                          const filestore_download_options* options,
                                                          filestore_buffer** buffer,
                                                          filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_download_callback.
FILESTORE_C_API int32_t filestore_backend_download_callback(filestore_backend* backend, const char* id,
                                                            filestore_write_function write, void* context,
                                                            const filestore_download_options* options,
                                                            filestore_error** err) FILESTORE_NOEXCEPT;

/// Removes a file; `*deleted`, which may be NULL, tells whether it was there, and is 1 where the backend cannot tell. `options` may be NULL. Failures to act on: FILESTORE_INVALID_ARGUMENT (a malformed ID), FILESTORE_PRECONDITION_FAILED and
/// FILESTORE_UNSUPPORTED (`if_version` in `options`).
FILESTORE_C_API int32_t filestore_backend_delete(filestore_backend* backend, const char* id,
                                                 const filestore_call_options* options, int32_t* deleted,
                                                 filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_exists.
FILESTORE_C_API int32_t filestore_backend_exists(filestore_backend* backend, const char* id,
                                                 const filestore_call_options* options, int32_t* exists,
                                                 filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_metadata. `*version`, which may be NULL, is a new buffer, too: what filestore_upload_options_set_if_version and filestore_call_options_set_if_version take; empty where the backend has no versions.
FILESTORE_C_API int32_t filestore_backend_metadata(filestore_backend* backend, const char* id,
                                                   const filestore_call_options* options,
                                                   filestore_buffer** json, filestore_buffer** version,
                                                   filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_list.
FILESTORE_C_API int32_t filestore_backend_list(filestore_backend* backend, const char* cursor, uint32_t limit,
                                               const filestore_call_options* options,
                                               filestore_list_page** page,
                                               filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_presign.
FILESTORE_C_API int32_t filestore_backend_presign(filestore_backend* backend, const char* id,
                                                  const filestore_presign_options* options,
                                                  filestore_buffer** url, int64_t* expires_at,
                                                  filestore_error** err) FILESTORE_NOEXCEPT;

/// Removes `count` files, 1 to 1000, by as few requests as the store needs for that. `if_versions`, which may be NULL, has the version that each must have, or NULL or "" for any. `*outcomes` is a new buffer, which the caller destroys: a JSON array in the order of `ids`, of objects with `file_id`, `removed`
/// (as `*deleted` of filestore_backend_delete), `keeps_version` (true: the store keeps the bytes as an older version, so no space is freed), and, where it failed, `code` (its name) and `message`. That one fails is no failure of the call. Failures to act on: FILESTORE_INVALID_ARGUMENT (the number, a malformed ID), FILESTORE_UNSUPPORTED (`if_versions` of a store that
/// is not known to compare them).
FILESTORE_C_API int32_t filestore_backend_delete_batch(filestore_backend* backend, const char* const* ids,
                                                       const char* const* if_versions, size_t count,
                                                       const filestore_call_options* options,
                                                       filestore_buffer** outcomes,
                                                       filestore_error** err) FILESTORE_NOEXCEPT;

/// Takes back an upload under `id` that did not end well, whose file may be there or not: removes it, and what the store keeps of an upload before it is published. Nobody uploads under the ID any more. Nothing is done where an upload that comes piece by piece is there under it.
FILESTORE_C_API int32_t filestore_backend_discard(filestore_backend* backend, const char* id,
                                                  const filestore_call_options* options,
                                                  filestore_error** err) FILESTORE_NOEXCEPT;

/// Ends uploads that were begun in parts and have not ended for the time of filestore_call_options_set_uploads_older_than, and frees their parts; with `dry_run` not 0 it only tells of them. `*ids` is a new buffer, which the caller destroys: a JSON array of the IDs that they are of, once for each. Failures to act on: FILESTORE_UNSUPPORTED, FILESTORE_PERMISSION_DENIED (uploads cannot
/// be listed or ended here).
FILESTORE_C_API int32_t filestore_backend_sweep_uploads(filestore_backend* backend, int32_t dry_run,
                                                        const filestore_call_options* options,
                                                        filestore_buffer** ids,
                                                        filestore_error** err) FILESTORE_NOEXCEPT;

/// Counts what the store keeps of older versions, by a listing of them all. `*kept` is a new buffer, which the caller destroys: a JSON object with `versions`, `bytes` and `orphan_markers` (of removed files of which no version is left). Failures to act on: FILESTORE_UNSUPPORTED, FILESTORE_PERMISSION_DENIED (versions cannot be listed here).
FILESTORE_C_API int32_t filestore_backend_kept_versions(filestore_backend* backend,
                                                        const filestore_call_options* options,
                                                        filestore_buffer** kept,
                                                        filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_verify, but without what is recorded.
FILESTORE_C_API int32_t filestore_backend_verify(filestore_backend* backend,
                                                 const filestore_verify_options* options,
                                                 filestore_buffer** report,
                                                 filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_backend_upload_path.
FILESTORE_C_API int32_t filestore_backend_upload_path_async(filestore_backend* backend, const char* id,
                                                            const char* path,
                                                            const filestore_upload_options* options,
                                                            filestore_done_function done, void* context,
                                                            filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_backend_upload_buffer; `data` stays as it is until `done` is called.
FILESTORE_C_API int32_t filestore_backend_upload_buffer_async(filestore_backend* backend, const char* id,
                                                              const void* data, size_t size,
                                                              const filestore_upload_options* options,
                                                              filestore_done_function done, void* context,
                                                              filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_backend_upload_callback, with `stream` as the context of `read` and `rewind`.
FILESTORE_C_API int32_t filestore_backend_upload_callback_async(
    filestore_backend* backend, const char* id, filestore_read_function read,
    filestore_rewind_function rewind, void* stream, uint64_t size, const filestore_upload_options* options,
    filestore_done_function done, void* context, filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_backend_download_path; filestore_answer_bytes gives the number of bytes.
FILESTORE_C_API int32_t filestore_backend_download_path_async(filestore_backend* backend, const char* id,
                                                              const char* path,
                                                              const filestore_download_options* options,
                                                              filestore_done_function done, void* context,
                                                              filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_backend_download_buffer; filestore_answer_buffer gives the bytes.
FILESTORE_C_API int32_t filestore_backend_download_buffer_async(filestore_backend* backend, const char* id,
                                                                const filestore_download_options* options,
                                                                filestore_done_function done, void* context,
                                                                filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_backend_download_callback, with `stream` as the context of `write`; filestore_answer_bytes gives the number of bytes.
FILESTORE_C_API int32_t filestore_backend_download_callback_async(filestore_backend* backend, const char* id,
                                                                  filestore_write_function write,
                                                                  void* stream,
                                                                  const filestore_download_options* options,
                                                                  filestore_done_function done, void* context,
                                                                  filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_backend_delete; filestore_answer_flag tells whether the file was there.
FILESTORE_C_API int32_t filestore_backend_delete_async(filestore_backend* backend, const char* id,
                                                       const filestore_call_options* options,
                                                       filestore_done_function done, void* context,
                                                       filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_backend_exists; filestore_answer_flag tells whether the file is there.
FILESTORE_C_API int32_t filestore_backend_exists_async(filestore_backend* backend, const char* id,
                                                       const filestore_call_options* options,
                                                       filestore_done_function done, void* context,
                                                       filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_backend_metadata; filestore_answer_buffer gives the JSON object, and filestore_answer_version the version.
FILESTORE_C_API int32_t filestore_backend_metadata_async(filestore_backend* backend, const char* id,
                                                         const filestore_call_options* options,
                                                         filestore_done_function done, void* context,
                                                         filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_backend_list; filestore_answer_page gives the page.
FILESTORE_C_API int32_t filestore_backend_list_async(filestore_backend* backend, const char* cursor,
                                                     uint32_t limit, const filestore_call_options* options,
                                                     filestore_done_function done, void* context,
                                                     filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_backend_presign; filestore_answer_buffer gives the URL, and filestore_answer_expires_at when it ends.
FILESTORE_C_API int32_t filestore_backend_presign_async(filestore_backend* backend, const char* id,
                                                        const filestore_presign_options* options,
                                                        filestore_done_function done, void* context,
                                                        filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_backend_delete_batch; filestore_answer_buffer gives the JSON array.
FILESTORE_C_API int32_t filestore_backend_delete_batch_async(filestore_backend* backend,
                                                             const char* const* ids,
                                                             const char* const* if_versions, size_t count,
                                                             const filestore_call_options* options,
                                                             filestore_done_function done, void* context,
                                                             filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_backend_discard.
FILESTORE_C_API int32_t filestore_backend_discard_async(filestore_backend* backend, const char* id,
                                                        const filestore_call_options* options,
                                                        filestore_done_function done, void* context,
                                                        filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_backend_sweep_uploads; filestore_answer_buffer gives the JSON array.
FILESTORE_C_API int32_t filestore_backend_sweep_uploads_async(filestore_backend* backend, int32_t dry_run,
                                                              const filestore_call_options* options,
                                                              filestore_done_function done, void* context,
                                                              filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_backend_kept_versions; filestore_answer_buffer gives the JSON object.
FILESTORE_C_API int32_t filestore_backend_kept_versions_async(filestore_backend* backend,
                                                              const filestore_call_options* options,
                                                              filestore_done_function done, void* context,
                                                              filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_backend_verify; filestore_answer_buffer gives the report.
FILESTORE_C_API int32_t filestore_backend_verify_async(filestore_backend* backend,
                                                       const filestore_verify_options* options,
                                                       filestore_done_function done, void* context,
                                                       filestore_error** err) FILESTORE_NOEXCEPT;

// Calls of a backend of the program's own: what it is asked, and what it answers; only in the functions of its table. Texts live as long as the call.

/// The ID of the file; "" of listings, and for NULL.
FILESTORE_C_API const char* filestore_backend_call_id(const filestore_backend_call* call) FILESTORE_NOEXCEPT;

/// FILESTORE_OK as long as the call goes on; FILESTORE_CANCELLED or FILESTORE_TIMEOUT, which the function then returns, once it has to end. FILESTORE_OK for NULL.
FILESTORE_C_API int32_t filestore_backend_call_state(const filestore_backend_call* call) FILESTORE_NOEXCEPT;

/// Of uploads: the name that the file has for its owner; "" where there is none, and for NULL.
FILESTORE_C_API const char* filestore_backend_call_path(const filestore_backend_call* call)
    FILESTORE_NOEXCEPT;

/// Of uploads: the content type; "" for NULL.
FILESTORE_C_API const char* filestore_backend_call_content_type(const filestore_backend_call* call)
    FILESTORE_NOEXCEPT;

/// Of uploads: the metadata, a JSON object; "" for NULL.
FILESTORE_C_API const char* filestore_backend_call_metadata(const filestore_backend_call* call)
    FILESTORE_NOEXCEPT;

/// Of uploads: how many bytes will come; of those that come piece by piece, of the whole file. FILESTORE_UNKNOWN_SIZE where that is not known, and for NULL.
FILESTORE_C_API uint64_t filestore_backend_call_size(const filestore_backend_call* call) FILESTORE_NOEXCEPT;

/// Of uploads: 1 where no file may be there.
FILESTORE_C_API int32_t filestore_backend_call_create_only(const filestore_backend_call* call)
    FILESTORE_NOEXCEPT;

/// Of uploads and deletions: the version that the file must have; "" for any, and for NULL.
FILESTORE_C_API const char* filestore_backend_call_if_version(const filestore_backend_call* call)
    FILESTORE_NOEXCEPT;

/// Of listings: what filestore_backend_call_set_next was given on the page before; "" for the first page, and for NULL. It may also be any text that a caller has made up.
FILESTORE_C_API const char* filestore_backend_call_cursor(const filestore_backend_call* call)
    FILESTORE_NOEXCEPT;

/// Of listings: the most files of the page, 1 to 1000; 0 for NULL.
FILESTORE_C_API uint32_t filestore_backend_call_limit(const filestore_backend_call* call) FILESTORE_NOEXCEPT;

/// Of URLs: "get", "put", "head" or "remove"; "" for NULL.
FILESTORE_C_API const char* filestore_backend_call_method(const filestore_backend_call* call)
    FILESTORE_NOEXCEPT;

/// Of URLs: how many seconds they last; 0 for NULL.
FILESTORE_C_API uint64_t filestore_backend_call_expires_in(const filestore_backend_call* call)
    FILESTORE_NOEXCEPT;

/// Of URLs: 1 where one that would have to end earlier is to fail with FILESTORE_UNAUTHENTICATED.
FILESTORE_C_API int32_t filestore_backend_call_exact_expiry(const filestore_backend_call* call)
    FILESTORE_NOEXCEPT;

/// Of URLs: the header Content-Disposition of the answer; "" for the one that was stored, and for NULL.
FILESTORE_C_API const char* filestore_backend_call_answer_disposition(const filestore_backend_call* call)
    FILESTORE_NOEXCEPT;

/// Of URLs: the header Content-Type of the answer; "" for the one that was stored, and for NULL.
FILESTORE_C_API const char* filestore_backend_call_answer_type(const filestore_backend_call* call)
    FILESTORE_NOEXCEPT;

/// Of batches and sweeps: how many files are named; 0 of other calls, and for NULL.
FILESTORE_C_API size_t filestore_backend_call_id_count(const filestore_backend_call* call) FILESTORE_NOEXCEPT;

/// Of batches and sweeps: the ID of the file at `index`; "" past the last, and for NULL.
FILESTORE_C_API const char* filestore_backend_call_id_at(const filestore_backend_call* call,
                                                         size_t index) FILESTORE_NOEXCEPT;

/// Of batches: the version that the file at `index` must have; "" for any, past the last, and for NULL.
FILESTORE_C_API const char* filestore_backend_call_if_version_at(const filestore_backend_call* call,
                                                                 size_t index) FILESTORE_NOEXCEPT;

/// Of sweeps: how many seconds ago an upload was begun at least that is to be ended; 0 for NULL.
FILESTORE_C_API uint64_t filestore_backend_call_older_than(const filestore_backend_call* call)
    FILESTORE_NOEXCEPT;

/// Of sweeps: 1 where nothing is to be ended.
FILESTORE_C_API int32_t filestore_backend_call_dry_run(const filestore_backend_call* call) FILESTORE_NOEXCEPT;

/// Of verifying: 1 where what is there of a damaged file is to be moved to a quarantine.
FILESTORE_C_API int32_t filestore_backend_call_repair(const filestore_backend_call* call) FILESTORE_NOEXCEPT;

/// Of verifying: 1 where a run that was ended is to be gone on with, if there is one. Its findings are told again, and counted with those of this run.
FILESTORE_C_API int32_t filestore_backend_call_resume(const filestore_backend_call* call) FILESTORE_NOEXCEPT;

/// Of verifying: how many files to read at a time, 1 to 64; 0 of other calls, and for NULL.
FILESTORE_C_API uint32_t filestore_backend_call_parallel(const filestore_backend_call* call)
    FILESTORE_NOEXCEPT;

/// Of verifying for a service with a catalogue: puts the next ID behind `after` (NULL: the first) of a file that is recorded as stored, and that nobody is storing or removing, into `id`; "" behind the last, and where nothing is recorded. A file of these that is not there is "missing",
/// if filestore_backend_call_is_recorded still says so. Reads the catalogue, which may block. Failures to act on: FILESTORE_INVALID_ARGUMENT (a malformed ID, another kind of call), FILESTORE_CORRUPT.
FILESTORE_C_API int32_t filestore_backend_call_next_recorded(filestore_backend_call* call, const char* after,
                                                             char id[FILESTORE_ID_SIZE],
                                                             filestore_error** err) FILESTORE_NOEXCEPT;

/// Of verifying: `*recorded` is 1 where the file is such a one now. Blocks and fails as the function before.
FILESTORE_C_API int32_t filestore_backend_call_is_recorded(filestore_backend_call* call, const char* id,
                                                           int32_t* recorded,
                                                           filestore_error** err) FILESTORE_NOEXCEPT;

/// Of appends: where the bytes go, in bytes from the first on; 0 for NULL.
FILESTORE_C_API uint64_t filestore_backend_call_offset(const filestore_backend_call* call) FILESTORE_NOEXCEPT;

/// Of appends: 1 where of bytes that do not all arrive none may count, also of a process that ends meanwhile.
FILESTORE_C_API int32_t filestore_backend_call_all_or_nothing(const filestore_backend_call* call)
    FILESTORE_NOEXCEPT;

/// Of `begin_upload`: how many seconds the upload stays without a new byte; 0 for NULL.
FILESTORE_C_API uint64_t filestore_backend_call_lifetime(const filestore_backend_call* call)
    FILESTORE_NOEXCEPT;

/// Says in a line what fails, which becomes filestore_error_message, and whether the same call may succeed when it is made again. It counts where the function then returns a failure. NULL for the library's words.
FILESTORE_C_API int32_t filestore_backend_call_set_failure(filestore_backend_call* call, const char* message,
                                                           int32_t retryable,
                                                           filestore_error** err) FILESTORE_NOEXCEPT;

/// Answers `describe`. `last_modified` is in microseconds since 1970-01-01T00:00:00Z. `path`, `content_type`, `metadata` (a JSON object) and `version` may be NULL, and have their defaults then; `version` is another one with each upload. FILESTORE_INVALID_ARGUMENT
/// for metadata that is no JSON object, and for what is not UTF-8; nothing is changed then.
FILESTORE_C_API int32_t filestore_backend_call_set_info(filestore_backend_call* call, uint64_t size,
                                                        int64_t last_modified, const char* path,
                                                        const char* content_type, const char* metadata,
                                                        const char* version,
                                                        filestore_error** err) FILESTORE_NOEXCEPT;

/// Adds a file to the page that `list` answers. FILESTORE_INVALID_ARGUMENT for a malformed ID, for one that does not come behind the one before, and where the page is full; nothing is changed then.
FILESTORE_C_API int32_t filestore_backend_call_add_file(filestore_backend_call* call, const char* id,
                                                        uint64_t size, int64_t last_modified,
                                                        filestore_error** err) FILESTORE_NOEXCEPT;

/// Sets the cursor of the next page, where there is one.
FILESTORE_C_API int32_t filestore_backend_call_set_next(filestore_backend_call* call, const char* cursor,
                                                        filestore_error** err) FILESTORE_NOEXCEPT;

/// Answers `presign`; `expires_at` is in microseconds since 1970-01-01T00:00:00Z.
FILESTORE_C_API int32_t filestore_backend_call_set_url(filestore_backend_call* call, const char* url,
                                                       int64_t expires_at,
                                                       filestore_error** err) FILESTORE_NOEXCEPT;

/// Answers `remove_batch` of the file at `index`: with FILESTORE_OK, whether it was there (`removed`), and whether the storage keeps its bytes as an older version; with another `code`, why it is there still: `message` is a line, or NULL for the library's words.
/// FILESTORE_INVALID_ARGUMENT past the last file, and for a message that is not UTF-8; nothing is changed then.
FILESTORE_C_API int32_t filestore_backend_call_set_outcome(filestore_backend_call* call, size_t index,
                                                           int32_t code, int32_t removed,
                                                           int32_t keeps_version, const char* message,
                                                           filestore_error** err) FILESTORE_NOEXCEPT;

/// Of `sweep_uploads` and `expire_uploads`: one upload was of this file. FILESTORE_INVALID_ARGUMENT for a malformed ID.
FILESTORE_C_API int32_t filestore_backend_call_add_id(filestore_backend_call* call, const char* id,
                                                      filestore_error** err) FILESTORE_NOEXCEPT;

/// Answers `kept_versions`, with the numbers of filestore_backend_kept_versions.
FILESTORE_C_API int32_t filestore_backend_call_set_kept(filestore_backend_call* call, uint64_t versions,
                                                        uint64_t bytes, uint64_t orphan_markers,
                                                        filestore_error** err) FILESTORE_NOEXCEPT;

/// Tells whoever asked for `verify` of a damaged file, as of filestore_finding_function, and counts it. Any failure ends the run: `verify` returns the code, and the caller gets what ended it. FILESTORE_INVALID_ARGUMENT for a malformed ID, another `damage`, and text that is not UTF-8.
FILESTORE_C_API int32_t filestore_backend_call_add_finding(filestore_backend_call* call, const char* id,
                                                           const char* damage, const char* what,
                                                           int32_t quarantined,
                                                           filestore_error** err) FILESTORE_NOEXCEPT;

/// Tells whoever asked for `verify` how far it is, as of filestore_verify_progress_function; `files_total` is FILESTORE_UNKNOWN_SIZE where that is not known. It may be called for every file: not every call is told of.
FILESTORE_C_API void filestore_backend_call_tell_progress(filestore_backend_call* call, uint64_t files_done,
                                                          uint64_t files_total,
                                                          uint64_t bytes_done) FILESTORE_NOEXCEPT;

/// Answers `verify`: how many files were looked at, their bytes, how many of them had no checksum, how many that are recorded as stored are in the quarantine since an earlier run, and how many may still be on their way to be stored. What was found is counted already.
FILESTORE_C_API int32_t filestore_backend_call_set_verified(filestore_backend_call* call, uint64_t files,
                                                            uint64_t bytes, uint64_t unchecked,
                                                            uint64_t in_quarantine, uint64_t under_way,
                                                            filestore_error** err) FILESTORE_NOEXCEPT;

/// Answers `describe_upload`: how many bytes are there, of how many in all (FILESTORE_UNKNOWN_SIZE while that is not known), and when it is given up, in microseconds since 1970-01-01T00:00:00Z. `path`, `content_type` and `metadata` are those that it was begun with; NULL for their defaults.
/// Fails as filestore_backend_call_set_info.
FILESTORE_C_API int32_t filestore_backend_call_set_upload(filestore_backend_call* call, uint64_t offset,
                                                          uint64_t length, int64_t expires_at,
                                                          const char* path, const char* content_type,
                                                          const char* metadata,
                                                          filestore_error** err) FILESTORE_NOEXCEPT;

// Verify

/// Makes options with their defaults: nothing is moved, a run begins anew, four files are read at a time, no limit. Fails with FILESTORE_NO_MEMORY only.
FILESTORE_C_API int32_t filestore_verify_options_create(filestore_verify_options** options,
                                                        filestore_error** err) FILESTORE_NOEXCEPT;

/// Sets whether what is there of a damaged file is moved to the quarantine of a local store. Nothing is deleted or overwritten.
FILESTORE_C_API int32_t filestore_verify_options_set_repair(filestore_verify_options* options, int32_t repair,
                                                            filestore_error** err) FILESTORE_NOEXCEPT;

/// Sets whether a run goes on where one that was ended, also by kill -9, has come to; its findings are told again.
FILESTORE_C_API int32_t filestore_verify_options_set_resume(filestore_verify_options* options, int32_t resume,
                                                            filestore_error** err) FILESTORE_NOEXCEPT;

/// Sets how many files are read at a time, 1 to 64; filestore_verify refuses another number.
FILESTORE_C_API int32_t filestore_verify_options_set_parallel(filestore_verify_options* options,
                                                              uint32_t parallel,
                                                              filestore_error** err) FILESTORE_NOEXCEPT;

/// Limits the whole of each run, from its start; it then fails with FILESTORE_TIMEOUT, and can be gone on with. 0: no limit.
FILESTORE_C_API int32_t filestore_verify_options_set_timeout_ms(filestore_verify_options* options,
                                                                uint64_t timeout_ms,
                                                                filestore_error** err) FILESTORE_NOEXCEPT;

/// Lets a token end the runs; NULL takes it away. The handle may be destroyed before the options.
FILESTORE_C_API int32_t filestore_verify_options_set_cancel(filestore_verify_options* options,
                                                            const filestore_cancel* cancel,
                                                            filestore_error** err) FILESTORE_NOEXCEPT;

/// Sets who hears of damaged files; NULL for nobody.
FILESTORE_C_API int32_t filestore_verify_options_set_finding(filestore_verify_options* options,
                                                             filestore_finding_function finding,
                                                             void* context,
                                                             filestore_error** err) FILESTORE_NOEXCEPT;

/// Sets who hears how far a run is; NULL for nobody.
FILESTORE_C_API int32_t filestore_verify_options_set_progress(filestore_verify_options* options,
                                                              filestore_verify_progress_function progress,
                                                              void* context,
                                                              filestore_error** err) FILESTORE_NOEXCEPT;

/// Frees options.
FILESTORE_C_API void filestore_verify_options_destroy(filestore_verify_options* options) FILESTORE_NOEXCEPT;

/// Reads every file of the store and compares it with its checksum, its metadata and its record; takes as long as reading them all. Damage is no failure of the
/// call. `*report` is a new buffer, which the caller destroys: a JSON object with the numbers `files` (looked at), `bytes` (read), `unchecked` (of the files: nobody has
/// kept a checksum of them), `corrupt`, `missing`, `orphaned`, `unreadable`, `in_quarantine` (recorded as stored, and moved there by an earlier
/// run) and `under_way` (of the files: a program that takes no locks may be storing them; no damage). `options` may be NULL. Failures to act on: FILESTORE_INVALID_ARGUMENT (how many files at a time), FILESTORE_UNSUPPORTED (this store cannot repair or go on),
/// FILESTORE_CONFLICT (another run is at work, where this one is to go on), FILESTORE_SINK_FAILED (the callback ended it), FILESTORE_NO_SPACE.
FILESTORE_C_API int32_t filestore_verify(filestore_service* service, const filestore_verify_options* options,
                                         filestore_buffer** report, filestore_error** err) FILESTORE_NOEXCEPT;

// Retention

/// Removes, and records as deleted, the files that were stored more than `days` days ago (1 to 36500), at once and without asking; with `dry_run` not 0 it only counts
/// them. What the record or the store says to be newer is kept, as is what has no known time. `*removed` is the number of files that are, or would be, removed;
/// `*failed` that of those which could not be, and which do not stop the rest: the next run tries again. `*purged` is the number of files that had been deleted with the option `soft_delete_grace`, and whose bytes are, or
/// would be, freed because their time is over: that is done before all else. `options` may be NULL. Failures to act on:
/// FILESTORE_INVALID_ARGUMENT (days); FILESTORE_PRECONDITION_FAILED (the store holds nothing of what is recorded, 20 files or more: its disk is perhaps not mounted, or it is another bucket; where the files are
/// really gone, filestore_call_options_set_accept_missing has that recorded); where there is an audit project, which is asked what is old before anything is removed, FILESTORE_UNAVAILABLE, FILESTORE_UNAUTHENTICATED,
/// FILESTORE_PERMISSION_DENIED (it hides its rows from the key) and FILESTORE_CONFIGURATION; FILESTORE_NO_SPACE, FILESTORE_CORRUPT, FILESTORE_IO (the catalogue, as the message says).
FILESTORE_C_API int32_t filestore_cleanup(filestore_service* service, uint32_t days, int32_t dry_run,
                                          const filestore_call_options* options, uint64_t* removed,
                                          uint64_t* failed, uint64_t* purged,
                                          filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_cleanup, and tells of each file and all that was counted. `file` (NULL for nobody) gets `context`; in a dry run it hears the plan. `*report` is a new buffer, which the caller destroys: a JSON object with `dry_run` and the numbers
/// `removed`, `bytes` (of these), `bytes_in_versions` (of the bytes that were removed from the store: it keeps them as older versions), `already_gone`, `kept`, `failed`, `stale_uploads` (uploads that never ended), `purged` and
/// `bytes_purged`; and where versions were to be counted and could be, `kept_versions`, an object with the numbers `versions`, `bytes` and `orphan_markers`. Other members may be added. `options` may be NULL. Fails as filestore_cleanup, and with
/// FILESTORE_SINK_FAILED (the callback ended it).
FILESTORE_C_API int32_t filestore_cleanup_report(filestore_service* service, uint32_t days, int32_t dry_run,
                                                 filestore_cleanup_function file, void* context,
                                                 const filestore_call_options* options,
                                                 filestore_buffer** report,
                                                 filestore_error** err) FILESTORE_NOEXCEPT;

/// Has the service do by itself what is for programs that run for long: with the option `cleanup_enabled`, files older than `retention_days` are cleaned up by `schedule`,
/// on a thread of its own that filestore_close ends; and the audit project is told of what earlier processes have left to tell. More than once is once. Times that no process
/// was there for are caught up by one run; of all processes that use a catalogue one runs at a time. Failures to act on: FILESTORE_CONFIGURATION (a cleanup is enabled
/// and the catalogue is off).
FILESTORE_C_API int32_t filestore_start(filestore_service* service, filestore_error** err) FILESTORE_NOEXCEPT;

/// `*at` is when the next scheduled cleanup is due, in microseconds since 1970-01-01T00:00:00Z; 0 where none is scheduled: before filestore_start, or without `cleanup_enabled`.
FILESTORE_C_API int32_t filestore_next_cleanup(filestore_service* service, int64_t* at,
                                               filestore_error** err) FILESTORE_NOEXCEPT;

/// Reads a cron expression: five fields (minute, hour, day of the month, month, day of the week), with lists, ranges, steps and names, or @yearly, @monthly, @weekly, @daily, @hourly. `time_zone` is a name such as "Europe/Berlin", "UTC", or "local"; NULL for UTC. The database of
/// time zones may be read. Failures to act on: FILESTORE_INVALID_ARGUMENT (the expression is wrong or names a day that never comes; the zone is not known), FILESTORE_CONFIGURATION (the system has no database of time zones).
FILESTORE_C_API int32_t filestore_schedule_create(const char* expression, const char* time_zone,
                                                  filestore_schedule** schedule,
                                                  filestore_error** err) FILESTORE_NOEXCEPT;

/// `*at` is the first time of the schedule that is later than `after`, both in microseconds since 1970-01-01T00:00:00Z. FILESTORE_NOT_FOUND where there is none before the year 9999.
FILESTORE_C_API int32_t filestore_schedule_next(const filestore_schedule* schedule, int64_t after,
                                                int64_t* at, filestore_error** err) FILESTORE_NOEXCEPT;

/// Frees a schedule.
FILESTORE_C_API void filestore_schedule_destroy(filestore_schedule* schedule) FILESTORE_NOEXCEPT;

// The audit trail: in a Supabase project (options `audit_url` and so on)

/// Waits until the project was told all that had been recorded when this was called; what was parked is not waited for. Without a time limit in `options`, which may be
/// NULL, it waits as long as that takes. Failures to act on: FILESTORE_TIMEOUT, and before that FILESTORE_UNAUTHENTICATED, FILESTORE_PERMISSION_DENIED or
/// FILESTORE_CONFIGURATION (no project is named, or its table is not as it must be). What was not told stays noted.
FILESTORE_C_API int32_t filestore_flush(filestore_service* service, const filestore_call_options* options,
                                        filestore_error** err) FILESTORE_NOEXCEPT;

/// `*status` is a new buffer, which the caller destroys: a JSON object with the numbers `pending` (files of which something is still to be told), `parked` (files that the
/// project refuses) and `delivered` (how often something of a file was told), and `oldest` (when what has waited longest happened) where something is pending. Other members may
/// be added. `options` may be NULL.
FILESTORE_C_API int32_t filestore_audit_status(filestore_service* service,
                                               const filestore_call_options* options,
                                               filestore_buffer** status,
                                               filestore_error** err) FILESTORE_NOEXCEPT;

/// The first `limit` (1 to 1000) parked files behind `after`, which is the `file_id` of the last one of the page before; NULL or "" for the first page. `*files` is a new buffer,
/// which the caller destroys: a JSON array of objects with `file_id`, `parked_at` and `reason`. `options` may be NULL.
FILESTORE_C_API int32_t filestore_parked(filestore_service* service, const char* after, uint32_t limit,
                                         const filestore_call_options* options, filestore_buffer** files,
                                         filestore_error** err) FILESTORE_NOEXCEPT;

/// Has parked files told again, as the catalogue has them now: one, or all where `file_id` is NULL. `*count` is how many; 0 where the file is not parked. `options` may
/// be NULL.
FILESTORE_C_API int32_t filestore_retry_parked(filestore_service* service, const char* file_id,
                                               const filestore_call_options* options, uint64_t* count,
                                               filestore_error** err) FILESTORE_NOEXCEPT;

/// What is recorded of a file, by the project where there is one, else by the catalogue. `*history` is a new buffer, which the caller destroys: a JSON object with `file_id`, `file_path`, `metadata`,
/// `uploaded_at` and `deleted_at`; a time that there is not is null. `options` may be NULL. Failures to act on: FILESTORE_NOT_FOUND (there is no row), those of filestore_flush, FILESTORE_UNAVAILABLE.
FILESTORE_C_API int32_t filestore_history(filestore_service* service, const char* id,
                                          const filestore_call_options* options, filestore_buffer** history,
                                          filestore_error** err) FILESTORE_NOEXCEPT;

/// A page of the files that are recorded as uploaded before `before` (RFC 3339; NULL: at any time) and not as deleted, in the order of those times. `cursor` is `next` of the page before; NULL or "" for
/// the first page. `*page` is a new buffer, which the caller destroys: a JSON object with `files`, an array of up to `limit` (1 to 1000) objects as filestore_history gives them, and `next`, which is
/// null after the last page. A page may be short or empty although more follow. `options` may be NULL. Fails as filestore_history.
FILESTORE_C_API int32_t filestore_recorded_files(filestore_service* service, const char* before,
                                                 const char* cursor, uint32_t limit,
                                                 const filestore_call_options* options,
                                                 filestore_buffer** page,
                                                 filestore_error** err) FILESTORE_NOEXCEPT;

/// A page of the files that the catalogue has as stored, whatever a project was told of them, in the order of the times of their uploads, with `newest_first` not 0 the newest first. `behind` is `next` of the page before; NULL for the first page. Where `key` is not NULL, only files whose
/// metadata has it. `*page` is as that of filestore_recorded_files; `limit` (1 to 1000) is the most files to look at. `options` may be NULL. Failures to act on: FILESTORE_INVALID_ARGUMENT (the limit, a malformed ID), FILESTORE_NOT_FOUND (there is no record of `behind`), FILESTORE_CONFIGURATION
/// (the catalogue is off).
FILESTORE_C_API int32_t filestore_catalogued_files(filestore_service* service, const char* behind,
                                                   int32_t newest_first, const char* key, uint32_t limit,
                                                   const filestore_call_options* options,
                                                   filestore_buffer** page,
                                                   filestore_error** err) FILESTORE_NOEXCEPT;

/// 1 where a project is told of what is recorded, else 0; 0 for NULL.
FILESTORE_C_API int32_t filestore_has_audit_server(const filestore_service* service) FILESTORE_NOEXCEPT;

/// Finds where store, catalogue and project disagree; with `repair` not 0 the records are made to say what is in the store. No file is ever removed or changed. `finding` (NULL for nobody) gets
/// `context`. `*report` is a new buffer, which the caller destroys: a JSON object with the numbers `files` (in the store), `unrecorded`, `marked_deleted`, `missing`, `untold`, `repaired`, `failed` and
/// `left_out` (something of them is under way or still to be told). `options` may be NULL. Failures to act on: FILESTORE_CONFIGURATION (the catalogue is off), FILESTORE_SINK_FAILED (the callback ended
/// it), those of filestore_list and of filestore_history.
FILESTORE_C_API int32_t filestore_reconcile(filestore_service* service, int32_t repair,
                                            filestore_drift_function finding, void* context,
                                            const filestore_call_options* options, filestore_buffer** report,
                                            filestore_error** err) FILESTORE_NOEXCEPT;

/// The catalogue is to have no project any more: nothing is noted for one from now on, and what waits or is parked is dropped. `*count` is of how many files that was. `options` may be NULL. Failures to act on:
/// FILESTORE_CONFIGURATION (this service has a project).
FILESTORE_C_API int32_t filestore_forget_audit_server(filestore_service* service,
                                                      const filestore_call_options* options, uint64_t* count,
                                                      filestore_error** err) FILESTORE_NOEXCEPT;

/// Takes what can still be read of a damaged catalogue into a new one, which then stands in its place: that of the service which filestore_open would open with `options`, NULL for the defaults; the option `catalogue_path`
/// names another, such as one of a storage.yaml. Nobody may have it open, this program neither. The damaged file is kept; a catalogue that is whole stays as it is. A call that was ended on its way is made again. `unreadable`
/// (NULL for nobody) gets `context`; where it ends the call, nothing was changed. `*report` is a new buffer, which the caller destroys: a JSON object with `was_damaged` (false: nothing was done), `set_aside` (the directory with what is
/// damaged), and for each of `file_uploads`, `intents`, `outbox`, `parked`, `soft_deleted` and `provider_copies` an object with the numbers `salvaged` and `unreadable` (each of these was told of) and with `has_gap` (more may have been
/// there). filestore_retry_parked and filestore_reconcile then see to what is lost. Failures to act on: FILESTORE_NOT_FOUND (there is no catalogue), FILESTORE_UNAVAILABLE (somebody has it open), FILESTORE_CONFIGURATION (the
/// catalogue is off, or a newer library has written it), FILESTORE_CORRUPT (it is a file of something else), FILESTORE_NO_SPACE (twice the size of the catalogue is needed), FILESTORE_PERMISSION_DENIED, FILESTORE_IO,
/// FILESTORE_SINK_FAILED (the callback ended it).
FILESTORE_C_API int32_t filestore_salvage_catalogue(const filestore_options* options,
                                                    filestore_unreadable_function unreadable, void* context,
                                                    filestore_buffer** report,
                                                    filestore_error** err) FILESTORE_NOEXCEPT;

// Copies at AI providers

/// Makes options with their defaults: keys from the environment (OPENAI_API_KEY, ANTHROPIC_API_KEY, GOOGLE_API_KEY or GEMINI_API_KEY), the certificates that the system trusts. Fails with FILESTORE_NO_MEMORY only.
FILESTORE_C_API int32_t filestore_exporter_options_create(filestore_exporter_options** options,
                                                          filestore_error** err) FILESTORE_NOEXCEPT;

/// Sets who gives the keys; NULL for the environment. `context` must live as long as the exporters that are opened with the options.
FILESTORE_C_API int32_t filestore_exporter_options_set_key(filestore_exporter_options* options,
                                                           filestore_key_function key, void* context,
                                                           filestore_error** err) FILESTORE_NOEXCEPT;

/// Sets the file (PEM) with the certificates to trust; NULL for those of the system.
FILESTORE_C_API int32_t filestore_exporter_options_set_ca_file(filestore_exporter_options* options,
                                                               const char* ca_file,
                                                               filestore_error** err) FILESTORE_NOEXCEPT;

/// With `plain_http` not 0 base URLs of other machines may be without TLS: whoever is on the way reads the key and the file.
FILESTORE_C_API int32_t filestore_exporter_options_set_plain_http(filestore_exporter_options* options,
                                                                  int32_t plain_http,
                                                                  filestore_error** err) FILESTORE_NOEXCEPT;

/// Files of more than `threshold` bytes are sent in parts of `part_size` bytes (1 byte to 64 MiB, or filestore_exporter_open refuses it), where the provider has them; 512 MiB and 64 MiB where it is not set.
FILESTORE_C_API int32_t filestore_exporter_options_set_parts(filestore_exporter_options* options,
                                                             uint64_t threshold, uint64_t part_size,
                                                             filestore_error** err) FILESTORE_NOEXCEPT;

/// A request is sent up to `max_attempts` times (5 where it is not set; filestore_exporter_open refuses 0), with pauses that grow from `first_delay_ms` (500) to `longest_delay_ms` (20,000), at most an hour. FILESTORE_INVALID_ARGUMENT for longer ones; nothing is
/// changed then.
FILESTORE_C_API int32_t filestore_exporter_options_set_retry(filestore_exporter_options* options,
                                                             uint32_t max_attempts, uint64_t first_delay_ms,
                                                             uint64_t longest_delay_ms,
                                                             filestore_error** err) FILESTORE_NOEXCEPT;

/// After filestore_exporter_start, between two looks at what is to be done: 60 seconds where it is not set; filestore_exporter_open refuses 0.
FILESTORE_C_API int32_t filestore_exporter_options_set_settle_interval(
    filestore_exporter_options* options, uint32_t seconds, filestore_error** err) FILESTORE_NOEXCEPT;

/// Sets who hears what each settling after filestore_exporter_start came to; NULL for nobody. `context` must live as long as the exporters that are opened with the options.
FILESTORE_C_API int32_t filestore_exporter_options_set_settled(filestore_exporter_options* options,
                                                               filestore_settled_function settled,
                                                               void* context,
                                                               filestore_error** err) FILESTORE_NOEXCEPT;

/// Frees options; exporters that were opened with them are not touched.
FILESTORE_C_API void filestore_exporter_options_destroy(filestore_exporter_options* options)
    FILESTORE_NOEXCEPT;

/// Makes an exporter of the files of a service: it streams them to the Files APIs of AI providers, and keeps in the catalogue which copies there are. `options` may be NULL. It uses no network and starts no thread. The exporter is closed before its
/// service. Failures to act on: FILESTORE_CONFIGURATION (the catalogue is off), FILESTORE_INVALID_ARGUMENT (options that cannot be right).
FILESTORE_C_API int32_t filestore_exporter_open(filestore_service* service,
                                                const filestore_exporter_options* options,
                                                filestore_exporter** exporter,
                                                filestore_error** err) FILESTORE_NOEXCEPT;

/// Has the exporter do by itself what filestore_settle does, now and then again, on a thread that filestore_exporter_close ends. More than once is once.
FILESTORE_C_API int32_t filestore_exporter_start(filestore_exporter* exporter,
                                                 filestore_error** err) FILESTORE_NOEXCEPT;

/// Ends an exporter, after what it still does has been cancelled. No other call may be using it.
FILESTORE_C_API void filestore_exporter_close(filestore_exporter* exporter) FILESTORE_NOEXCEPT;

/// Makes options with their defaults: the provider's own URL, no expiry, no time limit. Fails with FILESTORE_NO_MEMORY only.
FILESTORE_C_API int32_t filestore_send_options_create(filestore_send_options** options,
                                                      filestore_error** err) FILESTORE_NOEXCEPT;

/// Sets the base URL of a service that is compatible with the profile, such as "https://api.example.com/v1" (for `anthropic` and `gemini` without a version); NULL for the provider's own. FILESTORE_INVALID_ARGUMENT
/// where it is not UTF-8, as of the next two; nothing is changed then.
FILESTORE_C_API int32_t filestore_send_options_set_base_url(filestore_send_options* options,
                                                            const char* base_url,
                                                            filestore_error** err) FILESTORE_NOEXCEPT;

/// Sets the environment variable that has the key; NULL for the usual one. It stands for an account: a copy that was sent with another variable is another copy.
FILESTORE_C_API int32_t filestore_send_options_set_key_variable(filestore_send_options* options,
                                                                const char* key_variable,
                                                                filestore_error** err) FILESTORE_NOEXCEPT;

/// Sets what the file is for, where the provider wants to know; NULL for `user_data` of openai.
FILESTORE_C_API int32_t filestore_send_options_set_purpose(filestore_send_options* options,
                                                           const char* purpose,
                                                           filestore_error** err) FILESTORE_NOEXCEPT;

/// Sets how long the provider is to keep the file, 1 hour to 30 days for openai, to 90 days for anthropic; 0: as it does by itself. A service that passes over that answers a copy without `expires_at`. FILESTORE_INVALID_ARGUMENT for more than 100 years; nothing is changed then.
FILESTORE_C_API int32_t filestore_send_options_set_expires_in(filestore_send_options* options,
                                                              uint64_t seconds,
                                                              filestore_error** err) FILESTORE_NOEXCEPT;

/// With `again` not 0 the file is sent although there is a copy.
FILESTORE_C_API int32_t filestore_send_options_set_again(filestore_send_options* options, int32_t again,
                                                         filestore_error** err) FILESTORE_NOEXCEPT;

/// Limits the whole of each call, from its start; it then fails with FILESTORE_TIMEOUT. 0: no limit.
FILESTORE_C_API int32_t filestore_send_options_set_timeout_ms(filestore_send_options* options,
                                                              uint64_t timeout_ms,
                                                              filestore_error** err) FILESTORE_NOEXCEPT;

/// Lets a token end the calls; NULL takes it away. The handle may be destroyed before the options.
FILESTORE_C_API int32_t filestore_send_options_set_cancel(filestore_send_options* options,
                                                          const filestore_cancel* cancel,
                                                          filestore_error** err) FILESTORE_NOEXCEPT;

/// Sets who hears how many bytes are on their way; NULL for nobody.
FILESTORE_C_API int32_t filestore_send_options_set_progress(filestore_send_options* options,
                                                            filestore_progress_function progress,
                                                            void* context,
                                                            filestore_error** err) FILESTORE_NOEXCEPT;

/// Frees options.
FILESTORE_C_API void filestore_send_options_destroy(filestore_send_options* options) FILESTORE_NOEXCEPT;

/// Sends a file to the provider of `profile` ("openai", "anthropic" or "gemini"), or answers the copy that is there. `*copy` is a new buffer, which the caller destroys: a JSON object with `number` (of the copy), `file_id`, `profile`, `base_url`, `purpose`, `provider_id`,
/// `sent_name`, `state` (here "sent"; else also "sending", "unsettled", "removing", "expired" or "damaged"), and `sent_at`, `expires_at` and `reason` where there is one; and with `was_there`. `options` may be NULL. On a failure there is no copy, or it is noted that
/// there may be one (`unsettled`). Failures to act on: FILESTORE_NOT_FOUND (there is no such file, or it was deleted meanwhile), FILESTORE_CONFLICT (somebody else is sending it, retryable; or it was replaced meanwhile), FILESTORE_REJECTED (the
/// provider does not take it), FILESTORE_INVALID_ARGUMENT, FILESTORE_OUTCOME_UNKNOWN (the answer was lost, and the provider's list does not tell: the same call asks again), FILESTORE_CORRUPT (the file, the provider's answer, an answer of another file, or a copy that is not the whole file, which is removed), FILESTORE_CONFIGURATION (the base URL leads elsewhere).
FILESTORE_C_API int32_t filestore_send(filestore_exporter* exporter, const char* id, const char* profile,
                                       const filestore_send_options* options, filestore_buffer** copy,
                                       filestore_error** err) FILESTORE_NOEXCEPT;

/// What the catalogue knows of the copies of a file, or, where `id` is NULL, of the first `limit` (1 to 1000) copies behind `after`, which is the `number` of the last one of the page before; 0 for the first page. No provider is asked. With an ID, `after` and `limit` are passed over.
/// `*copies` is a new buffer, which the caller destroys: a JSON array of objects as filestore_send has them, without `was_there`. `options` may be NULL. Failures to act on: FILESTORE_INVALID_ARGUMENT (the limit).
FILESTORE_C_API int32_t filestore_copies(filestore_exporter* exporter, const char* id, int64_t after,
                                         uint32_t limit, const filestore_call_options* options,
                                         filestore_buffer** copies, filestore_error** err) FILESTORE_NOEXCEPT;

/// Notes that the copies of a file are to be removed, from the provider of `profile` at `base_url` (NULL: at all of its URLs), or everywhere where `profile` is NULL, then removes them. `*report` is a new buffer, which the caller destroys: a JSON object with
/// the arrays `removed`, `found` (interrupted sends of which there is a copy), `dropped` (see filestore_call_options_set_forget_damaged) and `waiting` (what is still to be removed or found out, with the `reason`) of objects as filestore_copies has them, the number `forgotten` (interrupted sends of which there is none,
/// and copies that have expired), and `failure`, the first of the reasons, where there is one. That a provider fails is no failure of the call. `options` may be NULL. Failures to act on: FILESTORE_CONFLICT (a copy is being sent, retryable), FILESTORE_INVALID_ARGUMENT (a `base_url` without `profile`).
FILESTORE_C_API int32_t filestore_unsend(filestore_exporter* exporter, const char* id, const char* profile,
                                         const char* base_url, const filestore_call_options* options,
                                         filestore_buffer** report, filestore_error** err) FILESTORE_NOEXCEPT;

/// Removes what is to be removed, also of files that were deleted, and finds out what became of interrupted sends, each once. `*report` is as that of filestore_unsend. `options` may be NULL.
FILESTORE_C_API int32_t filestore_settle(filestore_exporter* exporter, const filestore_call_options* options,
                                         filestore_buffer** report, filestore_error** err) FILESTORE_NOEXCEPT;

// Asynchronous calls about copies: as those without `_async` (convention 13); filestore_answer_buffer gives the document.

/// As filestore_send.
FILESTORE_C_API int32_t filestore_send_async(filestore_exporter* exporter, const char* id,
                                             const char* profile, const filestore_send_options* options,
                                             filestore_done_function done, void* context,
                                             filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_copies.
FILESTORE_C_API int32_t filestore_copies_async(filestore_exporter* exporter, const char* id, int64_t after,
                                               uint32_t limit, const filestore_call_options* options,
                                               filestore_done_function done, void* context,
                                               filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_unsend.
FILESTORE_C_API int32_t filestore_unsend_async(filestore_exporter* exporter, const char* id,
                                               const char* profile, const char* base_url,
                                               const filestore_call_options* options,
                                               filestore_done_function done, void* context,
                                               filestore_error** err) FILESTORE_NOEXCEPT;

/// As filestore_settle.
FILESTORE_C_API int32_t filestore_settle_async(filestore_exporter* exporter,
                                               const filestore_call_options* options,
                                               filestore_done_function done, void* context,
                                               filestore_error** err) FILESTORE_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
