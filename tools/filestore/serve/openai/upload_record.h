#pragma once

/// Uploads as the API of OpenAI tells of them: https://platform.openai.com/docs/api-reference/uploads. Pure functions.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/service.h"
#include "serve/openai/protocol.h"

namespace filestore::tool::serve::openai {

enum class UploadStatus { pending, completed, cancelled };

/// What is kept of an upload until it is swept. A value.
struct UploadRecord {
    FileId id{};
    std::string filename{};
    std::string content_type{};
    /// Of the whole file.
    std::uint64_t bytes = 0;
    std::string purpose{};
    Timestamp created_at{};
    /// Until then parts are taken.
    Timestamp expires_at{};
    /// Of the file, from when it is made.
    std::optional<std::chrono::seconds> file_lifetime{};
    UploadStatus status = UploadStatus::pending;
    /// Of a completed one.
    std::optional<FileId> file{};
};

/// For so long an upload takes parts.
inline constexpr std::chrono::hours upload_lifetime{1};

[[nodiscard]] std::string name_of_upload(const FileId& id);
[[nodiscard]] Result<FileId> parse_upload_id(std::string_view name);
[[nodiscard]] std::string name_of_part(const FileId& id);
[[nodiscard]] Result<FileId> parse_part_id(std::string_view name);
[[nodiscard]] Response no_such_upload(std::string_view name);

/// Of a request that begins one; `into` gets no ID.
[[nodiscard]] std::optional<Refused> read_new_upload(std::string_view json, Timestamp now,
                                                     UploadRecord& into);

/// What a request that makes the file of one says. A value.
struct WantedParts {
    std::vector<FileId> parts{};
    /// 32 lower-case hexadecimal digits.
    std::optional<std::string> md5{};
};
[[nodiscard]] std::optional<Refused> read_wanted_parts(std::string_view json, WantedParts& into);

/// What the file is to be, but for its source.
[[nodiscard]] Result<FileUpload> file_of(const UploadRecord& record, const Attributes& attributes);
/// Of the file that is made now.
[[nodiscard]] Attributes attributes_of(const UploadRecord& record, Timestamp now);

[[nodiscard]] std::string to_text(const UploadRecord& record);
/// `corrupt` for what to_text() has not made.
[[nodiscard]] Result<UploadRecord> read_record(const FileId& id, std::string_view text);

/// The JSON object `upload`; `file`, where it is not empty, is the JSON of its file.
[[nodiscard]] std::string upload_object(const UploadRecord& record, Timestamp now, std::string_view file);
/// The JSON object `upload.part`.
[[nodiscard]] std::string part_object(const FileId& part, const FileId& upload, Timestamp now);

}  // namespace filestore::tool::serve::openai
