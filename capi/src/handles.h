#pragma once

/// What is behind the opaque handles of filestore.h. Their thread classes are those of convention 9 there.

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "filestore.h"
#include "filestore/file_exporter.h"
#include "filestore/service.h"

namespace filestore::capi {

/// What the options of every call have in common. A value.
struct CallSettings {
    /// 0: no limit.
    std::uint64_t timeout_ms = 0;
    std::stop_token cancel;
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

struct filestore_cancel {
    std::stop_source source;
};

struct filestore_call_options {
    filestore::capi::CallSettings call;
    /// Of cleanups.
    bool accept_missing = false;
    std::optional<std::chrono::seconds> uploads_older_than;
    bool count_versions = false;
    /// Of unsends.
    bool forget_damaged = false;
};

struct filestore_upload_options {
    filestore::capi::CallSettings call;
    std::optional<std::string> path;
    std::string content_type{filestore::default_content_type};
    filestore::Metadata metadata;
};

struct filestore_download_options {
    filestore::capi::CallSettings call;
    std::optional<filestore::ByteRange> range;
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
