#include "filestore/blocking_backend.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "core/blocking_machinery.h"
#include "core/file_stream.h"
#include "core/job.h"
#include "core/pending_answer.h"
#include "core/progress.h"
#include "core/request_checks.h"
#include "core/stream_calls.h"
#include "core/thread_pool.h"
#include "core/try.h"
#include "core/waiting_thread.h"

namespace filestore {

namespace {

constexpr std::size_t buffer_size = std::size_t{256} * 1024;

/// As much as a transfer of this size can use.
std::size_t useful_buffer(std::optional<std::uint64_t> size) {
    const std::uint64_t useful = size ? std::max<std::uint64_t>(1, *size) : buffer_size;
    return static_cast<std::size_t>(std::min<std::uint64_t>(useful, buffer_size));
}

}  // namespace

BlockingBackend::Writer::~Writer() = default;
BlockingBackend::Reader::~Reader() = default;

Result<std::uint64_t> BlockingBackend::Writer::write_from(int, std::uint64_t, std::uint64_t) {
    return std::uint64_t{0};
}

int BlockingBackend::Reader::descriptor() const noexcept {
    return -1;
}

BlockingBackend::BlockingBackend(std::shared_ptr<Executor> executor)
    : machinery_(std::make_unique<Machinery>(std::move(executor))) {}

BlockingBackend::~BlockingBackend() = default;

void BlockingBackend::close() noexcept {
    if (machinery_->pending->close()) {
        machinery_->runtime.reactor->join();
        machinery_->choice.join();
    }
}

/// What both directions share: copies until the stream has ended or has to be waited for, then concludes and answers.
template <class Request, class Receipt>
class BlockingBackend::TransferJob : public Job {
public:
    TransferJob(Runtime runtime, std::shared_ptr<BlockingBackend> backend, Request request,
                PendingAnswerPtr<Receipt> answer)
        : Job(std::move(runtime), answer->token(), request.call.deadline),
          backend_(std::move(backend)),
          request_(std::move(request)),
          answer_(std::move(answer)) {
        request_->call.cancel = answer_->token();
    }

protected:
    /// True once everything is copied, false to be called again.
    virtual Result<bool> copy() = 0;
    virtual Result<Receipt> conclude() = 0;
    /// Destroys the file, which may have to be undone.
    virtual void close_file() noexcept = 0;

    [[nodiscard]] BlockingBackend& backend() const noexcept { return *backend_; }
    [[nodiscard]] const Request& request() const noexcept { return *request_; }

    /// Between bytes. False while the caller has paused the call, whose end wakes this job; fails once the call has to end.
    [[nodiscard]] Result<bool> may_go_on() {
        FILESTORE_TRY(check_limits());
        const auto& pause = request_->call.pause;
        if (pause && !on_pause_) {
            on_pause_ = std::make_shared<WakeOnPause>(weak_self());
            pause->add(on_pause_);
        }
        return !pause || !pause->is_paused();
    }

private:
    class WakeOnPause final : public PauseSwitch::Listener {
    public:
        explicit WakeOnPause(std::weak_ptr<Job> job) : job_(std::move(job)) {}
        void pause_changed() noexcept override {
            if (const auto job = job_.lock()) {
                job->wake();
            }
        }

    private:
        std::weak_ptr<Job> job_;
    };

    Next step() final {
        auto copied = call_user(ErrorCode::internal, [this] { return copy(); });
        if (copied.ok() && !*copied) {
            return Next::park;
        }
        answer(copied.ok() ? call_user(ErrorCode::internal, [this] { return conclude(); })
                           : Result<Receipt>(copied.error()));
        return Next::done;
    }

    /// The job lets go of everything of the caller's before it answers.
    void answer(Result<Receipt> result) {
        close_file();
        request_.reset();
        backend_.reset();
        answer_->give(std::move(result));
    }

