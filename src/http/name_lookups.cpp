#include "http/name_lookups.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
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

constexpr std::size_t most_threads = 4;
constexpr std::chrono::milliseconds thread_idle_time{1000};

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

/// Shared by the lookups and their threads, so that a thread may outlive them in a call of the resolver.
struct NameLookups::State {
    using Time = NameLookup::Time;

    struct Worker {
        std::thread thread;
        bool running = false;
        bool in_resolver = false;
    };
    struct Name {
        /// The last lookup that found addresses.
        std::shared_ptr<NameLookup> known;
        /// Under way or queued.
        std::shared_ptr<NameLookup> asked;
        Time used_at{};
    };
    using Threads = std::array<std::thread, most_threads>;

    explicit State(std::chrono::seconds time) : kept(time) {}

    const std::chrono::seconds kept;
    std::mutex mutex;
    std::condition_variable asked_or_stop;
    /// Not begun yet.
    std::deque<std::shared_ptr<NameLookup>> queue;
    std::map<std::string, Name, std::less<>> names;
    std::vector<std::weak_ptr<Listener>> listeners;
    std::array<Worker, most_threads> workers;
    bool stopping = false;

    bool is_recent(Time then) const noexcept {
        const auto age = std::chrono::steady_clock::now() - then;
        return std::chrono::duration_cast<std::chrono::seconds>(age) < kept;
    }

    bool is_fresh(const NameLookup& done) const noexcept { return is_recent(done.done_at()); }

    std::shared_ptr<const NameLookup> look_up(const std::string& host, const std::shared_ptr<State>& self) {
        if (stopping) {
            auto refused = std::make_shared<NameLookup>(host);
            refused->finish(Error(ErrorCode::cancelled));
            return refused;
        }
        const bool fresh = is_fresh(host);
        if (!fresh) {
            forget_unused();
        }
        Name& name = names[host];
        name.used_at = std::chrono::steady_clock::now();
        if (!fresh && !name.asked) {
            ask(host, name, self);
        }
        return name.known ? name.known : name.asked;
    }

    bool is_fresh(const std::string& host) const {
        const auto name = names.find(host);
        return name != names.end() && name->second.known && is_fresh(*name->second.known);
    }

    /// Old addresses of names that are not in use.
    void forget_unused() noexcept {
        for (auto& [host, name] : names) {
            if (name.known && !is_fresh(*name.known) && !is_recent(name.used_at)) {
                name.known.reset();
            }
        }
        std::erase_if(names, [](const auto& each) { return !each.second.known && !each.second.asked; });
    }

    /// Old addresses do where no thread can be had.
    void ask(const std::string& host, Name& name, const std::shared_ptr<State>& self) {
        try {
            auto lookup = std::make_shared<NameLookup>(host);
            ensure_worker(self);
            queue.push_back(lookup);
            name.asked = std::move(lookup);
            asked_or_stop.notify_one();
        } catch (const std::bad_alloc&) {
            if (!name.known) {
                throw;
            }
        }
    }

    /// For one more lookup than are queued. Where all are held and no other can be had, it waits for one of them; throws std::bad_alloc where there is none.
    void ensure_worker(const std::shared_ptr<State>& self) {
        const auto is_running = [](const Worker& each) { return each.running; };
        const auto waiting = std::count_if(workers.begin(), workers.end(), [](const Worker& each) {
            return each.running && !each.in_resolver;
        });
        const auto free = std::find_if_not(workers.begin(), workers.end(), is_running);
        if (static_cast<std::size_t>(waiting) > queue.size() || free == workers.end()) {
            return;
        }
        join_or_detach(free->thread);
        try {
            free->thread = start_worker([self, &worker = *free] { self->run(worker); });
            free->running = true;
        } catch (const std::bad_alloc&) {
            if (std::none_of(workers.begin(), workers.end(), is_running)) {
                throw;
            }
        }
    }

    /// The threads, which are about to end; not those in the resolver, for who knows how long.
    Threads stop() noexcept {
        const std::lock_guard lock(mutex);
        stopping = true;
        queue.clear();
        names.clear();
        asked_or_stop.notify_all();
        Threads ending;
        for (std::size_t i = 0; i < workers.size(); ++i) {
            std::thread& thread = workers[i].thread;
            if (workers[i].in_resolver && thread.joinable()) {
                thread.detach();
            }
            ending[i] = std::move(thread);
        }
        return ending;
    }

    void run(Worker& worker) noexcept {
        const LibraryThreadScope scope;
        std::unique_lock lock(mutex);
        while (const auto lookup = next(lock)) {
            worker.in_resolver = true;
            lock.unlock();
            auto addresses = look_up_now(lookup->name());
            lock.lock();
            worker.in_resolver = false;
            end(lookup, std::move(addresses));
            tell_listeners(lock);
        }
        worker.running = false;
    }

    /// Null when the thread is to end.
    std::shared_ptr<NameLookup> next(std::unique_lock<std::mutex>& lock) {
        while (asked_or_stop.wait_for(lock, thread_idle_time, [this] {
            return stopping || !queue.empty();
        }) && !stopping) {
            std::shared_ptr<NameLookup> lookup = std::move(queue.front());
            queue.pop_front();
            const auto name = names.find(lookup->name());
            if (is_wanted(lookup) || name->second.known) {
                return lookup;
            }
            names.erase(name);
        }
        return nullptr;
    }

    /// Whoever waits holds a handle beside that of the table and this one. New ones are given out under the mutex only.
    static bool is_wanted(const std::shared_ptr<NameLookup>& lookup) noexcept {
        return lookup.use_count() > 2;
    }

    void end(const std::shared_ptr<NameLookup>& lookup, Result<Addresses> addresses) noexcept {
        const bool found = addresses.ok();
        lookup->finish(std::move(addresses));
        const auto name = names.find(lookup->name());
        if (name == names.end()) {
            return;
        }
        if (found) {
            name->second.known = lookup;
        }
        name->second.asked.reset();
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
    close();
}

void NameLookups::add(const std::weak_ptr<Listener>& listener) {
    const std::lock_guard lock(state_->mutex);
    state_->listeners.push_back(listener);
}

std::shared_ptr<const NameLookup> NameLookups::look_up(const std::string& name) {
    const std::lock_guard lock(state_->mutex);
    return state_->look_up(name, state_);
}

bool NameLookups::is_fresh(const NameLookup& done) const noexcept {
    return state_->is_fresh(done);
}

void NameLookups::close() noexcept {
    for (std::thread& thread : state_->stop()) {
        join_or_detach(thread);
    }
}

}  // namespace filestore::http
