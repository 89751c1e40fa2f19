#include "s3/client/copy.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/text.h"
#include "core/try.h"
#include "s3/client/objects.h"
#include "s3/client/request_headers.h"
#include "s3/client/support.h"
#include "s3/protocol/answer_head.h"
#include "s3/protocol/aws_chunked.h"
#include "s3/protocol/copy_xml.h"
#include "s3/protocol/etag.h"
#include "s3/protocol/part_plan.h"
#include "s3/protocol/tagging.h"
#include "s3/transfer/encryption_check.h"
#include "s3/transfer/object_copy.h"

namespace filestore::s3 {

namespace {

/// What of the source's headers a copy keeps that is made in parts: it is a new object, which gets nothing of the source by itself.
std::vector<NameValue> kept_headers(const std::vector<NameValue>& source) {
    constexpr std::array<std::string_view, 6> names{"content-type",        "cache-control",
                                                    "content-disposition", "content-encoding",
                                                    "content-language",    "expires"};
    std::vector<NameValue> kept;
    std::copy_if(source.begin(), source.end(), std::back_inserter(kept), [&](const NameValue& header) {
        return header.name.starts_with("x-amz-meta-") ||
               std::find(names.begin(), names.end(), header.name) != names.end();
    });
    for (NameValue& header : kept) {
        if (header.name == "content-encoding") {
            header.value = without_aws_chunked(header.value);
        }
    }
    std::erase_if(kept, [](const NameValue& header) { return header.value.empty(); });
    return kept;
}

/// Whether the conditions hold for the object, as a server decides (RFC 9110, section 13.2.2).
bool hold(const S3Conditions& conditions, const S3ObjectInfo& object) {
    // A header tells whole seconds.
    const auto seconds = [](Timestamp time) { return std::chrono::floor<std::chrono::seconds>(time); };
    const auto names = [&](std::string_view etag) {
        return etag == "*" || unquoted_etag(etag) == object.etag;
    };
    if (!conditions.if_match.empty() && !names(conditions.if_match)) {
        return false;
    }
    if (conditions.if_match.empty() && conditions.if_unmodified_since &&
        seconds(object.last_modified) > seconds(*conditions.if_unmodified_since)) {
        return false;
    }
    if (!conditions.if_none_match.empty()) {
        return !names(conditions.if_none_match);
    }
    return !conditions.if_modified_since ||
           seconds(object.last_modified) > seconds(*conditions.if_modified_since);
}

/// `conflict` where the source, looked at once more, is another object.
Result<void> check_unchanged(const S3ObjectInfo& source, const Result<Answer>& answer) {
    const Error changed(ErrorCode::conflict, "the source changed while it was copied: copy it again");
    if (!answer.ok()) {
        return answer.error().code() == ErrorCode::not_found ? changed : answer.error();
    }
    FILESTORE_TRY_ASSIGN(const std::uint64_t size, content_length(answer->headers));
    FILESTORE_TRY_ASSIGN(const S3ObjectInfo found, object_info(size, answer->headers));
    const bool is_named = !source.etag.empty() && !is_weak_etag(source.etag);
    const bool is_same = found.size == source.size && found.etag == source.etag &&
                         (is_named || found.last_modified == source.last_modified);
    return is_same ? Result<void>() : Result<void>(changed);
}

/// One call to copy. A resource held by std::shared_ptr; its steps never overlap.
class Copy final : public std::enable_shared_from_this<Copy> {
public:
    Copy(ClientCore& core, OperationPtr<S3CopyResult> operation, S3CopyRequest request)
        : core_(core), operation_(std::move(operation)), request_(std::move(request)) {}

    Result<void> begin() {
        FILESTORE_TRY(check_key(request_.source_key));
        FILESTORE_TRY(check_key(request_.key));
        if (request_.multipart_threshold > largest_part_size) {
            return Error(ErrorCode::invalid_argument,
                         "multipart_threshold is at most 5 GiB, which one request copies");
        }
        FILESTORE_TRY(check_supported(core_.quirks(), request_));
        FILESTORE_TRY_ASSIGN(Call look, source_call());
        core_.head(operation_, std::move(look), [self = shared_from_this()](const Result<Answer>& answer) {
            return self->on_source(answer);
        });
        return {};
    }

private:
    /// A request on the source.
    [[nodiscard]] Result<Call> source_call() const {
        Call call = object_call(request_.source_bucket, request_.source_key, request_.source_version_id,
                                request_.call);
        FILESTORE_TRY_ASSIGN(call.headers, access_headers(request_.source_encryption, request_.requester_pays,
                                                          core_.is_tls()));
        return call;
    }

    Result<void> on_source(const Result<Answer>& answer) {
        const bool has_to_be_there = !request_.source_conditions.if_match.empty();
        if (!answer.ok() && answer.error().code() == ErrorCode::not_found && has_to_be_there) {
            return unmet_conditions();
        }
        FILESTORE_TRY(answer);
        FILESTORE_TRY_ASSIGN(const std::uint64_t size, content_length(answer->headers));
        if (size <= request_.multipart_threshold || !core_.quirks().multipart_copy) {
            return copy_whole(size);
        }
        FILESTORE_TRY_ASSIGN(source_, object_info(size, answer->headers));
        if (!hold(request_.source_conditions, source_)) {
            return unmet_conditions();
        }
        std::vector<NameValue> kept =
            request_.metadata ? std::vector<NameValue>() : kept_headers(answer->headers);
        const std::string_view tags = answer->header("x-amz-tagging-count");
        if (tags.empty() || tags == "0") {
            return copy_in_parts(std::move(kept));
        }
        return look_for_tags(std::move(kept));
    }

