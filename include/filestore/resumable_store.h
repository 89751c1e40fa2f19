#pragma once

/// `ResumableStore`: what a backend offers beside StorageBackend where it can keep the bytes of an upload that comes piece by piece, over many calls, processes and days. Programs use
/// FileService (see resumable_upload.h), which looks at the rules and records; this is for who writes a backend.
///
///     begin()                     an empty upload, under the ID that its file will have
///     append(), append(), ...     bytes behind those that are there
///     open(), upload()            the file: the source that open() answers is what StorageBackend::upload of the same backend takes, with the same ID, where it can without a copy
///     end()                       and the bytes are gone, of an upload that was published or given up
///
/// A resource, thread-safe, of the backend that it came from, which it must not outlive. Nothing is kept in the process: whoever opens the same store can go on. The asynchronous calls answer as those of StorageBackend do, with
/// its general failures; there is no blocking form. Failures to act on: `not_found` (there is no such upload; with "expired" as ErrorDetails::server_code where its time is
/// over), `no_space`, `permission_denied`, `unavailable`, and those named below.
///
/// The structs are values.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "filestore/backend.h"

namespace filestore {

/// What is known of an upload that is not a file yet.
struct PartialUpload {
    FileId id{};
    /// Bytes that are there: the next ones go here. They stay whatever happens next, but for those of an append that is under way, which are taken back where it comes to be refused.
    std::uint64_t offset = 0;
    /// Bytes of the whole file; nothing while that is not known.
    std::optional<std::uint64_t> length{};
    std::string original_path{};
    std::string content_type{default_content_type};
    Metadata metadata{};
    /// Where no more bytes come, it is given up then.
    Timestamp expires_at{};
};

struct BeginUploadRequest {
    /// Not nil, and of no file.
    FileId id{};
    /// As PartialUpload::length.
    std::optional<std::uint64_t> length{};
    std::string original_path{};
    std::string content_type{default_content_type};
    Metadata metadata{};
    /// For so long an upload stays without a new byte; 1 second to 365 days.
    std::chrono::seconds lifetime{24 * 3600};
    CallOptions call{};
};

struct AppendRequest {
    FileId id{};
    /// Where the bytes go: PartialUpload::offset, else the call fails with `precondition_failed`.
    std::uint64_t offset = 0;
    /// Required. Where it fails, what it gave until then stays, unless `all_or_nothing`, and its failure comes back.
    std::shared_ptr<Source> source{};
    /// Bytes of the whole file, where that was not known yet. Another length than the one that is known is `invalid_argument`.
    std::optional<std::uint64_t> length{};
    /// Of bytes that do not all arrive none stays.
    bool all_or_nothing = false;
    CallOptions call{};
};

class FILESTORE_API ResumableStore {
public:
    ResumableStore() = default;
    ResumableStore(const ResumableStore&) = delete;
    ResumableStore& operator=(const ResumableStore&) = delete;
    virtual ~ResumableStore();

    /// Whether the source of open() gives all bytes. Else it gives as many as are looked at to tell a file's type (8 KiB), and fails then with `unsupported`.
    [[nodiscard]] virtual bool can_read() const noexcept = 0;

    /// The most bytes that a file can have here.
    [[nodiscard]] virtual std::uint64_t max_length() const noexcept;

    /// `already_exists` where there is such an upload.
    virtual void begin_async(BeginUploadRequest request, Completion<PartialUpload> done) = 0;

    /// Answers once the bytes would outlive what a stored file outlives. Of two calls for one upload at once one fails with `conflict`, retryable; which one is the store's to say. Bytes beyond the length are `rejected`, with "length" as
    /// ErrorDetails::server_code, and none of the call's stays. `precondition_failed`, `source_failed`.
    virtual void append_async(AppendRequest request, Completion<PartialUpload> done) = 0;

    /// What is there now. Bytes of a call that is under way may count already.
    virtual void state_async(FileRequest request, Completion<PartialUpload> done) = 0;

    /// The bytes that have arrived, all of the file. No byte may come as long as the source is there: `conflict` where an append is under way.
    virtual void open_async(FileRequest request, Completion<std::shared_ptr<Source>> done) = 0;

    /// False where there is no such upload, or it is a file already. An append that is under way fails, and so does an upload() of the source of open() whose file is not there yet; `conflict`, retryable, where the
    /// store cannot stop it any more.
    virtual void end_async(FileRequest request, Completion<bool> done) = 0;

    /// Ends every upload whose time is over; answers which.
    virtual void sweep_async(CallOptions options, Completion<std::vector<FileId>> done) = 0;
};

}  // namespace filestore
