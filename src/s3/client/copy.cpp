#include "s3/client/copy.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/try.h"
#include "s3/client/objects.h"
#include "s3/client/request_headers.h"
#include "s3/protocol/answer_head.h"
#include "s3/protocol/copy_xml.h"
#include "s3/protocol/etag.h"
#include "s3/protocol/part_plan.h"
#include "s3/transfer/object_copy.h"

namespace filestore::s3 {

namespace {

using CopyOperation = OperationPtr<S3CopyResult>;

/// One request copies the whole object.
Result<void> copy_whole(ClientCore& core, const CopyOperation& operation, const S3CopyRequest& request) {
    Call call = object_call(request.bucket, request.key, {}, request.call);
    call.method = http::Method::put;
    call.may_trickle = true;
    FILESTORE_TRY_ASSIGN(call.headers, copy_headers(request, core.is_tls()));
    FILESTORE_TRY_ASSIGN(auto source, copy_source_headers(request));
    append(call.headers, std::move(source));
    if (request.metadata) {
        call.headers.push_back({"x-amz-metadata-directive", "REPLACE"});
    }
    core.send(operation, std::move(call), [operation](const Result<Answer>& answer) -> Result<void> {
        FILESTORE_TRY(answer);
        FILESTORE_TRY_ASSIGN(CopyResult copied, parse_copy_object(answer->body));
        operation->finish(
            S3CopyResult{std::move(copied.etag), std::string(answer->header("x-amz-version-id")), 1});
        return {};
    });
    return {};
}

/// A copy in parts is a new object, which gets nothing of the source by itself: its metadata is sent again.
Result<void> copy_in_parts(ClientCore& core, const CopyOperation& operation, S3CopyRequest request,
                           const S3ObjectInfo& source) {
    if (!request.metadata) {
        request.metadata = source.metadata;
        request.content_type = source.content_type;
    }
    // The parts must all be of the object that was looked at.
    request.source_conditions.if_match = source.etag;
    ObjectCopy copied;
    copied.size = source.size;
    copied.part_size =
        std::clamp(request.multipart_threshold, core.requester()->part_limits().least, largest_part_size);
    copied.target.bucket = request.bucket;
    copied.target.key = request.key;
    copied.target.cancel = request.call.cancel;
    copied.target.deadline = request.call.deadline;
    copied.target.pause = request.call.pause;
    FILESTORE_TRY_ASSIGN(copied.target.access_headers,
                         access_headers(request.encryption, request.requester_pays, core.is_tls()));
    FILESTORE_TRY_ASSIGN(copied.create_headers, copy_headers(request, core.is_tls()));
    FILESTORE_TRY_ASSIGN(copied.source_headers, copy_source_headers(request));
    copy_object_in_parts(core.requester(), std::move(copied), [operation](const Result<S3PutResult>& stored) {
        operation->answer->give(
            stored.ok() ? Result<S3CopyResult>(S3CopyResult{stored->etag, stored->version_id, stored->parts})
                        : Result<S3CopyResult>(stored.error()));
    });
    return {};
}

}  // namespace

void copy(ClientCore& core, S3CopyRequest request, Completion<S3CopyResult> done) {
    core.start<S3CopyResult>(
        request.call, std::move(done), [&](const CopyOperation& operation) -> Result<void> {
            FILESTORE_TRY(check_key(request.source_key));
            FILESTORE_TRY(check_key(request.key));
            Call look = object_call(request.source_bucket, request.source_key, request.source_version_id,
                                    request.call);
            FILESTORE_TRY_ASSIGN(look.headers,
                                 access_headers(request.encryption, request.requester_pays, core.is_tls()));
            core.head(operation, std::move(look),
                      [&core, operation,
                       request = std::move(request)](const Result<Answer>& answer) mutable -> Result<void> {
                          FILESTORE_TRY(answer);
                          FILESTORE_TRY_ASSIGN(const std::uint64_t size, content_length(answer->headers));
                          if (size <= request.multipart_threshold) {
                              return copy_whole(core, operation, request);
                          }
                          FILESTORE_TRY_ASSIGN(const S3ObjectInfo source, object_info(size, answer->headers));
                          return copy_in_parts(core, operation, std::move(request), source);
                      });
            return {};
        });
}

}  // namespace filestore::s3
