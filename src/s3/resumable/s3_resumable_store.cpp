#include "s3/resumable/s3_resumable_store.h"

#include <utility>

#include "core/request_checks.h"
#include "core/try.h"
#include "s3/client/listing.h"
#include "s3/protocol/etag.h"
#include "s3/protocol/part_plan.h"
#include "s3/resumable/append_job.h"
#include "s3/resumable/arrived_parts.h"

namespace filestore::s3 {

namespace {

/// One call of the store's.
template <class T>
class StoreChain : public RequestChain {
public:
    StoreChain(const UploadPlace& place, const CallOptions& options, PendingAnswerPtr<T> answer)
        : RequestChain(place.core, options, answer->token()), place_(place), answer_(std::move(answer)) {}

protected:
    void finish(const Result<void>& result) noexcept final {
        answer_->give(result.ok() ? std::move(told) : Result<T>(result.error()));
    }

    /// Reads the object of an upload, and gives it to `take`.
    template <class Take>
    void read(const FileId& id, StateExtent extent, Take take) {
        auto body = std::make_shared<std::string>();
        send(read_call(place_, id, extent, limits(), body), [id, extent, body, take](const Outcome& outcome) {
            return take(read_answer(id, outcome, extent, std::move(*body)));
        });
    }

    [[nodiscard]] const UploadPlace& place() const noexcept { return place_; }

    /// What is answered once work() says that all is done.
    Result<T> told = Error(ErrorCode::internal);

private:
    const UploadPlace place_;
    const PendingAnswerPtr<T> answer_;
};

/// Registers a call and starts it.
template <class Chain, class T, class... Arguments>
void start(const UploadPlace& place, CallOptions options, Completion<T> done, Arguments... arguments) {
    place.core->start<T>(options, std::move(done), [&](const OperationPtr<T>& operation) -> Result<void> {
        make_job<Chain>(place, options, operation->answer, std::move(arguments)...)->start();
        return {};
    });
}

class BeginChain final : public StoreChain<PartialUpload> {
public:
    BeginChain(const UploadPlace& place, const CallOptions& options, PendingAnswerPtr<PartialUpload> answer,
               BeginUploadRequest request)
        : StoreChain(place, options, std::move(answer)), request_(std::move(request)) {}

private:
    Result<bool> work() override {
        if (is_written_) {
            return true;
        }
        FILESTORE_TRY_ASSIGN(UploadState state, make_state());
        // What the object could not hold is refused before anything is there.
        FILESTORE_TRY(place().object_headers(state.record));
        FILESTORE_TRY_ASSIGN(Call call, write_call(place(), state, {}, nullptr, limits()));
        send(std::move(call), [this, state = std::move(state)](const Outcome& outcome) -> Result<void> {
            FILESTORE_TRY(outcome.answer);
            is_written_ = true;
            told = told_of(state);
            return {};
        });
        return false;
    }

    /// A known length tells the size of the parts; some numbers are left for those that do not count.
    Result<UploadState> make_state() {
        UploadState state;
        FILESTORE_TRY_ASSIGN(state.record, upload_record_of(request_));
        FILESTORE_TRY_ASSIGN(const FileId random, FileId::generate());
        state.written_by = random.str();
        state.last_byte = place().now();
        const PartLimits limits = core().requester()->part_limits();
        const std::uint64_t wished = core().options().part_size;
        state.part_size = wished;
        state.equal_parts = request_.length || core().part_sizes() == PartSizes::equal;
        if (request_.length) {
            const std::uint64_t with_room =
                std::min(largest_object_size, *request_.length + *request_.length / 8);
            FILESTORE_TRY_ASSIGN(const PartPlan plan, plan_parts(with_room, wished, limits));
            state.part_size = plan.part_size;
        }
        return state;
    }

