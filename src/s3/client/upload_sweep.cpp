#include "s3/client/upload_sweep.h"

#include <utility>

#include "core/try.h"
#include "s3/client/objects.h"
#include "s3/protocol/listing_xml.h"
#include "s3/protocol/multipart_xml.h"

namespace filestore::s3 {

namespace {

using Uploads = std::vector<S3PendingUpload>;

/// Lists to the end first: an abort must not move the pages that are still to come. A resource held by std::shared_ptr; its steps never overlap.
class UploadSweep final : public std::enable_shared_from_this<UploadSweep> {
public:
    UploadSweep(ClientCore& core, OperationPtr<Uploads> operation, S3SweepRequest request)
        : core_(core),
          operation_(std::move(operation)),
          request_(std::move(request)),
          begun_before_(core.options().clock->now() - request_.older_than) {}

    Result<void> list() {
        Call call = object_call(request_.bucket, {}, {}, request_.call);
        call.query = {{"uploads", ""}};
        if (core_.quirks().list_encoding_url) {
            call.query.push_back({"encoding-type", "url"});
        }
        // Where the server would take it for a whole key, all uploads are looked through.
        if (!request_.prefix.empty() && core_.quirks().list_uploads_by_prefix) {
            call.query.push_back({"prefix", request_.prefix});
        }
        if (!key_marker_.empty()) {
            call.query.push_back({"key-marker", key_marker_});
            call.query.push_back({"upload-id-marker", upload_id_marker_});
        }
        core_.send(operation_, std::move(call), [self = shared_from_this()](const Result<Answer>& answer) {
            return self->on_page(answer);
        });
        return {};
    }

private:
    Result<void> on_page(const Result<Answer>& answer) {
        FILESTORE_TRY(answer);
        FILESTORE_TRY_ASSIGN(UploadListing page, parse_upload_listing(answer->body));
        for (ListedUpload& upload : page.uploads) {
            // Not every server keeps to the prefix.
            if (upload.initiated < begun_before_ && upload.key.starts_with(request_.prefix)) {
                found_.push_back({std::move(upload.key), std::move(upload.upload_id), upload.initiated});
            }
        }
        if (page.truncated) {
            FILESTORE_TRY(pages_.accept(page.next_key_marker + '\0' + page.next_upload_id_marker,
                                        page.uploads.empty()));
            key_marker_ = std::move(page.next_key_marker);
            upload_id_marker_ = std::move(page.next_upload_id_marker);
            return list();
        }
        return abort_next();
    }

    Result<void> abort_next() {
        if (request_.dry_run || aborted_ == found_.size()) {
            operation_->finish(std::move(found_));
            return {};
        }
        const S3PendingUpload& upload = found_[aborted_++];
        Call call = object_call(request_.bucket, upload.key, {}, request_.call);
        call.method = http::Method::remove;
        call.query = {{"uploadId", upload.upload_id}};
        core_.send(operation_, std::move(call),
                   [self = shared_from_this()](const Result<Answer>& answer) -> Result<void> {
                       // Somebody else has ended it.
                       const bool gone = answer.ok() || answer.error().code() == ErrorCode::not_found;
                       return gone ? self->abort_next() : answer.error();
                   });
        return {};
    }

    ClientCore& core_;
    const OperationPtr<Uploads> operation_;
    const S3SweepRequest request_;
    const Timestamp begun_before_;
    std::string key_marker_;
    std::string upload_id_marker_;
    PageGuard pages_;
    Uploads found_;
    std::size_t aborted_ = 0;
};

}  // namespace

void sweep_uploads(ClientCore& core, S3SweepRequest request, Completion<Uploads> done) {
    core.start<Uploads>(request.call, std::move(done),
                        [&](const OperationPtr<Uploads>& operation) -> Result<void> {
                            return std::make_shared<UploadSweep>(core, operation, std::move(request))->list();
                        });
}

}  // namespace filestore::s3
