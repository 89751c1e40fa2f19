#pragma once

/// Looks up the names that the event loops of one transport connect to, on a few threads. libcurl itself would start a thread for each exchange. Nothing
/// here names curl.

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/owner_process.h"
#include "filestore/result.h"

namespace filestore::http {

/// One lookup of one name, shared by all who wait for it. Thread-safe.
class NameLookup {
public:
    using Addresses = std::vector<std::string>;
    using Time = std::chrono::steady_clock::time_point;

    explicit NameLookup(std::string name) : name_(std::move(name)) {}
    NameLookup(const NameLookup&) = delete;
    NameLookup& operator=(const NameLookup&) = delete;
    ~NameLookup() = default;

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

    /// Whether it has ended; the functions below may be called from then on.
    [[nodiscard]] bool is_done() const noexcept { return done_.load(std::memory_order_acquire); }

    /// In numbers, in the resolver's order. `unavailable` (to retry), `no_memory`.
    [[nodiscard]] const Result<Addresses>& addresses() const noexcept { return *addresses_; }

    [[nodiscard]] Time done_at() const noexcept { return done_at_; }

    /// Ends it; once.
    void finish(Result<Addresses> addresses) noexcept;

private:
    const std::string name_;
    std::optional<Result<Addresses>> addresses_;
    Time done_at_{};
    std::atomic<bool> done_{false};
};

/// A resource; thread-safe. No function waits for a lookup. A thread begins when a name waits and all others, of four at most, are held by the system's
/// resolver; one that has been idle for a second ends. Destroying it leaves lookups that are under way to end by themselves, with their threads.
class NameLookups {
public:
    /// Told on the lookup's thread, by several at once; must not block.
    class Listener {
    public:
        Listener() = default;
        Listener(const Listener&) = delete;
        Listener& operator=(const Listener&) = delete;
        virtual ~Listener() = default;

        /// A lookup has ended.
        virtual void name_looked_up() noexcept = 0;
    };

    /// Addresses are fresh for `kept`, and in use is a name that was asked for within it.
    explicit NameLookups(std::chrono::seconds kept);
    NameLookups(const NameLookups&) = delete;
    NameLookups& operator=(const NameLookups&) = delete;
    ~NameLookups();

    /// Listeners that are gone are passed over. Throws std::bad_alloc.
    void add(const std::weak_ptr<Listener>& listener);

    /// The lookup whose addresses are fresh; else one that is under way, or a new one behind those that wait. A name in use has its old addresses until a
    /// lookup finds others. Whoever no longer wants it lets go of it. After close() it has failed with `cancelled`. Throws std::bad_alloc.
    [[nodiscard]] std::shared_ptr<const NameLookup> look_up(const std::string& name);

    [[nodiscard]] bool is_fresh(const NameLookup& done) const noexcept;

    /// Joins the threads but those with a lookup under way. No listener is told afterwards.
    void close() noexcept;

private:
    struct State;
    OwnerProcess owner_process_;
    std::shared_ptr<State> state_;
};

}  // namespace filestore::http
