#include "s3/client/batch_removal.h"

#include <algorithm>
#include <atomic>
#include <span>
#include <utility>

#include "core/checksum/checksum.h"
#include "core/remove_one_by_one.h"
#include "core/try.h"
#include "s3/client/objects.h"
#include "s3/client/request_headers.h"
#include "s3/client/support.h"
#include "s3/protocol/checksum_headers.h"
#include "s3/protocol/condition_failure.h"
#include "s3/protocol/delete_xml.h"
#include "s3/protocol/write_options.h"

namespace filestore::s3 {

namespace {

using Entries = std::vector<S3RemoveBatchEntry>;

ObjectName name_of(const S3ObjectName& object) {
    return {object.key, object.version_id, object.if_match};
}

S3Conditions if_match(const std::string& etag) {
    S3Conditions conditions;
    conditions.if_match = etag;
    return conditions;
}

/// One batch after the other. A resource held by std::shared_ptr; its steps never overlap.
class BatchRemoval final : public std::enable_shared_from_this<BatchRemoval> {
public:
    BatchRemoval(ClientCore& core, OperationPtr<Entries> operation, S3RemoveBatchRequest request)
        : core_(core),
          operation_(std::move(operation)),
          request_(std::move(request)),
          one_by_one_(!core.takes_batches()) {}

    /// A loop, because a request that cannot be sent is answered at once, and comes here from below: whoever finds it running leaves it the next step.
    Result<void> go_on() {
        if (++steps_wanted_ > 1) {
            return {};
        }
        do {
            FILESTORE_TRY(step());
        } while (--steps_wanted_ > 0);
        return {};
    }

private:
    Result<void> step() {
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
            ObjectName name = name_of(object);
            if (!check(object).ok() || !goes_in_batch(name)) {
                break;
            }
            batch.push_back(std::move(name));
        }
        return batch.empty() ? remove_one() : remove_some(std::move(batch));
    }

    /// Whether the server can be told of it among others, and tell of it. Garage 2.5.0 names a key with a carriage return as it is, where parsers make a
    /// line feed of it.
    [[nodiscard]] bool goes_in_batch(const ObjectName& name) const {
        return fits_batch_delete(name) && name.key.find('\r') == std::string::npos &&
               (name.etag.empty() || core_.quirks().batch_delete_if_match);
    }

    [[nodiscard]] Result<void> check(const S3ObjectName& object) const {
        FILESTORE_TRY(check_key(object.key));
        if (!object.if_match.empty() && !object.version_id.empty()) {
            return Error(ErrorCode::invalid_argument,
                         "a version of an object never changes: give its version_id or if_match, not both");
        }
        FILESTORE_TRY(condition_headers(if_match(object.if_match)));
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
        FILESTORE_TRY_ASSIGN(Call call, call_of(batch));
        core_.send(operation_, std::move(call),
                   [self = shared_from_this(), batch = std::move(batch)](const Result<Answer>& answer) {
                       return self->on_batch(answer, batch);
                   });
        return {};
    }

    [[nodiscard]] Result<Call> call_of(const std::vector<ObjectName>& batch) const {
        Call call = object_call(request_.bucket, {}, {}, request_.call);
        call.method = http::Method::post;
        call.query.push_back({"delete", ""});
        FILESTORE_TRY_ASSIGN(std::string body, delete_body(batch));
        add_checksum(call, body);
        set_text_body(call, std::move(body));
        add_payer(call);
        return call;
    }

    Result<void> on_batch(const Result<Answer>& answer, const std::vector<ObjectName>& batch) {
        if (!answer.ok() && knows_no_batches(answer.error())) {
            one_by_one_ = true;
            core_.note_no_batches();
            return go_on();
        }
        auto results = results_of(answer, batch);
        if (!results.ok()) {
            return give_up(results.error());
        }
        const std::size_t first = entries_.size();
        for (Result<S3RemoveResult>& result : *results) {
            add(std::move(result));
        }
        return ask_again(first);
    }