    const BeginUploadRequest request_;
    bool is_written_ = false;
};

class StateChain final : public StoreChain<PartialUpload> {
public:
    StateChain(const UploadPlace& place, const CallOptions& options, PendingAnswerPtr<PartialUpload> answer,
               const FileId& id)
        : StoreChain(place, options, std::move(answer)), id_(id) {}

private:
    Result<bool> work() override {
        if (is_read_) {
            return true;
        }
        read(id_, StateExtent::head, [this](const Result<StoredState>& stored) -> Result<void> {
            FILESTORE_TRY(stored);
            is_read_ = true;
            told = is_over(stored->state, place().now()) ? Result<PartialUpload>(upload_expired(id_))
                                                         : told_of(stored->state);
            return {};
        });
        return false;
    }

    const FileId id_;
    bool is_read_ = false;
};

class OpenChain final : public StoreChain<std::shared_ptr<Source>> {
public:
    OpenChain(const UploadPlace& place, const CallOptions& options,
              PendingAnswerPtr<std::shared_ptr<Source>> answer, const FileId& id)
        : StoreChain(place, options, std::move(answer)), id_(id) {}

private:
    Result<bool> work() override {
        if (is_read_) {
            return true;
        }
        read(id_, StateExtent::all, [this](Result<StoredState> stored) -> Result<void> {
            FILESTORE_TRY(stored);
            is_read_ = true;
            if (is_over(stored->state, place().now())) {
                return upload_expired(id_);
            }
            told = std::shared_ptr<Source>(std::make_shared<ArrivedParts>(place(), std::move(*stored)));
            return {};
        });
        return false;
    }

    const FileId id_;
    bool is_read_ = false;
};

/// Ends uploads, one after the other: the object first, so that nobody goes on, then the parts.
template <class T>
class EndingChain : public StoreChain<T> {
protected:
    using StoreChain<T>::StoreChain;

    /// `is_meant` says whether it is; `ended` is called where it was. A damaged one is passed over where it would keep others waiting.
    void end(const FileId& id, const std::function<bool(const UploadState&)>& is_meant,
             const std::function<void()>& ended, bool passes_damaged_over = false) {
        this->read(
            id, StateExtent::head,
            [this, id, is_meant, ended,
             passes_damaged_over](const Result<StoredState>& stored) -> Result<void> {
                const ErrorCode code = stored.ok() ? ErrorCode::ok : stored.error().code();
                if (code == ErrorCode::not_found || (passes_damaged_over && code == ErrorCode::corrupt)) {
                    return {};
                }
                FILESTORE_TRY(stored);
                if (is_meant(stored->state)) {
                    remove(id, stored->state.upload_id, ended);
                }
                return {};
            });
    }

private:
    void remove(const FileId& id, const std::string& upload_id, const std::function<void()>& ended) {
        this->send(remove_state_call(this->place(), id, this->limits()),
                   [this, id, upload_id, ended](const Outcome& outcome) -> Result<void> {
                       if (!outcome.answer.ok() && outcome.answer.error().code() != ErrorCode::not_found) {
                           return outcome.answer.error();
                       }
                       ended();
                       if (!upload_id.empty()) {
                           abort_parts(id, upload_id);
                       }
                       return {};
                   });
    }

    /// What cannot be aborted now is found by sweep_uploads(), and one that became a file has ended.
    void abort_parts(const FileId& id, const std::string& upload_id) {
        this->send(abort_call(this->place(), id, upload_id, this->limits()),
                   [](const Outcome&) { return Result<void>(); });
    }
};

class EndChain final : public EndingChain<bool> {
public:
    EndChain(const UploadPlace& place, const CallOptions& options, PendingAnswerPtr<bool> answer,
             const FileId& id)
        : EndingChain(place, options, std::move(answer)), id_(id) {
        this->told = false;
    }

private:
    Result<bool> work() override {
        if (has_begun_) {
            return true;
        }
        has_begun_ = true;
        end(
            id_, [](const UploadState&) { return true; }, [this] { told = true; });
        return false;
    }

