#include "serve/openai/upload_record.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/ascii.h"
#include "core/json.h"
#include "core/text.h"
#include "core/try.h"
#include "json_line.h"
#include "serve/answers.h"
#include "serve/decimal.h"
#include "serve/stored_upload.h"

namespace filestore::tool::serve::openai {

namespace {

constexpr std::string_view upload_prefix = "upload_";
constexpr std::string_view part_prefix = "part_";
/// In characters.
constexpr std::size_t longest_name = 1000;
constexpr std::size_t longest_type = 4096;
constexpr std::size_t most_parts = 10'000;

constexpr std::array<std::string_view, 3> status_names{"pending", "completed", "cancelled"};

std::string_view name_of(UploadStatus status) {
    return status_names[static_cast<std::size_t>(status)];
}

Result<FileId> parse_prefixed(std::string_view prefix, std::string_view name) {
    if (!name.starts_with(prefix)) {
        return Error(ErrorCode::invalid_argument, "this is no ID of this kind");
    }
    return FileId::parse(name.substr(prefix.size()));
}

/// Nothing where that is no JSON object, or one that is too deep or too large.
std::optional<Metadata> object_of(std::string_view json) {
    auto members = Metadata::parse(json);
    return members.ok() ? std::optional(std::move(*members)) : std::nullopt;
}

/// However it is written: 3600, 3600.0, 3.6e3.
std::optional<std::uint64_t> whole_number(std::string_view json) {
    constexpr double most = 9'007'199'254'740'992;
    if (const auto number = decimal(json)) {
        return number;
    }
    JsonDocument value;
    // The quick reading is off by a half here and there, and what was whole would not be.
    value.Parse<rj::kParseFullPrecisionFlag>(json.data(), json.size());
    if (value.HasParseError() || !value.IsDouble()) {
        return std::nullopt;
    }
    const double number = value.GetDouble();
    const bool is_whole = number >= 0 && number <= most && std::floor(number) == number;
    return is_whole ? std::optional(static_cast<std::uint64_t>(number)) : std::nullopt;
}

std::optional<std::uint64_t> number_in(const Metadata& members, std::string_view key) {
    const auto json = members.json(key);
    return json ? whole_number(*json) : std::nullopt;
}

/// Of UTF-8.
std::size_t count_characters(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool is_null_or_missing(const Metadata& members, std::string_view key) {
    const auto json = members.json(key);
    return !json || *json == "null";
}

std::optional<Refused> ask_for_expiry(const Metadata& members, AskedAttributes& asked) {
    constexpr std::string_view key = "expires_after";
    if (is_null_or_missing(members, key)) {
        return std::nullopt;
    }
    const auto expiry = object_of(*members.json(key));
    if (!expiry) {
        return Refused{"expires_after: give an object", std::string(key)};
    }
    asked.expiry_anchor = expiry->text("anchor").value_or("");
    const auto seconds = number_in(*expiry, "seconds");
    asked.expiry_seconds = seconds ? std::to_string(*seconds) : std::string();
    return std::nullopt;
}

/// The attributes of a file that would be made at `now`.
std::optional<Refused> read_asked(const Metadata& members, Timestamp now, Attributes& into) {
    AskedAttributes asked;
    if (auto refused = ask_for_expiry(members, asked)) {
        return refused;
    }
    asked.purpose = members.text("purpose");
    return read_attributes(asked, now, into);
}

Result<std::vector<FileId>> read_parts(std::string_view json) {
    const Error wrong(ErrorCode::invalid_argument,
                      "part_ids: give a list of IDs of parts, up to " + std::to_string(most_parts));
    JsonDocument list;
    list.Parse(json.data(), json.size());
    if (list.HasParseError() || !list.IsArray() || list.Size() > most_parts) {
        return wrong;
    }
    std::vector<FileId> parts;
    for (const auto& name : list.GetArray()) {
        const auto id = name.IsString() ? parse_part_id({name.GetString(), name.GetStringLength()}) : wrong;
        if (!id.ok()) {
            return wrong;
        }
        parts.push_back(*id);
    }
    return parts;
}

std::optional<Refused> read_md5(const Metadata& members, WantedParts& into) {
    constexpr std::string_view key = "md5";
    constexpr std::size_t digits = 32;
    if (is_null_or_missing(members, key)) {
        return std::nullopt;
    }
    std::string md5 = to_lower(members.text(key).value_or(""));
    if (md5.size() != digits || md5.find_first_not_of("0123456789abcdef") != std::string::npos) {
        return Refused{"md5: give 32 hexadecimal digits", std::string(key)};
    }
    into.md5 = std::move(md5);
    return std::nullopt;
}

}  // namespace

std::string name_of_upload(const FileId& id) {
    return std::string(upload_prefix) + id.str();
}

Result<FileId> parse_upload_id(std::string_view name) {
    return parse_prefixed(upload_prefix, name);
}

std::string name_of_part(const FileId& id) {
    return std::string(part_prefix) + id.str();
}

Result<FileId> parse_part_id(std::string_view name) {
    return parse_prefixed(part_prefix, name);
}

Response no_such_upload(std::string_view name) {
    return openai_response(404, "No such Upload object: " + filestore::quoted(name), "upload_id");
}

std::optional<Refused> read_new_upload(std::string_view json, Timestamp now, UploadRecord& into) {
    const auto members = object_of(json);
    if (!members) {
        return Refused{"the body is no JSON object that can be read", ""};
    }
    UploadRecord read;
    read.filename = members->text("filename").value_or("");
    if (read.filename.empty() || count_characters(read.filename) > longest_name) {
        return Refused{"filename: give a name of up to " + std::to_string(longest_name) + " characters",
                       "filename"};
    }
    read.content_type = members->text("mime_type").value_or("");
    if (read.content_type.empty() || read.content_type.size() > longest_type ||
        !is_printable_ascii(read.content_type)) {
        return Refused{"mime_type: give the media type of the file", "mime_type"};
    }
    const auto bytes = number_in(*members, "bytes");
    if (!bytes || *bytes < 1 || *bytes > INT64_MAX) {
        return Refused{"bytes: give the size of the whole file, 1 or more", "bytes"};
    }
    read.bytes = *bytes;
    Attributes attributes;
    if (auto refused = read_asked(*members, now, attributes)) {
        return refused;
    }
    read.purpose = attributes.purpose;
    read.created_at = now;
    read.expires_at = now + upload_lifetime;
    if (attributes.expires_at) {
        read.file_lifetime = std::chrono::duration_cast<std::chrono::seconds>(*attributes.expires_at - now);
    }
    into = std::move(read);
    return std::nullopt;
}

std::optional<Refused> read_wanted_parts(std::string_view json, WantedParts& into) {
    const auto members = object_of(json);
    if (!members) {
        return Refused{"the body is no JSON object that can be read", ""};
    }
    auto parts = read_parts(members->json("part_ids").value_or(""));
    if (!parts.ok()) {
        return Refused{std::string(parts.error().message()), "part_ids"};
    }
    into.parts = std::move(*parts);
    return read_md5(*members, into);
}

Attributes attributes_of(const UploadRecord& record, Timestamp now) {
    Attributes attributes;
    attributes.purpose = record.purpose;
    attributes.created_at = now;
    if (record.file_lifetime) {
        attributes.expires_at = now + *record.file_lifetime;
    }
    return attributes;
}

Result<FileUpload> file_of(const UploadRecord& record, const Attributes& attributes) {
    FILESTORE_TRY_ASSIGN(FileUpload file, upload_of(record.filename, record.content_type));
    keep_attributes(file.metadata, attributes);
    return file;
}

std::string to_text(const UploadRecord& record) {
    JsonLine line;
    line.text("filename", record.filename)
        .text("content_type", record.content_type)
        .number("bytes", record.bytes)
        .text("purpose", record.purpose)
        .text("created_at", format_timestamp(record.created_at))
        .text("expires_at", format_timestamp(record.expires_at))
        .text("status", name_of(record.status));
    if (record.file_lifetime) {
        line.number("file_lifetime", static_cast<std::uint64_t>(record.file_lifetime->count()));
    }
    if (record.file) {
        line.text("file", record.file->text());
    }
    return line.object();
}

Result<UploadRecord> read_record(const FileId& id, std::string_view text) {
    FILESTORE_TRY_ASSIGN(const Metadata members, Metadata::parse(text));
    UploadRecord record;
    record.id = id;
    record.filename = members.text("filename").value_or("");
    record.content_type = members.text("content_type").value_or("");
    record.bytes = number_in(members, "bytes").value_or(0);
    record.purpose = members.text("purpose").value_or("");
    FILESTORE_TRY_ASSIGN(record.created_at, parse_timestamp(members.text("created_at").value_or("")));
    FILESTORE_TRY_ASSIGN(record.expires_at, parse_timestamp(members.text("expires_at").value_or("")));
    if (const auto seconds = number_in(members, "file_lifetime")) {
        record.file_lifetime = std::chrono::seconds(*seconds);
    }
    const auto status = members.text("status").value_or("");
    const auto* const found = std::find(status_names.begin(), status_names.end(), status);
    if (found == status_names.end()) {
        return Error(ErrorCode::corrupt, "the record of upload " + id.str() + " is damaged");
    }
    record.status = static_cast<UploadStatus>(found - status_names.begin());
    if (const auto file = members.text("file")) {
        FILESTORE_TRY_ASSIGN(record.file, FileId::parse(*file));
    }
    return record;
}

std::string upload_object(const UploadRecord& record, Timestamp now, std::string_view file) {
    const bool is_expired = record.status == UploadStatus::pending && record.expires_at <= now;
    return JsonLine()
        .text("id", name_of_upload(record.id))
        .text("object", "upload")
        .number("bytes", record.bytes)
        .json("created_at", unix_time(record.created_at))
        .text("filename", record.filename)
        .text("purpose", record.purpose)
        .text("status", is_expired ? "expired" : name_of(record.status))
        .json("expires_at", unix_time(record.expires_at))
        .json("file", file.empty() ? "null" : file)
        .object();
}

std::string part_object(const FileId& part, const FileId& upload, Timestamp now) {
    return JsonLine()
        .text("id", name_of_part(part))
        .text("object", "upload.part")
        .json("created_at", unix_time(now))
        .text("upload_id", name_of_upload(upload))
        .object();
}

}  // namespace filestore::tool::serve::openai
