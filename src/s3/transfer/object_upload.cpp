#include "s3/transfer/object_upload.h"

#include <algorithm>
#include <array>
#include <list>
#include <mutex>
#include <utility>

#include "core/digest.h"
#include "core/encoding.h"
#include "core/stream_calls.h"
#include "core/text.h"
#include "core/try.h"
#include "s3/protocol/multipart_xml.h"
#include "s3/protocol/part_plan.h"
#include "s3/transfer/multipart_etag.h"
#include "s3/transfer/part_buffer.h"
#include "s3/transfer/shared_progress.h"

namespace filestore::s3 {

namespace {

/// So much is read before memory for a part is asked for: a source that gives nothing holds none, and small objects never wait.
constexpr std::size_t unaccounted_bytes = std::size_t{64} * 1024;
/// Bodies above this size are worth buffers and a loop of their own.
constexpr std::uint64_t bulk_threshold = std::uint64_t{64} * 1024;
/// Cleaning up must end, too.
constexpr std::chrono::seconds longest_cleanup{10};
constexpr unsigned most_aborts = 3;

class UploadJob final : public Job {
public:
    UploadJob(std::shared_ptr<Requester> requester, std::shared_ptr<PartMemory> memory, ObjectUpload upload,
              std::function<void(Result<S3PutResult>)> done)
        : Job(requester->runtime(), upload.options.cancel, upload.options.deadline),
          requester_(std::move(requester)),
          memory_(std::move(memory)),
          upload_(std::move(upload)),
          done_(std::move(done)),
          declared_(upload_.source->size()),
          sizes_(part_sizes(declared_, requester_->options().part_size)),
          progress_(std::make_shared<SharedProgress>(
              ProgressMeter(std::move(upload_.options.progress), declared_))) {}

private:
    enum class Step { put, create, part, complete, look, abort, verify };

    /// A request under way. Its outcome is written by the thread that it arrives on, and read by a step.
    struct Request {
        Step step = Step::put;
        std::uint32_t part_number = 0;
        std::shared_ptr<const PartBuffer> buffer;
        std::optional<Outcome> outcome;
    };
    using RequestPtr = std::shared_ptr<Request>;

    Next step() override {
        note(call_user(ErrorCode::internal, [this] { return collect(); }));
        if (!failure_ && !result_) {
            note(call_user(ErrorCode::internal, [this] { return advance(); }));
        }
        if (failure_) {
            note(call_user(ErrorCode::internal, [this] { return wind_down(); }));
        }
        const bool over = requests_.empty() && (result_ || (failure_ && cleaned_up_));
        return over ? finish() : Next::park;
    }

    Next finish() {
        upload_.source.reset();
        buffer_.reset();
        if (result_) {
            progress_->finish();
        }
        const auto done = std::exchange(done_, nullptr);
        done(result_ ? Result<S3PutResult>(std::move(*result_)) : Result<S3PutResult>(*failure_));
        return Next::done;
    }

    /// The first failure stands. What is under way is broken off.
    void note(const Result<void>& outcome) {
        if (!outcome.ok() && !failure_ && !result_) {
            failure_ = outcome.error();
            stop_requests_.request_stop();
        }
    }

    Result<void> collect() {
        std::vector<RequestPtr> answered;
        {
            const std::lock_guard lock(mutex_);
            for (auto next = requests_.begin(); next != requests_.end();) {
                const auto request = next++;
                if ((*request)->outcome) {
                    answered.push_back(*request);
                    requests_.erase(request);
                }
            }
        }
        Result<void> first;
        for (const RequestPtr& request : answered) {
            auto handled = handle(*request);
            if (first.ok()) {
                first = std::move(handled);
            }
        }
        return first;
    }

    Result<void> handle(const Request& request) {
        switch (request.step) {
            case Step::put:
                return on_put(request);
            case Step::create:
                return on_create(*request.outcome);
            case Step::part:
                return on_part(request);
            case Step::complete:
                return on_complete(*request.outcome);
            case Step::look:
                return on_look(*request.outcome);
            case Step::abort:
                on_abort(*request.outcome);
                break;
            case Step::verify:
                on_verify(*request.outcome);
                break;
        }
        return {};
    }

    Result<void> advance() {
        FILESTORE_TRY(check_limits());
        while (!published_ && !source_ended_ && may_read()) {
            FILESTORE_TRY_ASSIGN(const bool filled, fill());
            if (!filled) {
                return {};
            }
            FILESTORE_TRY(send_filled());
        }
        if (source_ended_ && !upload_id_.empty() && !filled_ && requests_.empty() && !published_) {
            return complete();
        }
        return {};
    }

