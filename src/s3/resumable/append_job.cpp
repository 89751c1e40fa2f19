#include "s3/resumable/append_job.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/progress.h"
#include "core/stream_calls.h"
#include "core/try.h"
#include "s3/client/objects.h"
#include "s3/protocol/etag.h"
#include "s3/protocol/multipart_xml.h"
#include "s3/protocol/part_plan.h"
#include "s3/transfer/part_memory.h"
#include "s3/transfer/spooled_part.h"

namespace filestore::s3 {

namespace {

/// As many of the first bytes as tell a file's type.
constexpr std::size_t beginning_bytes = std::size_t{8} * 1024;
/// So much is read before memory for a part is asked for.
constexpr std::size_t unaccounted_bytes = std::size_t{64} * 1024;
constexpr std::chrono::seconds longest_abort{10};

/// The object is read; then part after part is filled and sent, and counted by writing the object; at last what is too little for a part is written into it. One request at a time.
class AppendJob final : public RequestChain {
public:
    AppendJob(const UploadPlace& place, AppendRequest request, PendingAnswerPtr<PartialUpload> answer)
        : RequestChain(place.core, request.call, answer->token()),
          place_(place),
          request_(std::move(request)),
          answer_(std::move(answer)),
          in_memory_(std::make_shared<PartMemory::Upload>(request_.call.pause)) {}

private:
    enum class Phase { reading, reading_rest, filling, ending, done };

    Result<bool> work() override {
        switch (phase_) {
            case Phase::reading:
                return read_state();
            case Phase::reading_rest:
                return read_rest();
            case Phase::filling:
                return fill();
            case Phase::ending:
                return write_rest();
            case Phase::done:
                break;
        }
        return true;
    }

    void finish(const Result<void>& result) noexcept override {
        buffer_.reset();
        request_.source.reset();
        abort_unknown_upload();
        answer_->give(call_user(ErrorCode::internal, [&]() -> Result<PartialUpload> {
            FILESTORE_TRY(result);
            if (failure_) {
                return *failure_;
            }
            progress_.finish();
            return told_of(counted_.state);
        }));
    }

    /// A multipart upload that was begun, and that nobody will find in the object.
    void abort_unknown_upload() noexcept {
        if (begun_upload_.empty()) {
            return;
        }
        static_cast<void>(call_user(ErrorCode::internal, [this]() -> Result<void> {
            CallOptions options;
            options.deadline = std::chrono::steady_clock::now() + longest_abort;
            core().requester()->send(abort_call(place_, request_.id, begun_upload_, options),
                                     [](const Outcome&) {});
            return {};
        }));
    }

    Result<bool> read_state() {
        if (!request_.source) {
            return Error(ErrorCode::invalid_argument, "an append needs a source");
        }
        auto body = std::make_shared<std::string>();
        send(read_call(place_, request_.id, StateExtent::head, limits(), body),
             [this, body](const Outcome& outcome) -> Result<void> {
                 FILESTORE_TRY_ASSIGN(counted_,
                                      read_answer(request_.id, outcome, StateExtent::head, std::move(*body)));
                 return begin();
             });
        return false;
    }

    Result<void> begin() {
        UploadState& state = counted_.state;
        FILESTORE_TRY(check_open(state, place_.now()));
        if (state.offset() != request_.offset) {
            return wrong_offset(request_.id, request_.offset, state.offset());
        }
        FILESTORE_TRY_ASSIGN(state.record.length, agreed_length(request_, state.record.length));
        FILESTORE_TRY(plan());
        progress_ = ProgressMeter(request_.call.progress, declared_);
        FILESTORE_TRY(begin_buffer());
        phase_ = Phase::reading_rest;
        return {};
    }

    /// What did not come with the head goes into memory that is accounted for.
    Result<bool> read_rest() {
        if (!account_for_buffer(counted_.state.rest)) {
            return false;
        }
        const std::uint64_t from = counted_.head_size + counted_.rest.size();
        FILESTORE_TRY(s3::fill(*buffer_, std::as_bytes(std::span(counted_.rest))));
        counted_.rest = {};
        phase_ = Phase::filling;
        if (buffer_->size() == counted_.state.rest) {
            return fill();
        }
        send(read_rest_call(place_, request_.id, from, limits(), buffer_),
             [this](const Outcome& outcome) -> Result<void> {
                 FILESTORE_TRY(outcome.answer);
                 // Somebody else has written meanwhile.
                 return buffer_->size() == counted_.state.rest ? Result<void>() : upload_in_use(request_.id);
             });
        return false;
    }

