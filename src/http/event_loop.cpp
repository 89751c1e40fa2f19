#include "http/event_loop.h"

#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <list>
#include <mutex>
#include <new>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "core/call_limits.h"
#include "core/library_thread.h"
#include "core/reactor.h"
#include "core/stream_calls.h"
#include "core/try.h"
#include "core/worker_thread.h"
#include "http/exchange.h"

namespace filestore::http {

namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::chrono::milliseconds idle_time{1000};
/// How often deadlines and stalls are looked at while exchanges are under way.
constexpr std::chrono::milliseconds tick{250};
/// Exchanges that run at one time on a loop; each may hold large buffers, so more of them wait.
constexpr std::size_t most_running = 32;

/// libcurl wants one initialisation per process; it stays, because no moment is known to be safe for taking it back.
void initialise_curl() {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

}  // namespace

/// Shared by the loop and its thread. What the thread needs for an exchange is made when the exchange is submitted: the thread itself only moves
/// list nodes, so that lack of memory can fail an exchange and never the loop.
class EventLoop::State : public std::enable_shared_from_this<State> {
public:
    explicit State(const TransportOptions& options) : options_(options) {
        free_handles_.reserve(most_running);
    }

    ~State() {
        for (CURL* handle : free_handles_) {
            curl_easy_cleanup(handle);
        }
        if (multi_ != nullptr) {
            curl_multi_cleanup(multi_);
        }
    }

    void submit(Request request, const std::shared_ptr<Receiver>& receiver) noexcept {
        Error refusal(ErrorCode::cancelled);
        try {
            if (accept(make_entry(std::move(request), receiver))) {
                return;
            }
        } catch (const std::bad_alloc&) {
            refusal = Error(ErrorCode::no_memory);
        }
        receiver->on_done(refusal);
    }

    std::thread stop() noexcept {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        wake_up();
        return std::move(thread_);
    }

    std::size_t load() const noexcept { return load_.load(); }

private:
    /// Continues an exchange that its source or receiver had paused.
    class ResumeTarget final : public Wake::Target, public std::enable_shared_from_this<ResumeTarget> {
    public:
        ResumeTarget(std::weak_ptr<State> loop, std::weak_ptr<Exchange> exchange)
            : loop_(std::move(loop)), exchange_(std::move(exchange)) {}

        void wake() noexcept override {
            const auto loop = loop_.lock();
            const auto exchange = exchange_.lock();
            if (loop && exchange) {
                exchange->ask_to_resume();
                loop->interrupt();
            }
        }

        void wake_when_ready(int descriptor, bool for_writing) noexcept override {
            if (const auto loop = loop_.lock()) {
                loop->options_.reactor->wake_when_ready(descriptor, for_writing, weak_from_this());
            }
        }

    private:
        std::weak_ptr<State> loop_;
        std::weak_ptr<Exchange> exchange_;
    };

    struct LookAtLimits {
        std::weak_ptr<State> loop;
        void operator()() noexcept {
            if (const auto state = loop.lock()) {
                state->limits_changed_.store(true);
                state->interrupt();
            }
        }
    };

    struct Entry {
        std::shared_ptr<Exchange> exchange;
        std::optional<std::stop_callback<LookAtLimits>> on_cancel;
    };
    using Entries = std::list<Entry>;

    Entries make_entry(Request request, const std::shared_ptr<Receiver>& receiver) {
        Entries made(1);
        Entry& entry = made.front();
        entry.exchange = std::make_shared<Exchange>(std::move(request), receiver);
        entry.exchange->set_wake(Wake(std::make_shared<ResumeTarget>(weak_from_this(), entry.exchange)));
        entry.on_cancel.emplace(entry.exchange->request().cancel, LookAtLimits{weak_from_this()});
        return made;
    }

    /// False when the loop has been closed.
    bool accept(Entries made) {
        const std::lock_guard lock(mutex_);
        if (stopping_) {
            return false;
        }
        ensure_running();
        arrived_.splice(arrived_.end(), made);
        load_.fetch_add(1);
        return true;
    }

    void ensure_running() {
        if (running_) {
            wake_up();
            return;
        }
        if (multi_ == nullptr) {
            initialise_curl();
            multi_ = curl_multi_init();
            if (multi_ == nullptr) {
                throw std::bad_alloc();
            }
        }
        join_or_detach(thread_);
        thread_ = start_worker([self = shared_from_this()] { self->run(); });
        running_ = true;
    }

    void interrupt() noexcept {
        const std::lock_guard lock(mutex_);
        wake_up();
    }

    void wake_up() const noexcept {
        if (multi_ != nullptr) {
            curl_multi_wakeup(multi_);
        }
    }

    void run() noexcept {
        const LibraryThreadScope scope;
        std::unique_lock lock(mutex_);
        while (!stopping_) {
            const bool had_arrivals = !arrived_.empty();
            waiting_.splice(waiting_.end(), arrived_);
            lock.unlock();
            resume_paused();
            start_waiting();
            drive();
            lock.lock();
            if (is_idle() && !had_arrivals && was_idle_) {
                break;
            }
        }
        waiting_.splice(waiting_.end(), arrived_);
        lock.unlock();
        cancel_all(waiting_);
        cancel_all(active_);
        lock.lock();
        running_ = false;
    }

