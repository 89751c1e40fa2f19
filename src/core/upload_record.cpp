#include "core/upload_record.h"

#include <charconv>

#include "core/json_append.h"
#include "core/request_checks.h"
#include "core/stored_metadata.h"
#include "core/try.h"

namespace filestore {

namespace {

constexpr std::chrono::days longest_lifetime{365};
constexpr std::string_view expired = "expired";

Error damaged(const FileId& id, std::string_view what) {
    return {ErrorCode::corrupt, "the record of upload " + id.str() + " is damaged: " + std::string(what)};
}

/// `reason`: what a program can tell the failure by.
Error failure(ErrorCode code, std::string message, std::string reason, bool retryable = false) {
    ErrorDetails details;
    details.server_code = std::move(reason);
    details.retryable = retryable;
    return {code, std::move(message), std::move(details)};
}

Result<Metadata> object_in(const FileId& id, const Metadata& members, std::string_view key) {
    const auto json = members.json(key);
    auto object = json ? StoredMetadata::read(*json) : Metadata();
    return object.ok() ? std::move(object) : damaged(id, object.error().message());
}

}  // namespace

std::string write_upload_record(const UploadRecord& record) {
    std::string json;
    append_json_text(json, "content_type", record.content_type);
    append_json_text(json, "file_id", record.id.text());
    if (record.length) {
        append_json_member(json, "length", std::to_string(*record.length));
    }
    append_json_member(json, "lifetime", std::to_string(record.lifetime.count()));
    append_json_member(json, "metadata", record.metadata.to_json());
    append_json_text(json, "original_path", record.original_path);
    append_json_member(json, "store", record.store.to_json());
    return json += '}';
}

std::optional<std::uint64_t> number_in(const Metadata& object, std::string_view key) {
    const auto json = object.json(key);
    std::uint64_t number = 0;
    if (!json) {
        return std::nullopt;
    }
    const auto [end, error] = std::from_chars(json->data(), json->data() + json->size(), number);
    return error == std::errc() && end == json->data() + json->size() ? std::optional(number) : std::nullopt;
}

Result<UploadRecord> read_upload_record(const FileId& id, std::string_view json) {
    const auto members = StoredMetadata::read(json);
    if (!members.ok()) {
        return damaged(id, members.error().message());
    }
    const auto lifetime = number_in(*members, "lifetime");
    if (members->text("file_id") != id.text() || !lifetime ||
        *lifetime > static_cast<std::uint64_t>(std::chrono::seconds(longest_lifetime).count())) {
        return damaged(id, "it does not tell of this upload");
    }
    UploadRecord record;
    record.id = id;
    record.original_path = members->text("original_path").value_or("");
    record.content_type = members->text("content_type").value_or(std::string(default_content_type));
    record.lifetime = std::chrono::seconds(*lifetime);
    record.length = number_in(*members, "length");
    FILESTORE_TRY_ASSIGN(record.metadata, object_in(id, *members, "metadata"));
    FILESTORE_TRY_ASSIGN(record.store, object_in(id, *members, "store"));
    return record;
}

Result<UploadRecord> upload_record_of(const BeginUploadRequest& request) {
    UploadRequest file;
    file.id = request.id;
    file.source = source_from_span({});
    file.original_path = request.original_path;
    file.content_type = request.content_type;
    file.metadata = request.metadata;
    FILESTORE_TRY(check_request(file));
    if (request.lifetime < std::chrono::seconds(1) || request.lifetime > longest_lifetime) {
        return Error(ErrorCode::invalid_argument, "the lifetime of an upload is 1 second to 365 days");
    }
    return UploadRecord{request.id,
                        request.original_path,
                        request.content_type,
                        request.metadata,
                        request.lifetime,
                        request.length,
                        {}};
}

PartialUpload partial_upload_of(const UploadRecord& record, std::uint64_t offset, Timestamp last_byte) {
    return {record.id,
            offset,
            record.length,
            record.original_path,
            record.content_type,
            record.metadata,
            last_byte + record.lifetime};
}

Error no_such_upload(const FileId& id) {
    return {ErrorCode::not_found, "there is no unfinished upload " + id.str() + ": begin a new one"};
}

Error upload_expired(const FileId& id) {
    return failure(ErrorCode::not_found,
                   "the time of upload " + id.str() + " is over, and it was given up: begin a new one",
                   std::string(expired));
}

bool is_gone(const Result<PartialUpload>& state) noexcept {
    return !state.ok() && state.error().code() == ErrorCode::not_found &&
           state.error().details().server_code != expired;
}

Result<void> nothing_to_discard(const Result<PartialUpload>& state) {
    const bool is_there = state.ok() || state.error().code() == ErrorCode::not_found;
    return is_there ? Result<void>() : state.error();
}

Error upload_in_use(const FileId& id) {
    return failure(ErrorCode::conflict,
                   "another call is at work on upload " + id.str() + ": ask again for its offset", "locked",
                   true);
}

Error wrong_offset(const FileId& id, std::uint64_t asked, std::uint64_t is) {
    return {ErrorCode::precondition_failed, "upload " + id.str() + " has " + std::to_string(is) +
                                                " bytes, and the next ones were said to go to " +
                                                std::to_string(asked)};
}

Error longer_than_declared(const FileId& id, std::uint64_t length) {
    return failure(
        ErrorCode::rejected,
        "upload " + id.str() + " was given more than the " + std::to_string(length) + " bytes of its length",
        "length");
}

Result<std::optional<std::uint64_t>> agreed_length(const AppendRequest& request,
                                                   std::optional<std::uint64_t> known) {
    if (request.length && known && *request.length != *known) {
        return Error(ErrorCode::invalid_argument, "the length of upload " + request.id.str() + " is " +
                                                      std::to_string(*known) + " bytes, and cannot become " +
                                                      std::to_string(*request.length));
    }
    const auto length = known ? known : request.length;
    if (length && *length < request.offset) {
        return Error(ErrorCode::invalid_argument, "upload " + request.id.str() + " has more than the " +
                                                      std::to_string(*length) + " bytes of its length");
    }
    return length;
}

}  // namespace filestore
