#include "table_uploads.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "core/append_job.h"
#include "core/blocking_job.h"
#include "core/stream_calls.h"
#include "core/upload_record.h"

namespace filestore::capi {
namespace {

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

class TableAppend final : public AppendJob {
public:
    TableAppend(Runtime runtime, std::shared_ptr<const Table> table, std::shared_ptr<Clock> clock,
                AppendRequest request, const PendingAnswerPtr<PartialUpload>& answer)
        : AppendJob(std::move(runtime), std::move(request), answer),
          table_(std::move(table)),
          clock_(std::move(clock)),
          limits_{this->request().call.deadline, answer->token(), {}, {}} {}

private:
    Result<Found> find() override {
        FILESTORE_TRY_ASSIGN(const PartialUpload upload, state());
        return Found{upload.offset, upload.length};
    }

    Result<void> open(const std::optional<std::uint64_t>& length) override {
        call_ = call_on(request().id, limits_);
        call_.offset = request().offset;
        call_.size = length.value_or(FILESTORE_UNKNOWN_SIZE);
        call_.all_or_nothing = request().all_or_nothing;
        return ask(*table_, what, (*table_)->open_append, call_, &append_);
    }

    Result<void> store(std::span<const std::byte> bytes) override {
        return ask(*table_, what, (*table_)->append, call_, append_, static_cast<const void*>(bytes.data()),
                   bytes.size());
    }

    Result<void> end(bool keeps) override {
        return ask(*table_, what, (*table_)->end_append, call_, append_, std::int32_t{keeps});
    }

    Result<PartialUpload> state() override { return live_upload(*table_, *clock_, request().id, limits_); }

    static constexpr const char* what = "append to an upload";

    const std::shared_ptr<const Table> table_;
    const std::shared_ptr<Clock> clock_;
    const CallOptions limits_;
    filestore_backend_call call_;
    void* append_ = nullptr;
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
