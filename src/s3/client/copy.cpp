#include "s3/client/copy.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/try.h"
#include "s3/client/objects.h"
#include "s3/client/request_headers.h"
#include "s3/client/support.h"
#include "s3/protocol/answer_head.h"
#include "s3/protocol/copy_xml.h"
#include "s3/protocol/part_plan.h"
#include "s3/protocol/tagging.h"
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
    return kept;
}

/// One call to copy. A resource held by std::shared_ptr; its steps never overlap.
class Copy final : public std::enable_shared_from_this<Copy> {
public:
    Copy(ClientCore& core, OperationPtr<S3CopyResult> operation, S3CopyRequest request)
        : core_(core), operation_(std::move(operation)), request_(std::move(request)) {}

    Result<void> begin() {
        FILESTORE_TRY(check_key(request_.source_key));
        FILESTORE_TRY(check_key(request_.key));
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
        FILESTORE_TRY(answer);
        FILESTORE_TRY_ASSIGN(const std::uint64_t size, content_length(answer->headers));
        if (size <= request_.multipart_threshold || !core_.quirks().multipart_copy) {
            return copy_whole(size);
        }
        FILESTORE_TRY_ASSIGN(source_, object_info(size, answer->headers));
        if (request_.metadata) {
            return copy_in_parts({});
        }
        const std::string_view tags = answer->header("x-amz-tagging-count");
        if (tags.empty() || tags == "0") {
            return copy_in_parts(kept_headers(answer->headers));
        }
        return look_for_tags(kept_headers(answer->headers));
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
        core_.send(operation_, std::move(call),
                   [operation = operation_](const Result<Answer>& answer) -> Result<void> {
                       FILESTORE_TRY(answer);
                       FILESTORE_TRY_ASSIGN(CopyResult copied, parse_copy_object(answer->body));
                       operation->finish(S3CopyResult{std::move(copied.etag),
                                                      std::string(answer->header("x-amz-version-id")), 1});
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

    Result<void> copy_in_parts(std::vector<NameValue> kept) {
        // The parts must all be of the object that was looked at.
        request_.source_conditions.if_match = source_.etag;
        ObjectCopy copied;
        copied.size = source_.size;
        copied.part_size = std::clamp(request_.multipart_threshold, core_.requester()->part_limits().least,
                                      largest_part_size);
        copied.target.bucket = request_.bucket;
        copied.target.key = request_.key;
        copied.target.cancel = request_.call.cancel;
        copied.target.deadline = request_.call.deadline;
        copied.target.etags = core_.etag_rules(request_.encryption);
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
