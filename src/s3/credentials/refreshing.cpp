#include "s3/credentials/refreshing.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace filestore::s3 {
namespace {

constexpr std::chrono::seconds first_pause{10};
constexpr std::chrono::seconds longest_pause{60};
/// Keys that come back unchanged after they were refused are not asked for again, for being refused, before this has passed.
constexpr std::chrono::seconds refusal_pause{30};
/// Keys that live shorter than refresh_ahead, or than somebody needs, are not asked for more often than this, until they end.
constexpr std::chrono::seconds shortest_life_between{30};

/// One call that waits for the request under way. A resource; thread-safe: the answer and a stop request may come at one time.
class Waiter : public std::enable_shared_from_this<Waiter> {
public:
    explicit Waiter(ReplyPtr<ResolvedCredentials> reply) noexcept : reply_(std::move(reply)) {}

    void watch(const std::stop_token& cancel) { on_stop_.emplace(cancel, GiveUp{weak_from_this()}); }

    void give(Result<ResolvedCredentials> result) noexcept {
        if (!given_.exchange(true)) {
            std::exchange(reply_, nullptr)->give(std::move(result));
        }
    }

private:
    struct GiveUp {
        std::weak_ptr<Waiter> waiter;
        void operator()() noexcept {
            if (const auto alive = waiter.lock()) {
                alive->give(Error(ErrorCode::cancelled));
            }
        }
    };

