#include "http/event_loop.h"

#include <curl/curl.h>

#include <atomic>
#include <deque>
#include <mutex>
#include <new>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/job.h"
#include "core/library_thread.h"
#include "core/reactor.h"
#include "core/stream_calls.h"
#include "core/worker_thread.h"
#include "http/exchange.h"

namespace filestore::http {

namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::chrono::milliseconds idle_time{1000};
/// How often limits are looked at while exchanges are under way.
constexpr std::chrono::milliseconds tick{250};
/// Exchanges that run at one time on a loop; each may hold large buffers, so more of them wait.
constexpr std::size_t most_running = 32;

/// libcurl wants one initialisation per process; it stays, because no moment is known to be safe for taking it back.
void initialise_curl() {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

}  // namespace

/// Shared by the loop and its thread. All members behind the mutex but those that only the thread touches while it runs.
class EventLoop::State : public std::enable_shared_from_this<State> {
public:
    explicit State(const TransportOptions& options) : options_(options) {}

    ~State() {
        for (CURL* handle : free_handles_) {
            curl_easy_cleanup(handle);
        }
        if (multi_ != nullptr) {
            curl_multi_cleanup(multi_);
        }
    }

    void submit(Request request, std::shared_ptr<Receiver> receiver) {
        auto exchange = std::make_shared<Exchange>(std::move(request), std::move(receiver));
        load_.fetch_add(1);
        post([this, exchange] { arrived(exchange); });
    }

    /// Runs `task` on the loop's thread, which is started where it does not run. A late wake finds a loop that has stopped: nothing is left
    /// to do for it.
    void post(std::function<void()> task) {
        const std::lock_guard lock(mutex_);
        if (stopping_ && !running_) {
            return;
        }
        tasks_.push_back(std::move(task));
        ensure_running();
    }

