#include "filestore/blocking_backend.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/job.h"
#include "core/pending_calls.h"
#include "core/progress.h"
#include "core/request_checks.h"
#include "core/stream_calls.h"
#include "core/try.h"

namespace filestore {

namespace {

constexpr std::size_t buffer_size = std::size_t{256} * 1024;

/// As much as a transfer of this size can use.
std::vector<std::byte> make_buffer(std::optional<std::uint64_t> size) {
    const std::uint64_t useful = size ? std::max<std::uint64_t>(1, *size) : buffer_size;
    return std::vector<std::byte>(static_cast<std::size_t>(std::min<std::uint64_t>(useful, buffer_size)));
}

/// Answers the call and lets it end; the job must have let go of everything else before.
template <class T>
void complete(Completion<T>& done, Result<T> result) {
    const Completion<T> last = std::exchange(done, nullptr);
    last(std::move(result));
}

}  // namespace

BlockingBackend::Writer::~Writer() = default;
BlockingBackend::Reader::~Reader() = default;

struct BlockingBackend::Machinery {
    Runtime runtime;
    std::shared_ptr<PendingCalls> pending = std::make_shared<PendingCalls>();
};

BlockingBackend::BlockingBackend(std::shared_ptr<Executor> executor)
    : machinery_(std::make_unique<Machinery>()) {
    machinery_->runtime.executor = executor ? std::move(executor) : make_thread_pool();
    machinery_->runtime.reactor = std::make_shared<Reactor>();
}

BlockingBackend::~BlockingBackend() = default;

void BlockingBackend::close() noexcept {
    machinery_->pending->close();
}

class BlockingBackend::UploadJob final : public Job {
public:
    UploadJob(std::shared_ptr<BlockingBackend> backend, std::shared_ptr<PendingCalls::Call> call,
              UploadRequest request, Completion<UploadReceipt> done)
        : Job(backend->machinery_->runtime, std::move(call), request.call.deadline),
          backend_(std::move(backend)),
          request_(std::move(request)),
          done_(std::move(done)) {}

private:
    Next step() override {
        auto copied = call_user(ErrorCode::internal, [this] { return copy(); });
        if (copied.ok() && !*copied) {
            return Next::park;
        }
        answer(copied.ok() ? call_user(ErrorCode::internal, [this] { return commit(); })
                           : Result<UploadReceipt>(copied.error()));
        return Next::done;
    }

    /// True once the source has ended, false to be called again.
    Result<bool> copy() {
        if (!writer_) {
            FILESTORE_TRY(open());
        }
        while (true) {
            FILESTORE_TRY(check_limits());
            FILESTORE_TRY_ASSIGN(const IoStep step, read_source(*request_.source, buffer_, waker()));
            if (step.would_block) {
                return false;
            }
            if (step.bytes == 0) {
                return true;
            }
            size_ += step.bytes;
            if (declared_ && size_ > *declared_) {
                return source_size_error(*declared_, size_);
            }
            FILESTORE_TRY(writer_->write(std::span(buffer_).first(step.bytes)));
            progress_.add(step.bytes);
        }
    }

    Result<void> open() {
        FILESTORE_TRY(check_limits());
        FILESTORE_TRY(check_request(request_));
        declared_ = request_.source->size();
        progress_ = ProgressMeter(request_.call.progress, declared_);
        FILESTORE_TRY_ASSIGN(writer_, backend_->open_writer(request_));
        buffer_ = make_buffer(declared_);
        return {};
    }

    Result<UploadReceipt> commit() {
        if (declared_ && size_ != *declared_) {
            return source_size_error(*declared_, size_);
        }
        FILESTORE_TRY(check_limits());
        FILESTORE_TRY(writer_->commit(size_));
        progress_.finish();
        return UploadReceipt{size_};
    }

    void answer(Result<UploadReceipt> result) {
        writer_.reset();
        request_ = {};
        complete(done_, std::move(result));
        release_call();
    }

    std::shared_ptr<BlockingBackend> backend_;
    UploadRequest request_;
    Completion<UploadReceipt> done_;
    std::unique_ptr<Writer> writer_;
    std::vector<std::byte> buffer_;
    std::optional<std::uint64_t> declared_;
    std::uint64_t size_ = 0;
    ProgressMeter progress_;
};

class BlockingBackend::DownloadJob final : public Job {
public:
    DownloadJob(std::shared_ptr<BlockingBackend> backend, std::shared_ptr<PendingCalls::Call> call,
                DownloadRequest request, Completion<DownloadReceipt> done)
        : Job(backend->machinery_->runtime, std::move(call), request.call.deadline),
          backend_(std::move(backend)),
          request_(std::move(request)),
          done_(std::move(done)) {}

private:
    Next step() override {
        auto copied = call_user(ErrorCode::internal, [this] { return copy(); });
        if (copied.ok() && !*copied) {
            return Next::park;
        }
        answer(copied.ok() ? call_user(ErrorCode::internal, [this] { return finish(); })
                           : Result<DownloadReceipt>(copied.error()));
        return Next::done;
    }

