#include <poll.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <utility>

#include "commands.h"
#include "json_line.h"
#include "serve/dispatch.h"
#include "serve/http_server.h"
#include "serve/listening.h"

namespace filestore::tool::serve {

namespace {

constexpr std::string_view usual_address = "127.0.0.1:8080";
constexpr std::chrono::seconds longest_stop{30};
/// For the store, the catalogue, and standard streams.
constexpr rlim_t other_descriptors = 64;
/// A connection, and what a call of the store opens for it.
constexpr rlim_t descriptors_of_connection = 3;

/// As many connections as there may be descriptors for.
HttpLimits limits() {
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

void wait_for_signal(HttpServer& server, SignalWatch& signals) {
    while (signals.take() == 0) {
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

ExitCode announce(const Session& session, const ListenAddress& address) {
    const std::string url = "http://" + address.text();
    return session.print(session.options.json ? JsonLine().text("listening", url).str()
                                              : "listening on " + url + "\n");
}

ExitCode serve_at(const Session& session, ListenAddress address) {
    auto listener = listen_at(address);
    if (!listener) {
        return session.fail(listener.error());
    }
    if (const auto started = session.service.start(); !started) {
        return session.fail(started.error());
    }
    std::vector<std::string> hosts = hosts_of(address);
    hosts.insert(hosts.end(), session.options.allowed_hosts.begin(), session.options.allowed_hosts.end());
    const Context context{session.service};
    auto server = HttpServer::start(std::move(*listener), limits(), security_headers(),
                                    Dispatcher(context, Guard(std::move(hosts))));
    if (!server) {
        return session.fail(server.error());
    }
    if (const ExitCode announced = announce(session, address); announced != ExitCode::ok) {
        return announced;
    }
    wait_for_signal(**server, session.signals);
    (*server)->stop_accepting();
    wait_for_requests(**server, session.signals);
    (*server)->abort();
    return ExitCode::ok;
}

}  // namespace

}  // namespace filestore::tool::serve

namespace filestore::tool {

ExitCode serve_over_http(const Session& session) {
    auto address =
        serve::parse_listen_address(session.options.listen.value_or(std::string(serve::usual_address)));
    return address ? serve::serve_at(session, *address) : session.fail(address.error());
}

}  // namespace filestore::tool