    std::shared_ptr<BlockingBackend> backend_;
    /// Nothing once it is let go of, which must not need memory.
    std::optional<Request> request_;
    PendingAnswerPtr<Receipt> answer_;
    std::shared_ptr<WakeOnPause> on_pause_;
};

class BlockingBackend::UploadJob final : public TransferJob<UploadRequest, UploadReceipt> {
public:
    using TransferJob::TransferJob;

private:
    Result<bool> copy() override {
        while (true) {
            FILESTORE_TRY_ASSIGN(const bool goes_on, may_go_on());
            if (!goes_on) {
                return false;
            }
            if (!writer_) {
                FILESTORE_TRY(open());
            }
            if (file_ != nullptr) {
                FILESTORE_TRY(copy_from_file());
                continue;
            }
            if (lender_ != nullptr) {
                FILESTORE_TRY_ASSIGN(const Copied copied, copy_from_memory());
                if (copied == Copied::some) {
                    continue;
                }
                return copied == Copied::all;
            }
            FILESTORE_TRY_ASSIGN(const IoStep step, read_source(*request().source, buffer(), waker()));
            if (step.would_block) {
                buffer_.reset();
                return false;
            }
            if (step.bytes == 0) {
                return true;
            }
            FILESTORE_TRY(write(buffer().first(step.bytes)));
        }
    }

    Result<void> write(std::span<const std::byte> bytes) {
        size_ += bytes.size();
        if (declared_ && size_ > *declared_) {
            return source_size_error(*declared_, size_);
        }
        FILESTORE_TRY(writer_->write(bytes));
        progress_.add(bytes.size());
        return {};
    }

    enum class Copied { some, all, nothing_yet };

    Result<Copied> copy_from_memory() {
        FILESTORE_TRY_ASSIGN(const LendingSource::Loan loan, lender_->lend(waker()));
        if (loan.bytes.empty()) {
            return loan.would_block ? Copied::nothing_yet : Copied::all;
        }
        const auto written = write(loan.bytes);
        lender_->give_back(loan.bytes.size());
        return written.ok() ? Result<Copied>(Copied::some) : written.error();
    }

    Result<void> open() {
        FILESTORE_TRY(check_request(request()));
        if (!request().if_version.empty() && !backend().capabilities().compare_and_swap) {
            return Error(ErrorCode::unsupported, "this backend cannot replace a file by its version");
        }
        if (request().late_metadata && !backend().capabilities().late_metadata) {
            return Error(ErrorCode::unsupported, "this backend has to have the metadata before the bytes");
        }
        declared_ = request().source->size();
        progress_ = ProgressMeter(request().call.progress, declared_);
        FILESTORE_TRY_ASSIGN(writer_, backend().open_writer(request()));
        file_ = dynamic_cast<FileBackedSource*>(request().source.get());
        lender_ = lender_of(*request().source);
        return {};
    }

    /// The writer takes the next bytes from the file, or shows that it cannot: the rest is read.
    Result<void> copy_from_file() {
        const FileRange rest = file_->rest();
        std::uint64_t copied = 0;
        if (rest.size > 0) {
            FILESTORE_TRY_ASSIGN(copied, writer_->write_from(rest.descriptor, rest.offset, rest.size));
        }
        if (copied == 0) {
            file_ = nullptr;
            return {};
        }
        FILESTORE_TRY(file_->taken(copied));
        size_ += copied;
        progress_.add(copied);
        return {};
    }

    /// Made when it is needed, and let go while the source has nothing: many uploads at once mostly wait.
    std::span<std::byte> buffer() {
        const std::size_t size = useful_buffer(declared_);
        if (!buffer_) {
            buffer_ = std::make_unique_for_overwrite<std::byte[]>(size);
        }
        return {buffer_.get(), size};
    }

    Result<UploadReceipt> conclude() override {
        if (declared_ && size_ != *declared_) {
            return source_size_error(*declared_, size_);
        }
        FILESTORE_TRY(check_limits());
        FILESTORE_TRY(writer_->commit(size_));
        progress_.finish();
        return UploadReceipt{size_};
    }

    void close_file() noexcept override { writer_.reset(); }