    std::atomic<bool> given_{false};
    ReplyPtr<ResolvedCredentials> reply_;
    std::optional<std::stop_callback<GiveUp>> on_stop_;
};

using Waiters = std::vector<std::shared_ptr<Waiter>>;

void give_all(const Waiters& waiters, const Result<ResolvedCredentials>& result) noexcept {
    for (const auto& waiter : waiters) {
        run_step([&] { waiter->give(result); });
    }
}

class RefreshingProvider final : public CredentialsProvider,
                                 public std::enable_shared_from_this<RefreshingProvider> {
public:
    RefreshingProvider(CredentialsProviderPtr inner, std::shared_ptr<Clock> clock)
        : inner_(std::move(inner)), clock_(std::move(clock)) {}

    std::optional<ResolvedCredentials> at_hand(Timestamp until) override {
        if (stop_.stop_requested()) {
            return std::nullopt;
        }
        const std::lock_guard lock(mutex_);
        const Timestamp now = clock_->now();
        const bool is_enough = holds(now) && !is_too_short(until, now) && !is_to_be_renewed(now);
        return is_enough ? kept_ : std::nullopt;
    }

    void refuse(const Credentials& refused) noexcept override {
        const std::lock_guard lock(mutex_);
        if (kept_ && kept_->keys == refused && clock_->now() >= refusable_from_) {
            refused_ = std::move(kept_->keys);
            kept_.reset();
        }
    }

    void close() noexcept override {
        stop_.request_stop();
        inner_->close();
    }

    [[nodiscard]] std::string_view name() const noexcept override { return inner_->name(); }

private:
    void begin(const std::stop_token& cancel, const ReplyPtr<ResolvedCredentials>& reply) override {
        begin_lasting(Timestamp::min(), cancel, reply);
    }
    void begin_lasting(Timestamp until, const std::stop_token& cancel,
                       const ReplyPtr<ResolvedCredentials>& reply) override;
    [[nodiscard]] KeysDone answer_of_inner();
    void take(Result<ResolvedCredentials> result) noexcept;
    [[nodiscard]] Result<ResolvedCredentials> keep(Result<ResolvedCredentials> result, Timestamp now);
    void schedule_next(Timestamp now);

    [[nodiscard]] bool holds(Timestamp now) const noexcept {
        return kept_ && (!kept_->expires_at || now < *kept_->expires_at);
    }

    [[nodiscard]] bool is_to_be_renewed(Timestamp now) const noexcept {
        return renew_at_ && now >= *renew_at_;
    }

    /// Keys that last longer may be had.
    [[nodiscard]] bool is_too_short(Timestamp until, Timestamp now) const noexcept {
        return kept_->expires_at && *kept_->expires_at < until && now >= lengthen_from_;
    }

    const CredentialsProviderPtr inner_;
    const std::shared_ptr<Clock> clock_;
    std::stop_source stop_;

    std::mutex mutex_;
    std::optional<ResolvedCredentials> kept_;
    /// When the kept keys are to be renewed though they hold; none for keys that do not end.
    std::optional<Timestamp> renew_at_;
    std::chrono::seconds pause_ = first_pause;
    Timestamp lengthen_from_ = Timestamp::min();
    /// What the server had refused when the kept keys were asked for.
    Credentials refused_;
    Timestamp refusable_from_ = Timestamp::min();
    bool asking_ = false;
    Waiters waiters_;
};

void RefreshingProvider::begin_lasting(Timestamp until, const std::stop_token& cancel,
                                       const ReplyPtr<ResolvedCredentials>& reply) {
    if (stop_.stop_requested()) {
        return reply->give(Error(ErrorCode::cancelled));
    }
    std::optional<ResolvedCredentials> usable;
    std::shared_ptr<Waiter> waiter;
    KeysDone answer;
    {
        const std::lock_guard lock(mutex_);
        const Timestamp now = clock_->now();
        const bool usable_now = holds(now) && !is_too_short(until, now);
        const bool must_ask = !asking_ && (!usable_now || is_to_be_renewed(now));
        // Before anything is noted: without memory for it nobody would come to answer those who wait.
        answer = must_ask ? answer_of_inner() : nullptr;
        if (usable_now) {
            usable = kept_;
        } else {
            waiter = std::make_shared<Waiter>(reply);
            waiters_.push_back(waiter);
        }
        asking_ = asking_ || must_ask;
    }
    if (waiter) {
        waiter->watch(cancel);
    } else {
        reply->give(*std::move(usable));
    }
    if (answer) {
        inner_->get(stop_.get_token(), std::move(answer));
    }
}

/// Keeps this provider alive until the answer: whoever waits must get it.
KeysDone RefreshingProvider::answer_of_inner() {
    return [self = shared_from_this()](Result<ResolvedCredentials> result) { self->take(std::move(result)); };
}

void RefreshingProvider::take(Result<ResolvedCredentials> result) noexcept {
    Waiters waiters;
    Result<ResolvedCredentials> outcome = Error(ErrorCode::no_memory);
    {
        const std::lock_guard lock(mutex_);
        asking_ = false;
        waiters.swap(waiters_);
        run_step([&] { outcome = keep(std::move(result), clock_->now()); });
    }
    give_all(waiters, outcome);
}

Result<ResolvedCredentials> RefreshingProvider::keep(Result<ResolvedCredentials> result, Timestamp now) {
    if (result.ok() && result->expires_at && *result->expires_at <= now) {
        result = Error(ErrorCode::unauthenticated, std::string(inner_->name()) + " gave keys that ended at " +
                                                       format_timestamp(*result->expires_at) +
                                                       ": check the clock of this machine");
    }
    lengthen_from_ = now + shortest_life_between;
    if (!result.ok()) {
        renew_at_ = now + pause_;
        pause_ = std::min(2 * pause_, longest_pause);
        return holds(now) ? Result<ResolvedCredentials>(*kept_) : result;
    }
    kept_ = *result;
    refusable_from_ = kept_->keys == refused_ ? now + refusal_pause : Timestamp::min();
    refused_ = {};
    pause_ = first_pause;
    schedule_next(now);
    return result;
}

void RefreshingProvider::schedule_next(Timestamp now) {
    renew_at_.reset();
    if (kept_->expires_at) {
        renew_at_ = std::max(*kept_->expires_at - refresh_ahead, now + shortest_life_between);
    }
}

}  // namespace

CredentialsProviderPtr make_refreshing_provider(CredentialsProviderPtr inner, std::shared_ptr<Clock> clock) {
    return std::make_shared<RefreshingProvider>(std::move(inner), std::move(clock));
}

}  // namespace filestore::s3