    /// True once all bytes are with the sink, false to be called again.
    Result<bool> copy() {
        if (!reader_) {
            FILESTORE_TRY(open());
        }
        while (true) {
            FILESTORE_TRY(check_limits());
            if (unwritten_.empty()) {
                if (read_ == range_.length) {
                    return true;
                }
                FILESTORE_TRY(fill());
            }
            FILESTORE_TRY_ASSIGN(const IoStep step, write_sink(*request_.sink, unwritten_, waker()));
            if (step.would_block) {
                return false;
            }
            unwritten_ = unwritten_.subspan(step.bytes);
            progress_.add(step.bytes);
        }
    }

    Result<void> open() {
        FILESTORE_TRY(check_limits());
        FILESTORE_TRY(check_request(request_));
        FILESTORE_TRY_ASSIGN(reader_, backend_->open_reader(request_.id));
        FILESTORE_TRY_ASSIGN(range_, resolve_range(request_.range, reader_->size()));
        progress_ = ProgressMeter(request_.call.progress, range_.length);
        if (request_.on_info) {
            FILESTORE_TRY_ASSIGN(const FileInfo info, reader_->info());
            FILESTORE_TRY(call_user(ErrorCode::sink_failed, [&] { return request_.on_info(info); }));
        }
        buffer_ = make_buffer(range_.length);
        return {};
    }

    Result<void> fill() {
        const std::uint64_t left = range_.length - read_;
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer_.size()));
        FILESTORE_TRY_ASSIGN(const std::size_t got,
                             reader_->read(range_.offset + read_, std::span(buffer_).first(wanted)));
        if (got == 0) {
            return Error(ErrorCode::corrupt,
                         "file " + request_.id.str() + " became shorter while it was read");
        }
        read_ += got;
        unwritten_ = std::span<const std::byte>(buffer_).first(got);
        return {};
    }

    Result<DownloadReceipt> finish() {
        FILESTORE_TRY(finish_sink(*request_.sink));
        progress_.finish();
        return DownloadReceipt{range_.length, reader_->size()};
    }

    void answer(Result<DownloadReceipt> result) {
        reader_.reset();
        request_ = {};
        complete(done_, std::move(result));
        release_call();
    }

    std::shared_ptr<BlockingBackend> backend_;
    DownloadRequest request_;
    Completion<DownloadReceipt> done_;
    std::unique_ptr<Reader> reader_;
    std::vector<std::byte> buffer_;
    std::span<const std::byte> unwritten_;
    ResolvedRange range_;
    std::uint64_t read_ = 0;
    ProgressMeter progress_;
};

void BlockingBackend::upload_async(UploadRequest request, Completion<UploadReceipt> done) {
    auto call = machinery_->pending->begin(request.call.cancel);
    if (!call) {
        return complete_on_new_thread<UploadReceipt>(std::move(done), call.error());
    }
    make_job<UploadJob>(shared_from_this(), std::move(*call), std::move(request), std::move(done))->start();
}

void BlockingBackend::download_async(DownloadRequest request, Completion<DownloadReceipt> done) {
    auto call = machinery_->pending->begin(request.call.cancel);
    if (!call) {
        return complete_on_new_thread<DownloadReceipt>(std::move(done), call.error());
    }
    make_job<DownloadJob>(shared_from_this(), std::move(*call), std::move(request), std::move(done))->start();
}

template <class T, class Request>
void BlockingBackend::run(Request request, Completion<T> done,
                          Result<T> (BlockingBackend::*work)(const Request&)) {
    auto call = machinery_->pending->begin(request.call.cancel);
    if (!call) {
        return complete_on_new_thread<T>(std::move(done), call.error());
    }
    machinery_->runtime.executor->post([self = shared_from_this(), call = std::move(*call), work,
                                        request = std::move(request), done = std::move(done)]() mutable {
        const LibraryThreadScope scope;
        const auto limits = check_call_limits(call->token(), request.call.deadline);
        complete(done, limits.ok() ? call_user(ErrorCode::internal, [&] { return (*self.*work)(request); })
                                   : Result<T>(limits.error()));
    });
}

void BlockingBackend::remove_async(FileRequest request, Completion<bool> done) {
    run(std::move(request), std::move(done), &BlockingBackend::remove_checked);
}

void BlockingBackend::exists_async(FileRequest request, Completion<bool> done) {
    run(std::move(request), std::move(done), &BlockingBackend::exists_checked);
}

void BlockingBackend::metadata_async(FileRequest request, Completion<FileInfo> done) {
    run(std::move(request), std::move(done), &BlockingBackend::metadata_checked);
}

void BlockingBackend::list_async(ListRequest request, Completion<ListPage> done) {
    run(std::move(request), std::move(done), &BlockingBackend::list_checked);
}

Result<bool> BlockingBackend::remove_checked(const FileRequest& request) {
    FILESTORE_TRY(check_request(request));
    return remove_now(request.id);
}

Result<bool> BlockingBackend::exists_checked(const FileRequest& request) {
    FILESTORE_TRY(check_request(request));
    return exists_now(request.id);
}

Result<FileInfo> BlockingBackend::metadata_checked(const FileRequest& request) {
    FILESTORE_TRY(check_request(request));
    return metadata_now(request.id);
}

Result<ListPage> BlockingBackend::list_checked(const ListRequest& request) {
    FILESTORE_TRY(check_request(request));
    return list_now(request);
}

}  // namespace filestore
