#include "service/operations.h"

#include <new>
#include <string>
#include <utility>

#include "core/stream_calls.h"
#include "core/text.h"
#include "core/try.h"
#include "service/recorded_operation.h"

namespace filestore {

bool may_have_happened(const Error& error) noexcept {
    const int status = error.details().http_status;
    const bool refused = status >= 300 && status < 500;
    switch (error.code()) {
        case ErrorCode::invalid_argument:
        case ErrorCode::not_found:
        case ErrorCode::already_exists:
        case ErrorCode::precondition_failed:
        case ErrorCode::permission_denied:
        case ErrorCode::unauthenticated:
        case ErrorCode::configuration:
        case ErrorCode::unsupported:
        case ErrorCode::no_space:
        case ErrorCode::forked:
            return status != 0 && !refused;
        default:
            return !refused;
    }
}

namespace {

/// Whether a storage may still be at work on an upload that failed so: it got all of it, as far as can be told, and has not answered.
bool may_be_under_way(const Error& error) noexcept {
    return error.code() != ErrorCode::source_failed && error.code() != ErrorCode::rejected &&
           error.code() != ErrorCode::corrupt;
}

class UploadOperation final : public RecordedOperation<FileId> {
public:
    UploadOperation(const ServiceParts& parts, FileUpload file, PendingAnswerPtr<FileId> answer)
        : RecordedOperation(parts, file.call, std::move(answer)), file_(std::move(file)) {}

private:
    std::shared_ptr<UploadOperation> self() {
        return std::static_pointer_cast<UploadOperation>(shared_from_this());
    }

    void begin() override {
        if (!parts().validator) {
            return store();
        }
        file_.call = options();
        parts().validator->look_at(std::move(file_), [operation = self()](Result<FileUpload> file) {
            operation->step([&] { operation->looked_at(std::move(file)); });
        });
    }

    void looked_at(Result<FileUpload> file) {
        if (!file.ok()) {
            return finish(file.error());
        }
        file_ = std::move(*file);
        store();
    }

    void store() {
        if (auto ready = make_intent(); !ready.ok()) {
            return finish(ready.error());
        }
        UploadRequest request;
        request.id = intent().id;
        request.source = std::move(file_.source);
        request.original_path = std::move(file_.path);
        request.content_type = std::move(file_.content_type);
        request.metadata = std::move(file_.metadata);
        if (file_.late_metadata) {
            request.late_metadata = [operation = self()] { return operation->ask_for_metadata(); };
        }
        request.call = options();
        parts().backend->upload_async(std::move(request),
                                      [operation = self()](const Result<UploadReceipt>& receipt) {
                                          operation->step([&] { operation->stored(receipt); });
                                      });
    }

    /// The event tells of what is stored.
    Result<Metadata> ask_for_metadata() {
        FILESTORE_TRY_ASSIGN(intent().metadata, call_user(ErrorCode::source_failed, file_.late_metadata));
        return intent().metadata;
    }

    Result<void> make_intent() {
        // What the record could not hold is refused before anything is recorded.
        if (!is_utf8(file_.path)) {
            return Error(ErrorCode::invalid_argument,
                         "the name " + quoted(file_.path) + " is not UTF-8: give a name that is");
        }
        FILESTORE_TRY(check_user_metadata(file_.metadata));
        intent().operation = Operation::upload;
        intent().file_path = file_.path;
        intent().metadata = file_.metadata;
        intent().begun_at = parts().clock->now();
        return parts().journal->begin_upload(intent());
    }

    void stored(const Result<UploadReceipt>& receipt) {
        if (!receipt.ok()) {
            return fail(receipt.error());
        }
        const auto recorded = call_user(ErrorCode::internal, [this] {
            return parts().journal->complete(intent(), parts().clock->now());
        });
        if (recorded.ok()) {
            return succeed(intent().id, "is stored");
        }
        undo(recorded.error());
    }

    void fail(const Error& error) {
        if (may_have_happened(error)) {
            may_come_late_ = may_be_under_way(error);
            return undo(error);
        }
        static_cast<void>(parts().journal->abandon(intent()));
        finish(error);
    }

    /// The file must not stay where the caller is told of a failure. The intent says so before the caller is told, and stays until the file is
    /// certain to be gone: this process or the next one sees to that.
    void undo(const Error& error) noexcept {
        or_unknown([&] { begin_undo(error); });
    }

    /// Without the memory to undo an upload nobody can tell what becomes of its file.
    template <class Step>
    void or_unknown(Step&& step) noexcept {
        try {
            std::forward<Step>(step)();
        } catch (const std::bad_alloc&) {
            finish(Error(ErrorCode::outcome_unknown));
        }
    }