    bool is_idle() const noexcept { return arrived_.empty() && waiting_.empty() && active_.empty(); }

    void resume_paused() {
        for (const Entry& entry : active_) {
            entry.exchange->resume_if_asked();
        }
    }

    void start_waiting() {
        while (!waiting_.empty() && active_.size() < most_running) {
            const auto entry = waiting_.begin();
            active_.splice(active_.end(), waiting_, entry);
            const auto started = call_user(ErrorCode::internal, [&] { return start(*entry->exchange); });
            if (!started.ok()) {
                end(active_, entry, started);
            }
        }
    }

    Result<void> start(Exchange& exchange) {
        FILESTORE_TRY(check_call_limits(exchange.request().cancel, exchange.request().deadline));
        CURL* handle = take_handle();
        if (handle == nullptr) {
            return Error(ErrorCode::no_memory);
        }
        FILESTORE_TRY(exchange.prepare(handle, options_));
        if (curl_multi_add_handle(multi_, handle) != CURLM_OK) {
            return Error(ErrorCode::no_memory);
        }
        return {};
    }

    CURL* take_handle() {
        if (free_handles_.empty()) {
            return curl_easy_init();
        }
        CURL* handle = free_handles_.back();
        free_handles_.pop_back();
        return handle;
    }

    /// One turn: lets curl work, then waits for the network, an interruption, or the next look at the limits.
    void drive() {
        int under_way = 0;
        curl_multi_perform(multi_, &under_way);
        end_finished();
        const SteadyTime now = std::chrono::steady_clock::now();
        if (limits_changed_.exchange(false) || now >= next_look_at_limits_) {
            next_look_at_limits_ = now + tick;
            check_limits(active_, now);
            check_limits(waiting_, now);
        }
        const bool idle = active_.empty() && waiting_.empty();
        if (waiting_.empty() || active_.size() >= most_running) {
            const std::chrono::milliseconds wait = idle ? idle_time : tick;
            curl_multi_poll(multi_, nullptr, 0, static_cast<int>(wait.count()), nullptr);
        }
        was_idle_ = idle && std::chrono::steady_clock::now() - now >= idle_time;
    }

    void end_finished() {
        int left = 0;
        while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
            if (message->msg != CURLMSG_DONE) {
                continue;
            }
            const CURLcode code = message->data.result;
            const auto entry = std::find_if(active_.begin(), active_.end(), [&](const Entry& each) {
                return each.exchange->handle() == message->easy_handle;
            });
            if (entry != active_.end()) {
                end(active_, entry,
                    call_user(ErrorCode::internal, [&] { return entry->exchange->outcome(code); }));
            }
        }
    }

    void check_limits(Entries& entries, SteadyTime now) {
        for (auto next = entries.begin(); next != entries.end();) {
            const auto entry = next++;
            const auto limits = call_user(ErrorCode::internal, [&] {
                return entry->exchange->check_limits(now, options_.stall_timeout);
            });
            if (!limits.ok()) {
                end(entries, entry, limits);
            }
        }
    }

    /// Takes an exchange out and answers it.
    void end(Entries& entries, Entries::iterator entry, Result<void> outcome) noexcept {
        Entries ended;
        ended.splice(ended.end(), entries, entry);
        entry->on_cancel.reset();
        if (CURL* handle = entry->exchange->release_handle()) {
            curl_multi_remove_handle(multi_, handle);
            curl_easy_reset(handle);
            free_handles_.push_back(handle);
        }
        load_.fetch_sub(1);
        entry->exchange->finish(std::move(outcome));
    }

    void cancel_all(Entries& entries) noexcept {
        while (!entries.empty()) {
            end(entries, entries.begin(), Error(ErrorCode::cancelled));
        }
    }

    const TransportOptions options_;
    std::atomic<std::size_t> load_{0};
    /// A call was cancelled: the next turn looks which.
    std::atomic<bool> limits_changed_{false};

    std::mutex mutex_;
    // Behind the mutex, but that the thread uses `multi_` without it while it runs: it is made once, before.
    Entries arrived_;
    std::thread thread_;
    bool running_ = false;
    bool stopping_ = false;
    CURLM* multi_ = nullptr;

    // Only the loop's thread uses what follows, or whoever holds the last handle on this state.
    std::vector<CURL*> free_handles_;
    /// Beyond `most_running`.
    Entries waiting_;
    /// Those that have a curl handle.
    Entries active_;
    SteadyTime next_look_at_limits_{};
    bool was_idle_ = false;
};

EventLoop::EventLoop(const TransportOptions& options) : state_(std::make_shared<State>(options)) {}

EventLoop::~EventLoop() {
    if (!owner_process_.is_current()) {
        abandon(std::move(state_));
        return;
    }
    std::thread thread = state_->stop();
    join_or_detach(thread);
}

void EventLoop::send(Request request, const std::shared_ptr<Receiver>& receiver) noexcept {
    state_->submit(std::move(request), receiver);
}

void EventLoop::close() noexcept {
    std::thread thread = state_->stop();
    if (thread.joinable()) {
        thread.join();
    }
}

std::size_t EventLoop::load() const noexcept {
    return state_->load();
}

}  // namespace filestore::http
