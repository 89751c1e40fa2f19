#include "s3/client/upload_sweep.h"

#include <cstddef>
#include <utility>

#include "core/try.h"
#include "s3/client/objects.h"
#include "s3/protocol/listing_xml.h"
#include "s3/protocol/multipart_xml.h"
#include "s3/protocol/write_options.h"

namespace filestore::s3 {

namespace {

using Uploads = std::vector<S3PendingUpload>;

/// Which uploads are meant. A value.
struct Wanted {
    std::string prefix;
    /// Only those to the key that `prefix` is.
    bool is_key = false;
    Timestamp begun_before;
    /// Further narrows them where there is one.
    AcceptsKey accepts{};

    /// Not every server keeps to the prefix.
    [[nodiscard]] bool has(const ListedUpload& upload) const {
        const bool is_there = is_key ? upload.key == prefix : upload.key.starts_with(prefix);
        return is_there && upload.initiated < begun_before && (!accepts || accepts(upload.key));
    }
};

/// Beyond it the time that uploads must have begun before may have no representation, and be a late one.
constexpr std::chrono::days oldest_age{36'525};

Result<void> check_age(std::chrono::seconds age) {
    if (age < std::chrono::seconds(0) || age > oldest_age) {
        return Error(ErrorCode::invalid_argument, "older_than is 0 seconds to 100 years");
    }
    return {};
}

/// Lists to the end first: an abort must not move the pages that are still to come. A resource held by std::shared_ptr; its steps never overlap.
class UploadSweep final : public std::enable_shared_from_this<UploadSweep> {
public:
    UploadSweep(ClientCore& core, OperationPtr<Uploads> operation, std::string bucket, Wanted wanted,
                bool dry_run, bool requester_pays, CallOptions options)
        : core_(core),
          operation_(std::move(operation)),
          bucket_(std::move(bucket)),
          wanted_(std::move(wanted)),
          dry_run_(dry_run),
          requester_pays_(requester_pays),
          options_(std::move(options)) {}

    Result<void> list() {
        Call call = new_call({});
        call.query = {{"uploads", ""}};
        if (encoded_) {
            call.query.push_back({"encoding-type", "url"});
        }
        // Where the server would take it for a whole key, all uploads are looked through.
        if (!wanted_.prefix.empty() && (wanted_.is_key || core_.quirks().list_uploads_by_prefix)) {
            call.query.push_back({"prefix", wanted_.prefix});
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
    Call new_call(const std::string& key) const {
        Call call = object_call(bucket_, key, {}, options_);
        if (requester_pays_) {
            call.headers.push_back(requester_pays_header());
        }
        return call;
    }

    Result<void> on_page(const Result<Answer>& answer) {
        FILESTORE_TRY(answer);
        auto listing = parse_upload_listing(answer->body);
        if (!listing.ok() && !encoded_) {
            encoded_ = true;
            return list();
        }
        FILESTORE_TRY_ASSIGN(UploadListing page, std::move(listing));
        for (ListedUpload& upload : page.uploads) {
            if (wanted_.has(upload)) {
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
        if (dry_run_ || ended_ == found_.size()) {
            operation_->finish(std::move(found_));
            return {};
        }
        const S3PendingUpload& upload = found_[ended_];
        Call call = new_call(upload.key);
        call.method = http::Method::remove;
        call.query = {{"uploadId", upload.upload_id}};
        core_.send(operation_, std::move(call),
                   [self = shared_from_this()](const Outcome& outcome) { return self->on_abort(outcome); });
        return {};
    }

    Result<void> on_abort(const Outcome& outcome) {
        const bool is_gone =
            !outcome.answer.ok() && outcome.answer.error().details().server_code == "NoSuchUpload";
        if (is_gone && !outcome.maybe_done_before) {
            // Somebody else has ended it.
            found_.erase(found_.begin() + static_cast<std::ptrdiff_t>(ended_));
            return abort_next();
        }
        if (!is_gone) {
            FILESTORE_TRY(outcome.answer);
        }
        ++ended_;
        return abort_next();
    }

    ClientCore& core_;
    const OperationPtr<Uploads> operation_;
    const std::string bucket_;
    const Wanted wanted_;
    const bool dry_run_;
    const bool requester_pays_;
    const CallOptions options_;
    /// Asked for only where keys hold what no XML document can: Ceph 16 encodes them then, and does not say so.
    bool encoded_ = false;
    std::string key_marker_;
    std::string upload_id_marker_;
    PageGuard pages_;
    Uploads found_;
    /// Of those found, from the first on.
    std::size_t ended_ = 0;
};

}  // namespace

void sweep_uploads(ClientCore& core, S3SweepRequest request, AcceptsKey accepts, Completion<Uploads> done) {
    core.start<Uploads>(
        request.call, std::move(done), [&](const OperationPtr<Uploads>& operation) -> Result<void> {
            FILESTORE_TRY(check_age(request.older_than));
            Wanted wanted{std::move(request.prefix), false, core.requester()->now() - request.older_than,
                          std::move(accepts)};
            return std::make_shared<UploadSweep>(core, operation, std::move(request.bucket),
                                                 std::move(wanted), request.dry_run, request.requester_pays,
                                                 std::move(request.call))
                ->list();
        });
}

void abort_uploads_to(ClientCore& core, std::string bucket, std::string key, bool requester_pays,
                      const CallOptions& options, Completion<Uploads> done) {
    CallOptions own = options;
    core.start<Uploads>(own, std::move(done), [&](const OperationPtr<Uploads>& operation) -> Result<void> {
        return std::make_shared<UploadSweep>(core, operation, std::move(bucket),
                                             Wanted{std::move(key), true, Timestamp::max(), {}}, false,
                                             requester_pays, std::move(own))
            ->list();
    });
}

}  // namespace filestore::s3
