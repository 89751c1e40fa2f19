#include "s3/client/resumption.h"

#include <utility>

#include "core/text.h"
#include "core/try.h"
#include "s3/client/objects.h"
#include "s3/client/request_headers.h"

namespace filestore::s3 {

Result<void> resume(ObjectUpload& upload, const std::string& token) {
    FILESTORE_TRY_ASSIGN(ResumeToken begun, parse_resume_token(token));
    if (begun.bucket != upload.target.bucket || begun.key != upload.target.key) {
        return Error(ErrorCode::invalid_argument, "the resume token is of an upload to key " +
                                                      quoted(begun.key) + " of bucket " +
                                                      quoted(begun.bucket));
    }
    const auto size = upload.source->size();
    if (begun.object_size && size && *begun.object_size != *size) {
        return Error(ErrorCode::invalid_argument, "the source has " + std::to_string(*size) +
                                                      " bytes, and the upload to go on with was of " +
                                                      std::to_string(*begun.object_size));
    }
    upload.checksums = {begun.checksum_mode, begun.checksum_algorithm};
    upload.target.conditions = begun.conditions;
    upload.resume = std::move(begun);
    return {};
}

void abort_upload(ClientCore& core, const S3AbortUploadRequest& request, Completion<void> done) {
    CallOptions options = request.call;
    core.start<void>(options, std::move(done), [&](const OperationPtr<void>& operation) -> Result<void> {
        FILESTORE_TRY_ASSIGN(ResumeToken token, parse_resume_token(request.resume_token));
        Call call = object_call(std::move(token.bucket), std::move(token.key), {}, options);
        call.method = http::Method::remove;
        call.query = {{"uploadId", std::move(token.upload_id)}};
        FILESTORE_TRY_ASSIGN(call.headers, access_headers({}, request.requester_pays, core.is_tls()));
        core.send(operation, std::move(call), [operation](const Result<Answer>& answer) -> Result<void> {
            const bool is_gone = answer.ok() || answer.error().code() == ErrorCode::not_found;
            return is_gone ? (operation->finish({}), Result<void>()) : answer.error();
        });
        return {};
    });
}

}  // namespace filestore::s3
