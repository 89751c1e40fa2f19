#include "service/operations.h"

#include <new>
#include <utility>

#include "core/library_thread.h"
#include "core/text.h"
#include "core/try.h"

namespace filestore {

namespace {

/// How long undoing an upload may take when its backend does not answer.
constexpr std::chrono::seconds undo_limit{5};

/// Whether a failed request may still have left something: its answer was lost, or its body was broken off (a server has been
/// seen to keep the part of an unsigned body that had arrived).
bool may_have_happened(const Error& error) noexcept {
    switch (error.code()) {
        case ErrorCode::source_failed:
        case ErrorCode::timeout:
        case ErrorCode::cancelled:
        case ErrorCode::unavailable:
        case ErrorCode::outcome_unknown:
            return true;
        default:
            return error.details().http_status >= 500;
    }
}

/// What both operations share: their parts, their call and their one answer.
template <class T>
class RecordedOperation : public std::enable_shared_from_this<RecordedOperation<T>> {
public:
    RecordedOperation(const ServiceParts& parts, std::shared_ptr<PendingCalls::Call> call,
                      CallOptions options, Completion<T> done)
        : parts_(parts), call_(std::move(call)), options_(std::move(options)), done_(std::move(done)) {
        options_.cancel = call_->token();
    }
    virtual ~RecordedOperation() = default;
    RecordedOperation(const RecordedOperation&) = delete;
    RecordedOperation& operator=(const RecordedOperation&) = delete;

    /// Queues the first step.
    void start() {
        parts_.executor->post([self = this->shared_from_this()] {
            const LibraryThreadScope scope;
            try {
                self->begin();
            } catch (const std::bad_alloc&) {
                self->finish(Error(ErrorCode::no_memory));
            }
        });
    }

protected:
    virtual void begin() = 0;

    void finish(Result<T> result) {
        const auto done = std::exchange(done_, nullptr);
        done(std::move(result));
        call_.reset();
    }

    [[nodiscard]] const ServiceParts& parts() const noexcept { return parts_; }
    [[nodiscard]] const CallOptions& options() const noexcept { return options_; }
    [[nodiscard]] Intent& intent() noexcept { return intent_; }

private:
    const ServiceParts parts_;
    std::shared_ptr<PendingCalls::Call> call_;
    CallOptions options_;
    Completion<T> done_;
    Intent intent_;
};

class UploadOperation final : public RecordedOperation<FileId> {
public:
    UploadOperation(const ServiceParts& parts, std::shared_ptr<PendingCalls::Call> call, FileUpload file,
                    Completion<FileId> done)
        : RecordedOperation(parts, std::move(call), std::move(file.call), std::move(done)),
          file_(std::move(file)) {}

private:
    std::shared_ptr<UploadOperation> self() {
        return std::static_pointer_cast<UploadOperation>(shared_from_this());
    }

    void begin() override {
        if (auto ready = make_intent(); !ready.ok()) {
            return finish(ready.error());
        }
        UploadRequest request;
        request.id = intent().id;
        request.source = std::move(file_.source);
        request.original_path = std::move(file_.path);
        request.content_type = std::move(file_.content_type);
        request.metadata = std::move(file_.metadata);
        request.call = options();
        parts().backend->upload_async(std::move(request),
                                      [operation = self()](const Result<UploadReceipt>& receipt) {
                                          if (receipt.ok()) {
                                              return operation->record();
                                          }
                                          operation->fail(receipt.error());
                                      });
    }

    Result<void> make_intent() {
        // What the record could not hold is refused before anything is recorded.
        if (!is_utf8(file_.path)) {
            return Error(ErrorCode::invalid_argument,
                         "the name " + quoted(file_.path) + " is not UTF-8: give a name that is");
        }
        FILESTORE_TRY(check_user_metadata(file_.metadata));
        FILESTORE_TRY_ASSIGN(intent().id, FileId::generate());
        intent().operation = Operation::upload;
        intent().file_path = file_.path;
        intent().metadata = file_.metadata;
        intent().begun_at = parts().clock->now();
        return parts().journal->begin(intent());
    }

