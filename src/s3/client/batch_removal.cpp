#include "s3/client/batch_removal.h"

#include <algorithm>
#include <span>
#include <utility>

#include "core/checksum/checksum.h"
#include "core/try.h"
#include "s3/client/objects.h"
#include "s3/client/support.h"
#include "s3/protocol/checksum_headers.h"
#include "s3/protocol/delete_xml.h"
#include "s3/protocol/write_options.h"

namespace filestore::s3 {

namespace {

using Entries = std::vector<S3RemoveBatchEntry>;

/// Whether a server can be told of it among others, and tell of it. Garage 2.5.0 names a key with a carriage return as it is, where parsers make a
/// line feed of it.
bool goes_in_batch(const ObjectName& name) {
    return fits_batch_delete(name) && name.key.find('\r') == std::string::npos;
}

/// One batch after the other. A resource held by std::shared_ptr; its steps never overlap.
class BatchRemoval final : public std::enable_shared_from_this<BatchRemoval> {
public:
    BatchRemoval(ClientCore& core, OperationPtr<Entries> operation, S3RemoveBatchRequest request)
        : core_(core),
          operation_(std::move(operation)),
          request_(std::move(request)),
          one_by_one_(!core.takes_batches()) {}

    Result<void> go_on() {
        refuse_impossible_objects();
        const std::size_t left = request_.objects.size() - entries_.size();
        if (left == 0) {
            operation_->finish(std::move(entries_));
            return {};
        }
        std::vector<ObjectName> batch;
        for (std::size_t i = 0;
             i < std::min<std::size_t>(left, core_.quirks().most_keys_per_delete) && !one_by_one_; ++i) {
            const S3ObjectName& object = request_.objects[entries_.size() + i];
            ObjectName name{object.key, object.version_id};
            if (!check(object).ok() || !goes_in_batch(name)) {
                break;
            }
            batch.push_back(std::move(name));
        }
        return batch.empty() ? remove_one() : remove_some(std::move(batch));
    }

private:
    [[nodiscard]] Result<void> check(const S3ObjectName& object) const {
        FILESTORE_TRY(check_key(object.key));
        return check_supported(core_.quirks(), object);
    }

    void refuse_impossible_objects() {
        while (entries_.size() < request_.objects.size()) {
            const auto valid = check(request_.objects[entries_.size()]);
            if (valid.ok()) {
                return;
            }
            add(valid.error());
        }
    }

    Result<void> remove_some(std::vector<ObjectName> batch) {
        Call call = object_call(request_.bucket, {}, {}, request_.call);
        call.method = http::Method::post;
        call.query.push_back({"delete", ""});
        FILESTORE_TRY_ASSIGN(std::string body, delete_body(batch));
        add_checksum(call, body);
        set_text_body(call, std::move(body));
        add_payer(call);
        core_.send(operation_, std::move(call),
                   [self = shared_from_this(), batch = std::move(batch)](const Result<Answer>& answer) {
                       return self->on_batch(answer, batch);
                   });
        return {};
    }

    Result<void> on_batch(const Result<Answer>& answer, const std::vector<ObjectName>& batch) {
        if (!answer.ok() && knows_no_batches(answer.error())) {
            one_by_one_ = true;
            core_.note_no_batches();
            return go_on();
        }
        auto results = answer.ok() ? parse_delete_result(answer->body, batch, answer->secrets)
                                   : Result<std::vector<Result<DeletedObject>>>(answer.error());
        if (!results.ok()) {
            // What was done before stands; the batches that follow would fare no better.
            return entries_.empty() ? Result<void>(results.error()) : fail_the_rest(results.error());
        }
        for (const Result<DeletedObject>& result : *results) {
            add(result.ok() ? Result<S3RemoveResult>(
                                  S3RemoveResult{result->is_delete_marker, result->delete_marker_version_id})
                            : Result<S3RemoveResult>(result.error()));
        }
        return go_on();
    }

    static bool knows_no_batches(const Error& error) {
        const int status = error.details().http_status;
        return status == 501 || status == 405 ||
               (status == 400 && error.code() != ErrorCode::unauthenticated);
    }

    Result<void> remove_one() {
        const S3ObjectName& object = request_.objects[entries_.size()];
        Call call = object_call(request_.bucket, object.key, object.version_id, request_.call);
        call.method = http::Method::remove;
        add_payer(call);
        core_.send(operation_, std::move(call), [self = shared_from_this()](const Outcome& outcome) {
            self->add(removed_by(outcome));
            return self->go_on();
        });
        return {};
    }

    /// Beside the Content-MD5, which every server takes.
    void add_checksum(Call& call, std::string_view body) const {
        const ChecksumChoice choice = core_.checksum_choice();
        if (choice.mode == S3ChecksumMode::off) {
            return;
        }
        call.headers.push_back(
            {std::string(sdk_checksum_algorithm_header), std::string(to_string(choice.algorithm))});
        call.headers.push_back({std::string(checksum_header(choice.algorithm)),
                                checksum_of(choice.algorithm, std::as_bytes(std::span(body))).text()});
    }

    void add_payer(Call& call) const {
        if (request_.requester_pays) {
            call.headers.push_back(requester_pays_header());
        }
    }

    void add(Result<S3RemoveResult> result) {
        entries_.push_back({request_.objects[entries_.size()], std::move(result)});
    }

    Result<void> fail_the_rest(const Error& error) {
        while (entries_.size() < request_.objects.size()) {
            add(error);
        }
        return go_on();
    }

    ClientCore& core_;
    const OperationPtr<Entries> operation_;
    const S3RemoveBatchRequest request_;
    Entries entries_;
    /// The server takes no batches.
    bool one_by_one_;
};

}  // namespace

void remove_batch(ClientCore& core, S3RemoveBatchRequest request, Completion<Entries> done) {
    core.start<Entries>(
        request.call, std::move(done), [&](const OperationPtr<Entries>& operation) -> Result<void> {
            return std::make_shared<BatchRemoval>(core, operation, std::move(request))->go_on();
        });
}

}  // namespace filestore::s3
