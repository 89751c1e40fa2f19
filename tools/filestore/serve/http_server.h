#pragma once

/// Connections of HTTP: the only place that knows libmicrohttpd.

#include <functional>
#include <memory>

#include "core/descriptor.h"
#include "filestore/result.h"
#include "filestore/secret.h"
#include "serve/exchange.h"
#include "serve/http_limits.h"

namespace filestore::tool::serve {

/// A certificate and its key, texts of PEM; both or none. A value.
struct TlsIdentity {
    std::string certificate;
    SecretString key;
};

/// A resource; for the main thread only.
class HttpServer {
public:
    /// Called for each request as soon as its head is there, on the thread of the connections; it must not wait.
    using Handler = std::function<void(const std::shared_ptr<Exchange>&)>;

    /// `configuration` for a certificate that does not fit its key. Serves the connections of a socket that listens, on a thread of its own. An answer that has no header of such a name gets those of `headers`. `observer` is told of everything.
    [[nodiscard]] static Result<std::unique_ptr<HttpServer>> start(
        Descriptor listener, const HttpLimits& limits, const TlsIdentity& tls, std::vector<Header> headers,
        std::shared_ptr<HttpObserver> observer, Handler handler);
    /// As abort().
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// To be called about once a second: drops the connections of clients that have gone, or are slower than the limits allow.
    void look_after_connections();

    /// No connection is there, also of a client that asks for nothing just now, and no call of the store that goes on without its client: to destroy it waits for nothing.
    [[nodiscard]] bool is_done() const;

    /// No new connections; those that are there are closed after the request that they are at.
    void stop_accepting();

    /// Readable once stop_accepting() was called and no request is under way.
    [[nodiscard]] int idle_descriptor() const noexcept;

    /// Ends every request that is under way, and closes the connections. Waits for that, and until nothing refers to an exchange any more.
    void abort();

private:
    class Daemon;
    explicit HttpServer(std::unique_ptr<Daemon> daemon) noexcept;

    std::unique_ptr<Daemon> daemon_;
};

}  // namespace filestore::tool::serve
