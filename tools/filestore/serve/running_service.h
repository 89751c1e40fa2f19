#pragma once

/// The service from its first connection to its last, through all its generations.

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "options.h"
#include "serve/generation.h"
#include "serve/http_server.h"
#include "signals.h"

namespace filestore::tool::serve {

/// A resource; for the main thread only.
class RunningService {
public:
    /// Listens and serves. The failures of load_configuration(), of opening the store, and `configuration` for an address or a certificate that cannot be used, or a limit of open files that leaves room for hardly a connection; a low one is told on standard error.
    [[nodiscard]] static Result<std::unique_ptr<RunningService>> start(const Options& options);
    ~RunningService();
    RunningService(const RunningService&) = delete;
    RunningService& operator=(const RunningService&) = delete;

    /// Where it is reached, such as `http://127.0.0.1:8080`.
    [[nodiscard]] std::string url() const;

    /// Reads the configuration again. New requests, also of connections that are there, are answered by it; those under way end as they began. On failure nothing has changed.
    [[nodiscard]] Result<void> reload();

    /// To be called about once a second.
    void look_after();

    /// Ends: waits for requests that are under way, for up to half a minute or until a signal comes; then they are cut off.
    void stop(SignalWatch& signals);

private:
    RunningService(const Options& options, ListenAddress address, Descriptor listener)
        : options_(options), address_(std::move(address)), listener_(std::move(listener)) {}

    [[nodiscard]] Result<void> begin(Configuration configuration);
    [[nodiscard]] Result<void> replace(Configuration configuration);
    [[nodiscard]] Result<std::unique_ptr<HttpServer>> serve(const Configuration& configuration);
    [[nodiscard]] bool needs_server(const Configuration& wanted) const;
    void wait_for_requests(SignalWatch& signals);
    void sweep_uploads_when_due();
    void sweep_expired_files_when_due();
    void sweep_parts_when_due();

    const Options& options_;
    const ListenAddress address_;
    Descriptor listener_;
    const std::shared_ptr<Metrics> metrics_ = std::make_shared<Metrics>();
    const std::shared_ptr<BodyMemory> body_memory_ = std::make_shared<BodyMemory>();
    const std::shared_ptr<CurrentGeneration> current_ = std::make_shared<CurrentGeneration>();
    /// The last one is the current one; the others have requests that are under way.
    std::vector<std::shared_ptr<Generation>> generations_;
    /// The last one takes new connections; the others have some left.
    std::vector<std::unique_ptr<HttpServer>> servers_;
    std::chrono::steady_clock::time_point next_sweep_{};
    const std::shared_ptr<std::atomic<bool>> sweeps_ = std::make_shared<std::atomic<bool>>(false);
    std::chrono::steady_clock::time_point next_expiry_{};
    const std::shared_ptr<std::atomic<bool>> expiries_ = std::make_shared<std::atomic<bool>>(false);
    std::chrono::steady_clock::time_point next_parts_sweep_{};
    const std::shared_ptr<std::atomic<bool>> parts_sweeps_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace filestore::tool::serve
