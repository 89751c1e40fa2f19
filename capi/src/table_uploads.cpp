#include "table_uploads.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/blocking_job.h"
#include "core/progress.h"
#include "core/stream_calls.h"
#include "core/upload_record.h"

namespace filestore::capi {
namespace {

constexpr std::size_t append_buffer_size = std::size_t{256} * 1024;

/// `not_found` also for one whose time is over.
Result<PartialUpload> live_upload(const Table& table, const Clock& clock, const FileId& id,
                                  const CallOptions& limits) {
    filestore_backend_call call = call_on(id, limits);
    const auto described = ask(table, "describe an upload", table->describe_upload, call);
    if (!described.ok()) {
        return described.error().code() == ErrorCode::not_found ? no_such_upload(id) : described.error();
    }
    return call.upload.expires_at <= clock.now() ? Result<PartialUpload>(upload_expired(id))
                                                 : std::move(call.upload);
}

/// The bytes of an upload, which holds the table. The call that it is read in ends with the source.
class UploadedBytes final : public Source {
public:
    UploadedBytes(std::shared_ptr<const Table> table, const FileId& id)
        : table_(std::move(table)), bytes_(*table_, call_on(id, no_limits_)) {}

    Result<void> open() { return bytes_.open((*table_)->open_upload, "read an upload"); }

