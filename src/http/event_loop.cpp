#include "http/event_loop.h"

#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "core/broken_pipe_signal.h"
#include "core/call_limits.h"
#include "core/environment.h"
#include "core/library_thread.h"
#include "core/reactor.h"
#include "core/stream_calls.h"
#include "core/try.h"
#include "core/waiting_thread.h"
#include "core/worker_thread.h"
#include "http/exchange.h"
#include "http/host_names.h"
#include "http/loop_names.h"
#include "http/proxy.h"
#include "http/sockets.h"

namespace filestore::http {

namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::chrono::milliseconds idle_time{1000};
/// How often progress is looked at while exchanges are under way; a deadline is met to the moment.
constexpr std::chrono::milliseconds tick{250};

}  // namespace

/// Shared by the loop and its thread. What the thread needs for an exchange is made when the exchange is submitted: the thread itself only moves
/// list nodes, so that lack of memory can fail an exchange and never the loop.
class EventLoop::State final : public Driven, public std::enable_shared_from_this<State> {
public:
    State(const TransportOptions& options, std::shared_ptr<SharedCaches> caches,
          std::shared_ptr<NameLookups> lookups)
        : options_(options),
          caches_(std::move(caches)),
          lookups_(std::move(lookups)),
          most_running_(std::max(1U, options.max_connections / options.event_loops)),
          names_(lookups_) {}