    void record() {
        const auto recorded = parts().journal->complete(intent(), parts().clock->now());
        if (recorded.ok()) {
            return finish(intent().id);
        }
        undo(recorded.error());
    }

    void fail(const Error& error) {
        if (may_have_happened(error)) {
            return undo(error);
        }
        static_cast<void>(parts().journal->abandon(intent()));
        finish(error);
    }

    /// The file must not stay where the caller was told of a failure. While that is not certain the intent stays, and recovery will
    /// find out.
    void undo(const Error& error) {
        FileRequest request{intent().id, {}};
        request.call.deadline = std::chrono::steady_clock::now() + undo_limit;
        parts().backend->remove_async(
            std::move(request), [operation = self(), error](const Result<bool>& removed) {
                if (removed.ok()) {
                    static_cast<void>(operation->parts().journal->abandon(operation->intent()));
                }
                operation->finish(error);
            });
    }

    FileUpload file_;
};

class RemovalOperation final : public RecordedOperation<bool> {
public:
    RemovalOperation(const ServiceParts& parts, std::shared_ptr<PendingCalls::Call> call, FileRequest request,
                     Completion<bool> done)
        : RecordedOperation(parts, std::move(call), std::move(request.call), std::move(done)) {
        intent().id = request.id;
        intent().operation = Operation::removal;
    }

private:
    std::shared_ptr<RemovalOperation> self() {
        return std::static_pointer_cast<RemovalOperation>(shared_from_this());
    }

    /// A file that the catalogue does not know (the original's, or another tool's) is looked at first, so that its row tells what it was.
    void begin() override {
        const auto known = parts().journal->knows(intent().id);
        if (!known.ok()) {
            return finish(known.error());
        }
        if (!*known) {
            return look_at_file();
        }
        if (parts().backend->capabilities().remove_tells_existence) {
            return remove();
        }
        ask_first();
    }

    void look_at_file() {
        parts().backend->metadata_async(
            {intent().id, options()}, [operation = self()](Result<FileInfo> info) {
                if (info.ok()) {
                    operation->intent().file_path = std::move(info->original_path);
                    operation->intent().metadata = std::move(info->metadata);
                    return operation->remove();
                }
                const bool there_perhaps =
                    info.error().code() == ErrorCode::not_found || info.error().code() == ErrorCode::corrupt;
                if (there_perhaps) {
                    return operation->ask_first();
                }
                operation->finish(info.error());
            });
    }

    void ask_first() {
        parts().backend->exists_async({intent().id, options()},
                                      [operation = self()](const Result<bool>& exists) {
                                          if (!exists.ok() || !*exists) {
                                              return operation->finish(exists);
                                          }
                                          operation->remove();
                                      });
    }

    void remove() {
        intent().begun_at = parts().clock->now();
        if (auto begun = parts().journal->begin(intent()); !begun.ok()) {
            return finish(begun.error());
        }
        parts().backend->remove_async(
            {intent().id, options()},
            [operation = self()](const Result<bool>& removed) { operation->record(removed); });
    }

    void record(const Result<bool>& removed) {
        if (removed.ok() && *removed) {
            const auto recorded = parts().journal->complete(intent(), parts().clock->now());
            if (!recorded.ok()) {
                return finish(recorded.error().within(
                    "the file was removed; that will be recorded later, because now the catalogue failed"));
            }
            return finish(true);
        }
        // After a lost answer the intent stays, and recovery will find out.
        if (removed.ok() || !may_have_happened(removed.error())) {
            static_cast<void>(parts().journal->abandon(intent()));
        }
        finish(removed);
    }
};

}  // namespace

void start_upload(const ServiceParts& parts, std::shared_ptr<PendingCalls::Call> call, FileUpload file,
                  Completion<FileId> done) {
    std::make_shared<UploadOperation>(parts, std::move(call), std::move(file), std::move(done))->start();
}

void start_removal(const ServiceParts& parts, std::shared_ptr<PendingCalls::Call> call, FileRequest request,
                   Completion<bool> done) {
    std::make_shared<RemovalOperation>(parts, std::move(call), std::move(request), std::move(done))->start();
}

}  // namespace filestore