    void begin_undo(const Error& error) {
        const bool noted = parts().journal->turn_into_undo(intent()).ok() && parts().journal->records();
        const bool has_to_answer_now =
            error.code() == ErrorCode::cancelled || error.code() == ErrorCode::timeout;
        if (has_to_answer_now) {
            answer().give_and_keep(error);
        }
        FileRequest request{intent().id, {}};
        request.call.deadline = std::chrono::steady_clock::now() + undo_limit;
        parts().backend->discard_async(std::move(request),
                                       [operation = self(), error, noted](const Result<void>& discarded) {
                                           operation->undone(error, noted, discarded.ok());
                                       });
    }

    void undone(const Error& error, bool noted, bool removed) noexcept {
        or_unknown([&] {
            const bool is_ended =
                removed && call_user(ErrorCode::internal, [this] { return end_undo(); }).ok();
            if (!is_ended && noted) {
                parts().journal->settle_later(intent());
            }
            const bool may_stay = !removed && !noted;
            finish(may_stay ? Error(ErrorCode::outcome_unknown,
                                    "the upload failed, and whether its file " + intent().id.str() +
                                        " is there cannot be told: " + std::string(error.message()),
                                    error.details())
                            : error);
        });
    }

    Result<void> end_undo() {
        Journal& journal = *parts().journal;
        return may_come_late_ ? journal.abandon_in_time(intent()) : journal.abandon(intent());
    }

    FileUpload file_;
    bool may_come_late_ = false;
};

class RemovalOperation final : public RecordedOperation<bool> {
public:
    RemovalOperation(const ServiceParts& parts, FileRequest request, PendingAnswerPtr<bool> answer)
        : RecordedOperation(parts, std::move(request.call), std::move(answer)),
          if_version_(std::move(request.if_version)) {
        intent().id = request.id;
        intent().operation = Operation::removal;
    }

private:
    std::shared_ptr<RemovalOperation> self() {
        return std::static_pointer_cast<RemovalOperation>(shared_from_this());
    }

    /// A file that the catalogue does not know (the original's, or another tool's) is looked at first, so that its row tells what it was.
    void begin() override {
        if (!if_version_.empty() && !parts().backend->capabilities().compare_and_delete) {
            // It might pass over the version, and remove the file.
            return finish(Error(ErrorCode::unsupported,
                                "this store cannot compare the version of a file that it removes: leave "
                                "if_version out"));
        }
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
        parts().backend->metadata_async({intent().id, options()},
                                        [operation = self()](Result<FileInfo> info) {
                                            operation->step([&] { operation->looked_at(std::move(info)); });
                                        });
    }

    void looked_at(Result<FileInfo> info) {
        if (info.ok()) {
            intent().file_path = std::move(info->original_path);
            intent().metadata = std::move(info->metadata);
            intent().stored_at = info->last_modified;
            return remove();
        }
        const bool there_perhaps =
            info.error().code() == ErrorCode::not_found || info.error().code() == ErrorCode::corrupt;
        if (there_perhaps) {
            return ask_first();
        }
        finish(info.error());
    }

    void ask_first() {
        parts().backend->exists_async({intent().id, options()},
                                      [operation = self()](const Result<bool>& exists) {
                                          if (!exists.ok() || !*exists) {
                                              return operation->finish(exists);
                                          }
                                          operation->step([&] { operation->remove(); });
                                      });
    }

    void remove() {
        intent().begun_at = parts().clock->now();
        if (auto begun = parts().journal->begin(intent()); !begun.ok()) {
            return finish(begun.error());
        }
        parts().backend->remove_async({intent().id, options(), if_version_},
                                      [operation = self()](const Result<bool>& removed) {
                                          operation->step([&] { operation->record(removed); });
                                      });
    }

    void record(const Result<bool>& removed) {
        if (removed.ok() && *removed) {
            const auto recorded = parts().journal->complete(intent(), parts().clock->now());
            if (!recorded.ok()) {
                parts().journal->settle_later(intent());
                return finish(recorded.error().within(
                    "the file was removed; that will be recorded later, because now the catalogue failed"));
            }
            return succeed(true, "is removed");
        }
        // After a lost answer the intent stays until it is found out.
        if (removed.ok() || !may_have_happened(removed.error())) {
            static_cast<void>(parts().journal->abandon(intent()));
        } else {
            parts().journal->settle_later(intent());
        }
        finish(removed);
    }

    const std::string if_version_;
};

}  // namespace

void start_upload(const ServiceParts& parts, FileUpload file, PendingAnswerPtr<FileId> answer) {
    std::make_shared<UploadOperation>(parts, std::move(file), std::move(answer))->start();
}

void start_removal(const ServiceParts& parts, FileRequest request, PendingAnswerPtr<bool> answer) {
    std::make_shared<RemovalOperation>(parts, std::move(request), std::move(answer))->start();
}

}  // namespace filestore