    std::thread stop() {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        if (running_) {
            curl_multi_wakeup(multi_);
        }
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
                loop->post([loop = loop.get(), exchange] { loop->resume(exchange); });
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

    struct CancelExchange {
        std::weak_ptr<State> loop;
        std::weak_ptr<Exchange> exchange;
        void operator()() noexcept {
            const auto state = loop.lock();
            const auto target = exchange.lock();
            if (state && target) {
                state->post(
                    [state = state.get(), target] { state->end(target, Error(ErrorCode::cancelled)); });
            }
        }
    };

    struct Running {
        std::shared_ptr<Exchange> exchange;
        std::unique_ptr<std::stop_callback<CancelExchange>> on_cancel;
    };

    void ensure_running() {
        if (running_) {
            curl_multi_wakeup(multi_);
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

    void run() {
        const LibraryThreadScope scope;
        std::unique_lock lock(mutex_);
        while (!stopping_) {
            const bool had_work = run_tasks(lock);
            lock.unlock();
            start_waiting();
            drive();
            lock.lock();
            if (tasks_.empty() && exchanges_.empty() && !had_work && was_idle_) {
                break;
            }
        }
        if (stopping_) {
            run_tasks(lock);
            lock.unlock();
            end_all();
            lock.lock();
        }
        running_ = false;
    }

    bool run_tasks(std::unique_lock<std::mutex>& lock) {
        const bool any = !tasks_.empty();
        while (!tasks_.empty()) {
            const std::function<void()> task = std::move(tasks_.front());
            tasks_.pop_front();
            lock.unlock();
            task();
            lock.lock();
        }
        return any;
    }

    void arrived(const std::shared_ptr<Exchange>& exchange) {
        exchange->set_wake(Wake(std::make_shared<ResumeTarget>(weak_from_this(), exchange)));
        auto on_cancel = std::make_unique<std::stop_callback<CancelExchange>>(
            exchange->request().cancel, CancelExchange{weak_from_this(), exchange});
        exchanges_.emplace(exchange.get(), Running{exchange, std::move(on_cancel)});
        waiting_.push_back(exchange);
    }

    void start_waiting() {
        while (!waiting_.empty() && running_exchanges_.size() < most_running) {
            const std::shared_ptr<Exchange> exchange = waiting_.front();
            waiting_.pop_front();
            if (exchanges_.contains(exchange.get())) {
                start(exchange);
            }
        }
    }

    void start(const std::shared_ptr<Exchange>& exchange) {
        const auto limits = check_call_limits(exchange->request().cancel, exchange->request().deadline);
        if (!limits.ok()) {
            return end(exchange, limits);
        }
        CURL* handle = take_handle();
        if (handle == nullptr) {
            return end(exchange, Error(ErrorCode::no_memory));
        }
        running_exchanges_.emplace(handle, exchange);
        if (auto ready = exchange->prepare(handle, options_); !ready.ok()) {
            return end(exchange, ready);
        }
        if (curl_multi_add_handle(multi_, handle) != CURLM_OK) {
            end(exchange, Error(ErrorCode::no_memory));
        }
    }

    CURL* take_handle() {
        if (free_handles_.empty()) {
            return curl_easy_init();
        }
        CURL* handle = free_handles_.back();
        free_handles_.pop_back();
        return handle;
    }

    /// One turn: lets curl work, then waits for the network, a task, or the next look at the limits.
    void drive() {
        int under_way = 0;
        curl_multi_perform(multi_, &under_way);
        end_finished();
        check_limits();
        int events = 0;
        const bool idle = exchanges_.empty();
        const std::chrono::milliseconds wait = idle ? idle_time : tick;
        const auto before = std::chrono::steady_clock::now();
        if (waiting_.empty() || running_exchanges_.size() >= most_running) {
            curl_multi_poll(multi_, nullptr, 0, static_cast<int>(wait.count()), &events);
        }
        was_idle_ = idle && std::chrono::steady_clock::now() - before >= idle_time;
    }

    void end_finished() {
        int left = 0;
        while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
            if (message->msg != CURLMSG_DONE) {
                continue;
            }
            const CURLcode code = message->data.result;
            const auto found = running_exchanges_.find(message->easy_handle);
            if (found != running_exchanges_.end()) {
                const std::shared_ptr<Exchange> exchange = found->second;
                end(exchange, exchange->outcome(code));
            }
        }
    }

    void check_limits() {
        const SteadyTime now = std::chrono::steady_clock::now();
        std::vector<std::pair<std::shared_ptr<Exchange>, Error>> over;
        for (const auto& [key, running] : exchanges_) {
            if (auto limits = running.exchange->check_limits(now, options_.stall_timeout); !limits.ok()) {
                over.emplace_back(running.exchange, limits.error());
            }
        }
        for (auto& [exchange, error] : over) {
            end(exchange, error);
        }
    }

    void resume(const std::shared_ptr<Exchange>& exchange) {
        if (exchanges_.contains(exchange.get())) {
            exchange->resume();
        }
    }

    /// Takes an exchange out and answers it; does nothing when it has ended already.
    void end(const std::shared_ptr<Exchange>& exchange, Result<void> outcome) {
        const auto found = exchanges_.find(exchange.get());
        if (found == exchanges_.end()) {
            return;
        }
        found->second.on_cancel.reset();
        exchanges_.erase(found);
        if (CURL* handle = exchange->release_handle()) {
            curl_multi_remove_handle(multi_, handle);
            running_exchanges_.erase(handle);
            curl_easy_reset(handle);
            free_handles_.push_back(handle);
        }
        load_.fetch_sub(1);
        exchange->finish(std::move(outcome));
    }

    void end_all() {
        while (!exchanges_.empty()) {
            const std::shared_ptr<Exchange> exchange = exchanges_.begin()->second.exchange;
            end(exchange, Error(ErrorCode::cancelled));
        }
    }

    const TransportOptions options_;
    std::atomic<std::size_t> load_{0};
    std::mutex mutex_;
    std::deque<std::function<void()>> tasks_;
    std::thread thread_;
    bool running_ = false;
    bool stopping_ = false;

    // Only the loop's thread uses what follows, or whoever holds the last handle on this state.
    CURLM* multi_ = nullptr;
    std::vector<CURL*> free_handles_;
    std::unordered_map<Exchange*, Running> exchanges_;
    std::unordered_map<CURL*, std::shared_ptr<Exchange>> running_exchanges_;
    std::deque<std::shared_ptr<Exchange>> waiting_;
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

void EventLoop::send(Request request, std::shared_ptr<Receiver> receiver) {
    state_->submit(std::move(request), std::move(receiver));
}

std::size_t EventLoop::load() const noexcept {
    return state_->load();
}

}  // namespace filestore::http
