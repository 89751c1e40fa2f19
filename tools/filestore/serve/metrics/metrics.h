#pragma once

/// What the service counts of itself, and how Prometheus reads it. The labels are of the table of routes, so their number is bounded whatever clients ask.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "filestore/service.h"
#include "serve/exchange.h"
#include "serve/routes.h"

namespace filestore::tool::serve {

/// A resource; thread-safe.
class Metrics final : public HttpObserver {
public:
    void connection_came() noexcept override { ++connections_; }
    void connection_went() noexcept override { --connections_; }
    /// An upload is under way until its request ends.
    void upload_began() noexcept { ++uploads_; }
    void request_ended(const Exchange& exchange, const Traffic& traffic) override;

    /// `failed`: files that the run told of as failed, also where it ended early.
    void cleanup_ended(const Result<CleanupReport>& report, std::uint64_t failed, Timestamp now);

    void reloaded(bool is_ok) noexcept { ++(is_ok ? reloads_ : failed_reloads_); }

    /// In the text format 0.0.4. Nothing is told of an audit trail that cannot be read.
    [[nodiscard]] std::string text(const std::optional<AuditStatus>& audit, Timestamp now) const;

private:
    /// Of a second, and its multiples: the upper ends of the histogram's buckets.
    static constexpr std::array<double, 11> bounds{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600};

    struct RouteCounts {
        /// By status; 0 for requests that were cut off before their answer.
        std::map<unsigned, std::uint64_t> requests{};
        /// Those that no bound holds are in the last one.
        std::array<std::uint64_t, bounds.size() + 1> durations{};
        double seconds = 0;
        std::uint64_t received = 0;
        std::uint64_t sent = 0;
    };
    struct LastCleanup {
        Timestamp at{};
        bool is_ok = false;
        std::uint64_t removed = 0;
        std::uint64_t failed = 0;
    };

    class Writer;
    void write_requests(Writer& writer) const;
    void write_durations(Writer& writer) const;
    void write_bytes(Writer& writer) const;
    void write_cleanup(Writer& writer) const;

    std::atomic<std::int64_t> connections_ = 0;
    std::atomic<std::int64_t> uploads_ = 0;
    std::atomic<std::uint64_t> reloads_ = 0;
    std::atomic<std::uint64_t> failed_reloads_ = 0;
    mutable std::mutex mutex_;
    /// Null is for requests that have no route.
    std::map<const Route*, RouteCounts> routes_;
    std::map<std::string, std::uint64_t, std::less<>> refused_;
    std::uint64_t failed_cleanups_ = 0;
    std::uint64_t files_that_cleanups_failed_on_ = 0;
    std::optional<LastCleanup> last_cleanup_;
};

}  // namespace filestore::tool::serve