    static Result<std::vector<Result<S3RemoveResult>>> results_of(const Result<Answer>& answer,
                                                                  const std::vector<ObjectName>& batch) {
        FILESTORE_TRY(answer);
        FILESTORE_TRY_ASSIGN(const auto deleted, parse_delete_result(answer->body, batch, answer->secrets));
        std::vector<Result<S3RemoveResult>> results;
        results.reserve(deleted.size());
        for (std::size_t i = 0; i < deleted.size(); ++i) {
            if (deleted[i].ok()) {
                results.emplace_back(
                    S3RemoveResult{deleted[i]->is_delete_marker, deleted[i]->delete_marker_version_id});
            } else {
                FILESTORE_TRY_ASSIGN(const auto conditions, condition_headers(if_match(batch[i].etag)));
                results.emplace_back(of_condition(deleted[i].error(), conditions));
            }
        }
        return results;
    }

    /// Once, for those of the entries from there on that failed for a passing reason.
    Result<void> ask_again(std::size_t first) {
        std::vector<std::size_t> places;
        std::vector<ObjectName> batch;
        for (std::size_t place = first; place < entries_.size(); ++place) {
            const S3RemoveBatchEntry& entry = entries_[place];
            if (!entry.result.ok() && entry.result.error().retryable()) {
                places.push_back(place);
                batch.push_back(name_of(entry.object));
            }
        }
        if (batch.empty() || core_.options().retry.max_attempts < 2) {
            return go_on();
        }
        FILESTORE_TRY_ASSIGN(Call call, call_of(batch));
        core_.send(operation_, std::move(call),
                   [self = shared_from_this(), batch = std::move(batch),
                    places = std::move(places)](const Result<Answer>& answer) {
                       return self->on_asked_again(results_of(answer, batch), places);
                   });
        return {};
    }

    /// Where that failed as a whole the first answer stands.
    Result<void> on_asked_again(Result<std::vector<Result<S3RemoveResult>>> results,
                                const std::vector<std::size_t>& places) {
        for (std::size_t i = 0; results.ok() && i < places.size(); ++i) {
            entries_[places[i]].result = std::move((*results)[i]);
        }
        return go_on();
    }

    /// A 400 may also be a failure that passes, or one of keys, clock or bucket, which says nothing of batches.
    static bool knows_no_batches(const Error& error) {
        const int status = error.details().http_status;
        return status == 501 || status == 405 ||
               (status == 400 && !error.retryable() && !ends_the_rest(error));
    }

    Result<void> remove_one() {
        const S3ObjectName& object = request_.objects[entries_.size()];
        Call call = object_call(request_.bucket, object.key, object.version_id, request_.call);
        call.method = http::Method::remove;
        add_payer(call);
        FILESTORE_TRY_ASSIGN(auto conditions, condition_headers(if_match(object.if_match)));
        call.headers.insert(call.headers.end(), conditions.begin(), conditions.end());
        core_.send(operation_, std::move(call),
                   [self = shared_from_this(), conditions = std::move(conditions)](const Outcome& outcome) {
                       auto removed = removed_by(outcome);
                       return self->on_removed(removed.ok() ? std::move(removed)
                                                            : of_condition(removed.error(), conditions));
                   });
        return {};
    }

    Result<void> on_removed(Result<S3RemoveResult> removed) {
        // Its attempts have taken all the time that a passing failure has.
        const bool is_away = !removed.ok() && removed.error().code() == ErrorCode::unavailable;
        if (is_away || (!removed.ok() && ends_the_rest(removed.error()))) {
            return give_up(removed.error());
        }
        add(std::move(removed));
        return go_on();
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

    /// What was done before stands; what follows would fare no better.
    Result<void> give_up(const Error& error) {
        if (entries_.empty()) {
            return error;
        }
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
    /// More than one while go_on() runs only where a step has been answered before it returned.
    std::atomic<unsigned> steps_wanted_{0};
};

}  // namespace

void remove_batch(ClientCore& core, S3RemoveBatchRequest request, Completion<Entries> done) {
    core.start<Entries>(
        request.call, std::move(done), [&](const OperationPtr<Entries>& operation) -> Result<void> {
            return std::make_shared<BatchRemoval>(core, operation, std::move(request))->go_on();
        });
}

}  // namespace filestore::s3