    /// One part may wait for the upload's ID, and as many as are allowed may be under way.
    [[nodiscard]] bool may_read() const noexcept {
        return !filled_ && requests_.size() < requester_->options().parallel_parts;
    }

    /// Reads until the next part is full or the source has ended; false where one of source and memory has nothing to give now.
    Result<bool> fill() {
        if (!buffer_) {
            if (next_number_ > most_parts) {
                return Error(ErrorCode::invalid_argument,
                             "the source gives more than " + std::to_string(most_parts) +
                                 " parts hold: use a larger part_size");
            }
            buffer_ = std::make_shared<PartBuffer>(sizes_.size_of(next_number_));
        }
        while (true) {
            FILESTORE_TRY(check_limits());
            if (!account_for_buffer()) {
                return false;
            }
            if (buffer_->full()) {
                return look_ahead();
            }
            FILESTORE_TRY_ASSIGN(const std::size_t count, read_into(buffer_->room()));
            if (count == 0) {
                return source_ended_;
            }
            buffer_->added(count);
        }
    }

    bool account_for_buffer() {
        if (buffer_->is_accounted_for() || buffer_->size() < unaccounted_bytes) {
            return true;
        }
        auto share = memory_->take(sizes_.size_of(next_number_), weak_self());
        if (share) {
            buffer_->hold(std::move(*share));
        }
        return share.has_value();
    }

    /// Whether a full part is the last one decides how it is sent, so a byte of the next one is asked for.
    Result<bool> look_ahead() {
        std::array<std::byte, 1> byte{};
        FILESTORE_TRY_ASSIGN(const std::size_t count, read_into(byte));
        if (count > 0) {
            ahead_ = byte[0];
        }
        return count > 0 || source_ended_;
    }

    /// 0 where the source has ended or has nothing now.
    Result<std::size_t> read_into(std::span<std::byte> into) {
        if (ahead_) {
            into.front() = *std::exchange(ahead_, std::nullopt);
            return 1;
        }
        FILESTORE_TRY_ASSIGN(const IoStep step, read_source(*upload_.source, into, waker()));
        total_ += step.bytes;
        if (declared_ && total_ > *declared_) {
            return source_size_error(*declared_, total_);
        }
        if (!step.would_block && step.bytes == 0) {
            source_ended_ = true;
            if (declared_ && total_ != *declared_) {
                return source_size_error(*declared_, total_);
            }
        }
        return step.bytes;
    }

    Result<void> send_filled() {
        filled_ = std::exchange(buffer_, nullptr);
        if (next_number_ == 1 && source_ended_) {
            return put();
        }
        if (upload_id_.empty()) {
            return creating_ ? Result<void>() : create();
        }
        return send_part();
    }

    Result<void> put() {
        FILESTORE_TRY_ASSIGN(auto headers, upload_.headers(filled_->size()));
        Call call = new_call(http::Method::put);
        call.headers = std::move(headers);
        append(call.headers, upload_.conditions);
        add_body(call, filled_);
        published_ = true;
        send_request(Step::put, std::move(call), filled_);
        filled_.reset();
        return {};
    }

    Result<void> on_put(const Request& request) {
        const Outcome& outcome = *request.outcome;
        if (outcome.answer.ok()) {
            return succeed(outcome.answer->header("etag"), outcome.answer->header("x-amz-version-id"), 1);
        }
        const Error& error = outcome.answer.error();
        // A condition that fails on a repeated request may have been met by the first one, whose answer was lost.
        if (error.code() == ErrorCode::precondition_failed && outcome.maybe_done_before) {
            expected_etag_ = plain_etag(request.buffer->bytes());
            undecided_ = error;
            look();
            return {};
        }
        return error;
    }

    /// Cannot be cancelled: an upload whose ID nobody knows could not be aborted.
    Result<void> create() {
        FILESTORE_TRY_ASSIGN(auto headers, upload_.headers(declared_));
        Call call = new_call(http::Method::post);
        call.query = {{"uploads", ""}};
        call.headers = std::move(headers);
        append(call.headers, upload_.body_headers);
        call.options.cancel = {};
        creating_ = true;
        send_request(Step::create, std::move(call));
        return {};
    }

    Result<void> on_create(const Outcome& outcome) {
        FILESTORE_TRY(outcome.answer);
        FILESTORE_TRY_ASSIGN(upload_id_, parse_upload_id(outcome.answer->body));
        return filled_ && !failure_ ? send_part() : Result<void>();
    }

