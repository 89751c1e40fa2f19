#include "serve/openai/lookups.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>

namespace filestore::tool::serve::openai {

namespace {

/// Of one request: other callers want the store, too.
constexpr std::size_t calls_at_once = 8;

/// A resource that its calls share; thread-safe.
class Lookups : public std::enable_shared_from_this<Lookups> {
public:
    Lookups(std::vector<FileId> ids, AskForFile ask, std::function<void(std::vector<Result<FileInfo>>)> done)
        : ids_(std::move(ids)),
          ask_(std::move(ask)),
          done_(std::move(done)),
          answers_(ids_.size(), Result<FileInfo>(Error(ErrorCode::internal))) {}

    void begin() {
        if (ids_.empty()) {
            return done_({});
        }
        next_ = std::min(calls_at_once, ids_.size());
        for (std::size_t place = 0, first_ones = next_; place < first_ones; ++place) {
            ask(place);
        }
    }

private:
    void ask(std::size_t place) {
        ask_(ids_[place], [self = shared_from_this(), place](Result<FileInfo> info) {
            self->take(place, std::move(info));
        });
    }

    void take(std::size_t place, Result<FileInfo> info) {
        std::unique_lock lock(mutex_);
        answers_[place] = std::move(info);
        const bool is_last = ++answered_ == ids_.size();
        const std::size_t place_of_next = next_;
        next_ += place_of_next < ids_.size() ? 1 : 0;
        lock.unlock();
        if (place_of_next < ids_.size()) {
            ask(place_of_next);
        } else if (is_last) {
            done_(std::move(answers_));
        }
    }

    const std::vector<FileId> ids_;
    const AskForFile ask_;
    const std::function<void(std::vector<Result<FileInfo>>)> done_;
    std::mutex mutex_;
    std::vector<Result<FileInfo>> answers_;
    std::size_t next_ = 0;
    std::size_t answered_ = 0;
};

}  // namespace

void look_up(std::vector<FileId> ids, AskForFile ask,
             std::function<void(std::vector<Result<FileInfo>>)> done) {
    std::make_shared<Lookups>(std::move(ids), std::move(ask), std::move(done))->begin();
}

}  // namespace filestore::tool::serve::openai
