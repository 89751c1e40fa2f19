#include "s3/client/objects.h"

#include <utility>

#include "core/digest.h"
#include "core/encoding.h"
#include "core/http_date.h"
#include "core/request_checks.h"
#include "core/text.h"
#include "core/try.h"
#include "s3/client/request_headers.h"
#include "s3/client/resumption.h"
#include "s3/client/support.h"
#include "s3/protocol/answer_head.h"
#include "s3/protocol/aws_chunked.h"
#include "s3/protocol/condition_failure.h"
#include "s3/protocol/encoded_word.h"
#include "s3/protocol/etag.h"
#include "s3/transfer/object_download.h"

namespace filestore::s3 {

namespace {

constexpr std::string_view metadata_prefix = "x-amz-meta-";

std::string_view value_of(const std::vector<NameValue>& headers, std::string_view name) {
    for (const NameValue& header : headers) {
        if (header.name == name) {
            return header.value;
        }
    }
    return {};
}

}  // namespace

Result<void> check_key(std::string_view key) {
    constexpr std::size_t longest = 1024;
    if (key.empty() || key.size() > longest || !is_utf8(key)) {
        return Error(ErrorCode::invalid_argument,
                     "the key " + quoted(key) + " is not 1 to 1024 bytes of UTF-8");
    }
    return {};
}

Call object_call(std::string bucket, std::string key, std::string version_id, const CallOptions& options) {
    Call call;
    call.bucket = std::move(bucket);
    call.key = std::move(key);
    if (!version_id.empty()) {
        call.query.push_back({"versionId", std::move(version_id)});
    }
    call.options = options;
    return call;
}

void set_text_body(Call& call, std::string body) {
    const Md5::Bytes digest = md5(body);
    call.headers.push_back(
        {"content-md5", to_base64({reinterpret_cast<const char*>(digest.data()), digest.size()})});
    call.payload_hash = to_hex(sha256(body));
    call.body_size = body.size();
    call.body = source_from_string(std::move(body));
}

Result<S3ObjectInfo> object_info(std::uint64_t size, const std::vector<NameValue>& headers) {
    S3ObjectInfo info;
    info.size = size;
    info.etag = unquoted_etag(value_of(headers, "etag"));
    info.version_id = value_of(headers, "x-amz-version-id");
    FILESTORE_TRY_ASSIGN(info.last_modified, parse_http_date(value_of(headers, "last-modified")));
    info.content_type = value_of(headers, "content-type");
    info.cache_control = value_of(headers, "cache-control");
    info.content_disposition = value_of(headers, "content-disposition");
    info.content_encoding = without_aws_chunked(value_of(headers, "content-encoding"));
    info.content_language = value_of(headers, "content-language");
    info.storage_class = value_of(headers, "x-amz-storage-class");
    for (const NameValue& header : headers) {
        if (header.name.starts_with(metadata_prefix)) {
            info.metadata.push_back(
                {header.name.substr(metadata_prefix.size()), from_header_text(header.value)});
        }
    }
    return info;
}

namespace {

bool is_create_only(const std::vector<NameValue>& conditions) {
    return value_of(conditions, "if-none-match") == "*";
}

Result<S3PutResult> stored(const Result<S3PutResult>& result, bool create_only) {
    if (create_only && !result.ok() && result.error().code() == ErrorCode::precondition_failed) {
        const Error& error = result.error();
        return Error(ErrorCode::already_exists, std::string(error.message()), error.details());
    }
    return result;
}

/// Servers pass over times, and would write all the same; one object cannot both be there and not.
Result<void> check_conditions_of_writing(const S3Conditions& conditions) {
    if (conditions.if_modified_since || conditions.if_unmodified_since) {
        return Error(ErrorCode::invalid_argument,
                     "conditions on times are for reading: use if_match, or if_none_match for an upload");
    }
    if (!conditions.if_match.empty() && !conditions.if_none_match.empty()) {
        return Error(ErrorCode::invalid_argument,
                     "if_match and if_none_match exclude each other where something is written");
    }
    return {};
}

/// The request on one object, with what it needs of headers.
Result<Call> call_of(ClientCore& core, S3ObjectRequest& request) {
    FILESTORE_TRY(check_key(request.key));
    Call call = object_call(std::move(request.bucket), std::move(request.key), std::move(request.version_id),
                            request.call);
    FILESTORE_TRY_ASSIGN(call.headers,
                         access_headers(request.encryption, request.requester_pays, core.is_tls()));
    FILESTORE_TRY_ASSIGN(auto conditions, condition_headers(request.conditions));
    append(call.headers, std::move(conditions));
    return call;
}

}  // namespace

void put(ClientCore& core, S3PutRequest request, Completion<S3PutResult> done) {
    core.start<S3PutResult>(
        request.call, std::move(done), [&](const OperationPtr<S3PutResult>& operation) -> Result<void> {
            FILESTORE_TRY(check_key(request.key));
            if (!request.source) {
                return Error(ErrorCode::invalid_argument, "the request has no source");
            }
            FILESTORE_TRY(check_conditions_of_writing(request.conditions));
            FILESTORE_TRY(check_supported(core.quirks(), request));
            const bool tls = core.is_tls();
            ObjectUpload upload;
            FILESTORE_TRY_ASSIGN(auto headers, put_headers(request, tls));
            UploadTarget& target = upload.target;
            FILESTORE_TRY_ASSIGN(target.access_headers,
                                 access_headers(request.encryption, request.requester_pays, tls));
            target.requester_pays = request.requester_pays;
            target.encryption = to_encryption(request.encryption).kind;
            FILESTORE_TRY_ASSIGN(target.conditions, condition_headers(request.conditions));
            upload.headers = [headers = std::move(headers)](
                                 std::optional<std::uint64_t>) -> Result<std::vector<NameValue>> {
                return headers;
            };
            target.bucket = std::move(request.bucket);
            target.key = std::move(request.key);
            target.executor = operation->executor;
            target.cancel = request.call.cancel;
            target.deadline = request.call.deadline;
            target.pause = request.call.pause;
            target.etags = core.etag_rules(request.encryption, request.checksum_mode);
            upload.part_sizes = core.part_sizes();
            upload.refuses_parts = refusal_of_parts(core.quirks(), !target.conditions.empty());
            upload.source = std::move(request.source);
            upload.checksums = core.checksum_choice(request.checksum_mode, request.checksum_algorithm);
            upload.progress = std::move(request.call.progress);
            upload.on_resume_token = std::move(request.on_resume_token);
            if (!request.resume_token.empty()) {
                FILESTORE_TRY(resume(upload, request.resume_token));
            }
            const bool create_only = is_create_only(upload.target.conditions);
            upload_object(core.requester(), core.part_memory(), std::move(upload),
                          [operation, create_only](const Result<S3PutResult>& result) {
                              operation->answer->give(stored(result, create_only));
                          });
            return {};
        });
}

void get(ClientCore& core, S3GetRequest request, Completion<S3GetResult> done) {
    core.start<S3GetResult>(
        request.call, std::move(done), [&](const OperationPtr<S3GetResult>& operation) -> Result<void> {
            FILESTORE_TRY(check_key(request.key));
            if (!request.sink) {
                return Error(ErrorCode::invalid_argument, "the request has no sink");
            }
            FILESTORE_TRY(check_range(request.range));
            FILESTORE_TRY(check_in_reach(request.range));
            FILESTORE_TRY(check_supported(core.quirks(), request));
            ObjectDownload download;
            FILESTORE_TRY_ASSIGN(download.headers,
                                 access_headers(request.encryption, request.requester_pays, core.is_tls()));
            FILESTORE_TRY_ASSIGN(auto conditions, condition_headers(request.conditions));
            append(download.headers, std::move(conditions));
            download.bucket = std::move(request.bucket);
            download.key = std::move(request.key);
            download.version_id = std::move(request.version_id);
            download.sink = std::move(request.sink);
            download.range = request.range;
            download.verify = core.verifies(request.checksum_mode);
            download.knows_parts = core.quirks().part_number_reads;
            download.executor = operation->executor;
            download.options = std::move(request.call);
            const auto info = std::make_shared<S3ObjectInfo>();
            download.on_head = [info, on_info = std::move(request.on_info)](
                                   const Answer& head, const BodyExtent& extent) -> Result<void> {
                FILESTORE_TRY_ASSIGN(*info, object_info(extent.object_size, head.headers));
                return on_info ? on_info(*info) : Result<void>();
            };
            download_object(
                core.requester(), core.part_memory(), std::move(download),
                [operation, info](const Result<DownloadedObject>& object) {
                    operation->answer->give(object.ok() ? Result<S3GetResult>(S3GetResult{
                                                              object->extent.length, *info, object->verified})
                                                        : Result<S3GetResult>(object.error()));
                });
            return {};
        });
}

void head(ClientCore& core, S3ObjectRequest request, Completion<S3ObjectInfo> done) {
    core.start<S3ObjectInfo>(
        request.call, std::move(done), [&](const OperationPtr<S3ObjectInfo>& operation) -> Result<void> {
            FILESTORE_TRY(check_supported(core.quirks(), request, ObjectUse::read));
            FILESTORE_TRY_ASSIGN(Call call, call_of(core, request));
            core.head(operation, std::move(call), [operation](const Result<Answer>& answer) -> Result<void> {
                FILESTORE_TRY(answer);
                FILESTORE_TRY_ASSIGN(const std::uint64_t size, content_length(answer->headers));
                FILESTORE_TRY_ASSIGN(S3ObjectInfo info, object_info(size, answer->headers));
                operation->finish(std::move(info));
                return {};
            });
            return {};
        });
}

Result<S3RemoveResult> removed_by(const Outcome& outcome) {
    const Result<Answer>& answer = outcome.answer;
    if (answer.ok()) {
        return S3RemoveResult{answer->header("x-amz-delete-marker") == "true",
                              std::string(answer->header("x-amz-version-id"))};
    }
    const Error& error = answer.error();
    if (outcome.maybe_done_before && error.code() == ErrorCode::not_found) {
        return S3RemoveResult();
    }
    if (outcome.maybe_done_before && error.code() == ErrorCode::precondition_failed) {
        return Error(
            ErrorCode::outcome_unknown,
            std::string(error.message()) + "; an answer was lost before: the object may have been removed",
            error.details());
    }
    return error;
}

void remove(ClientCore& core, S3ObjectRequest request, Completion<S3RemoveResult> done) {
    core.start<S3RemoveResult>(
        request.call, std::move(done), [&](const OperationPtr<S3RemoveResult>& operation) -> Result<void> {
            FILESTORE_TRY(check_conditions_of_writing(request.conditions));
            if (!request.conditions.if_none_match.empty()) {
                return Error(ErrorCode::invalid_argument,
                             "if_none_match is no condition of a removal: use if_match");
            }
            FILESTORE_TRY(check_supported(core.quirks(), request, ObjectUse::remove));
            FILESTORE_TRY_ASSIGN(Call call, call_of(core, request));
            call.method = http::Method::remove;
            FILESTORE_TRY_ASSIGN(auto conditions, condition_headers(request.conditions));
            core.send(
                operation, std::move(call),
                [operation, conditions = std::move(conditions)](const Outcome& outcome) -> Result<void> {
                    auto removed = removed_by(outcome);
                    if (!removed.ok()) {
                        return of_condition(removed.error(), conditions);
                    }
                    operation->finish(std::move(removed));
                    return {};
                });
            return {};
        });
}

}  // namespace filestore::s3
