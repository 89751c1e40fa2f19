#include "service/resumable_uploads.h"

#include <algorithm>
#include <utility>

#include "core/stream_calls.h"
#include "core/text.h"
#include "core/try.h"
#include "filestore/resumable_store.h"
#include "service/checked_source.h"
#include "service/recorded_operation.h"
#include "service/validation/limited_source.h"
#include "service/validation/rules.h"

namespace filestore {

namespace {

Error no_resumable_uploads(const ServiceParts& parts) {
    return {ErrorCode::unsupported, "the backend " + quoted(parts.backend->name()) +
                                        " has no uploads that come piece by piece: upload the file at once"};
}

ResumableUpload as_upload(PartialUpload partial) {
    return {partial.id,
            partial.offset,
            partial.length,
            std::move(partial.original_path),
            std::move(partial.content_type),
            std::move(partial.metadata),
            partial.expires_at,
            false};
}

ResumableUpload as_upload(FileInfo info) {
    return {info.id,
            info.size,
            info.size,
            std::move(info.original_path),
            std::move(info.content_type),
            std::move(info.metadata),
            info.last_modified,
            true};
}

/// Softly: its bytes are there, and to everybody else it is gone.
Result<bool> is_deleted(const ServiceParts& parts, const FileId& id) {
    return parts.grace ? parts.journal->is_soft_deleted(id) : Result<bool>(false);
}

/// A rule of the service's, not the length that was declared.
bool is_refusal(const Error& error) {
    return error.code() == ErrorCode::rejected && error.details().server_code != "length";
}

Result<void> check_new(const ServiceParts& parts, const NewUpload& upload) {
    if (!is_utf8(upload.path)) {
        return Error(ErrorCode::invalid_argument,
                     "the name " + quoted(upload.path) + " is not UTF-8: give a name that is");
    }
    FILESTORE_TRY(check_user_metadata(upload.metadata));
    const ResumableStore& store = *parts.backend->resumable_store();
    if (upload.length && *upload.length > store.max_length()) {
        return validation::too_large(upload.path, store.max_length(), upload.length);
    }
    if (!parts.validator) {
        return {};
    }
    if (parts.validator->has_scanner() && !store.can_read()) {
        return Error(ErrorCode::unsupported,
                     "a scanner is configured, and this store cannot show it an upload that comes piece by "
                     "piece: upload the file at once");
    }
    return parts.validator->look_at_name(upload.path, upload.content_type, upload.length);
}

Result<BeginUploadRequest> request_of(const ServiceParts& parts, NewUpload upload,
                                      const std::stop_token& stop) {
    FILESTORE_TRY(check_new(parts, upload));
    BeginUploadRequest request;
    FILESTORE_TRY_ASSIGN(request.id, FileId::generate());
    request.length = upload.length;
    request.original_path = std::move(upload.path);
    request.content_type = std::move(upload.content_type);
    request.metadata = std::move(upload.metadata);
    request.lifetime = parts.upload_lifetime;
    request.call = std::move(upload.call);
    request.call.cancel = stop;
    return request;
}

/// Looks at the bytes as far as that can be done now, then hands them on.
class AppendOperation final : public std::enable_shared_from_this<AppendOperation> {
public:
    AppendOperation(const ServiceParts& parts, UploadAppend append, PendingAnswerPtr<ResumableUpload> answer)
        : parts_(parts), append_(std::move(append)), answer_(std::move(answer)) {
        append_.call.cancel = answer_->token();
    }

    void start() {
        if (append_.checksum && append_.source) {
            append_.source = checked_source(std::move(append_.source), *append_.checksum);
        }
        if (!parts_.validator) {
            return hand_on();
        }
        store().state_async(
            {append_.id, options()}, [self = shared_from_this()](const Result<PartialUpload>& state) {
                self->step([&] { state.ok() ? self->look_at(*state) : self->answer_->give(state.error()); });
            });
    }

private:
    template <class Step>
    void step(Step&& step) noexcept {
        step_of(*answer_, *parts_.executor, std::forward<Step>(step));
    }

    [[nodiscard]] ResumableStore& store() const { return *parts_.backend->resumable_store(); }

    /// Of a call that moves no bytes.
    [[nodiscard]] CallOptions options() const { return {append_.call.deadline, answer_->token(), {}, {}}; }

