#include "core/remove_one_by_one.h"

#include <algorithm>
#include <mutex>
#include <new>
#include <optional>
#include <utility>

namespace filestore {

namespace {

constexpr std::size_t most_at_a_time = 8;

/// A resource held by std::shared_ptr, by the calls under way.
class Removals : public std::enable_shared_from_this<Removals> {
public:
    Removals(StorageBackend& backend, RemoveBatchRequest request,
             Completion<std::vector<RemovalOutcome>> done)
        : backend_(backend), request_(std::move(request)), done_(std::move(done)) {
        outcomes_.reserve(request_.ids.size());
        for (const FileId& id : request_.ids) {
            outcomes_.push_back({id, Error(ErrorCode::cancelled), false});
        }
    }

    void start() {
        // One for this function: the batch must not end while it is being begun.
        open_ = 1;
        for (std::size_t i = 0; i < most_at_a_time; ++i) {
            remove_next();
        }
        release();
    }

private:
    void remove_next() {
        std::size_t index = 0;
        {
            const std::lock_guard lock(mutex_);
            if (next_ == request_.ids.size() || end_) {
                return;
            }
            index = next_++;
            ++open_;
        }
        try {
            backend_.remove_async({request_.ids[index], request_.call, version_of(index)},
                                  [self = shared_from_this(), index](const Result<bool>& removed) {
                                      self->note(index, removed);
                                      self->remove_next();
                                      self->release();
                                  });
        } catch (const std::bad_alloc&) {
            note(index, Error(ErrorCode::no_memory));
            release();
        }
    }

    [[nodiscard]] std::string version_of(std::size_t index) const {
        return request_.if_versions.empty() ? std::string() : request_.if_versions[index];
    }

    void note(std::size_t index, const Result<bool>& removed) {
        outcomes_[index].removed = removed;
        if (!removed.ok() && ends_the_rest(removed.error())) {
            const std::lock_guard lock(mutex_);
            end_ = removed.error();
        }
    }

    void release() {
        {
            const std::lock_guard lock(mutex_);
            if (--open_ > 0) {
                return;
            }
        }
        for (; next_ < outcomes_.size(); ++next_) {
            outcomes_[next_].removed = end_.value_or(Error(ErrorCode::no_memory));
        }
        done_(std::move(outcomes_));
    }

    StorageBackend& backend_;
    const RemoveBatchRequest request_;
    const Completion<std::vector<RemovalOutcome>> done_;
    std::mutex mutex_;
    std::vector<RemovalOutcome> outcomes_;
    std::size_t next_ = 0;
    std::size_t open_ = 0;
    std::optional<Error> end_;
};

}  // namespace

bool ends_the_rest(const Error& error) noexcept {
    switch (error.code()) {
        case ErrorCode::cancelled:
        case ErrorCode::forked:
        case ErrorCode::timeout:
        case ErrorCode::unauthenticated:
        case ErrorCode::configuration:
            return true;
        default:
            return false;
    }
}

void remove_one_by_one(StorageBackend& backend, RemoveBatchRequest request,
                       Completion<std::vector<RemovalOutcome>> done) {
    std::make_shared<Removals>(backend, std::move(request), std::move(done))->start();
}

}  // namespace filestore
