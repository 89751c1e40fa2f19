#pragma once

/// What is behind the opaque handles of filestore.h. Their thread classes are those of convention 9 there.

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "filestore.h"
#include "filestore/file_exporter.h"
#include "filestore/resumable_store.h"
#include "filestore/schedule.h"
#include "filestore/service.h"

namespace filestore::capi {

/// What the options of every call have in common. A value.
struct CallSettings {
    /// 0: no limit.
    std::uint64_t timeout_ms = 0;
    std::stop_token cancel;
    /// Null where nobody pauses.
    std::shared_ptr<filestore::PauseSwitch> pause;
    filestore_progress_function progress = nullptr;
    void* progress_context = nullptr;
};

/// A file on a page, with its texts NUL-terminated. A value.
struct ListedFile {
    std::string id;
    std::uint64_t size = 0;
    std::string last_modified;
};

}  // namespace filestore::capi

struct filestore_error {
    filestore::Error error;
};

struct filestore_options {
    filestore::ServiceOptions options;
};

struct filestore_service {
    filestore::FileService service;
};

struct filestore_backend {
    std::shared_ptr<filestore::StorageBackend> backend;
    std::string name;
};

/// One call of a backend of the caller's: what is asked, and what is answered. One thread at a time; most members are of some kinds of calls only.
struct filestore_backend_call {
    /// As long as the call.
    const filestore::CallOptions* limits = nullptr;
    std::string id;
    std::string path;
    std::string content_type;
    std::string metadata;
    std::uint64_t size = FILESTORE_UNKNOWN_SIZE;
    bool create_only = false;
    std::string if_version;
    std::string cursor;
    std::uint32_t limit = 0;
    filestore::PresignMethod method = filestore::PresignMethod::get;
    std::chrono::seconds expires{};
    bool exact_expiry = false;
    std::string answer_disposition;
    std::string answer_type;
    /// Of batches and sweeps.
    std::vector<std::string> ids;
    std::vector<std::string> if_versions;
    std::chrono::seconds older_than{};
    bool dry_run = false;
    /// Of verifying, as long as the call; null of others.
    const filestore::VerifyRequest* verify = nullptr;
    /// Of uploads that come piece by piece.
    std::uint64_t offset = 0;
    bool all_or_nothing = false;
    std::chrono::seconds lifetime{};

    filestore::FileInfo info;
    filestore::ListPage page;
    filestore::PresignedUrl url;
    std::vector<filestore::RemovalOutcome> outcomes;
    std::vector<filestore::FileId> told_ids;
    filestore::KeptVersions kept;
    filestore::VerifyReport report;
    std::chrono::steady_clock::time_point next_progress{};
    filestore::PartialUpload upload;
    /// What ended the run on behalf of who asked for it.
    std::optional<filestore::Error> ended;
    /// The caller's own words.
    std::string failure;
    bool is_retryable = false;
};

struct filestore_cancel {
    std::stop_source source;
};

struct filestore_pause {
    std::shared_ptr<filestore::PauseSwitch> pause;
};

struct filestore_call_options {
    filestore::capi::CallSettings call;
    /// Of cleanups.
    bool accept_missing = false;
    std::optional<std::chrono::seconds> uploads_older_than;
    bool count_versions = false;
    /// Of unsends.
    bool forget_damaged = false;
    /// Of deletions.
    std::string if_version;
};

struct filestore_upload_options {
    filestore::capi::CallSettings call;
    std::optional<std::string> path;
    std::string content_type{filestore::default_content_type};
    filestore::Metadata metadata;
    /// Of uploads to a backend.
    bool create_only = false;
    std::string if_version;
};

struct filestore_download_options {
    filestore::capi::CallSettings call;
    std::optional<filestore::ByteRange> range;
    filestore_info_function info = nullptr;
    void* info_context = nullptr;
};

struct filestore_presign_options {
    filestore::capi::CallSettings call;
    filestore::PresignMethod method = filestore::PresignMethod::get;
    std::chrono::seconds expires = filestore::PresignRequest().expires;
    bool exact_expiry = false;
    std::string answer_disposition;
    std::string answer_type;
};

struct filestore_verify_options {
    filestore::capi::CallSettings call;
    bool repair = false;
    bool resume = false;
    std::uint32_t parallel = filestore::VerifyRequest().parallel;
    filestore_finding_function finding = nullptr;
    void* finding_context = nullptr;
    filestore_verify_progress_function progress = nullptr;
    void* progress_context = nullptr;
};

struct filestore_exporter_options {
    filestore::ExporterOptions options;
};

struct filestore_exporter {
    filestore::FileExporter exporter;
};

struct filestore_send_options {
    filestore::capi::CallSettings call;
    std::string base_url;
    std::string key_variable;
    std::string purpose;
    std::optional<std::chrono::seconds> expires_in;
    bool again = false;
};

struct filestore_buffer {
    std::string bytes;
};

struct filestore_list_page {
    std::vector<filestore::capi::ListedFile> files;
    std::optional<std::string> next;
};

/// What an asynchronous call came to.
struct filestore_answer {
    /// Nothing where it succeeded.
    std::optional<filestore_error> failure;
    /// Text with its NUL; "" where there is none.
    std::array<char, FILESTORE_ID_SIZE> id{};
    bool flag = false;
    std::uint64_t bytes = 0;
    std::uint64_t count = 0;
    /// Of an upload that comes piece by piece.
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    filestore::Timestamp expires_at{};
    std::string version;
    std::optional<filestore_buffer> buffer;
    std::optional<filestore_list_page> page;
};

struct filestore_schedule {
    filestore::CronSchedule schedule;
};

struct filestore_task {
    std::function<void()> work;
};