    Result<void> plan() {
        const UploadState& state = counted_.state;
        const auto& length = state.record.length;
        declared_ = request_.source->size();
        if (length && declared_ && *declared_ > *length - state.offset()) {
            return longer_than_declared(request_.id, *length);
        }
        // Bytes that may turn out to be too many count once that is known.
        counts_at_end_ = request_.all_or_nothing || (length && !declared_);
        most_ = declared_ ? declared_ : length ? std::optional(*length - state.offset()) : std::nullopt;
        if (counts_at_end_ && !most_) {
            return Error(ErrorCode::unsupported,
                         "this store wants to know how many bytes come with a checksum: tell the size");
        }
        return {};
    }

    /// The size of the next part.
    [[nodiscard]] Result<std::uint64_t> next_size() const {
        const UploadState& state = counted_.state;
        const PartSizes sizes = state.equal_parts ? PartSizes::equal : PartSizes::growing;
        FILESTORE_TRY_ASSIGN(const StreamParts parts,
                             StreamParts::make(sizes, state.part_size, core().requester()->part_limits()));
        return parts.size_of(next_number());
    }

    /// Of a part that was not counted yet, behind those that were sent.
    [[nodiscard]] std::uint32_t next_number() const noexcept {
        return taken_numbers_ > 0 ? first_taken_ : counted_.state.next_part;
    }

    Result<void> begin_buffer() {
        FILESTORE_TRY_ASSIGN(const std::uint64_t part, next_size());
        const std::uint64_t all = most_ ? counted_.state.rest + *most_ : part;
        is_part_ = all >= part;
        return make_buffer(std::max<std::uint64_t>(1, std::min(all, part)));
    }

    /// `held`: the bytes that are in it, or are to be. False where memory has to be waited for.
    bool account_for_buffer(std::uint64_t held) {
        if (buffer_->is_accounted_for() || held < unaccounted_bytes) {
            return true;
        }
        auto share = core().part_memory()->take(buffer_->memory(), in_memory_, weak_self());
        if (!share) {
            runtime().reactor->wake_at(std::chrono::steady_clock::now() + PartMemory::rest_begins,
                                       weak_self());
            return false;
        }
        buffer_->hold(std::move(*share));
        return true;
    }

    /// False where a request is under way now, or something has to be waited for.
    Result<bool> fill() {
        while (true) {
            FILESTORE_TRY(check_limits());
            if (is_paused() || !account_for_buffer(buffer_->size())) {
                return false;
            }
            if (buffer_->full() && is_part_) {
                return send_part();
            }
            if (has_ended_ || read_ == most_) {
                FILESTORE_TRY(look_at_end());
                return false;
            }
            FILESTORE_TRY_ASSIGN(const bool goes_on, read_source_once());
            if (!goes_on) {
                return false;
            }
        }
    }

    /// False where the source has nothing now.
    Result<bool> read_source_once() {
        auto room = buffer_->room();
        if (!buffer_->is_accounted_for() && room.size() > unaccounted_bytes) {
            room = room.first(unaccounted_bytes);
        }
        if (most_) {
            room = room.first(static_cast<std::size_t>(std::min<std::uint64_t>(room.size(), *most_ - read_)));
        }
        const auto step = read_source(*request_.source, room, waker());
        if (!step.ok()) {
            return take_failure(step.error());
        }
        core().part_memory()->note_waiting(*in_memory_, step->would_block);
        if (step->would_block) {
            return false;
        }
        has_ended_ = step->bytes == 0;
        read_ += step->bytes;
        progress_.add(step->bytes);
        FILESTORE_TRY(buffer_->added(step->bytes));
        return true;
    }

