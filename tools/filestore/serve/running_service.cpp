#include "serve/running_service.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <utility>

#include "core/try.h"
#include "output.h"
#include "serve/dispatch.h"
#include "serve/lingering.h"
#include "serve/openai/expiry_sweep.h"

namespace filestore::tool::serve {

namespace {

constexpr std::chrono::seconds longest_stop{30};
constexpr std::chrono::milliseconds between_reads{1000};
constexpr std::chrono::minutes between_sweeps{1};
constexpr std::chrono::minutes between_expiries{5};
/// Each asks an S3 store for a list.
constexpr std::chrono::hours between_parts_sweeps{1};
/// For the store, the catalogue, standard streams, and connections that only linger.
constexpr rlim_t other_descriptors = 64 + LingeringSockets::most_descriptors;
/// A connection, and what a call of the store opens for it.
constexpr rlim_t descriptors_of_connection = 3;
/// With fewer connections it is not worth to begin, where more are wanted.
constexpr rlim_t least_connections = 16;

/// How many files may be open, after that was raised as far as the system lets it.
rlim_t raised_limit_of_files() {
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) {
        return RLIM_INFINITY;
    }
    files.rlim_cur = files.rlim_max;
    return ::setrlimit(RLIMIT_NOFILE, &files) == 0 ? files.rlim_max : files.rlim_cur;
}

rlim_t connections_with(rlim_t files) {
    return files > other_descriptors ? (files - other_descriptors) / descriptors_of_connection : 0;
}

/// No more connections than there may be descriptors for.
HttpLimits limits_of(const Settings& settings) {
    HttpLimits made = settings.limits;
    const rlim_t most = std::max<rlim_t>(connections_with(raised_limit_of_files()), 1);
    made.connections = static_cast<unsigned>(std::min<rlim_t>(made.connections, most));
    return made;
}

/// Tells of connections that cannot be served for want of descriptors. `configuration` where hardly any can.
Result<void> check_limit_of_files(const Settings& settings) {
    const rlim_t files = raised_limit_of_files();
    const rlim_t served = connections_with(files);
    const rlim_t wanted = settings.limits.connections;
    if (served >= wanted) {
        return {};
    }
    const std::string needed = std::to_string(other_descriptors + wanted * descriptors_of_connection);
    const std::string message =
        "the limit of " + std::to_string(files) + " open files lets it serve " + std::to_string(served) +
        " connections at a time, not " + std::to_string(wanted) + ": raise it to " + needed + " (ulimit -n " +
        needed + ", or LimitNOFILE=" + needed + " of systemd), or set storage.serve.connections";
    if (served < std::min(wanted, least_connections)) {
        return Error(ErrorCode::configuration, message);
    }
    report("warning: " + message);
    return {};
}

}  // namespace

Result<std::unique_ptr<RunningService>> RunningService::start(const Options& options) {
    FILESTORE_TRY_ASSIGN(Configuration configuration, load_configuration(options));
    FILESTORE_TRY(check_limit_of_files(configuration.settings));
    ListenAddress address = configuration.address;
    FILESTORE_TRY_ASSIGN(Descriptor listener, listen_at(address));
    std::unique_ptr<RunningService> made(
        new RunningService(options, std::move(address), std::move(listener)));
    FILESTORE_TRY(made->begin(std::move(configuration)));
    return made;
}

/// Connections first: they refer to generations.
RunningService::~RunningService() {
    servers_.clear();
    current_->set(nullptr);
    generations_.clear();
}

std::string RunningService::url() const {
    return generations_.back()->access().scheme + "://" + address_.text();
}

Result<void> RunningService::begin(Configuration configuration) {
    FILESTORE_TRY_ASSIGN(auto generation, Generation::make(std::move(configuration), address_, metrics_,
                                                           body_memory_, nullptr));
    FILESTORE_TRY(generation->start_schedule());
    generations_.push_back(generation);
    current_->set(generation);
    FILESTORE_TRY_ASSIGN(auto server, serve(generation->configuration()));
    servers_.push_back(std::move(server));
    return {};
}

Result<void> RunningService::reload() {
    auto configuration = load_configuration(options_);
    auto replaced =
        configuration.ok() ? replace(std::move(*configuration)) : Result<void>(configuration.error());
    metrics_->reloaded(replaced.ok());
    return replaced;
}