    Result<IoStep> read(std::span<std::byte> into, const Wake&) override {
        const std::uint64_t left = bytes_.size() - position_;
        if (left == 0) {
            return IoStep{};
        }
        FILESTORE_TRY_ASSIGN(const std::size_t length,
                             bytes_.read(position_, into.first(std::min<std::uint64_t>(left, into.size()))));
        position_ += length;
        return IoStep{length, false};
    }
    [[nodiscard]] std::optional<std::uint64_t> size() const noexcept override { return bytes_.size(); }
    [[nodiscard]] bool can_rewind() const noexcept override { return true; }
    Result<void> rewind() override {
        position_ = 0;
        return {};
    }
    [[nodiscard]] bool blocking() const noexcept override { return true; }

private:
    const std::shared_ptr<const Table> table_;
    const CallOptions no_limits_;
    OpenedBytes bytes_;
    std::uint64_t position_ = 0;
};

/// Gives the table what the source has. Whatever ends it, the table is told whether the bytes count.
class TableAppend final : public Job {
public:
    TableAppend(Runtime runtime, std::shared_ptr<const Table> table, std::shared_ptr<Clock> clock,
                AppendRequest request, PendingAnswerPtr<PartialUpload> answer)
        : Job(std::move(runtime), answer->token(), request.call.deadline, request.call.pause),
          table_(std::move(table)),
          clock_(std::move(clock)),
          request_(std::move(request)),
          limits_{request_.call.deadline, answer->token(), {}, {}},
          answer_(std::move(answer)) {}

private:
    Next step() override {
        auto copied = call_user(ErrorCode::internal, [this] { return copy(); });
        if (copied.ok() && !*copied) {
            return Next::park;
        }
        auto result = call_user(ErrorCode::internal, [&] { return conclude(copied); });
        // Nothing of the caller's is held once it knows.
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
            if (!is_open_) {
                FILESTORE_TRY(open());
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

    Result<void> open() {
        if (!request_.source) {
            return Error(ErrorCode::invalid_argument, "an append needs a source");
        }
        FILESTORE_TRY_ASSIGN(const PartialUpload upload, live_upload(*table_, *clock_, request_.id, limits_));
        if (upload.offset != request_.offset) {
            return wrong_offset(request_.id, request_.offset, upload.offset);
        }
        FILESTORE_TRY_ASSIGN(length_, agreed_length(request_, upload.length));
        const auto size = request_.source->size();
        if (length_ && size && *size > *length_ - request_.offset) {
            return longer_than_declared(request_.id, *length_);
        }
        progress_ = ProgressMeter(request_.call.progress, size);
        buffer_.resize(append_buffer_size);
        call_ = call_on(request_.id, limits_);
        call_.offset = request_.offset;
        call_.size = length_.value_or(FILESTORE_UNKNOWN_SIZE);
        call_.all_or_nothing = request_.all_or_nothing;
        FILESTORE_TRY(ask(*table_, "append to an upload", (*table_)->open_append, call_, &append_));
        is_open_ = true;
        return {};
    }

    Result<void> write(std::span<const std::byte> bytes) {
        if (length_ && bytes.size() > *length_ - request_.offset - written_) {
            is_too_long_ = true;
            return longer_than_declared(request_.id, *length_);
        }
        FILESTORE_TRY(ask(*table_, "append to an upload", (*table_)->append, call_, append_,
                          static_cast<const void*>(bytes.data()), bytes.size()));
        written_ += bytes.size();
        progress_.add(bytes.size());
        return {};
    }

    Result<PartialUpload> conclude(const Result<bool>& copied) {
        if (!is_open_) {
            return copied.error();
        }
        const auto whole = copied.ok() ? check_size() : Result<void>(copied.error());
        const bool keep = whole.ok() || !(request_.all_or_nothing || is_too_long_);
        FILESTORE_TRY(
            ask(*table_, "append to an upload", (*table_)->end_append, call_, append_, std::int32_t{keep}));
        FILESTORE_TRY(whole);
        progress_.finish();
        return live_upload(*table_, *clock_, request_.id, limits_);
    }

    [[nodiscard]] Result<void> check_size() const {
        const auto declared = request_.source->size();
        return declared && *declared != written_ ? Result<void>(source_size_error(*declared, written_))
                                                 : Result<void>();
    }

    const std::shared_ptr<const Table> table_;
    const std::shared_ptr<Clock> clock_;
    AppendRequest request_;
    const CallOptions limits_;
    const PendingAnswerPtr<PartialUpload> answer_;
    filestore_backend_call call_;
    void* append_ = nullptr;
    bool is_open_ = false;
    std::optional<std::uint64_t> length_;
    std::vector<std::byte> buffer_;
    std::uint64_t written_ = 0;
    bool is_too_long_ = false;
    ProgressMeter progress_;
};

}  // namespace

template <class T, class Work>
void TableUploads::run(CallOptions options, Completion<T> done, Work work) {
    run_blocking(runtime_, *pending_, std::move(options), std::move(done), std::move(work));
}

Result<PartialUpload> TableUploads::look_at(const FileId& id, const CallOptions& limits) const {
    return live_upload(*table_, *clock_, id, limits);
}

void TableUploads::begin_async(BeginUploadRequest request, Completion<PartialUpload> done) {
    const CallOptions options = request.call;
    run(options, std::move(done),
        [table = table_, clock = clock_,
         request = std::move(request)](const CallOptions& limits) -> Result<PartialUpload> {
            FILESTORE_TRY(upload_record_of(request));
            filestore_backend_call call = call_on(request.id, limits);
            call.path = request.original_path;
            call.content_type = request.content_type;
            call.metadata = request.metadata.to_json();
            call.size = request.length.value_or(FILESTORE_UNKNOWN_SIZE);
            call.lifetime = request.lifetime;
            FILESTORE_TRY(ask(*table, "begin an upload", (*table)->begin_upload, call));
            return live_upload(*table, *clock, request.id, limits);
        });
}

void TableUploads::append_async(AppendRequest request, Completion<PartialUpload> done) {
    const auto answer = begin_call<PartialUpload>(*pending_, request.call.cancel, std::move(done));
    if (!answer) {
        return;
    }
    step_of(*answer, *runtime_.executor, [&] {
        Runtime own{WaitingThread::or_else(runtime_.executor), runtime_.reactor};
        make_job<TableAppend>(std::move(own), table_, clock_, std::move(request), answer)->start();
    });
}

void TableUploads::state_async(FileRequest request, Completion<PartialUpload> done) {
    run(request.call, std::move(done),
        [table = table_, clock = clock_, id = request.id](const CallOptions& limits) {
            return live_upload(*table, *clock, id, limits);
        });
}

void TableUploads::open_async(FileRequest request, Completion<std::shared_ptr<Source>> done) {
    run(request.call, std::move(done),
        [table = table_, clock = clock_,
         id = request.id](const CallOptions& limits) -> Result<std::shared_ptr<Source>> {
            FILESTORE_TRY(live_upload(*table, *clock, id, limits));
            const auto bytes = std::make_shared<UploadedBytes>(table, id);
            FILESTORE_TRY(bytes->open());
            return std::shared_ptr<Source>(bytes);
        });
}

void TableUploads::end_async(FileRequest request, Completion<bool> done) {
    run(request.call, std::move(done),
        [table = table_, id = request.id](const CallOptions& limits) -> Result<bool> {
            filestore_backend_call call = call_on(id, limits);
            std::int32_t ended = 0;
            FILESTORE_TRY(ask(*table, "end an upload", (*table)->end_upload, call, &ended));
            return ended != 0;
        });
}

void TableUploads::sweep_async(CallOptions options, Completion<std::vector<FileId>> done) {
    run(std::move(options), std::move(done),
        [table = table_](const CallOptions& limits) -> Result<std::vector<FileId>> {
            filestore_backend_call call = call_within(limits);
            FILESTORE_TRY(ask(*table, "end uploads", (*table)->expire_uploads, call));
            return std::move(call.told_ids);
        });
}

}  // namespace filestore::capi
