#pragma once

/// HTTP as the rest of the library sees it. The implementation by libcurl is curl_transport.h; nothing here names curl.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/pause.h"
#include "filestore/result.h"
#include "filestore/stream.h"

namespace filestore::http {

/// A value.
struct Header {
    std::string name;
    std::string value;
};

enum class Method { get, head, put, post, patch, remove };

/// A value (the body is shared).
struct Request {
    Method method = Method::get;
    /// Sent as it is: never normalised, no redirect followed.
    std::string url;
    /// Without line breaks.
    std::vector<Header> headers;
    /// Must not be blocking, and gives exactly `body_size` bytes. None for no body.
    std::shared_ptr<Source> body;
    std::uint64_t body_size = 0;
    /// All of a small body, where `body` keeps it in memory: it goes out together with the head, and `body` is not read. Then a header says of what type it is.
    std::span<const std::byte> body_at_once;
    /// A large body is expected in one of the directions: worth larger buffers.
    bool bulk = false;
    /// The thread that sends it only waits for the answer afterwards, if it waits for anything.
    bool sender_waits = false;
    /// For the transport: how many others its loop has.
    std::size_t others = 0;
    std::stop_token cancel;
    std::optional<std::chrono::steady_clock::time_point> deadline;
    /// Stops and continues the exchange; may be null.
    std::shared_ptr<PauseSwitch> pause;

    /// Never through a proxy: for addresses that mean this machine or its host.
    bool direct = false;
    /// Where this request wants other limits than the transport's.
    std::optional<std::chrono::milliseconds> connect_timeout;
    std::optional<std::chrono::milliseconds> first_byte_timeout;
    /// The body of the answer may come in single bytes for as long as it likes (servers keep the connection of a long operation alive by
    /// blanks): only a body of which nothing comes has stalled.
    bool may_trickle = false;
};

/// The head of the final answer (1xx answers are passed over). A value.
struct ResponseHead {
    int status = 0;
    std::vector<Header> headers;

    /// The value of the first header with this name (any case); empty where there is none.
    [[nodiscard]] std::string_view header(std::string_view name) const noexcept;
};

/// Receives one answer. Called on an event loop, never from two threads at once; must not block.
class Receiver {
public:
    Receiver() = default;
    Receiver(const Receiver&) = delete;
    Receiver& operator=(const Receiver&) = delete;
    virtual ~Receiver() = default;

    /// The request has waited for its turn, if it had to: from now on it has a place among the connections, which may have to be made.
    virtual void on_begun() noexcept {}

    /// The request begins to go out. Once more where it goes out again by itself, because a kept connection ended before any of an answer came: what
    /// it asks for may have been done by then. Never called: nothing was sent.
    virtual void on_sending() noexcept {}

    /// Some of the request's body has gone out.
    virtual void on_body_sent() noexcept {}

    /// Before any byte of the body. A failure ends the exchange and comes back through on_done().
    [[nodiscard]] virtual Result<void> on_head(const ResponseHead& head) = 0;

    /// The next bytes of the body, as Sink::write.
    [[nodiscard]] virtual Result<IoStep> on_body(std::span<const std::byte> bytes, const Wake& wake) = 0;

    /// Exactly once, last. An answer of any status, received whole, is a success.
    virtual void on_done(Result<void> outcome) noexcept = 0;
};

/// Sends requests. A resource; thread-safe. Destroying it ends every exchange with `cancelled`.
///
/// Failures, all through Receiver::on_done(): `unavailable` (no connection, or it broke), `timeout`, `cancelled`, `no_memory`, `configuration` (a CA file that cannot be
/// used, a certificate that is not accepted), and what source and receiver failed with.
class Transport {
public:
    Transport() = default;
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;
    virtual ~Transport() = default;

    /// Where the request cannot even be queued, on_done() is called before this returns.
    virtual void send(Request request, std::shared_ptr<Receiver> receiver) noexcept = 0;

    /// Ends every exchange, and all later ones, with `cancelled`; joins the threads. Not to be called on a library thread.
    virtual void close() noexcept = 0;
};

}  // namespace filestore::http