/// What can fail comes first.
Result<void> RunningService::replace(Configuration configuration) {
    Generation& before = *generations_.back();
    FILESTORE_TRY(check_reload(before.configuration(), configuration));
    FILESTORE_TRY_ASSIGN(auto generation, Generation::make(std::move(configuration), address_, metrics_,
                                                           body_memory_, &before));
    FILESTORE_TRY(generation->start_schedule());
    std::unique_ptr<HttpServer> server;
    // Takes connections at once, so nothing may fail after it.
    if (needs_server(generation->configuration())) {
        FILESTORE_TRY_ASSIGN(server, serve(generation->configuration()));
    }
    before.stop_schedule();
    generations_.push_back(generation);
    current_->set(generation);
    if (server != nullptr) {
        servers_.back()->stop_accepting();
        servers_.push_back(std::move(server));
    }
    return {};
}

/// A certificate and the limits of connections are of the server of HTTP, for as long as it is there.
bool RunningService::needs_server(const Configuration& wanted) const {
    const Configuration& running = generations_.back()->configuration();
    return wanted.tls.certificate != running.tls.certificate ||
           std::string_view(wanted.tls.key) != std::string_view(running.tls.key) ||
           wanted.settings.limits != running.settings.limits;
}

Result<std::unique_ptr<HttpServer>> RunningService::serve(const Configuration& configuration) {
    Descriptor listener(::fcntl(listener_.get(), F_DUPFD_CLOEXEC, 0));
    if (!listener.is_open()) {
        return errno_error(errno, "cannot listen");
    }
    return HttpServer::start(std::move(listener), limits_of(configuration.settings), configuration.tls,
                             security_headers(), metrics_, Dispatcher(current_, metrics_));
}

void RunningService::look_after() {
    for (const auto& server : servers_) {
        server->look_after_connections();
    }
    std::erase_if(servers_,
                  [this](const auto& server) { return server != servers_.back() && server->is_done(); });
    std::erase_if(generations_, [this](const auto& generation) {
        return generation != generations_.back() && generation.use_count() == 1;
    });
    sweep_uploads_when_due();
    sweep_expired_files_when_due();
    sweep_parts_when_due();
}

/// Ends uploads whose time is over. What fails is tried again the next time.
void RunningService::sweep_uploads_when_due() {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_sweep_ || sweeps_->exchange(true)) {
        return;
    }
    next_sweep_ = now + between_sweeps;
    generations_.back()->context().service.sweep_uploads_async(
        {}, [sweeps = sweeps_](const Result<std::uint64_t>&) { *sweeps = false; });
}

/// Files whose time is over. Where the generation goes, that ends what is under way, as it does below.
void RunningService::sweep_expired_files_when_due() {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_expiry_ || expiries_->exchange(true)) {
        return;
    }
    next_expiry_ = now + between_expiries;
    openai::sweep_expired_files(generations_.back()->context().service,
                                [expiries = expiries_] { *expiries = false; });
}

void RunningService::sweep_parts_when_due() {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_parts_sweep_ || parts_sweeps_->exchange(true)) {
        return;
    }
    next_parts_sweep_ = now + between_parts_sweeps;
    generations_.back()->context().parts.sweep([sweeps = parts_sweeps_] { *sweeps = false; });
}

void RunningService::stop(SignalWatch& signals) {
    listener_ = Descriptor();
    for (const auto& server : servers_) {
        server->stop_accepting();
    }
    wait_for_requests(signals);
    generations_.back()->cancel_calls();
    for (const auto& server : servers_) {
        server->abort();
    }
}

void RunningService::wait_for_requests(SignalWatch& signals) {
    const auto limit = std::chrono::steady_clock::now() + longest_stop;
    std::vector<pollfd> polled{{signals.descriptor(), POLLIN, 0}};
    for (const auto& server : servers_) {
        polled.push_back({server->idle_descriptor(), POLLIN, 0});
    }
    while (polled.size() > 1 && std::chrono::steady_clock::now() < limit) {
        ::poll(polled.data(), polled.size(), static_cast<int>(between_reads.count()));
        if (const int number = signals.take(); number != 0 && number != SIGHUP) {
            return;
        }
        std::erase_if(polled, [&signals](const pollfd& one) {
            return one.fd != signals.descriptor() && one.revents != 0;
        });
        for (const auto& server : servers_) {
            server->look_after_connections();
        }
    }
}

}  // namespace filestore::tool::serve