    [[nodiscard]] Error unmet_conditions() const {
        return {ErrorCode::precondition_failed, "the object " + quoted(request_.source_key) + " in bucket " +
                                                    quoted(request_.source_bucket) +
                                                    " does not meet the conditions of the copy"};
    }

    [[nodiscard]] Encryption::Kind encryption_of_target() const {
        return to_encryption(request_.encryption).kind;
    }

    /// One request copies the whole object.
    Result<void> copy_whole(std::uint64_t size) {
        Call call = object_call(request_.bucket, request_.key, {}, request_.call);
        call.method = http::Method::put;
        call.may_trickle = true;
        call.copied_bytes = size;
        FILESTORE_TRY_ASSIGN(call.headers, copy_headers(request_, core_.is_tls()));
        FILESTORE_TRY_ASSIGN(auto source, copy_source_headers(request_, core_.is_tls()));
        append(call.headers, std::move(source));
        if (request_.metadata) {
            call.headers.push_back({"x-amz-metadata-directive", "REPLACE"});
        }
        core_.send(operation_, std::move(call), [self = shared_from_this()](const Result<Answer>& answer) {
            return self->on_copied(answer);
        });
        return {};
    }

    Result<void> on_copied(const Result<Answer>& answer) {
        FILESTORE_TRY(answer);
        FILESTORE_TRY_ASSIGN(CopyResult copied, parse_copy_object(answer->body));
        const S3CopyResult result{std::move(copied.etag), std::string(answer->header("x-amz-version-id")), 1};
        if (check_encrypted(encryption_of_target(), answer->headers).ok()) {
            operation_->finish(result);
            return {};
        }
        Call call = object_call(request_.bucket, request_.key, {}, request_.call);
        FILESTORE_TRY_ASSIGN(call.headers,
                             access_headers(request_.encryption, request_.requester_pays, core_.is_tls()));
        core_.head(operation_, std::move(call),
                   [self = shared_from_this(), result](const Result<Answer>& found) -> Result<void> {
                       FILESTORE_TRY(check_encryption(self->encryption_of_target(), found));
                       self->operation_->finish(result);
                       return {};
                   });
        return {};
    }

    Result<void> look_for_tags(std::vector<NameValue> kept) {
        FILESTORE_TRY_ASSIGN(Call call, source_call());
        call.query.push_back({"tagging", ""});
        core_.send(operation_, std::move(call),
                   [self = shared_from_this(),
                    kept = std::move(kept)](const Result<Answer>& answer) mutable -> Result<void> {
                       FILESTORE_TRY(answer);
                       FILESTORE_TRY_ASSIGN(const auto tags, parse_tagging(answer->body));
                       FILESTORE_TRY_ASSIGN(std::string value, tagging_header(tags));
                       kept.push_back({"x-amz-tagging", std::move(value)});
                       return self->copy_in_parts(std::move(kept));
                   });
        return {};
    }

    /// The parts must all be of the object that was looked at, which met the caller's conditions.
    void pin_source() {
        request_.source_conditions = {};
        if (!is_weak_etag(source_.etag)) {
            request_.source_conditions.if_match = source_.etag;
        } else if (request_.source_version_id.empty() && source_.version_id != "null") {
            // Only here: to name a version takes a right of its own.
            request_.source_version_id = source_.version_id;
        }
    }

    Result<void> copy_in_parts(std::vector<NameValue> kept) {
        pin_source();
        ObjectCopy copied;
        FILESTORE_TRY_ASSIGN(copied.look_at_source, source_call());
        copied.check_source = [source = source_](const Result<Answer>& answer) {
            return check_unchanged(source, answer);
        };
        copied.progress = std::move(request_.call.progress);
        copied.size = source_.size;
        copied.part_size = std::clamp(request_.multipart_threshold, core_.requester()->part_limits().least,
                                      largest_part_size);
        copied.target.bucket = request_.bucket;
        copied.target.key = request_.key;
        copied.target.cancel = request_.call.cancel;
        copied.target.deadline = request_.call.deadline;
        copied.target.etags = core_.etag_rules(request_.encryption);
        copied.target.encryption = encryption_of_target();
        copied.target.pause = request_.call.pause;
        copied.target.requester_pays = request_.requester_pays;
        FILESTORE_TRY_ASSIGN(copied.target.access_headers,
                             access_headers(request_.encryption, request_.requester_pays, core_.is_tls()));
        FILESTORE_TRY_ASSIGN(copied.create_headers, copy_headers(request_, core_.is_tls()));
        append(copied.create_headers, std::move(kept));
        FILESTORE_TRY_ASSIGN(copied.source_headers, copy_source_headers(request_, core_.is_tls()));
        copy_object_in_parts(
            core_.requester(), std::move(copied),
            [operation = operation_](const Result<S3PutResult>& stored) {
                operation->answer->give(stored.ok() ? Result<S3CopyResult>(S3CopyResult{
                                                          stored->etag, stored->version_id, stored->parts})
                                                    : Result<S3CopyResult>(stored.error()));
            });
        return {};
    }

    ClientCore& core_;
    const OperationPtr<S3CopyResult> operation_;
    S3CopyRequest request_;
    S3ObjectInfo source_;
};

}  // namespace

void copy(ClientCore& core, S3CopyRequest request, Completion<S3CopyResult> done) {
    core.start<S3CopyResult>(request.call, std::move(done),
                             [&](const OperationPtr<S3CopyResult>& operation) -> Result<void> {
                                 return std::make_shared<Copy>(core, operation, std::move(request))->begin();
                             });
}

}  // namespace filestore::s3