    /// What came until then stays, where it may.
    Result<bool> take_failure(const Error& error) {
        if (counts_at_end_) {
            return error;
        }
        failure_ = error;
        has_ended_ = true;
        return true;
    }

    /// All that is to come is there: nothing may follow.
    Result<void> look_at_end() {
        if (!has_ended_) {
            std::array<std::byte, 1> byte{};
            const auto step = read_source(*request_.source, byte, waker());
            FILESTORE_TRY(step);
            if (step->would_block) {
                return {};
            }
            if (step->bytes > 0) {
                return counted_.state.record.length
                           ? longer_than_declared(request_.id, *counted_.state.record.length)
                           : source_size_error(declared_.value_or(0), read_ + 1);
            }
            has_ended_ = true;
        }
        if (!failure_ && declared_ && *declared_ != read_) {
            FILESTORE_TRY(take_failure(source_size_error(*declared_, read_)));
        }
        phase_ = Phase::ending;
        wake();
        return {};
    }

    Result<bool> send_part() {
        if (counted_.state.upload_id.empty()) {
            return begin_multipart();
        }
        if (taken_numbers_ == 0) {
            return take_numbers();
        }
        FILESTORE_TRY_ASSIGN(Call call, part_call(place_, counted_.state, first_taken_, buffer_, limits()));
        send(std::move(call), [this](const Outcome& outcome) -> Result<void> {
            FILESTORE_TRY(outcome.answer);
            return part_sent();
        });
        return false;
    }

    Result<bool> begin_multipart() {
        Call call = object_call(place_.bucket, place_.object_key(request_.id), {}, limits());
        call.method = http::Method::post;
        call.query = {{"uploads", ""}};
        FILESTORE_TRY_ASSIGN(call.headers, place_.object_headers(counted_.state.record));
        send(std::move(call), [this](const Outcome& outcome) -> Result<void> {
            FILESTORE_TRY(outcome.answer);
            FILESTORE_TRY_ASSIGN(begun_upload_, parse_upload_id(outcome.answer->body));
            counted_.state.upload_id = begun_upload_;
            return {};
        });
        return false;
    }

    /// All of the call's where their number is known, so that nothing else has to be written before its end.
    [[nodiscard]] std::uint32_t numbers_wanted() const {
        if (!counts_at_end_) {
            return 1;
        }
        const std::uint64_t wanted =
            (counted_.state.rest + *most_) / std::max<std::uint64_t>(1, counted_.state.part_size) + 1;
        return static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, most_parts));
    }

    Result<bool> take_numbers() {
        UploadState state = counted_.state;
        const std::uint32_t wanted = numbers_wanted();
        if (state.next_part + wanted > most_parts + 1) {
            return Error(ErrorCode::unsupported,
                         "upload " + request_.id.str() +
                             " came in too many pieces for this store: begin anew, with larger ones");
        }
        first_taken_ = state.next_part;
        taken_numbers_ = wanted;
        state.next_part += wanted;
        return write(std::move(state));
    }

    Result<void> part_sent() {
        if (added_parts_.empty() && counted_.state.parts.empty()) {
            FILESTORE_TRY(buffer_->read([this](std::span<const std::byte> bytes) {
                const std::size_t count = std::min(bytes.size(), beginning_bytes - beginning_.size());
                beginning_.append(reinterpret_cast<const char*>(bytes.data()), count);
            }));
        }
        added_parts_.push_back(first_taken_++);
        --taken_numbers_;
        added_bytes_ += buffer_->size();
        buffer_.reset();
        if (counts_at_end_) {
            return begin_next_buffer();
        }
        UploadState state = with_added();
        state.rest = 0;
        // The next part's number is taken with it.
        first_taken_ = state.next_part;
        taken_numbers_ = first_taken_ <= most_parts ? 1 : 0;
        state.next_part += taken_numbers_;
        FILESTORE_TRY(write(std::move(state)));
        return {};
    }

    Result<void> begin_next_buffer() {
        if (buffer_) {
            return {};
        }
        // The rest that was there before is in a part now.
        FILESTORE_TRY_ASSIGN(const std::uint64_t part, next_size());
        const std::uint64_t left = most_ ? *most_ - read_ : part;
        is_part_ = left >= part;
        return make_buffer(std::max<std::uint64_t>(1, std::min(left, part)));
    }

