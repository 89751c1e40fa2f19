#include <poll.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <utility>

#include "commands.h"
#include "core/try.h"
#include "json_line.h"
#include "serve/dispatch.h"
#include "serve/http_server.h"
#include "serve/listening.h"
#include "serve/metrics/metrics.h"
#include "serve/settings.h"
#include "service/config_file.h"

namespace filestore::tool::serve {

namespace {

constexpr std::string_view usual_address = "127.0.0.1:8080";
constexpr std::chrono::seconds longest_stop{30};
/// For the store, the catalogue, and standard streams.
constexpr rlim_t other_descriptors = 64;
/// A connection, and what a call of the store opens for it.
constexpr rlim_t descriptors_of_connection = 3;

/// As many connections as there may be descriptors for.
HttpLimits usual_limits() {
    HttpLimits made;
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) {
        return made;
    }
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    const rlim_t left = files.rlim_cur > other_descriptors ? files.rlim_cur - other_descriptors : 1;
    const rlim_t most = std::max<rlim_t>(left / descriptors_of_connection, 1);
    made.connections = static_cast<unsigned>(std::min<rlim_t>(made.connections, most));
    return made;
}

constexpr std::chrono::milliseconds between_looks{1000};

constexpr std::chrono::minutes between_sweeps{1};

/// Ends uploads whose time is over. What fails is tried again the next time.
class UploadSweeps {
public:
    explicit UploadSweeps(FileService& service) : service_(service) {}

    void sweep_when_due() {
        const auto now = std::chrono::steady_clock::now();
        if (now < next_) {
            return;
        }
        next_ = now + between_sweeps;
        service_.sweep_uploads_async({}, [](const Result<std::uint64_t>&) {});
    }

private:
    FileService& service_;
    std::chrono::steady_clock::time_point next_{};
};

void wait_for_signal(HttpServer& server, SignalWatch& signals, FileService& service) {
    UploadSweeps sweeps(service);
    while (signals.take() == 0) {
        sweeps.sweep_when_due();
        pollfd polled{signals.descriptor(), POLLIN, 0};
        ::poll(&polled, 1, static_cast<int>(between_looks.count()));
        server.look_after_connections();
    }
}

/// Returns when the requests have ended, at the limit, or at another signal.
void wait_for_requests(HttpServer& server, SignalWatch& signals) {
    const auto limit = std::chrono::steady_clock::now() + longest_stop;
    std::array<pollfd, 2> polled{{{server.idle_descriptor(), POLLIN, 0}, {signals.descriptor(), POLLIN, 0}}};
    while (std::chrono::steady_clock::now() < limit) {
        const int ready = ::poll(polled.data(), polled.size(), static_cast<int>(between_looks.count()));
        if (ready > 0 && (polled[0].revents != 0 || signals.take() != 0)) {
            return;
        }
        server.look_after_connections();
    }
}

ExitCode announce(const Session& session, std::string_view scheme, const ListenAddress& address) {
    const std::string url = std::string(scheme) + "://" + address.text();
    return session.print(session.options.json ? JsonLine().text("listening", url).str()
                                              : "listening on " + url + "\n");
}

Result<Settings> settings_of(const Options& options) {
    return options.config_file ? load_settings(*options.config_file) : Result<Settings>(Settings());
}

Result<ListenAddress> address_of(const Options& options, const Settings& settings) {
    const std::string configured = settings.listen.value_or(std::string(usual_address));
    const bool has_keys = !settings.keys.empty() || settings.token_rules;
    return parse_listen_address(options.listen.value_or(configured), has_keys);
}

Result<TlsIdentity> read_tls(const Settings& settings) {
    TlsIdentity identity;
    if (!settings.certificate_file.empty()) {
        FILESTORE_TRY_ASSIGN(identity.certificate, read_config_file(settings.certificate_file));
        FILESTORE_TRY_ASSIGN(std::string key, read_config_file(settings.certificate_key_file));
        identity.key = SecretString(std::move(key));
    }
    return identity;
}

Result<Authenticator> make_authenticator(const Settings& settings) {
    std::shared_ptr<TokenKeySet> token_keys;
    if (!settings.token_keys_url.empty()) {
        FILESTORE_TRY_ASSIGN(token_keys, TokenKeySet::fetch(settings.token_keys_url));
    }
    return Authenticator(settings.keys, settings.token_rules, std::move(token_keys));
}

std::vector<std::string> all_hosts(const ListenAddress& address, const Settings& settings,
                                   const Options& options) {
    std::vector<std::string> hosts = hosts_of(address);
    hosts.insert(hosts.end(), settings.hosts.begin(), settings.hosts.end());
    hosts.insert(hosts.end(), options.allowed_hosts.begin(), options.allowed_hosts.end());
    return hosts;
}

ExitCode run_until_signal(const Session& session, HttpServer& server) {
    wait_for_signal(server, session.signals, session.service);
    server.stop_accepting();
    wait_for_requests(server, session.signals);
    server.abort();
    return ExitCode::ok;
}

ExitCode serve_at(const Session& session, ListenAddress address, const Settings& settings) {
    const auto tls = read_tls(settings);
    auto authenticator = make_authenticator(settings);
    if (!tls.ok() || !authenticator.ok()) {
        return session.fail(tls.ok() ? authenticator.error() : tls.error());
    }
    auto listener = listen_at(address);
    if (!listener) {
        return session.fail(listener.error());
    }
    if (const auto started = session.service.start(); !started) {
        return session.fail(started.error());
    }
    const std::string scheme = tls->certificate.empty() ? "http" : "https";
    HttpLimits limits = usual_limits();
    limits.connections_of_address = settings.connections_of_address;
    const auto metrics = std::make_shared<Metrics>();
    const Context context{session.service, *metrics};
    Access access{std::move(*authenticator), Guard(all_hosts(address, settings, session.options), scheme),
                  CrossOrigin(settings.origins), std::make_shared<RateLimit>(settings.rate), scheme};
    auto server = HttpServer::start(std::move(*listener), limits, *tls, security_headers(), metrics,
                                    Dispatcher(context, std::move(access)));
    if (!server) {
        return session.fail(server.error());
    }
    const ExitCode announced = announce(session, scheme, address);
    return announced == ExitCode::ok ? run_until_signal(session, **server) : announced;
}

}  // namespace

}  // namespace filestore::tool::serve

namespace filestore::tool {

Result<void> check_service(const Options& options) {
    FILESTORE_TRY_ASSIGN(const serve::Settings settings, serve::settings_of(options));
    FILESTORE_TRY(serve::address_of(options, settings));
    return {};
}

ExitCode serve_over_http(const Session& session) {
    const auto settings = serve::settings_of(session.options);
    if (!settings.ok()) {
        return session.fail(settings.error());
    }
    auto address = serve::address_of(session.options, *settings);
    return address ? serve::serve_at(session, *address, *settings) : session.fail(address.error());
}

}  // namespace filestore::tool