    std::unique_ptr<Writer> writer_;
    /// The source, as long as the writer takes from it.
    FileBackedSource* file_ = nullptr;
    /// The source, where it can be written from its own memory.
    LendingSource* lender_ = nullptr;
    std::unique_ptr<std::byte[]> buffer_;
    std::optional<std::uint64_t> declared_;
    std::uint64_t size_ = 0;
    ProgressMeter progress_;
};

class BlockingBackend::DownloadJob final : public TransferJob<DownloadRequest, DownloadReceipt> {
public:
    using TransferJob::TransferJob;

private:
    Result<bool> copy() override {
        while (true) {
            FILESTORE_TRY_ASSIGN(const bool goes_on, may_go_on());
            if (!goes_on) {
                return false;
            }
            if (!reader_) {
                FILESTORE_TRY(open());
            }
            if (unwritten_.empty() && read_ == range_.length) {
                return true;
            }
            FILESTORE_TRY_ASSIGN(const bool moved,
                                 descriptor_sink_ != nullptr ? copy_to_descriptor() : hand_on());
            if (!moved) {
                return false;
            }
        }
    }

    /// False where the sink has to be waited for.
    Result<bool> hand_on() {
        if (unwritten_.empty()) {
            if (range_.length - read_ <= most_on_stack) {
                return hand_on_by_stack();
            }
            FILESTORE_TRY(fill());
        }
        return write_out();
    }

    Result<bool> write_out() {
        FILESTORE_TRY_ASSIGN(const IoStep step, write_sink(*request().sink, unwritten_, waker()));
        unwritten_ = unwritten_.subspan(step.bytes);
        progress_.add(step.bytes);
        return !step.would_block;
    }

    /// Few bytes, of which the sink mostly takes all: what it leaves is kept.
    Result<bool> hand_on_by_stack() {
        std::array<std::byte, most_on_stack> bytes;
        FILESTORE_TRY(read_next(bytes));
        FILESTORE_TRY_ASSIGN(const bool moved, write_out());
        buffer_.assign(unwritten_.begin(), unwritten_.end());
        unwritten_ = buffer_;
        return moved;
    }

    Result<void> open() {
        FILESTORE_TRY(check_request(request()));
        FILESTORE_TRY_ASSIGN(reader_, backend().open_reader(request()));
        FILESTORE_TRY_ASSIGN(range_, resolve_range(request().range, reader_->size()));
        progress_ = ProgressMeter(request().call.progress, range_.length);
        if (request().on_info) {
            FILESTORE_TRY_ASSIGN(const FileInfo info, reader_->info());
            FILESTORE_TRY(call_user(ErrorCode::sink_failed, [&] { return request().on_info(info); }));
        }
        if (reader_->descriptor() >= 0) {
            descriptor_sink_ = dynamic_cast<DescriptorSink*>(request().sink.get());
        }
        return {};
    }

    /// False where the sink has to be waited for.
    Result<bool> copy_to_descriptor() {
        const FileRange rest{reader_->descriptor(), range_.offset + read_, range_.length - read_};
        FILESTORE_TRY_ASSIGN(const std::optional<IoStep> step, descriptor_sink_->take_from(rest, waker()));
        if (!step) {
            descriptor_sink_ = nullptr;
            return true;
        }
        read_ += step->bytes;
        progress_.add(step->bytes);
        return !step->would_block;
    }

    Result<void> fill() {
        if (buffer_.empty()) {
            buffer_.resize(useful_buffer(range_.length));
        }
        return read_next(buffer_);
    }

    Result<void> read_next(std::span<std::byte> into) {
        const std::uint64_t left = range_.length - read_;
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left, into.size()));
        FILESTORE_TRY_ASSIGN(const std::size_t got, reader_->read(range_.offset + read_, into.first(wanted)));
        if (got == 0) {
            return Error(ErrorCode::corrupt,
                         "file " + request().id.str() + " became shorter while it was read");
        }
        read_ += got;
        unwritten_ = into.first(got);
        return {};
    }

    Result<DownloadReceipt> conclude() override {
        FILESTORE_TRY(finish_sink(*request().sink));
        progress_.finish();
        return DownloadReceipt{range_.length, reader_->size()};
    }

    void close_file() noexcept override { reader_.reset(); }

    static constexpr std::size_t most_on_stack = std::size_t{16} * 1024;

    std::unique_ptr<Reader> reader_;
    /// The sink, as long as it takes from the reader's file.
    DescriptorSink* descriptor_sink_ = nullptr;
    std::vector<std::byte> buffer_;
    std::span<const std::byte> unwritten_;
    ResolvedRange range_;
    std::uint64_t read_ = 0;
    ProgressMeter progress_;
};