    Result<void> send_part() {
        Call call = new_call(http::Method::put);
        call.query = {{"partNumber", std::to_string(next_number_)}, {"uploadId", upload_id_}};
        add_body(call, filled_);
        send_request(Step::part, std::move(call), filled_, next_number_);
        filled_.reset();
        ++next_number_;
        return {};
    }

    Result<void> on_part(const Request& request) {
        FILESTORE_TRY(request.outcome->answer);
        const Answer& answer = *request.outcome->answer;
        UploadedPart part;
        part.number = request.part_number;
        part.etag = answer.header("etag");
        if (part.etag.empty()) {
            return Error(ErrorCode::corrupt,
                         "the server took part " + std::to_string(part.number) + " and gave no ETag");
        }
        progress_->acknowledge(request.buffer->size());
        parts_.push_back(std::move(part));
        return {};
    }

    Result<void> complete() {
        std::sort(parts_.begin(), parts_.end(),
                  [](const UploadedPart& a, const UploadedPart& b) { return a.number < b.number; });
        FILESTORE_TRY(check_parts());
        expected_etag_ = multipart_etag(parts_);
        Call call = new_call(http::Method::post);
        call.query = {{"uploadId", upload_id_}};
        call.headers = upload_.conditions;
        const std::string body = complete_body(parts_);
        call.payload_hash = to_hex(sha256(body));
        call.body_size = body.size();
        call.body = source_from_string(body);
        published_ = true;
        send_request(Step::complete, std::move(call));
        return {};
    }

    /// Every part once and in order.
    [[nodiscard]] Result<void> check_parts() const {
        for (std::size_t i = 0; i < parts_.size(); ++i) {
            if (parts_[i].number != i + 1) {
                return Error(ErrorCode::internal, "a part of the upload is missing or doubled");
            }
        }
        return {};
    }

    Result<void> on_complete(const Outcome& outcome) {
        if (outcome.answer.ok()) {
            FILESTORE_TRY_ASSIGN(const CompletedUpload completed, parse_complete(outcome.answer->body));
            return succeed(completed.etag, outcome.answer->header("x-amz-version-id"), parts_.size());
        }
        const Error& error = outcome.answer.error();
        if (outcome.maybe_done_before || error.code() == ErrorCode::unavailable ||
            error.code() == ErrorCode::timeout) {
            undecided_ = error;
            look();
            return {};
        }
        return error;
    }

    /// Asks what is at the key, to learn whether the request that publishes took effect.
    void look() {
        Call call = new_call(http::Method::head);
        call.headers = upload_.body_headers;
        bound_cleanup(call);
        send_request(Step::look, std::move(call));
    }

    Result<void> on_look(const Outcome& outcome) {
        const bool is_ours = outcome.answer.ok() && !expected_etag_.empty() &&
                             outcome.answer->header("etag") == expected_etag_;
        if (is_ours) {
            return succeed(expected_etag_, outcome.answer->header("x-amz-version-id"),
                           std::max<std::size_t>(1, parts_.size()));
        }
        const Error& error = *undecided_;
        if (error.code() == ErrorCode::precondition_failed && outcome.answer.ok() && !expected_etag_.empty()) {
            return error;
        }
        if (outcome.answer.ok() || outcome.answer.error().code() != ErrorCode::not_found) {
            ErrorDetails details = error.details();
            details.retryable = false;
            return Error(ErrorCode::outcome_unknown,
                         std::string(error.message()) +
                             "; whether the object was stored cannot be told: look at it before storing it again",
                         std::move(details));
        }
        return error;
    }

    Result<void> succeed(std::string_view etag, std::string_view version_id, std::size_t parts) {
        if (etag.empty()) {
            return Error(ErrorCode::corrupt, "the server stored the object and gave no ETag");
        }
        result_ = S3PutResult{total_, std::string(etag), std::string(version_id),
                              static_cast<unsigned>(parts)};
        return {};
    }

    /// After a failure: waits for what is under way, then aborts an upload in parts until the server says that it is gone.
    Result<void> wind_down() {
        filled_.reset();
        buffer_.reset();
        if (!requests_.empty() || cleaned_up_) {
            return {};
        }
        if (upload_id_.empty()) {
            cleaned_up_ = true;
            return {};
        }
        const bool verifying = aborted_;
        Call call = new_call(verifying ? http::Method::get : http::Method::remove);
        call.query = {{"uploadId", upload_id_}};
        bound_cleanup(call);
        aborts_ += verifying ? 0 : 1;
        send_request(verifying ? Step::verify : Step::abort, std::move(call));
        return {};
    }

