#include "s3/resumable/s3_resumable_store.h"

#include <map>
#include <utility>

#include "core/request_checks.h"
#include "core/stream_calls.h"
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
        answer_->give(call_user(ErrorCode::internal,
                                [&] { return result.ok() ? std::move(told) : Result<T>(result.error()); }));
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
            FILESTORE_TRY(check_open(stored->state, place().now()));
            told = told_of(stored->state);
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
            FILESTORE_TRY(check_open(stored->state, place().now()));
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

    /// What is to be ended. A value.
    struct Ending {
        FileId id;
        /// Whether it is.
        std::function<bool(const UploadState&)> is_meant;
        /// Called where it was.
        std::function<void()> ended;
        /// Of many: one that is damaged, or is being made a file just now, is passed over.
        bool passes_over = false;
    };

    void end(const Ending& ending) {
        this->read(ending.id, StateExtent::head, [this, ending](Result<StoredState> stored) -> Result<void> {
            const ErrorCode code = stored.ok() ? ErrorCode::ok : stored.error().code();
            if (code == ErrorCode::not_found || (ending.passes_over && code == ErrorCode::corrupt)) {
                return {};
            }
            FILESTORE_TRY(stored);
            return end(ending, std::move(*stored));
        });
    }

private:
    Result<void> end(const Ending& ending, StoredState stored) {
        const UploadState& state = stored.state;
        if (state.ended) {
            // Whoever ended it did not come to its end.
            remove(ending.id, state.upload_id, [] {});
        } else if (!ending.is_meant(state)) {
            return {};
        } else if (is_finishing(state, this->place().now())) {
            look_whether_it_is_made(ending);
        } else if (this->core().quirks().put_if_match) {
            return write_end(ending, std::move(stored));
        } else {
            remove(ending.id, state.upload_id, ending.ended);
        }
        return {};
    }

    void look_whether_it_is_made(const Ending& ending) {
        this->send(look_call(this->place(), ending.id, this->limits()),
                   [this, ending](const Outcome& outcome) -> Result<void> {
                       FILESTORE_TRY_ASSIGN(const bool is_file, is_there(outcome));
                       if (is_file) {
                           remove(ending.id, {}, [] {});
                           return {};
                       }
                       return ending.passes_over ? Result<void>() : upload_in_use(ending.id);
                   });
    }

    /// From then on nobody makes a file of it.
    Result<void> write_end(const Ending& ending, StoredState stored) {
        FILESTORE_TRY_ASSIGN(const FileId random, FileId::generate());
        UploadState state = stored.state;
        state.written_by = random.str();
        state.rest = 0;
        state.ended = true;
        FILESTORE_TRY_ASSIGN(Call call,
                             write_call(this->place(), state, stored.etag, nullptr, this->limits()));
        this->send(std::move(call),
                   [this, ending, upload_id = state.upload_id](const Outcome& outcome) -> Result<void> {
                       if (outcome.answer.ok()) {
                           remove(ending.id, upload_id, ending.ended);
                           return {};
                       }
                       const Error& error = outcome.answer.error();
                       if (!has_lost(error)) {
                           return error;
                       }
                       // Somebody else, or an earlier attempt of this request, has written meanwhile.
                       if (++lost_ == most_lost) {
                           return upload_in_use(ending.id);
                       }
                       end(ending);
                       return {};
                   });
        return {};
    }

    void remove(const FileId& id, const std::string& upload_id, const std::function<void()>& ended) {
        this->send(remove_state_call(this->place(), id, this->limits()),
                   [this, id, upload_id, ended](const Outcome& outcome) -> Result<void> {
                       if (!outcome.answer.ok() && outcome.answer.error().code() != ErrorCode::not_found) {
                           return outcome.answer.error();
                       }
                       upload_id.empty() ? look_at_last(id, ended) : abort_parts(id, upload_id, ended);
                       return {};
                   });
    }

    /// What cannot be aborted now is found by sweep_uploads(), and one that became a file has ended.
    void abort_parts(const FileId& id, const std::string& upload_id, const std::function<void()>& ended) {
        this->send(abort_call(this->place(), id, upload_id, this->limits()),
                   [this, id, ended](const Outcome&) {
                       look_at_last(id, ended);
                       return Result<void>();
                   });
    }

    /// Without compare-and-swap, or where whoever made it was taken for dead, it may have become a file.
    void look_at_last(const FileId& id, const std::function<void()>& ended) {
        this->send(look_call(this->place(), id, this->limits()),
                   [ended](const Outcome& outcome) -> Result<void> {
                       FILESTORE_TRY_ASSIGN(const bool is_file, is_there(outcome));
                       if (!is_file) {
                           ended();
                       }
                       return {};
                   });
    }

    static Result<bool> is_there(const Outcome& outcome) {
        const bool is_missing = !outcome.answer.ok() && outcome.answer.error().code() == ErrorCode::not_found;
        return outcome.answer.ok() || is_missing ? Result<bool>(!is_missing) : outcome.answer.error();
    }

    static constexpr unsigned most_lost = 5;
    unsigned lost_ = 0;
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
        end({id_, [](const UploadState&) { return true; }, [this] { told = true; }});
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

    /// With the times when they were written last.
    std::map<FileId, Timestamp> found;

private:
    void take(const S3ListPage& page) {
        const std::string prefix = this->place().state_prefix();
        for (const S3ListEntry& entry : page.objects) {
            const auto id = entry.key.starts_with(prefix) ? FileId::parse(entry.key.substr(prefix.size()))
                                                          : Result<FileId>(FileId());
            if (id.ok() && !id->is_nil()) {
                found[*id] = entry.last_modified;
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
            std::set<FileId> ids;
            for (const auto& upload : found) {
                ids.insert(upload.first);
            }
            told = std::move(ids);
        }
        return is_listed;
    }
};

class SweepChain final : public ListingChain<std::vector<FileId>> {
public:
    SweepChain(const UploadPlace& place, const CallOptions& options,
               PendingAnswerPtr<std::vector<FileId>> answer, std::shared_ptr<KnownLifetimes> lifetimes)
        : ListingChain(place, options, std::move(answer)), lifetimes_(std::move(lifetimes)) {}

private:
    Result<bool> work() override {
        FILESTORE_TRY_ASSIGN(const bool is_listed, list());
        if (!is_listed) {
            return false;
        }
        if (!std::exchange(has_chosen_, true)) {
            lifetimes_->keep_due(found, place().now());
        }
        if (found.empty()) {
            told = ended_;
            return true;
        }
        const FileId id = found.begin()->first;
        found.erase(found.begin());
        end({id, [this](const UploadState& state) { return is_due(state); },
             [this, id] { ended_.push_back(id); }, true});
        return false;
    }

    bool is_due(const UploadState& state) {
        lifetimes_->note(state.record.id, state.record.lifetime);
        return is_over(state, place().now());
    }

    const std::shared_ptr<KnownLifetimes> lifetimes_;
    bool has_chosen_ = false;
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
    start<SweepChain>(place_, std::move(options), std::move(done), lifetimes_);
}

void S3ResumableStore::list_async(CallOptions options, Completion<std::set<FileId>> done) {
    start<ListChain>(place_, std::move(options), std::move(done));
}

}  // namespace filestore::s3
