#include "local/local_resumable_store.h"

#include <sys/types.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "core/blocking_job.h"
#include "core/pending_answer.h"
#include "core/progress.h"
#include "core/staged_file.h"
#include "core/stream_calls.h"
#include "core/try.h"
#include "core/waiting_thread.h"
#include "local/arrived_source.h"
#include "local/partial_uploads.h"

namespace filestore::local {

namespace {

constexpr std::size_t buffer_size = std::size_t{256} * 1024;

/// Writes what the source gives behind what is there. Whatever ends it, what was written is made to count, or is taken back.
class AppendJob final : public Job {
public:
    AppendJob(const Runtime& runtime, std::shared_ptr<const Store> store, std::shared_ptr<Clock> clock,
              AppendRequest request, PendingAnswerPtr<PartialUpload> answer)
        : Job(runtime, answer->token(), request.call.deadline, request.call.pause),
          store_(std::move(store)),
          clock_(std::move(clock)),
          request_(std::move(request)),
          answer_(std::move(answer)) {}

private:
    Next step() override {
        auto copied = call_user(ErrorCode::internal, [this] { return copy(); });
        if (copied.ok() && !*copied) {
            return Next::park;
        }
        auto result = call_user(ErrorCode::internal, [&] { return conclude(copied); });
        // Nothing of the caller's, nor the lock, is held once it knows.
        upload_.reset();
        request_ = {};
        answer_->give(std::move(result));
        return Next::done;
    }

    /// True once there is no more, false to be called again.
    Result<bool> copy() {
        while (true) {
            FILESTORE_TRY(check_limits());
            if (is_paused()) {
                return false;
            }
            if (!upload_) {
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

    Result<void> begin() {
        if (!request_.source) {
            return Error(ErrorCode::invalid_argument, "an append needs a source");
        }
        FILESTORE_TRY_ASSIGN(HeldUpload held, hold_partial(*store_, request_.id, clock_->now()));
        if (held.offset != request_.offset) {
            return wrong_offset(request_.id, request_.offset, held.offset);
        }
        FILESTORE_TRY_ASSIGN(const auto length, agreed_length(request_, held.record.length));
        const auto size = request_.source->size();
        if (length && size && *size > *length - held.offset) {
            return longer_than_declared(request_.id, *length);
        }
        if (length != held.record.length) {
            held.record.length = length;
            FILESTORE_TRY(write_record(*store_, held.record));
        }
        if (::lseek(held.data.get(), static_cast<off_t>(held.offset), SEEK_SET) < 0) {
            return open_file_error(errno, "cannot append to upload " + request_.id.str());
        }
        if (request_.all_or_nothing) {
            FILESTORE_TRY(set_mark(*store_, held));
        }
        progress_ = ProgressMeter(request_.call.progress, size);
        buffer_.resize(buffer_size);
        upload_.emplace(std::move(held));
        return {};
    }

    Result<void> write(std::span<const std::byte> bytes) {
        const auto& length = upload_->record.length;
        if (length && bytes.size() > *length - upload_->offset - written_) {
            is_too_long_ = true;
            return longer_than_declared(request_.id, *length);
        }
        FILESTORE_TRY(write_all(upload_->data.get(), bytes,
                                "cannot write to upload " + request_.id.str() + " " + store_->place()));
        written_ += bytes.size();
        progress_.add(bytes.size());
        return {};
    }

    Result<PartialUpload> conclude(const Result<bool>& copied) {
        if (!upload_) {
            return copied.error();
        }
        auto whole = copied.ok() ? check_size() : Result<void>(copied.error());
        if (!whole.ok() && (request_.all_or_nothing || is_too_long_)) {
            FILESTORE_TRY(cut_partial(*store_, *upload_));
        } else {
            FILESTORE_TRY(flush_partial(*store_, *upload_));
        }
        if (request_.all_or_nothing) {
            FILESTORE_TRY(remove_mark(*store_, request_.id));
        }
        FILESTORE_TRY(whole);
        progress_.finish();
        return partial_upload_of(upload_->record, upload_->offset + written_, clock_->now());
    }

    [[nodiscard]] Result<void> check_size() const {
        const auto declared = request_.source->size();
        return declared && *declared != written_ ? Result<void>(source_size_error(*declared, written_))
                                                 : Result<void>();
    }

    const std::shared_ptr<const Store> store_;
    const std::shared_ptr<Clock> clock_;
    AppendRequest request_;
    const PendingAnswerPtr<PartialUpload> answer_;
    std::optional<HeldUpload> upload_;
    std::vector<std::byte> buffer_;
    std::uint64_t written_ = 0;
    bool is_too_long_ = false;
    ProgressMeter progress_;
};

}  // namespace

LocalResumableStore::LocalResumableStore(std::shared_ptr<const Store> store, std::shared_ptr<Clock> clock)
    : store_(std::move(store)), clock_(std::move(clock)) {}

LocalResumableStore::~LocalResumableStore() = default;

void LocalResumableStore::run_on(const Runtime& runtime, std::shared_ptr<PendingCalls> pending) {
    runtime_ = runtime;
    pending_ = std::move(pending);
}

template <class T, class Work>
void LocalResumableStore::run(CallOptions options, Completion<T> done, Work work) {
    run_blocking(runtime_, *pending_, std::move(options), std::move(done), std::move(work));
}

void LocalResumableStore::begin_async(BeginUploadRequest request, Completion<PartialUpload> done) {
    CallOptions options = request.call;
    run(std::move(options), std::move(done),
        [store = store_, request = std::move(request)](const CallOptions&) {
            return begin_partial(*store, request);
        });
}

void LocalResumableStore::append_async(AppendRequest request, Completion<PartialUpload> done) {
    const auto answer = begin_call<PartialUpload>(*pending_, request.call.cancel, std::move(done));
    if (!answer) {
        return;
    }
    step_of(*answer, *runtime_.executor, [&] {
        const Runtime own{WaitingThread::or_else(runtime_.executor), runtime_.reactor};
        make_job<AppendJob>(own, store_, clock_, std::move(request), answer)->start();
    });
}

void LocalResumableStore::state_async(FileRequest request, Completion<PartialUpload> done) {
    run(request.call, std::move(done), [store = store_, clock = clock_, id = request.id](const CallOptions&) {
        return look_at_partial(*store, id, clock->now());
    });
}

void LocalResumableStore::open_async(FileRequest request, Completion<std::shared_ptr<Source>> done) {
    run(request.call, std::move(done),
        [store = store_, clock = clock_,
         id = request.id](const CallOptions&) -> Result<std::shared_ptr<Source>> {
            FILESTORE_TRY_ASSIGN(HeldUpload held, hold_partial(*store, id, clock->now()));
            return std::shared_ptr<Source>(std::make_shared<ArrivedSource>(std::move(held)));
        });
}

void LocalResumableStore::end_async(FileRequest request, Completion<bool> done) {
    run(request.call, std::move(done), [store = store_, id = request.id](const CallOptions& limits) {
        return end_partial(*store, id, limits);
    });
}

void LocalResumableStore::sweep_async(CallOptions options, Completion<std::vector<FileId>> done) {
    run(std::move(options), std::move(done), [store = store_, clock = clock_](const CallOptions&) {
        return sweep_partials(*store, clock->now());
    });
}

}  // namespace filestore::local
