#include "http/name_lookups.h"

#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>

#include "core/library_thread.h"
#include "core/text.h"
#include "core/worker_thread.h"
#include "http/retryable.h"

namespace filestore::http {

namespace {

using Addresses = NameLookup::Addresses;

constexpr std::chrono::milliseconds idle_time{1000};

struct FreeList {
    void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};

Error lookup_failure(const std::string& name, int code, int system_error) {
    if (code == EAI_MEMORY) {
        return Error(ErrorCode::no_memory);
    }
    const std::string words =
        code == EAI_SYSTEM ? std::generic_category().message(system_error) : ::gai_strerror(code);
    return {ErrorCode::unavailable, "the host " + quoted(name) + " could not be resolved: " + words,
            retryable()};
}

/// Nothing for an address that is good on one link only: libcurl takes none with its zone.
std::optional<std::string> in_numbers(const addrinfo& found) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(found.ai_addr, found.ai_addrlen, text.data(), text.size(), nullptr, 0,
                      NI_NUMERICHOST) != 0) {
        return std::nullopt;
    }
    std::string address(text.data());
    return address.find('%') == std::string::npos ? std::optional(std::move(address)) : std::nullopt;
}

/// Blocks for as long as the system's resolver likes. It is asked for what libcurl asks for.
Result<Addresses> ask_resolver(const std::string& name) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* first = nullptr;
    if (const int failure = ::getaddrinfo(name.c_str(), nullptr, &hints, &first); failure != 0) {
        return lookup_failure(name, failure, errno);
    }
    const std::unique_ptr<addrinfo, FreeList> list(first);
    Addresses addresses;
    for (const addrinfo* each = first; each != nullptr; each = each->ai_next) {
        if (auto address = in_numbers(*each)) {
            addresses.push_back(std::move(*address));
        }
    }
    return addresses;
}

Result<Addresses> look_up_now(const std::string& name) noexcept {
    try {
        return ask_resolver(name);
    } catch (const std::bad_alloc&) {
        return Error(ErrorCode::no_memory);
    }
}

}  // namespace

void NameLookup::finish(Result<Addresses> addresses) noexcept {
    addresses_.emplace(std::move(addresses));
    done_at_ = std::chrono::steady_clock::now();
    done_.store(true, std::memory_order_release);
}

/// Shared by the lookups and their thread, so that the thread may outlive them in a call of the resolver.
struct NameLookups::State {
    explicit State(std::chrono::seconds time) : kept(time) {}

    const std::chrono::seconds kept;
    std::mutex mutex;
    std::condition_variable asked_or_stop;
    /// Not begun yet.
    std::deque<std::shared_ptr<NameLookup>> queue;
    /// Those under way or queued, and those whose addresses are kept.
    std::map<std::string, std::shared_ptr<NameLookup>, std::less<>> by_name;
    std::vector<std::weak_ptr<Listener>> listeners;
    std::thread thread;
    bool running = false;
    bool in_resolver = false;
    bool stopping = false;

    bool is_fresh(const NameLookup& done) const noexcept {
        const auto age = std::chrono::steady_clock::now() - done.done_at();
        return std::chrono::duration_cast<std::chrono::seconds>(age) < kept;
    }

    std::shared_ptr<NameLookup> begin(const std::string& name, const std::shared_ptr<State>& self) {
        std::erase_if(by_name,
                      [this](const auto& each) { return each.second->is_done() && !is_fresh(*each.second); });
        auto lookup = std::make_shared<NameLookup>(name);
        if (stopping) {
            lookup->finish(Error(ErrorCode::cancelled));
            return lookup;
        }
        ensure_running(self);
        queue.push_back(lookup);
        by_name.insert_or_assign(name, lookup);
        asked_or_stop.notify_one();
        return lookup;
    }

    void ensure_running(const std::shared_ptr<State>& self) {
        if (running) {
            return;
        }
        join_or_detach(thread);
        thread = start_worker([self] { self->run(); });
        running = true;
    }

    /// The thread, which is about to end; not where it is in the resolver, for who knows how long.
    std::thread stop() noexcept {
        const std::lock_guard lock(mutex);
        stopping = true;
        queue.clear();
        by_name.clear();
        asked_or_stop.notify_one();
        if (in_resolver && thread.joinable()) {
            thread.detach();
        }
        return std::move(thread);
    }

    void run() noexcept {
        const LibraryThreadScope scope;
        std::unique_lock lock(mutex);
        while (const auto lookup = next(lock)) {
            in_resolver = true;
            lock.unlock();
            auto addresses = look_up_now(lookup->name());
            lock.lock();
            in_resolver = false;
            end(*lookup, std::move(addresses));
            tell_listeners(lock);
        }
        running = false;
    }

    /// Null when the thread is to end.
    std::shared_ptr<NameLookup> next(std::unique_lock<std::mutex>& lock) {
        while (asked_or_stop.wait_for(lock, idle_time, [this] { return stopping || !queue.empty(); }) &&
               !stopping) {
            std::shared_ptr<NameLookup> lookup = std::move(queue.front());
            queue.pop_front();
            if (is_wanted(lookup)) {
                return lookup;
            }
            by_name.erase(lookup->name());
        }
        return nullptr;
    }

    /// Whoever waits holds a handle beside that of the table and this one. New ones are given out under the mutex only.
    static bool is_wanted(const std::shared_ptr<NameLookup>& lookup) noexcept {
        return lookup.use_count() > 2;
    }

    void end(NameLookup& lookup, Result<Addresses> addresses) noexcept {
        const bool failed = !addresses.ok();
        lookup.finish(std::move(addresses));
        if (failed) {
            by_name.erase(lookup.name());
        }
    }

    /// The last handle on a loop, and with it on the lookups, may be the one that is let go of here.
    void tell_listeners(std::unique_lock<std::mutex>& lock) noexcept {
        for (std::size_t i = 0; i < listeners.size() && !stopping; ++i) {
            std::shared_ptr<Listener> listener = listeners[i].lock();
            lock.unlock();
            if (listener) {
                listener->name_looked_up();
                listener.reset();
            }
            lock.lock();
        }
    }
};

NameLookups::NameLookups(std::chrono::seconds kept) : state_(std::make_shared<State>(kept)) {}

NameLookups::~NameLookups() {
    if (!owner_process_.is_current()) {
        abandon(std::move(state_));
        return;
    }
    std::thread thread = state_->stop();
    join_or_detach(thread);
}

void NameLookups::add(const std::weak_ptr<Listener>& listener) {
    const std::lock_guard lock(state_->mutex);
    state_->listeners.push_back(listener);
}

std::shared_ptr<const NameLookup> NameLookups::look_up(const std::string& name) {
    const std::lock_guard lock(state_->mutex);
    const auto known = state_->by_name.find(name);
    if (known != state_->by_name.end() && (!known->second->is_done() || state_->is_fresh(*known->second))) {
        return known->second;
    }
    return state_->begin(name, state_);
}

bool NameLookups::is_fresh(const NameLookup& done) const noexcept {
    return state_->is_fresh(done);
}

void NameLookups::close() noexcept {
    std::thread thread = state_->stop();
    join_or_detach(thread);
}

}  // namespace filestore::http