    void on_abort(const Outcome& outcome) {
        aborted_ = outcome.answer.ok() || outcome.answer.error().code() == ErrorCode::not_found;
        if (!aborted_ && aborts_ >= most_aborts) {
            give_up_cleaning(outcome.answer.error().message());
        }
    }

    /// A part that arrived while the abort ran may have been kept (S3 API reference, "AbortMultipartUpload"): no parts may be listed afterwards.
    void on_verify(const Outcome& outcome) {
        if (!outcome.answer.ok()) {
            cleaned_up_ = true;
            return;
        }
        aborted_ = false;
        if (aborts_ >= most_aborts) {
            give_up_cleaning("the server keeps listing it");
        }
    }

    void give_up_cleaning(std::string_view reason) {
        failure_ = Error(failure_->code(),
                         std::string(failure_->message()) + "; the parts of upload " + quoted(upload_id_) +
                             " could not be removed: " + std::string(reason),
                         failure_->details());
        cleaned_up_ = true;
    }

    /// Runs although the call has been cancelled, or is late, but not for long.
    static void bound_cleanup(Call& call) {
        call.options.cancel = {};
        call.options.deadline = std::chrono::steady_clock::now() + longest_cleanup;
    }

    Call new_call(http::Method method) const {
        Call call;
        call.method = method;
        call.bucket = upload_.bucket;
        call.key = upload_.key;
        call.options.cancel = stop_requests_.get_token();
        call.options.deadline = upload_.options.deadline;
        return call;
    }

    static void append(std::vector<NameValue>& headers, const std::vector<NameValue>& more) {
        headers.insert(headers.end(), more.begin(), more.end());
    }

    void add_body(Call& call, const std::shared_ptr<const PartBuffer>& buffer) {
        append(call.headers, upload_.body_headers);
        call.body = std::make_shared<ProgressSource>(source_of(buffer), progress_);
        call.body_size = buffer->size();
        call.bulk = buffer->size() > bulk_threshold;
        if (requester_->signs_payload()) {
            Sha256 hash;
            hash.update(buffer->bytes());
            call.payload_hash = to_hex(hash.finish());
        } else {
            call.payload_hash = unsigned_payload;
        }
    }

    void send_request(Step step, Call call, std::shared_ptr<const PartBuffer> buffer = nullptr,
               std::uint32_t number = 0) {
        const auto request = std::make_shared<Request>();
        request->step = step;
        request->part_number = number;
        request->buffer = std::move(buffer);
        requests_.push_back(request);
        auto arrive = [this, self = weak_self().lock(), request](Outcome outcome) {
            {
                const std::lock_guard lock(mutex_);
                request->outcome.emplace(std::move(outcome));
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

    const std::shared_ptr<Requester> requester_;
    const std::shared_ptr<PartMemory> memory_;
    ObjectUpload upload_;
    std::function<void(Result<S3PutResult>)> done_;
    const std::optional<std::uint64_t> declared_;
    const PartSizes sizes_;
    const std::shared_ptr<SharedProgress> progress_;
    std::stop_source stop_requests_;

    /// Being read.
    std::shared_ptr<PartBuffer> buffer_;
    /// Whole, and not sent yet.
    std::shared_ptr<const PartBuffer> filled_;
    std::optional<std::byte> ahead_;
    std::uint64_t total_ = 0;
    bool source_ended_ = false;

    std::uint32_t next_number_ = 1;
    bool creating_ = false;
    std::string upload_id_;
    std::vector<UploadedPart> parts_;
    /// The request that makes the object visible has been sent.
    bool published_ = false;
    std::string expected_etag_;
    std::optional<Error> undecided_;
    std::optional<S3PutResult> result_;
    std::optional<Error> failure_;
    unsigned aborts_ = 0;
    bool aborted_ = false;
    bool cleaned_up_ = false;

    std::mutex mutex_;
    /// Changed by steps only; the mutex guards the outcomes in it.
    std::list<RequestPtr> requests_;
};

}  // namespace

void upload_object(const std::shared_ptr<Requester>& requester, std::shared_ptr<PartMemory> memory,
                   ObjectUpload upload, std::function<void(Result<S3PutResult>)> done) {
    make_job<UploadJob>(requester, std::move(memory), std::move(upload), std::move(done))->start();
}

}  // namespace filestore::s3
