#include "core/append_job.h"

#include <utility>

#include "core/stream_calls.h"
#include "core/try.h"
#include "core/upload_record.h"

namespace filestore {
namespace {

constexpr std::size_t append_buffer_size = std::size_t{256} * 1024;

}  // namespace

AppendJob::AppendJob(Runtime runtime, AppendRequest request, PendingAnswerPtr<PartialUpload> answer)
    : Job(std::move(runtime), answer->token(), request.call.deadline, request.call.pause),
      request_(std::move(request)),
      answer_(std::move(answer)) {}

Job::Next AppendJob::step() {
    auto copied = call_user(ErrorCode::internal, [this] { return copy(); });
    if (copied.ok() && !*copied) {
        return Next::park;
    }
    auto result = call_user(ErrorCode::internal, [&] { return conclude(copied); });
    let_go();
    request_ = {};
    answer_->give(std::move(result));
    return Next::done;
}

Result<bool> AppendJob::copy() {
    while (true) {
        FILESTORE_TRY(check_limits());
        if (is_paused()) {
            return false;
        }
        if (!is_open_) {
            FILESTORE_TRY(begin());
        }
        FILESTORE_TRY_ASSIGN(const IoStep step, read_source(*request_.source, buffer_, waker()));
        if (step.would_block) {
            return false;
        }
        if (step.bytes == 0) {
            return true;
        }
        FILESTORE_TRY(write(std::span(buffer_).first(step.bytes)));
    }
}

Result<void> AppendJob::begin() {
    if (!request_.source) {
        return Error(ErrorCode::invalid_argument, "an append needs a source");
    }
    FILESTORE_TRY_ASSIGN(const Found found, find());
    if (found.offset != request_.offset) {
        return wrong_offset(request_.id, request_.offset, found.offset);
    }
    FILESTORE_TRY_ASSIGN(length_, agreed_length(request_, found.length));
    const auto size = request_.source->size();
    if (length_ && size && *size > *length_ - request_.offset) {
        return longer_than_declared(request_.id, *length_);
    }
    progress_ = ProgressMeter(request_.call.progress, size);
    buffer_.resize(append_buffer_size);
    FILESTORE_TRY(open(length_));
    is_open_ = true;
    return {};
}

Result<void> AppendJob::write(std::span<const std::byte> bytes) {
    if (length_ && bytes.size() > *length_ - request_.offset - written_) {
        is_too_long_ = true;
        return longer_than_declared(request_.id, *length_);
    }
    FILESTORE_TRY(store(bytes));
    written_ += bytes.size();
    progress_.add(bytes.size());
    return {};
}

Result<PartialUpload> AppendJob::conclude(const Result<bool>& copied) {
    if (!is_open_) {
        return copied.error();
    }
    const auto whole = copied.ok() ? check_size() : Result<void>(copied.error());
    FILESTORE_TRY(end(whole.ok() || !(request_.all_or_nothing || is_too_long_)));
    FILESTORE_TRY(whole);
    progress_.finish();
    return state();
}

Result<void> AppendJob::check_size() const {
    const auto declared = request_.source->size();
    return declared && *declared != written_ ? Result<void>(source_size_error(*declared, written_))
                                             : Result<void>();
}

}  // namespace filestore