    ~State() override {
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

    /// By a caller that waits, in place of a thread of the loop's own, which takes over what is left.
    void drive(FunctionRef<bool()> is_wanted) noexcept override {
        const LibraryThreadScope scope;
        const BrokenPipeSignalBlock quiet;
        std::unique_lock lock(mutex_);
        while (!stopping_) {
            lock.unlock();
            const bool wanted = is_wanted();
            lock.lock();
            if (wanted && hand_over()) {
                return;
            }
            turn(lock);
        }
        end_all(lock);
    }

    void interrupt() noexcept override {
        const std::lock_guard lock(mutex_);
        wake_up();
    }

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

    /// One for each loop, told by all switches of its exchanges.
    class SwitchListener final : public PauseSwitch::Listener {
    public:
        explicit SwitchListener(std::weak_ptr<State> loop) : loop_(std::move(loop)) {}

        void pause_changed() noexcept override {
            if (const auto loop = loop_.lock()) {
                loop->switch_changed_.store(true);
                loop->interrupt();
            }
        }

    private:
        std::weak_ptr<State> loop_;
    };

    class LookupListener final : public NameLookups::Listener {
    public:
        explicit LookupListener(std::weak_ptr<State> loop) : loop_(std::move(loop)) {}

        void name_looked_up() noexcept override {
            if (const auto loop = loop_.lock()) {
                loop->interrupt();
            }
        }

    private:
        std::weak_ptr<State> loop_;
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
        // Once it has begun.
        std::string proxy;
        LoopNames::Needed names;
    };
    using Entries = std::list<Entry>;

    Entries make_entry(Request request, const std::shared_ptr<Receiver>& receiver) {
        Entries made(1);
        Entry& entry = made.front();
        entry.exchange = std::make_shared<Exchange>(std::move(request), receiver);
        entry.exchange->set_wake(Wake(std::make_shared<ResumeTarget>(weak_from_this(), entry.exchange)));
        entry.on_cancel.emplace(entry.exchange->request().cancel, LookAtLimits{weak_from_this()});
        if (const auto& pause = entry.exchange->request().pause) {
            pause->add(switch_listener());
        }
        return made;
    }

    std::shared_ptr<SwitchListener> switch_listener() {
        const std::lock_guard lock(mutex_);
        if (!switch_listener_) {
            switch_listener_ = std::make_shared<SwitchListener>(weak_from_this());
        }
        return switch_listener_;
    }

    /// False when the loop has been closed.
    bool accept(Entries made) {
        const std::lock_guard lock(mutex_);
        if (stopping_) {
            return false;
        }
        ensure_running(made.front().exchange->request().sender_waits);
        arrived_.splice(arrived_.end(), made);
        load_.fetch_add(1);
        return true;
    }

    void ensure_running(bool sender_waits) {
        if (running_) {
            wake_up();
            return;
        }
        if (multi_ == nullptr) {
            share_ = caches_->handle();
            multi_ = curl_multi_init();
            if (multi_ == nullptr) {
                throw std::bad_alloc();
            }
        }
        if (!sender_waits || !WaitingThread::takes(shared_from_this())) {
            start_thread();
        }
        running_ = true;
    }

    void start_thread() {
        join_or_detach(thread_);
        thread_ = start_worker([self = shared_from_this()] { self->run(); });
    }

    /// False where there is something left to do, and no thread for it.
    bool hand_over() noexcept {
        if (is_idle()) {
            running_ = false;
            return true;
        }
        try {
            start_thread();
            return true;
        } catch (const std::bad_alloc&) {
            return false;
        }
    }

    /// Costs a system call only where the loop waits, and one for all that comes before it goes on.
    void wake_up() noexcept {
        events_.fetch_add(1);
        if (asleep_.exchange(false)) {
            curl_multi_wakeup(multi_);
        }
    }

    void run() noexcept {
        const LibraryThreadScope scope;
        std::unique_lock lock(mutex_);
        while (!stopping_) {
            const bool had_arrivals = !arrived_.empty();
            turn(lock);
            if (!stopping_ && is_idle() && !had_arrivals && was_idle_) {
                // Under the lock that showed it idle: what comes next starts a new thread.
                running_ = false;
                return;
            }
        }
        end_all(lock);
    }

    void turn(std::unique_lock<std::mutex>& lock) noexcept {
        seen_events_ = events_.load();
        take_arrivals();
        lock.unlock();
        follow_pauses();
        begin_waiting();
        start_named();
        work();
        lock.lock();
    }

    void end_all(std::unique_lock<std::mutex>& lock) noexcept {
        waiting_.splice(waiting_.end(), arrived_);
        lock.unlock();
        cancel_all(waiting_);
        cancel_all(held_);
        cancel_all(naming_);
        cancel_all(active_);
        lock.lock();
        running_ = false;
    }

    bool is_idle() const noexcept { return arrived_.empty() && has_nothing_to_do(); }

    bool has_nothing_to_do() const noexcept {
        return waiting_.empty() && held_.empty() && naming_.empty() && active_.empty();
    }

    void take_arrivals() noexcept {
        for (const Entry& entry : arrived_) {
            next_look_at_limits_ = std::min(next_look_at_limits_, entry.exchange->next_limit());
        }
        waiting_.splice(waiting_.end(), arrived_);
    }

    void follow_pauses() {
        if (switch_changed_.exchange(false)) {
            waiting_.splice(waiting_.begin(), held_);
        }
        for (auto next = naming_.begin(); next != naming_.end();) {
            const auto entry = next++;
            if (entry->exchange->is_held()) {
                put_off(naming_, entry);
            }
        }
        for (auto next = active_.begin(); next != active_.end();) {
            const auto entry = next++;
            if (entry->exchange->is_held() && entry->exchange->is_unsent()) {
                put_off(active_, entry);
                continue;
            }
            const auto followed =
                call_user(ErrorCode::internal, [&] { return entry->exchange->follow_pauses(); });
            if (!followed.ok()) {
                end(active_, entry, followed);
            }
        }
    }

    /// Until its switch says go: it will begin again.
    void put_off(Entries& entries, Entries::iterator entry) noexcept {
        release_handle(*entry->exchange);
        entry->exchange->put_off();
        entry->names = {};
        held_.splice(held_.end(), entries, entry);
    }

    void begin_waiting() {
        while (!waiting_.empty() && has_room()) {
            const auto entry = waiting_.begin();
            if (entry->exchange->is_held()) {
                held_.splice(held_.end(), waiting_, entry);
                continue;
            }
            naming_.splice(naming_.end(), waiting_, entry);
            const auto begun = call_user(ErrorCode::internal, [&] { return begin(*entry); });
            if (!begun.ok()) {
                end(naming_, entry, begun);
            }
        }
    }

    void start_named() {
        for (auto next = naming_.begin(); next != naming_.end();) {
            const auto entry = next++;
            if (!entry->names.are_known()) {
                continue;
            }
            active_.splice(active_.end(), naming_, entry);
            const auto started = call_user(ErrorCode::internal, [&] { return start(*entry); });
            if (!started.ok()) {
                end(active_, entry, started);
            }
        }
    }

    bool has_room() const {
        if (naming_.size() + active_.size() < most_running_) {
            return true;
        }
        const SteadyTime now = std::chrono::steady_clock::now();
        const auto resting = std::count_if(active_.begin(), active_.end(), [now](const Entry& each) {
            return each.exchange->is_held() || each.exchange->is_kept_waiting(now);
        });
        return naming_.size() + active_.size() - static_cast<std::size_t>(resting) < most_running_;
    }

    /// Chooses the exchange's way and has its names looked up.
    Result<void> begin(Entry& entry) {
        Exchange& exchange = *entry.exchange;
        const Request& request = exchange.request();
        FILESTORE_TRY(check_call_limits(request.cancel, request.deadline));
        exchange.begin(std::chrono::steady_clock::now(), options_);
        next_look_at_limits_ = std::min(next_look_at_limits_, exchange.next_limit());
        entry.proxy = request.direct ? std::string_view() : proxy_for(request.url, proxies());
        if (!entry.proxy.empty() && !names_a_proxy(entry.proxy)) {
            return Error(ErrorCode::configuration, "the proxy of the environment is no URL of a proxy");
        }
        listen_to_lookups();
        entry.names = names_.look_up(names_to_look_up(request.url, entry.proxy));
        return {};
    }

    void listen_to_lookups() {
        if (!lookup_listener_) {
            auto listener = std::make_shared<LookupListener>(weak_from_this());
            lookups_->add(listener);
            lookup_listener_ = std::move(listener);
        }
    }

    Result<void> start(Entry& entry) {
        Exchange& exchange = *entry.exchange;
        FILESTORE_TRY(exchange.check_limits(std::chrono::steady_clock::now()));
        const Result<Trust>& trusted = trust();
        if (!trusted.ok() && exchange.request().url.starts_with("https:")) {
            return trusted.error();
        }
        CURL* handle = take_handle();
        if (handle == nullptr) {
            return Error(ErrorCode::no_memory);
        }
        FILESTORE_TRY(exchange.prepare(handle, options_, entry.proxy, trusted.ok() ? *trusted : nobody_));
        FILESTORE_TRY(names_.tell(handle, entry.names));
        curl_easy_setopt(handle, CURLOPT_SHARE, share_);
        exchange.send_over(sockets_);
        if (curl_multi_add_handle(multi_, handle) != CURLM_OK) {
            return Error(ErrorCode::no_memory);
        }
        return {};
    }

    /// Looked up by the first exchange, because opening a store reads nothing.
    const Result<Trust>& trust() {
        if (!trust_) {
            trust_ = !options_.ca_pem.empty()    ? Trust{{}, {}, options_.ca_pem}
                     : !options_.ca_file.empty() ? trust_in_path(options_.ca_file)
                                                 : find_system_trust();
        }
        return *trust_;
    }

    /// Read by the first exchange, too.
    const Proxies& proxies() {
        if (!proxies_) {
            proxies_ = !options_.proxy.empty() ? Proxies{options_.proxy, options_.proxy, options_.no_proxy}
                       : options_.proxy_from_environment ? proxies_of_environment(environment_variable)
                                                         : Proxies{};
        }
        return *proxies_;
    }

    CURL* take_handle() {
        if (free_handles_.empty()) {
            // Room for it to come back: the way back must not need memory.
            free_handles_.reserve(active_.size());
            return curl_easy_init();
        }
        CURL* handle = free_handles_.back();
        free_handles_.pop_back();
        return handle;
    }

    /// At rest, as many as may run. libcurl counts those in use, too, and paused exchanges may be more than run.
    void limit_connections() const noexcept {
        curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(most_running_ + active_.size()));
    }

