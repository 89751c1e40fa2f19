#include "core/reactor.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "core/descriptor.h"
#include "core/library_thread.h"
#include "core/worker_thread.h"

namespace filestore {

namespace {

using Time = std::chrono::steady_clock::time_point;
using WeakTarget = std::weak_ptr<Wake::Target>;

constexpr std::chrono::milliseconds idle_time{500};

struct Watch {
    int descriptor;
    short events;
    WeakTarget target;
};

}  // namespace

struct Reactor::State {
    std::mutex mutex;
    Descriptor interrupt{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    std::vector<Watch> watches;
    std::multimap<Time, WeakTarget> timers;
    std::thread thread;
    bool running = false;
    bool stopping = false;

    void ensure_running(const std::shared_ptr<State>& self) {
        if (running) {
            const std::uint64_t one = 1;
            [[maybe_unused]] const ssize_t written = ::write(interrupt.get(), &one, sizeof one);
            return;
        }
        join_or_detach(thread);
        thread = start_worker([self] { self->run(); });
        running = true;
    }

    void run() {
        const LibraryThreadScope scope;
        std::unique_lock lock(mutex);
        while (!stopping) {
            const bool idle = watches.empty() && timers.empty();
            const bool interrupted = wait(lock);
            wake_expired(lock);
            if (idle && !interrupted && watches.empty() && timers.empty()) {
                break;
            }
        }
        running = false;
    }

    /// Polls once, wakes what is ready, and answers whether something new was registered meanwhile.
    bool wait(std::unique_lock<std::mutex>& lock) {
        std::erase_if(watches, [](const Watch& watch) { return watch.target.expired(); });
        std::erase_if(timers, [](const auto& timer) { return timer.second.expired(); });
        std::vector<pollfd> polled;
        polled.reserve(watches.size() + 1);
        polled.push_back({interrupt.get(), POLLIN, 0});
        for (const Watch& watch : watches) {
            polled.push_back({watch.descriptor, watch.events, 0});
        }
        const int timeout = timeout_ms();
        lock.unlock();
        const int ready = ::poll(polled.data(), polled.size(), timeout);
        lock.lock();
        if (ready <= 0) {
            return false;
        }
        const bool interrupted = polled[0].revents != 0;
        if (interrupted) {
            std::uint64_t count = 0;
            [[maybe_unused]] const ssize_t got = ::read(interrupt.get(), &count, sizeof count);
        }
        wake_ready(lock, polled);
        return interrupted;
    }

    int timeout_ms() const {
        if (timers.empty()) {
            // With watches only, wait now and then all the same, to forget targets that are gone.
            return static_cast<int>(idle_time.count());
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(timers.begin()->first -
                                                                       std::chrono::steady_clock::now());
        return static_cast<int>(std::clamp(left, std::chrono::milliseconds(0), idle_time).count());
    }

    void wake_ready(std::unique_lock<std::mutex>& lock, const std::vector<pollfd>& polled) {
        std::vector<WeakTarget> ready;
        std::vector<Watch> waiting;
        // New watches stand behind those that were polled.
        for (std::size_t i = 0; i < watches.size(); ++i) {
            const bool is_ready = i + 1 < polled.size() && polled[i + 1].revents != 0;
            if (is_ready) {
                ready.push_back(std::move(watches[i].target));
            } else {
                waiting.push_back(std::move(watches[i]));
            }
        }
        watches = std::move(waiting);
        wake_all(lock, ready);
    }

    void wake_expired(std::unique_lock<std::mutex>& lock) {
        const auto first_later = timers.upper_bound(std::chrono::steady_clock::now());
        std::vector<WeakTarget> expired;
        for (auto timer = timers.begin(); timer != first_later; ++timer) {
            expired.push_back(std::move(timer->second));
        }
        timers.erase(timers.begin(), first_later);
        wake_all(lock, expired);
    }

    static void wake_all(std::unique_lock<std::mutex>& lock, const std::vector<WeakTarget>& targets) {
        lock.unlock();
        for (const WeakTarget& weak : targets) {
            if (const auto target = weak.lock()) {
                target->wake();
            }
        }
        lock.lock();
    }
};

Reactor::Reactor() : state_(std::make_shared<State>()) {}

Reactor::~Reactor() {
    if (!owner_process_.is_current()) {
        abandon(std::move(state_));
        return;
    }
    std::thread thread;
    {
        const std::lock_guard lock(state_->mutex);
        state_->stopping = true;
        if (state_->running) {
            state_->ensure_running(state_);
        }
        thread = std::move(state_->thread);
    }
    join_or_detach(thread);
}

void Reactor::wake_when_ready(int descriptor, bool for_writing, std::weak_ptr<Wake::Target> target) {
    const std::lock_guard lock(state_->mutex);
    const short events = for_writing ? POLLOUT : POLLIN;
    state_->watches.push_back({descriptor, events, std::move(target)});
    state_->ensure_running(state_);
}

void Reactor::wake_at(std::chrono::steady_clock::time_point time, std::weak_ptr<Wake::Target> target) {
    const std::lock_guard lock(state_->mutex);
    state_->timers.emplace(time, std::move(target));
    state_->ensure_running(state_);
}

}  // namespace filestore
