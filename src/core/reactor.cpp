#include "core/reactor.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <list>
#include <map>
#include <mutex>
#include <new>
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
    Descriptor interrupt_event{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    std::list<Watch> watches;
    std::multimap<Time, WeakTarget> timers;
    std::thread thread;
    bool running = false;
    bool stopping = false;

    void ensure_running(const std::shared_ptr<State>& self) {
        if (running) {
            interrupt();
            return;
        }
        join_or_detach(thread);
        thread = start_worker([self] { self->run(); });
        running = true;
    }

    void interrupt() const noexcept {
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t written = ::write(interrupt_event.get(), &one, sizeof one);
    }

    /// For the reactor's end: its thread, which is about to end too.
    std::thread stop() noexcept {
        const std::lock_guard lock(mutex);
        stopping = true;
        interrupt();
        return std::move(thread);
    }

    void run() noexcept {
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
        watches.clear();
        timers.clear();
        running = false;
    }

    /// Polls once, wakes what is ready, and answers whether something new was registered meanwhile.
    bool wait(std::unique_lock<std::mutex>& lock) {
        std::erase_if(watches, [](const Watch& watch) { return watch.target.expired(); });
        std::erase_if(timers, [](const auto& timer) { return timer.second.expired(); });
        std::vector<pollfd> polled;
        try {
            polled = what_to_poll();
        } catch (const std::bad_alloc&) {
            // Those that are woken too early will ask again.
            std::list<Watch> all;
            all.swap(watches);
            wake_all(lock, all);
            return true;
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
            [[maybe_unused]] const ssize_t got = ::read(interrupt_event.get(), &count, sizeof count);
        }
        wake_ready(lock, polled);
        return interrupted;
    }

    std::vector<pollfd> what_to_poll() const {
        std::vector<pollfd> polled;
        polled.reserve(watches.size() + 1);
        polled.push_back({interrupt_event.get(), POLLIN, 0});
        for (const Watch& watch : watches) {
            polled.push_back({watch.descriptor, watch.events, 0});
        }
        return polled;
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

    /// New watches stand behind those that were polled.
    void wake_ready(std::unique_lock<std::mutex>& lock, const std::vector<pollfd>& polled) {
        std::list<Watch> ready;
        auto watch = watches.begin();
        for (std::size_t i = 1; i < polled.size(); ++i) {
            const auto next = std::next(watch);
            if (polled[i].revents != 0) {
                ready.splice(ready.end(), watches, watch);
            }
            watch = next;
        }
        wake_all(lock, ready);
    }

    static void wake_all(std::unique_lock<std::mutex>& lock, const std::list<Watch>& ready) {
        lock.unlock();
        for (const Watch& watch : ready) {
            wake(watch.target);
        }
        lock.lock();
    }

    void wake_expired(std::unique_lock<std::mutex>& lock) {
        const Time now = std::chrono::steady_clock::now();
        while (!timers.empty() && timers.begin()->first <= now) {
            const auto expired = timers.extract(timers.begin());
            lock.unlock();
            wake(expired.mapped());
            lock.lock();
        }
    }

    static void wake(const WeakTarget& weak) noexcept {
        if (const auto target = weak.lock()) {
            target->wake();
        }
    }
};

Reactor::Reactor() : state_(std::make_shared<State>()) {}

Reactor::~Reactor() {
    if (!owner_process_.is_current()) {
        abandon(std::move(state_));
        return;
    }
    std::thread thread = state_->stop();
    join_or_detach(thread);
}

void Reactor::join() noexcept {
    std::thread thread = state_->stop();
    if (thread.joinable()) {
        thread.join();
    }
}

template <class Register>
bool Reactor::watch(const std::weak_ptr<Wake::Target>& target, Register&& add) noexcept {
    try {
        const std::lock_guard lock(state_->mutex);
        if (!state_->stopping) {
            state_->ensure_running(state_);
            std::forward<Register>(add)();
            return true;
        }
    } catch (const std::bad_alloc&) {
        // As after join().
    }
    State::wake(target);
    return false;
}

bool Reactor::wake_when_ready(int descriptor, bool for_writing,
                              const std::weak_ptr<Wake::Target>& target) noexcept {
    const short events = for_writing ? POLLOUT : POLLIN;
    return watch(target, [&] { state_->watches.push_back({descriptor, events, target}); });
}

bool Reactor::wake_at(std::chrono::steady_clock::time_point time,
                      const std::weak_ptr<Wake::Target>& target) noexcept {
    return watch(target, [&] { state_->timers.emplace(time, target); });
}

}  // namespace filestore