    /// Lets curl work, then waits for the network, an interruption, or the next look at the limits.
    void work() {
        limit_connections();
        int under_way = 0;
        curl_multi_perform(multi_, &under_way);
        end_finished();
        const SteadyTime now = std::chrono::steady_clock::now();
        if (limits_changed_.exchange(false) || now >= next_look_at_limits_) {
            next_look_at_limits_ = now + tick;
            check_limits(active_, now);
            check_limits(naming_, now);
            check_limits(waiting_, now);
            check_limits(held_, now);
        }
        const bool idle = has_nothing_to_do();
        if (waiting_.empty() || !has_room()) {
            const auto until_look = std::chrono::ceil<std::chrono::milliseconds>(next_look_at_limits_ - now);
            const auto wait = idle ? idle_time : std::max(until_look, std::chrono::milliseconds(0));
            sleep(wait);
        }
        was_idle_ = idle && std::chrono::steady_clock::now() - now >= idle_time;
    }

    /// Not where something has come since the turn began.
    void sleep(std::chrono::milliseconds wait) {
        asleep_.store(true);
        if (events_.load() == seen_events_) {
            curl_multi_poll(multi_, nullptr, 0, static_cast<int>(wait.count()), nullptr);
        }
        asleep_.store(false);
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
            const auto limits =
                call_user(ErrorCode::internal, [&] { return entry->exchange->check_limits(now); });
            if (limits.ok()) {
                next_look_at_limits_ = std::min(next_look_at_limits_, entry->exchange->next_limit());
            } else {
                end(entries, entry, limits);
            }
        }
    }

    /// Takes an exchange out and answers it.
    void end(Entries& entries, Entries::iterator entry, Result<void> outcome) noexcept {
        Entries ended;
        ended.splice(ended.end(), entries, entry);
        entry->on_cancel.reset();
        release_handle(*entry->exchange);
        if (!outcome.ok()) {
            names_.forget(entry->names);
        }
        // Before the end is told: nobody waits for a lookup any more that has not begun.
        entry->names = {};
        load_.fetch_sub(1);
        entry->exchange->finish(std::move(outcome));
    }

    void release_handle(Exchange& exchange) noexcept {
        if (CURL* handle = exchange.release_handle()) {
            curl_multi_remove_handle(multi_, handle);
            // Not only for the reset: libcurl has a second pointer to what it was told of names.
            curl_easy_setopt(handle, CURLOPT_RESOLVE, nullptr);
            curl_easy_reset(handle);
            // For its end, which is no transfer.
            curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
            free_handles_.push_back(handle);
        }
    }

    void cancel_all(Entries& entries) noexcept {
        while (!entries.empty()) {
            end(entries, entries.begin(), Error(ErrorCode::cancelled));
        }
    }

    const TransportOptions options_;
    const std::shared_ptr<SharedCaches> caches_;
    const std::shared_ptr<NameLookups> lookups_;
    const std::size_t most_running_;
    std::atomic<std::size_t> load_{0};
    /// A call was cancelled: the next turn looks which.
    std::atomic<bool> limits_changed_{false};
    /// A switch was set: exchanges that it held may begin.
    std::atomic<bool> switch_changed_{false};
    /// Counts what the loop has to look at.
    std::atomic<std::uint64_t> events_{0};
    /// In curl_multi_poll(), or about to be.
    std::atomic<bool> asleep_{false};

    std::mutex mutex_;
    // Behind the mutex, but that the thread uses `multi_` and `share_` without it while it runs: they are made once, before.
    Entries arrived_;
    std::thread thread_;
    bool running_ = false;
    bool stopping_ = false;
    CURLM* multi_ = nullptr;
    CURLSH* share_ = nullptr;
    std::shared_ptr<SwitchListener> switch_listener_;

    // Only the loop's thread uses what follows, or whoever holds the last handle on this state.
    std::vector<CURL*> free_handles_;
    Sockets sockets_;
    LoopNames names_;
    std::shared_ptr<LookupListener> lookup_listener_;
    std::optional<Proxies> proxies_;
    std::optional<Result<Trust>> trust_;
    const Trust nobody_;
    /// Beyond `most_running_`.
    Entries waiting_;
    /// Not begun, because their switches say pause.
    Entries held_;
    /// Begun: their names are looked up.
    Entries naming_;
    /// Those that have a curl handle.
    Entries active_;
    SteadyTime next_look_at_limits_{};
    std::uint64_t seen_events_ = 0;
    bool was_idle_ = false;
};

EventLoop::EventLoop(const TransportOptions& options, std::shared_ptr<SharedCaches> caches,
                     std::shared_ptr<NameLookups> names)
    : state_(std::make_shared<State>(options, std::move(caches), std::move(names))) {}

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