/// One call of a function that blocks.
template <class T, class Request>
class BlockingBackend::CallJob final : public Job {
public:
    using Work = Result<T> (BlockingBackend::*)(const Request&);

    CallJob(Runtime runtime, std::shared_ptr<BlockingBackend> backend, Request request, Work work,
            PendingAnswerPtr<T> answer)
        : Job(std::move(runtime), answer->token(), request.call.deadline),
          backend_(std::move(backend)),
          request_(std::move(request)),
          work_(work),
          answer_(std::move(answer)) {
        request_.call.cancel = answer_->token();
    }

private:
    Next step() override {
        auto result = call_user(ErrorCode::internal, [this]() -> Result<T> {
            FILESTORE_TRY(check_limits());
            FILESTORE_TRY(check_request(request_));
            return (*backend_.*work_)(request_);
        });
        backend_.reset();
        answer_->give(std::move(result));
        return Next::done;
    }

    std::shared_ptr<BlockingBackend> backend_;
    Request request_;
    Work work_;
    PendingAnswerPtr<T> answer_;
};

template <class J, class T, class Request, class... Arguments>
void BlockingBackend::start(Request request, Completion<T> done, Arguments... arguments) {
    const auto answer = begin_call<T>(*machinery_->pending, request.call.cancel, std::move(done));
    if (!answer) {
        return;
    }
    const Runtime& runtime = machinery_->runtime;
    step_of(*answer, *runtime.executor, [&] {
        make_job<J>(Runtime{WaitingThread::or_else(runtime.executor), runtime.reactor}, shared_from_this(),
                    std::move(request), arguments..., answer)
            ->start();
    });
}

void BlockingBackend::upload_async(UploadRequest request, Completion<UploadReceipt> done) {
    start<UploadJob>(std::move(request), std::move(done));
}

void BlockingBackend::download_async(DownloadRequest request, Completion<DownloadReceipt> done) {
    start<DownloadJob>(std::move(request), std::move(done));
}

void BlockingBackend::remove_async(FileRequest request, Completion<bool> done) {
    start<CallJob<bool, FileRequest>>(std::move(request), std::move(done), &BlockingBackend::remove_now);
}

void BlockingBackend::exists_async(FileRequest request, Completion<bool> done) {
    start<CallJob<bool, FileRequest>>(std::move(request), std::move(done), &BlockingBackend::exists_now);
}

void BlockingBackend::metadata_async(FileRequest request, Completion<FileInfo> done) {
    start<CallJob<FileInfo, FileRequest>>(std::move(request), std::move(done),
                                          &BlockingBackend::metadata_now);
}

void BlockingBackend::list_async(ListRequest request, Completion<ListPage> done) {
    start<CallJob<ListPage, ListRequest>>(std::move(request), std::move(done), &BlockingBackend::list_now);
}

void BlockingBackend::presign_async(PresignRequest request, Completion<PresignedUrl> done) {
    start<CallJob<PresignedUrl, PresignRequest>>(std::move(request), std::move(done),
                                                 &BlockingBackend::presign_now);
}

void BlockingBackend::verify_async(VerifyRequest request, Completion<VerifyReport> done) {
    start<CallJob<VerifyReport, VerifyRequest>>(std::move(request), std::move(done),
                                                &BlockingBackend::verify_now);
}

Result<PresignedUrl> BlockingBackend::presign_now(const PresignRequest&) {
    return Error(ErrorCode::unsupported, "this backend has no presigned URLs");
}

Result<VerifyReport> BlockingBackend::verify_now(const VerifyRequest&) {
    return Error(ErrorCode::unsupported, "this backend cannot verify its files");
}

}  // namespace filestore
