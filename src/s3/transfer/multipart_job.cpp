#include "s3/transfer/multipart_job.h"

#include <algorithm>
#include <utility>

#include "core/ascii.h"
#include "core/digest.h"
#include "core/encoding.h"
#include "core/stream_calls.h"
#include "core/text.h"
#include "core/try.h"
#include "s3/protocol/checksum_headers.h"
#include "s3/protocol/condition_failure.h"
#include "s3/protocol/etag.h"
#include "s3/transfer/abort_check.h"
#include "s3/transfer/encryption_check.h"
#include "s3/transfer/multipart_etag.h"
#include "s3/transfer/part_digests.h"

namespace filestore::s3 {

namespace {

/// All that is asked for after a failure, together: cleaning up must end, too.
constexpr std::chrono::seconds longest_cleanup{10};
/// The same once the call has been cancelled, or is late.
constexpr std::chrono::seconds longest_overrun{2};

/// Encrypted with keys of KMS, as a bucket may say, or of the customer's: the ETag is no MD5 then (S3 API reference, "Object"; Cloud Storage, "Hashes and
/// ETags").
bool has_other_etag(const Answer& found) {
    return found.header("x-amz-server-side-encryption").starts_with("aws:kms") ||
           !found.header("x-amz-server-side-encryption-customer-algorithm").empty() ||
           !found.header("x-goog-encryption-kms-key-name").empty();
}

/// By its form.
bool is_md5(std::string_view etag) {
    constexpr std::size_t digits = 2 * digest_size(DigestAlgorithm::md5);
    return etag.size() == digits &&
           etag.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

Error damage(std::string_view what) {
    ErrorDetails details;
    details.retryable = true;
    return {ErrorCode::corrupt,
            "the server stored other bytes than it was sent: the ETag of " + std::string(what) +
                " is not their MD5",
            std::move(details)};
}

}  // namespace

MultipartJob::MultipartJob(std::shared_ptr<Requester> requester, UploadTarget target,
                           std::function<void(Result<S3PutResult>)> done)
    : Job({target.executor ? target.executor : requester->runtime().executor, requester->runtime().reactor},
          target.cancel, target.deadline, target.pause),
      requester_(std::move(requester)),
      target_(std::move(target)),
      done_(std::move(done)) {}

Job::Next MultipartJob::step() {
    note(call_user(ErrorCode::internal, [this] { return collect(); }));
    if (!failure_ && !result_ && !publishing_) {
        note(call_user(ErrorCode::internal, [this]() -> Result<void> {
            FILESTORE_TRY(check_limits());
            return advance();
        }));
    } else if (!failure_ && !result_) {
        note(check_limits());
    }
    if (failure_ && !result_) {
        limit_cleanup();
    }
    if (failure_ && !result_ && requests_.empty() && !taken_back_) {
        const auto begun = call_user(ErrorCode::internal, [this] { return take_back(); });
        taken_back_ = taken_back_ || !begun.ok();
    }
    const bool over = requests_.empty() && (result_ || (failure_ && taken_back_));
    return over ? finish() : Next::park;
}

Job::Next MultipartJob::finish() {
    release(result_ ? &*result_ : nullptr);
    const auto done = std::exchange(done_, nullptr);
    done(result_ ? Result<S3PutResult>(std::move(*result_))
                 : Result<S3PutResult>(of_condition(*failure_, target_.conditions)));
    return Next::done;
}

/// The first failure stands. What is under way is broken off, unless it is worth its while: parts of an upload that stays, where it is the source that failed.
void MultipartJob::note(const Result<void>& outcome) {
    if (!outcome.ok() && !failure_ && !result_) {
        failure_ = outcome.error();
        if (!stays_ || failure_->code() != ErrorCode::source_failed) {
            stop_requests_.request_stop();
        }
        create_no_more();
    }
}

Result<void> MultipartJob::collect() {
    std::list<std::shared_ptr<Request>> answered;
    {
        const std::lock_guard lock(mutex_);
        for (auto next = requests_.begin(); next != requests_.end();) {
            const auto request = next++;
            if ((*request)->outcome) {
                answered.splice(answered.end(), requests_, request);
            }
        }
    }
    Result<void> first;
    for (const auto& request : answered) {
        auto handled = request->handle(*request);
        if (first.ok()) {
            first = std::move(handled);
        }
    }
    return first;
}

void MultipartJob::send(Call call, Request request) {
    requests_.push_back(std::make_shared<Request>(std::move(request)));
    auto arrive = [this, self = weak_self().lock(), sent = requests_.back()](Outcome outcome) {
        {
            const std::lock_guard lock(mutex_);
            sent->outcome.emplace(std::move(outcome));
        }
        wake();
    };
    try {
        requester_->send(std::move(call), std::move(arrive));
    } catch (...) {
        requests_.pop_back();
        throw;
    }
}

Call MultipartJob::new_call(http::Method method) const {
    Call call;
    call.method = method;
    call.bucket = target_.bucket;
    call.key = target_.key;
    call.options.cancel = stop_requests_.get_token();
    call.options.deadline = target_.deadline;
    call.options.pause = target_.pause;
    return call;
}

Result<void> MultipartJob::create(std::vector<NameValue> headers) {
    Call call = new_call(http::Method::post);
    call.query = {{"uploads", ""}};
    call.headers = std::move(headers);
    call.body = creation_body_;
    call.options.cancel = stop_cleanup_.get_token();
    creation_pause_ = LiftablePause::following(target_.pause);
    call.options.pause = creation_pause_ ? creation_pause_->own() : nullptr;
    creating_ = true;
    Request request;
    request.handle = [this](const Request& answered) { return on_create(*answered.outcome); };
    send(std::move(call), std::move(request));
    return {};
}

/// An answer under way may still come, but it is not asked for again: each request may begin an upload.
void MultipartJob::create_no_more() {
    creation_body_->use_up();
    if (creation_pause_) {
        creation_pause_->lift();
    }
}

/// Breaks off what is still under way after a failure when its time is over; until then the job is to be woken for that.
void MultipartJob::limit_cleanup() {
    const auto now = std::chrono::steady_clock::now();
    cleanup_until_ =
        std::min(cleanup_until_, now + (check_limits().ok() ? longest_cleanup : longest_overrun));
    if (now >= cleanup_until_) {
        stop_requests_.request_stop();
        stop_cleanup_.request_stop();
    } else {
        runtime().reactor->wake_at(cleanup_until_, weak_self());
    }
}

/// Runs although the call has been cancelled, or is late, but not for long.
void MultipartJob::bound_cleanup(Call& call) const {
    call.options.cancel = stop_cleanup_.get_token();
    call.options.pause = nullptr;
    call.options.deadline = std::min(cleanup_until_, std::chrono::steady_clock::now() + longest_cleanup);
}

Result<void> MultipartJob::on_create(const Outcome& outcome) {
    if (!outcome.answer.ok() && outcome.maybe_done && failure_) {
        failure_ = Error(failure_->code(),
                         std::string(failure_->message()) +
                             "; an upload may have begun whose ID is not known: sweep_uploads() finds it",
                         failure_->details());
    }
    FILESTORE_TRY(outcome.answer);
    FILESTORE_TRY_ASSIGN(upload_id_, parse_upload_id(outcome.answer->body));
    encryption_told_ = check_encrypted(target_.encryption, outcome.answer->headers).ok();
    return failure_ ? Result<void>() : on_begun();
}

void MultipartJob::go_on_with(const std::string& upload_id) {
    creating_ = true;
    stay();
    list_parts(upload_id, 0);
}

void MultipartJob::list_parts(const std::string& upload_id, std::uint32_t marker) {
    Call call = new_call(http::Method::get);
    call.query = {{"uploadId", upload_id}};
    if (marker > 0) {
        call.query.push_back({"part-number-marker", std::to_string(marker)});
    }
    call.headers = target_.access_headers;
    Request request;
    request.handle = [this, upload_id, marker](const Request& answered) {
        return on_listed(*answered.outcome, upload_id, marker);
    };
    send(std::move(call), std::move(request));
}

Result<void> MultipartJob::on_listed(const Outcome& outcome, const std::string& upload_id,
                                     std::uint32_t marker) {
    if (!outcome.answer.ok() && outcome.answer.error().code() == ErrorCode::not_found) {
        return outcome.answer.error().within(
            "the upload to go on with is not there any more (it was completed, given up or swept)");
    }
    FILESTORE_TRY(outcome.answer);
    FILESTORE_TRY_ASSIGN(PartListing page, parse_part_listing(outcome.answer->body, marker));
    on_parts_there(std::move(page.parts));
    if (page.truncated) {
        list_parts(upload_id, page.next_marker);
    } else {
        upload_id_ = upload_id;
    }
    return {};
}

void MultipartJob::send_part(Call call, std::uint32_t number, std::shared_ptr<const PartBuffer> buffer,
                             std::function<Result<UploadedPart>(const Answer&)> part_of) {
    call.query = {{"partNumber", std::to_string(number)}, {"uploadId", upload_id_}};
    // The next part is read meanwhile.
    call.sender_waits = false;
    Request request;
    request.part_number = number;
    request.buffer = std::move(buffer);
    request.handle = [this, part_of = std::move(part_of)](const Request& answered) -> Result<void> {
        FILESTORE_TRY(answered.outcome->answer);
        FILESTORE_TRY_ASSIGN(const bool is_damaged, has_other_bytes(answered));
        if (is_damaged && ++damaged_parts_ < requester_->options().retry.max_attempts) {
            return send_again(answered.part_number, answered.buffer);
        }
        if (is_damaged) {
            return damage("part " + std::to_string(answered.part_number));
        }
        FILESTORE_TRY_ASSIGN(UploadedPart part, part_of(*answered.outcome->answer));
        part.number = answered.part_number;
        if (part.etag.empty()) {
            return Error(ErrorCode::corrupt,
                         "the server took part " + std::to_string(part.number) + " and gave no ETag");
        }
        parts_.push_back(std::move(part));
        return {};
    };
    send(std::move(call), std::move(request));
}

void MultipartJob::ask(Call call, std::function<Result<void>(const Result<Answer>&)> take_in) {
    Request request;
    request.handle = [take_in = std::move(take_in)](const Request& answered) {
        return take_in(answered.outcome->answer);
    };
    send(std::move(call), std::move(request));
}

Result<void> MultipartJob::publish(Call call, std::uint64_t size) {
    size_ = size;
    std::sort(parts_.begin(), parts_.end(),
              [](const UploadedPart& a, const UploadedPart& b) { return a.number < b.number; });
    expected_etag_ = multipart_etag(parts_);
    etag_tells_ = target_.etags.parts_are_md5_of_md5s && !expected_etag_.empty();
    FILESTORE_TRY_ASSIGN(std::string body, complete_multipart_body(parts_));
    call.query = {{"uploadId", upload_id_}};
    call.may_trickle = true;
    call.copied_bytes = size;
    // S3 API reference, "CompleteMultipartUpload": on 409 the upload is to be begun anew.
    call.conflict_is_final = true;
    call.payload_hash = to_hex(sha256(body));
    call.body_size = body.size();
    call.body = source_from_string(std::move(body));
    publishing_ = true;
    Request request;
    request.handle = [this](const Request& answered) { return on_published(*answered.outcome); };
    send(std::move(call), std::move(request));
    return {};
}

void MultipartJob::publish_whole(Call call, std::shared_ptr<const PartBuffer> buffer) {
    publishing_ = true;
    size_ = buffer->size();
    Request request;
    request.buffer = std::move(buffer);
    request.handle = [this](const Request& answered) { return on_whole(answered); };
    send(std::move(call), std::move(request));
}

Result<bool> MultipartJob::has_other_bytes(const Request& answered) const {
    const Answer& answer = *answered.outcome->answer;
    const std::string_view etag = unquoted_etag(answer.header("etag"));
    if (!target_.etags.compared || !answered.buffer || has_other_etag(answer) || !is_md5(etag)) {
        return false;
    }
    FILESTORE_TRY_ASSIGN(const std::string expected, plain_etag(*answered.buffer));
    return !equal_ignoring_case(etag, expected);
}

Result<void> MultipartJob::on_whole(const Request& request) {
    const Outcome& outcome = *request.outcome;
    if (outcome.answer.ok()) {
        FILESTORE_TRY_ASSIGN(const bool is_damaged, has_other_bytes(request));
        if (is_damaged) {
            return damage("the object");
        }
        return accept(unquoted_etag(outcome.answer->header("etag")), *outcome.answer);
    }
    const Error& error = outcome.answer.error();
    // A condition that fails on a repeated request may have been met by the first one, whose answer was lost; and it would fail were the request
    // made again.
    const bool fails = of_condition(error, target_.conditions).code() == ErrorCode::precondition_failed;
    const bool was_refused = fails && outcome.maybe_done_before;
    if (was_refused || (is_lost(outcome) && !target_.conditions.empty())) {
        auto etag = plain_etag(*request.buffer);
        expected_etag_ = etag.ok() ? std::move(*etag) : "";
        etag_tells_ = target_.etags.whole_is_md5;
        undecided_ = error;
        look();
        return {};
    }
    return error;
}

Result<void> MultipartJob::on_published(const Outcome& outcome) {
    if (outcome.answer.ok()) {
        const auto completed = parse_completed_upload(outcome.answer->body);
        if (completed.ok()) {
            // Ceph 16 leaves it empty.
            const std::string& etag = completed->empty() ? expected_etag_ : *completed;
            upload_id_.clear();
            return accept(etag, *outcome.answer);
        }
        undecided_ = completed.error();
        look();
        return {};
    }
    if (outcome.maybe_done_before || is_lost(outcome)) {
        undecided_ = outcome.answer.error();
        look();
        return {};
    }
    // Cancelled, or late: whether it took effect is looked at when the upload has been aborted.
    publishing_broken_off_ = outcome.maybe_done;
    return outcome.answer.error();
}

/// The request that publishes may have taken effect, and the job has not ended it.
bool MultipartJob::is_lost(const Outcome& outcome) const {
    const Error& error = outcome.answer.error();
    const bool is_unreadable = error.code() == ErrorCode::corrupt && error.details().http_status == 0;
    const bool is_late = error.code() == ErrorCode::timeout && !failure_;
    return outcome.maybe_done && (is_unreadable || is_late || error.code() == ErrorCode::unavailable);
}

/// Asks what is at the key, to learn whether the request that publishes took effect.
void MultipartJob::look() {
    Call call = new_call(http::Method::head);
    call.headers = target_.access_headers;
    if (sent_checksum()) {
        call.headers.push_back({std::string(checksum_mode_header), "ENABLED"});
    }
    bound_cleanup(call);
    Request request;
    request.handle = [this](const Request& answered) { return on_look(*answered.outcome); };
    send(std::move(call), std::move(request));
}

/// The upload is gone, or stays: what the broken-off request did is done.
void MultipartJob::look_after_breaking_off() {
    if (std::exchange(publishing_broken_off_, false)) {
        undecided_ = failure_;
        look();
    }
}

/// That it cannot be told what became of the object takes the place of an earlier failure, which would say that nothing is there.
Result<void> MultipartJob::on_look(const Outcome& outcome) {
    auto verdict = judge(outcome.answer);
    if (!verdict.ok() && verdict.error().code() == ErrorCode::outcome_unknown && failure_) {
        failure_ = verdict.error();
    }
    return verdict;
}

Result<void> MultipartJob::judge(const Result<Answer>& found) {
    if (!found.ok()) {
        // Where the upload has gone, too, the object was stored and removed, or somebody else aborted the upload.
        const bool is_absent = found.error().code() == ErrorCode::not_found;
        return is_absent && undecided_->code() != ErrorCode::not_found ? *undecided_ : undecided_outcome();
    }
    const std::optional<bool> own = is_own(*found);
    if (own == true) {
        FILESTORE_TRY(check_encrypted(target_.encryption, found->headers));
        return succeed(unquoted_etag(found->header("etag")), found->header("x-amz-version-id"));
    }
    // Another object stands there. Where a condition failed, that is what it failed on.
    const bool is_explained = undecided_->code() == ErrorCode::precondition_failed || explained_by_abort_;
    return is_explained && own == false ? *undecided_ : undecided_outcome();
}

/// Nothing where it cannot be told.
std::optional<bool> MultipartJob::is_own(const Answer& found) const {
    if (!expected_etag_.empty() && equal_ignoring_case(unquoted_etag(found.header("etag")), expected_etag_)) {
        return true;
    }
    if (const auto sent = sent_checksum()) {
        const auto kept =
            ChecksumValue::parse(sent->algorithm, found.header(checksum_header(sent->algorithm)));
        if (kept.ok() && kept->type() == sent->type()) {
            return *kept == *sent && found.header("content-length") == std::to_string(size_);
        }
    }
    return etag_tells_ && !has_other_etag(found) ? std::optional(false) : std::nullopt;
}

Error MultipartJob::undecided_outcome() const {
    ErrorDetails details = undecided_->details();
    details.retryable = false;
    return {ErrorCode::outcome_unknown,
            std::string(undecided_->message()) +
                "; whether the object was stored cannot be told: look at it before storing it again",
            std::move(details)};
}

/// The object is stored; whether it is encrypted as was asked for some servers tell only whoever asks for it (MinIO, after an upload in parts).
Result<void> MultipartJob::accept(std::string_view etag, const Answer& answer) {
    if (encryption_told_ || check_encrypted(target_.encryption, answer.headers).ok()) {
        return succeed(etag, answer.header("x-amz-version-id"));
    }
    Call call = new_call(http::Method::head);
    call.headers = target_.access_headers;
    bound_cleanup(call);
    Request request;
    request.handle = [this, etag = std::string(etag),
                      version_id = std::string(answer.header("x-amz-version-id"))](
                         const Request& answered) -> Result<void> {
        FILESTORE_TRY(check_encryption(target_.encryption, answered.outcome->answer));
        return succeed(etag, version_id);
    };
    send(std::move(call), std::move(request));
    return {};
}

Result<void> MultipartJob::succeed(std::string_view etag, std::string_view version_id) {
    if (etag.empty()) {
        return Error(ErrorCode::corrupt, "the server stored the object and gave no ETag");
    }
    result_ = S3PutResult{size_, std::string(etag), std::string(version_id),
                          static_cast<unsigned>(std::max<std::size_t>(1, parts_.size())), std::nullopt};
    return {};
}

/// Aborts an upload in parts that is not to stay, and asks whether it is gone.
Result<void> MultipartJob::take_back() {
    if (upload_id_.empty() || stays_) {
        taken_back_ = true;
        explained_by_abort_ = true;
        look_after_breaking_off();
        return {};
    }
    Call call = new_call(aborted_ ? http::Method::get : http::Method::remove);
    call.query = {{"uploadId", upload_id_}};
    if (target_.requester_pays) {
        call.headers.push_back(requester_pays_header());
    }
    bound_cleanup(call);
    Request request;
    if (aborted_) {
        request.handle = [this](const Request& answered) { return on_verify(*answered.outcome); };
    } else {
        ++aborts_;
        request.handle = [this](const Request& answered) { return on_abort(*answered.outcome); };
    }
    send(std::move(call), std::move(request));
    return {};
}

Result<void> MultipartJob::on_abort(const Outcome& outcome) {
    const bool is_gone = !outcome.answer.ok() && outcome.answer.error().code() == ErrorCode::not_found;
    aborted_ = outcome.answer.ok() || is_gone;
    explained_by_abort_ = !is_gone;
    if (is_gone) {
        look_after_breaking_off();
    }
    const bool is_late = std::chrono::steady_clock::now() >= cleanup_until_;
    if (!aborted_ && (is_late || aborts_ >= most_aborts)) {
        give_up_taking_back(is_late ? "there was no answer in time" : outcome.answer.error().message());
    }
    return {};
}

Result<void> MultipartJob::on_verify(const Outcome& outcome) {
    switch (parts_left(outcome.answer)) {
        case PartsLeft::none:
            taken_back_ = true;
            look_after_breaking_off();
            break;
        case PartsLeft::unknown:
            give_up_taking_back("whether they are gone could not be asked: " +
                                std::string(outcome.answer.error().message()));
            break;
        case PartsLeft::some:
            aborted_ = false;
            if (aborts_ >= most_aborts) {
                give_up_taking_back("the server keeps listing them");
            }
    }
    return {};
}

void MultipartJob::give_up_taking_back(std::string_view reason) {
    failure_ = Error(failure_->code(),
                     std::string(failure_->message()) + "; parts of upload " + quoted(upload_id_) +
                         " may be left, which sweep_uploads() removes: " + std::string(reason),
                     failure_->details());
    taken_back_ = true;
    look_after_breaking_off();
}

}  // namespace filestore::s3