    Result<void> make_buffer(std::uint64_t most) {
        if (most > core().part_memory()->total()) {
            buffer_ = std::make_shared<SpooledPart>(most, core().options().spool_directory);
        } else {
            buffer_ = std::make_shared<MemoryPart>(static_cast<std::size_t>(most));
        }
        return {};
    }

    /// What is counted, with the parts that were sent since.
    [[nodiscard]] UploadState with_added() {
        UploadState state = counted_.state;
        state.parts.insert(state.parts.end(), added_parts_.begin(), added_parts_.end());
        state.parts_bytes += added_bytes_;
        if (state.beginning.empty()) {
            state.beginning = beginning_;
        }
        added_parts_.clear();
        added_bytes_ = 0;
        return state;
    }

    Result<bool> write_rest() {
        UploadState state = with_added();
        state.rest = buffer_->size();
        phase_ = Phase::done;
        return write(std::move(state));
    }

    /// From now on the state counts, where nobody else has written meanwhile.
    Result<bool> write(UploadState state) {
        FILESTORE_TRY_ASSIGN(const FileId random, FileId::generate());
        state.written_by = random.str();
        state.last_byte = place_.now();
        FILESTORE_TRY_ASSIGN(Call call, write_call(place_, state, counted_.etag,
                                                   state.rest > 0 ? buffer_ : nullptr, limits()));
        writing_ = std::move(state);
        send(std::move(call), [this](const Outcome& outcome) { return on_written(outcome); });
        return false;
    }

    Result<void> on_written(const Outcome& outcome) {
        if (outcome.answer.ok()) {
            return written(std::string(unquoted_etag(outcome.answer->header("etag"))));
        }
        const Error& error = outcome.answer.error();
        if (!has_lost(error)) {
            return error;
        }
        if (!outcome.maybe_done_before) {
            return error.code() == ErrorCode::not_found ? no_such_upload(request_.id)
                                                        : upload_in_use(request_.id);
        }
        // The first attempt may have done it, and its answer was lost.
        auto body = std::make_shared<std::string>();
        send(read_call(place_, request_.id, StateExtent::head, limits(), body),
             [this, body](const Outcome& found) -> Result<void> {
                 FILESTORE_TRY_ASSIGN(StoredState now,
                                      read_answer(request_.id, found, StateExtent::head, std::move(*body)));
                 return now.state.written_by == writing_.written_by ? written(std::move(now.etag))
                                                                    : upload_in_use(request_.id);
             });
        return {};
    }

    Result<void> written(std::string etag) {
        counted_.state = std::move(writing_);
        begun_upload_.clear();
        counted_.etag = std::move(etag);
        return phase_ == Phase::done ? Result<void>() : begin_next_buffer();
    }

    const UploadPlace place_;
    AppendRequest request_;
    const PendingAnswerPtr<PartialUpload> answer_;
    const PartMemory::UploadPtr in_memory_;
    Phase phase_ = Phase::reading;

    /// What is there, whatever becomes of this call.
    StoredState counted_;
    UploadState writing_;
    std::optional<std::uint64_t> declared_;
    /// The most bytes that come.
    std::optional<std::uint64_t> most_;
    bool counts_at_end_ = false;

    std::shared_ptr<PartBuffer> buffer_;
    /// It is sent as a part once it is full.
    bool is_part_ = false;
    std::uint64_t read_ = 0;
    bool has_ended_ = false;
    /// Of the source; what came before it is kept.
    std::optional<Error> failure_;

    /// Until the object tells of it.
    std::string begun_upload_;
    std::uint32_t first_taken_ = 0;
    std::uint32_t taken_numbers_ = 0;
    std::vector<std::uint32_t> added_parts_;
    std::uint64_t added_bytes_ = 0;
    std::string beginning_;
    ProgressMeter progress_;
};

}  // namespace

void append_to_upload(const UploadPlace& place, AppendRequest request,
                      PendingAnswerPtr<PartialUpload> answer) {
    make_job<AppendJob>(place, std::move(request), std::move(answer))->start();
}

}  // namespace filestore::s3
