#pragma once

/// What a store writes down of an upload that comes piece by piece, as JSON. Pure.
///
/// A JSON object: `file_id`, `original_path`, `content_type`, `metadata` (the user's, an object), `lifetime` (seconds), `length` (bytes; absent while it is not known) and `store`, an object of what the
/// store itself keeps.

#include <chrono>
#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <string_view>

#include "filestore/resumable_store.h"

namespace filestore {

/// A value.
struct UploadRecord {
    FileId id{};
    std::string original_path{};
    std::string content_type{default_content_type};
    Metadata metadata{};
    std::chrono::seconds lifetime{};
    std::optional<std::uint64_t> length{};
    Metadata store{};
};

[[nodiscard]] std::string write_upload_record(const UploadRecord& record);

/// `corrupt` for what is none, or one of another upload.
[[nodiscard]] Result<UploadRecord> read_upload_record(const FileId& id, std::string_view json);

/// A whole number of a JSON object; nothing where there is none.
[[nodiscard]] std::optional<std::uint64_t> number_in(const Metadata& object, std::string_view key);

/// Of a request, which is checked: `invalid_argument`.
[[nodiscard]] Result<UploadRecord> upload_record_of(const BeginUploadRequest& request);

/// What is told of an upload whose last byte came at `last_byte`.
[[nodiscard]] PartialUpload partial_upload_of(const UploadRecord& record, std::uint64_t offset,
                                              Timestamp last_byte);

/// What every store answers.
[[nodiscard]] Error no_such_upload(const FileId& id);
[[nodiscard]] Error upload_expired(const FileId& id);
/// What ResumableStore::state_async answers says that there is no such upload. One whose time is over is there until it is swept, and whoever has opened it may publish it.
[[nodiscard]] bool is_gone(const Result<PartialUpload>& state) noexcept;
/// For StorageBackend::discard_async, where it is not gone: nothing is to be done, or that cannot be told.
[[nodiscard]] Result<void> nothing_to_discard(const Result<PartialUpload>& state);

/// The last step of a completion, which must not throw: what `step` would answer by `done` is answered here where there is no memory for it.
template <class T, class Step>
void or_no_memory(const Completion<T>& done, Step step) noexcept {
    try {
        step();
    } catch (const std::bad_alloc&) {
        done(Error(ErrorCode::no_memory));
    }
}

[[nodiscard]] Error upload_in_use(const FileId& id);
[[nodiscard]] Error wrong_offset(const FileId& id, std::uint64_t asked, std::uint64_t is);
[[nodiscard]] Error longer_than_declared(const FileId& id, std::uint64_t length);

/// The length that an upload has from this append on: `invalid_argument` where that is another than the one that is known, or less than what is there.
[[nodiscard]] Result<std::optional<std::uint64_t>> agreed_length(const AppendRequest& request,
                                                                 std::optional<std::uint64_t> known);

}  // namespace filestore