    const FileId id_;
    bool has_begun_ = false;
};

/// Lists all uploads; then does something with each.
template <class T>
class ListingChain : public EndingChain<T> {
protected:
    using EndingChain<T>::EndingChain;

    /// True once all are known.
    Result<bool> list() {
        if (is_listed_) {
            return true;
        }
        S3ListRequest asked;
        asked.bucket = this->place().bucket;
        asked.prefix = this->place().state_prefix();
        asked.cursor = cursor_;
        asked.call = this->limits();
        FILESTORE_TRY_ASSIGN(Call call, list_call(this->core().quirks(), asked));
        this->send(std::move(call), [this, asked](const Outcome& outcome) -> Result<void> {
            FILESTORE_TRY(outcome.answer);
            FILESTORE_TRY_ASSIGN(const S3ListPage page,
                                 list_page(this->core().quirks(), asked, outcome.answer->body));
            take(page);
            return {};
        });
        return false;
    }

    std::set<FileId> found;

private:
    void take(const S3ListPage& page) {
        const std::string prefix = this->place().state_prefix();
        for (const S3ListEntry& entry : page.objects) {
            const auto id = entry.key.starts_with(prefix) ? FileId::parse(entry.key.substr(prefix.size()))
                                                          : Result<FileId>(FileId());
            if (id.ok() && !id->is_nil()) {
                found.insert(*id);
            }
        }
        is_listed_ = !page.next || *page.next == cursor_;
        cursor_ = page.next.value_or("");
    }

    std::string cursor_;
    bool is_listed_ = false;
};

class ListChain final : public ListingChain<std::set<FileId>> {
public:
    using ListingChain::ListingChain;

private:
    Result<bool> work() override {
        FILESTORE_TRY_ASSIGN(const bool is_listed, list());
        if (is_listed) {
            told = found;
        }
        return is_listed;
    }
};

class SweepChain final : public ListingChain<std::vector<FileId>> {
public:
    using ListingChain::ListingChain;

private:
    Result<bool> work() override {
        FILESTORE_TRY_ASSIGN(const bool is_listed, list());
        if (!is_listed) {
            return false;
        }
        if (found.empty()) {
            told = ended_;
            return true;
        }
        const FileId id = *found.begin();
        found.erase(found.begin());
        end(
            id, [this](const UploadState& state) { return is_over(state, place().now()); },
            [this, id] { ended_.push_back(id); }, true);
        return false;
    }

    std::vector<FileId> ended_;
};

}  // namespace

std::uint64_t S3ResumableStore::max_length() const noexcept {
    return largest_object_size;
}

void S3ResumableStore::begin_async(BeginUploadRequest request, Completion<PartialUpload> done) {
    const CallOptions options = request.call;
    start<BeginChain>(place_, options, std::move(done), std::move(request));
}

void S3ResumableStore::append_async(AppendRequest request, Completion<PartialUpload> done) {
    place_.core->start<PartialUpload>(request.call, std::move(done),
                                      [&](const OperationPtr<PartialUpload>& operation) -> Result<void> {
                                          append_to_upload(place_, std::move(request), operation->answer);
                                          return {};
                                      });
}

void S3ResumableStore::state_async(FileRequest request, Completion<PartialUpload> done) {
    start<StateChain>(place_, request.call, std::move(done), request.id);
}

void S3ResumableStore::open_async(FileRequest request, Completion<std::shared_ptr<Source>> done) {
    start<OpenChain>(place_, request.call, std::move(done), request.id);
}

void S3ResumableStore::end_async(FileRequest request, Completion<bool> done) {
    start<EndChain>(place_, request.call, std::move(done), request.id);
}

void S3ResumableStore::sweep_async(CallOptions options, Completion<std::vector<FileId>> done) {
    start<SweepChain>(place_, std::move(options), std::move(done));
}

void S3ResumableStore::list_async(CallOptions options, Completion<std::set<FileId>> done) {
    start<ListChain>(place_, std::move(options), std::move(done));
}

}  // namespace filestore::s3
