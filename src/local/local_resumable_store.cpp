#include "local/local_resumable_store.h"

#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <utility>

#include "core/append_job.h"
#include "core/blocking_job.h"
#include "core/pending_answer.h"
#include "core/staged_file.h"
#include "core/stream_calls.h"
#include "core/try.h"
#include "core/waiting_thread.h"
#include "local/arrived_source.h"
#include "local/partial_uploads.h"

namespace filestore::local {

namespace {

/// Writes behind what is there; what was written is made to count, or is taken back.
class LocalAppend final : public AppendJob {
public:
    LocalAppend(const Runtime& runtime, std::shared_ptr<const Store> store, std::shared_ptr<Clock> clock,
                AppendRequest request, PendingAnswerPtr<PartialUpload> answer)
        : AppendJob(runtime, std::move(request), std::move(answer)),
          store_(std::move(store)),
          clock_(std::move(clock)) {}

private:
    Result<Found> find() override {
        FILESTORE_TRY_ASSIGN(HeldUpload held, hold_partial(*store_, request().id, clock_->now()));
        upload_.emplace(std::move(held));
        return Found{upload_->offset, upload_->record.length};
    }

    Result<void> open(const std::optional<std::uint64_t>& length) override {
        if (length != upload_->record.length) {
            upload_->record.length = length;
            FILESTORE_TRY(write_record(*store_, upload_->record));
        }
        if (::lseek(upload_->data.get(), static_cast<off_t>(upload_->offset), SEEK_SET) < 0) {
            return open_file_error(errno, "cannot append to upload " + request().id.str());
        }
        return request().all_or_nothing ? set_mark(*store_, *upload_) : Result<void>();
    }

    Result<void> store(std::span<const std::byte> bytes) override {
        return write_all(upload_->data.get(), bytes,
                         "cannot write to upload " + request().id.str() + " " + store_->place());
    }

    Result<void> end(bool keeps) override {
        FILESTORE_TRY(keeps ? flush_partial(*store_, *upload_) : cut_partial(*store_, *upload_));
        return request().all_or_nothing ? remove_mark(*store_, request().id) : Result<void>();
    }

    Result<PartialUpload> state() override {
        return partial_upload_of(upload_->record, upload_->offset + written(), clock_->now());
    }

    /// The lock.
    void let_go() noexcept override { upload_.reset(); }

    const std::shared_ptr<const Store> store_;
    const std::shared_ptr<Clock> clock_;
    std::optional<HeldUpload> upload_;
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
        make_job<LocalAppend>(own, store_, clock_, std::move(request), answer)->start();
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
