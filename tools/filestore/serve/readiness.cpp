#include "serve/readiness.h"

#include <chrono>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace filestore::tool::serve {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds longest_answer_of_a_store{5};
constexpr std::chrono::seconds between_questions{1};

}  // namespace

struct Readiness::State {
    std::mutex mutex;
    std::optional<Result<void>> last;
    Clock::time_point next_question{};
    bool is_asked = false;
    std::vector<std::function<void(const Result<void>&)>> waiting;
};

Readiness::Readiness(FileService& service, std::stop_token end)
    : service_(service), end_(std::move(end)), state_(std::make_shared<State>()) {}

void Readiness::ask(std::function<void(const Result<void>&)> answer) {
    {
        std::unique_lock lock(state_->mutex);
        if (state_->last && !state_->is_asked && Clock::now() < state_->next_question) {
            const Result<void> last = *state_->last;
            lock.unlock();
            return answer(last);
        }
        state_->waiting.push_back(std::move(answer));
        if (std::exchange(state_->is_asked, true)) {
            return;
        }
    }
    ListRequest request;
    request.limit = 1;
    request.call.deadline = deadline_in(longest_answer_of_a_store);
    request.call.cancel = end_;
    service_.list_async(std::move(request), [state = state_](const Result<ListPage>& page) {
        const Result<void> said = page ? Result<void>() : Result<void>(page.error());
        std::unique_lock lock(state->mutex);
        const auto waiting = std::exchange(state->waiting, {});
        state->last = said;
        state->next_question = Clock::now() + between_questions;
        state->is_asked = false;
        lock.unlock();
        for (const auto& answer_one : waiting) {
            answer_one(said);
        }
    });
}

}  // namespace filestore::tool::serve