    void look_at(const PartialUpload& state) {
        const auto length = state.length ? state.length : append_.length;
        const auto most = parts_.validator->max_size();
        if (auto allowed = check_size(state, length, most); !allowed.ok()) {
            return refuse(allowed.error());
        }
        if (most && append_.source && !append_.source->size() && !length) {
            append_.source = validation::limit_source(
                std::move(append_.source), *most - std::min(*most, state.offset), state.original_path);
        }
        if (append_.offset != 0 || state.offset != 0) {
            return hand_on();
        }
        FileUpload file;
        file.source = std::move(append_.source);
        file.path = state.original_path;
        file.content_type = state.content_type;
        file.call = append_.call;
        parts_.validator->look_at_first(std::move(file), length,
                                        [self = shared_from_this()](Result<std::shared_ptr<Source>> source) {
                                            self->step([&] { self->looked_at(std::move(source)); });
                                        });
    }

    [[nodiscard]] Result<void> check_size(const PartialUpload& state, std::optional<std::uint64_t> length,
                                          std::optional<std::uint64_t> most) const {
        const auto size = append_.source ? append_.source->size() : std::nullopt;
        const std::uint64_t at_least = std::max(length.value_or(0), state.offset + size.value_or(0));
        return most && at_least > *most ? validation::too_large(state.original_path, *most, at_least)
                                        : Result<void>();
    }

    void looked_at(Result<std::shared_ptr<Source>> source) {
        if (!source.ok()) {
            return refuse(source.error());
        }
        append_.source = std::move(*source);
        hand_on();
    }

    void hand_on() {
        AppendRequest request;
        request.id = append_.id;
        request.offset = append_.offset;
        request.source = std::move(append_.source);
        request.length = append_.length;
        request.all_or_nothing = append_.checksum.has_value();
        request.call = append_.call;
        store().append_async(std::move(request), [self = shared_from_this()](Result<PartialUpload> state) {
            self->step([&] { self->appended(std::move(state)); });
        });
    }

    void appended(Result<PartialUpload> state) {
        if (!state.ok()) {
            return refuse(state.error());
        }
        answer_->give(as_upload(std::move(*state)));
    }

    /// What the rules refuse leaves no byte.
    void refuse(const Error& error) {
        if (!is_refusal(error)) {
            return answer_->give(error);
        }
        store().end_async({append_.id, {}}, [self = shared_from_this(), error](const Result<bool>&) {
            self->answer_->give(error);
        });
    }

    const ServiceParts parts_;
    UploadAppend append_;
    const PendingAnswerPtr<ResumableUpload> answer_;
};

/// Makes a file of an upload, as an upload is made one. What is there stays until the file is recorded, so that the call can be made again.
class FinishOperation final : public RecordedOperation<FileId> {
public:
    FinishOperation(const ServiceParts& parts, FileRequest request, PendingAnswerPtr<FileId> answer)
        : RecordedOperation(parts, std::move(request.call), std::move(answer)) {
        intent().id = request.id;
        intent().operation = Operation::upload;
        intent().is_shared = true;
    }

private:
    std::shared_ptr<FinishOperation> self() {
        return std::static_pointer_cast<FinishOperation>(shared_from_this());
    }

    [[nodiscard]] ResumableStore& resumable() const { return *parts().backend->resumable_store(); }

    /// A call of the store's whose answer is the next step.
    template <class T, class Take>
    Completion<T> then(Take take) {
        return [operation = self(), take](Result<T> result) {
            operation->step([&] { (operation.get()->*take)(std::move(result)); });
        };
    }

    void begin() override {
        resumable().state_async({intent().id, options()}, then<PartialUpload>(&FinishOperation::found));
    }

    void found(Result<PartialUpload> state) {
        if (!state.ok()) {
            return look_for_file(state.error());
        }
        if (!state->length || *state->length != state->offset) {
            return finish(Error(ErrorCode::precondition_failed, "upload " + intent().id.str() + " has only " +
                                                                    std::to_string(state->offset) +
                                                                    " bytes so far: append the rest"));
        }
        const auto record = parts().journal->states_of({intent().id});
        if (!record.ok()) {
            return finish(record.error());
        }
        if (record->front().known) {
            // Its process ended between the record and the end of the upload.
            return clear_away(no_such_file());
        }
        length_ = *state->length;
        file_.path = std::move(state->original_path);
        file_.content_type = std::move(state->content_type);
        file_.metadata = std::move(state->metadata);
        parts().backend->exists_async({intent().id, options()}, then<bool>(&FinishOperation::seen));
    }

    [[nodiscard]] Error no_such_file() {
        return {ErrorCode::not_found, "the file of upload " + intent().id.str() + " was removed"};
    }

