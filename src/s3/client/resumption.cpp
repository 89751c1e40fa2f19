#include "s3/client/resumption.h"

#include <memory>
#include <utility>
#include <vector>

#include "core/text.h"
#include "core/try.h"
#include "s3/client/objects.h"
#include "s3/client/request_headers.h"
#include "s3/transfer/abort_check.h"

namespace filestore::s3 {

namespace {

/// Aborts an upload until the server has no part of it. A resource held by std::shared_ptr; its steps never overlap.
class UploadAbort final : public std::enable_shared_from_this<UploadAbort> {
public:
    UploadAbort(ClientCore& core, OperationPtr<void> operation, ResumeToken token,
                std::vector<NameValue> headers, CallOptions options)
        : core_(core),
          operation_(std::move(operation)),
          token_(std::move(token)),
          headers_(std::move(headers)),
          options_(std::move(options)) {}

    Result<void> request_abort() {
        ++aborts_;
        core_.send(
            operation_, new_call(http::Method::remove),
            [self = shared_from_this()](const Result<Answer>& answer) { return self->on_abort(answer); });
        return {};
    }

private:
    Call new_call(http::Method method) const {
        Call call = object_call(token_.bucket, token_.key, {}, options_);
        call.method = method;
        call.query = {{"uploadId", token_.upload_id}};
        call.headers = headers_;
        return call;
    }

    Result<void> on_abort(const Result<Answer>& answer) {
        if (!answer.ok()) {
            return answer.error().code() == ErrorCode::not_found ? finish() : answer.error();
        }
        core_.send(
            operation_, new_call(http::Method::get),
            [self = shared_from_this()](const Result<Answer>& listing) { return self->on_parts(listing); });
        return {};
    }

    Result<void> on_parts(const Result<Answer>& listing) {
        switch (parts_left(listing)) {
            case PartsLeft::none:
                return finish();
            case PartsLeft::unknown:
                return listing.error();
            case PartsLeft::some:
                break;
        }
        return aborts_ < most_aborts
                   ? request_abort()
                   : Error(ErrorCode::conflict, "the server still lists parts of the upload to " +
                                                    quoted(token_.key) +
                                                    ": end what sends them, and abort it again");
    }

    Result<void> finish() const {
        operation_->finish({});
        return {};
    }

    ClientCore& core_;
    const OperationPtr<void> operation_;
    const ResumeToken token_;
    const std::vector<NameValue> headers_;
    const CallOptions options_;
    unsigned aborts_ = 0;
};

}  // namespace

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
        FILESTORE_TRY_ASSIGN(auto headers, access_headers({}, request.requester_pays, core.is_tls()));
        return std::make_shared<UploadAbort>(core, operation, std::move(token), std::move(headers),
                                             std::move(options))
            ->request_abort();
    });
}

}  // namespace filestore::s3