    /// It may be finished.
    void look_for_file(const Error& error) {
        if (error.code() != ErrorCode::not_found) {
            return finish(error);
        }
        parts().backend->exists_async({intent().id, options()},
                                      [operation = self(), error](const Result<bool>& exists) {
                                          operation->step([&] { operation->looked_for_file(exists, error); });
                                      });
    }

    void looked_for_file(const Result<bool>& exists, const Error& error) {
        if (!exists.ok() || !*exists) {
            return finish(exists.ok() ? error : exists.error());
        }
        const auto deleted = is_deleted(parts(), intent().id);
        if (!deleted.ok() || *deleted) {
            return finish(deleted.ok() ? error : deleted.error());
        }
        finish(intent().id);
    }

    void clear_away(const Error& error) {
        resumable().end_async({intent().id, options()}, [operation = self(), error](const Result<bool>&) {
            operation->step([&] { operation->look_for_file(error); });
        });
    }

    void seen(Result<bool> exists) {
        if (!exists.ok()) {
            return finish(exists.error());
        }
        if (*exists) {
            return begin_intent() ? record_found() : void();
        }
        resumable().open_async({intent().id, options()},
                               then<std::shared_ptr<Source>>(&FinishOperation::opened));
    }

    void opened(Result<std::shared_ptr<Source>> source) {
        if (!source.ok()) {
            return look_for_file(source.error());
        }
        file_.source = std::move(*source);
        file_.call = options();
        // An append that was under way then may have been taken back since.
        if (const auto size = file_.source->size(); size && *size != length_) {
            return finish(Error(ErrorCode::conflict,
                                "upload " + intent().id.str() + " is being appended to: ask again"));
        }
        if (!parts().validator) {
            return publish();
        }
        parts().validator->look_at(std::move(file_), then<FileUpload>(&FinishOperation::looked_at));
    }

    void looked_at(Result<FileUpload> file) {
        if (!file.ok()) {
            return refuse(file.error());
        }
        file_ = std::move(*file);
        publish();
    }

    void refuse(const Error& error) {
        if (!is_refusal(error)) {
            return finish(error);
        }
        file_.source.reset();
        resumable().end_async({intent().id, {}},
                              [operation = self(), error](const Result<bool>&) { operation->finish(error); });
    }

    /// False where the call has been answered.
    bool begin_intent() {
        intent().file_path = file_.path;
        intent().metadata = file_.metadata;
        intent().begun_at = parts().clock->now();
        const auto begun = parts().journal->begin(intent());
        if (!begun.ok()) {
            finish(begun.error());
        }
        return begun.ok();
    }

    void publish() {
        if (!begin_intent()) {
            return;
        }
        UploadRequest request;
        request.id = intent().id;
        request.source = std::move(file_.source);
        request.original_path = file_.path;
        request.content_type = file_.content_type;
        request.metadata = file_.metadata;
        request.call = options();
        parts().backend->upload_async(std::move(request), then<UploadReceipt>(&FinishOperation::stored));
    }

    void stored(const Result<UploadReceipt>& receipt) {
        if (receipt.ok()) {
            return record();
        }
        if (is_refusal(receipt.error())) {
            return give_up(receipt.error());
        }
        find_out(receipt.error());
    }

    void give_up(const Error& error) {
        static_cast<void>(parts().journal->abandon(intent()));
        refuse(error);
    }

    /// Whether the file is there now decides: an answer was lost, or another call was faster. Where that cannot be told the intent stays until it is found out.
    void find_out(const Error& error) {
        FileRequest request{intent().id, {}};
        request.call.deadline = std::chrono::steady_clock::now() + undo_limit;
        parts().backend->exists_async(
            std::move(request), [operation = self(), error](const Result<bool>& exists) {
                operation->step([&] {
                    if (!exists.ok()) {
                        operation->parts().journal->settle_later(operation->intent());
                        return operation->finish(error);
                    }
                    *exists ? operation->record_found() : operation->give_up(error);
                });
            });
    }

    void record() {
        recorded(call_user(ErrorCode::internal,
                           [this] { return parts().journal->complete(intent(), parts().clock->now()); }));
    }

    /// It was published before. Somebody else may have recorded that by now, and the file's deletion too.
    void record_found() {
        const auto record = parts().journal->states_of({intent().id});
        if (!record.ok()) {
            return recorded(record.error());
        }
        if (record->front().known) {
            static_cast<void>(parts().journal->abandon(intent()));
            return clear_away(no_such_file());
        }
        recorded(parts().journal->complete_found(intent()));
    }

    void recorded(const Result<void>& outcome) {
        if (!outcome.ok()) {
            parts().journal->settle_later(intent());
            return finish(outcome.error());
        }
        resumable().end_async({intent().id, {}}, [operation = self()](const Result<bool>&) {
            operation->step([&] { operation->succeed(operation->intent().id, "is stored"); });
        });
    }

    FileUpload file_;
    std::uint64_t length_ = 0;
};

/// `error` where there is no such file.
Result<ResumableUpload> as_finished(const ServiceParts& parts, Result<FileInfo> info, const Error& error) {
    if (!info.ok()) {
        return info.error().code() == ErrorCode::not_found ? error : info.error();
    }
    FILESTORE_TRY_ASSIGN(const bool deleted, is_deleted(parts, info->id));
    return deleted ? Result<ResumableUpload>(error) : as_upload(std::move(*info));
}

}  // namespace

void start_begin_upload(const ServiceParts& parts, NewUpload upload,
                        const PendingAnswerPtr<ResumableUpload>& answer) {
    ResumableStore* const store = parts.backend->resumable_store();
    if (store == nullptr) {
        return answer->give(no_resumable_uploads(parts));
    }
    auto request = request_of(parts, std::move(upload), answer->token());
    if (!request.ok()) {
        return answer->give(request.error());
    }
    store->begin_async(std::move(*request), [answer](Result<PartialUpload> begun) {
        answer->give(begun.ok() ? Result<ResumableUpload>(as_upload(std::move(*begun))) : begun.error());
    });
}

void start_append(const ServiceParts& parts, UploadAppend append,
                  const PendingAnswerPtr<ResumableUpload>& answer) {
    if (parts.backend->resumable_store() == nullptr) {
        return answer->give(no_resumable_uploads(parts));
    }
    std::make_shared<AppendOperation>(parts, std::move(append), answer)->start();
}

void start_upload_state(const ServiceParts& parts, const FileRequest& request,
                        const PendingAnswerPtr<ResumableUpload>& answer) {
    ResumableStore* const store = parts.backend->resumable_store();
    if (store == nullptr) {
        return answer->give(no_resumable_uploads(parts));
    }
    const CallOptions options{request.call.deadline, answer->token(), {}, {}};
    store->state_async(
        {request.id, options}, [parts, answer, options, id = request.id](Result<PartialUpload> state) {
            if (state.ok() || state.error().code() != ErrorCode::not_found) {
                return answer->give(state.ok() ? Result<ResumableUpload>(as_upload(std::move(*state)))
                                               : state.error());
            }
            parts.backend->metadata_async(
                {id, options}, [parts, answer, error = state.error()](Result<FileInfo> info) {
                    step_of(*answer, *parts.executor,
                            [&] { answer->give(as_finished(parts, std::move(info), error)); });
                });
        });
}

void start_finish_upload(const ServiceParts& parts, FileRequest request, PendingAnswerPtr<FileId> answer) {
    if (parts.backend->resumable_store() == nullptr) {
        return answer->give(no_resumable_uploads(parts));
    }
    std::make_shared<FinishOperation>(parts, std::move(request), std::move(answer))->start();
}

void start_end_upload(const ServiceParts& parts, const FileRequest& request,
                      const PendingAnswerPtr<bool>& answer) {
    ResumableStore* const store = parts.backend->resumable_store();
    if (store == nullptr) {
        return answer->give(no_resumable_uploads(parts));
    }
    store->end_async({request.id, {request.call.deadline, answer->token(), {}, {}}},
                     [answer](const Result<bool>& ended) { answer->give(ended); });
}

void start_sweep(const ServiceParts& parts, const CallOptions& options,
                 const PendingAnswerPtr<std::uint64_t>& answer) {
    ResumableStore* const store = parts.backend->resumable_store();
    if (store == nullptr) {
        return answer->give(std::uint64_t{0});
    }
    store->sweep_async({options.deadline, answer->token(), {}, {}},
                       [answer](const Result<std::vector<FileId>>& ended) {
                           answer->give(ended.ok() ? Result<std::uint64_t>(ended->size()) : ended.error());
                       });
}

std::uint64_t most_of_an_upload(const ServiceParts& parts) noexcept {
    const ResumableStore* const store = parts.backend->resumable_store();
    if (store == nullptr) {
        return 0;
    }
    const auto allowed = parts.validator ? parts.validator->max_size() : std::nullopt;
    return std::min(store->max_length(), allowed.value_or(UINT64_MAX));
}

}  // namespace filestore
