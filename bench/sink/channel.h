#pragma once

/// The bytes of one connection, plain or over TLS; nothing waits.

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/descriptor.h"

namespace sink {

using filestore::Descriptor;

/// What one step on a channel did.
struct Step {
    enum class State { moved, wants_reading, wants_writing, ended };
    State state = State::ended;
    std::size_t bytes = 0;
};

/// What bodies of answers are made of: the same bytes again and again.
class Content {
public:
    Content();

    [[nodiscard]] int descriptor() const noexcept { return memory_.get(); }
    /// At most `limit` bytes, from what stands at `offset` on, as far as they lie side by side.
    [[nodiscard]] std::span<const char> at(std::uint64_t offset, std::uint64_t limit) const noexcept;

private:
    Descriptor memory_;
    const char* bytes_ = nullptr;
};

class Channel {
public:
    virtual ~Channel() = default;

    virtual Step receive(std::span<char> into) = 0;
    /// Receives at most `limit` bytes, which nobody wants.
    virtual Step drop(std::uint64_t limit) = 0;
    /// `more`: a body follows.
    virtual Step send(std::span<const char> bytes, bool more) = 0;
    virtual Step send_content(const Content& content, std::uint64_t offset, std::uint64_t limit) = 0;
    /// Whether a session of an earlier connection was gone on with; known from the first byte on.
    [[nodiscard]] virtual bool resumed() const = 0;
};

/// The certificate and key of the server, in PEM. Ends the program where they cannot be read.
class TlsIdentity {
public:
    TlsIdentity(const std::string& certificate_file, const std::string& key_file);

    [[nodiscard]] SSL_CTX* get() const noexcept { return context_.get(); }

private:
    struct Free {
        void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
    };
    std::unique_ptr<SSL_CTX, Free> context_;
};

std::unique_ptr<Channel> plain_channel(int socket);
std::unique_ptr<Channel> tls_channel(int socket, const TlsIdentity& identity);

/// Says why on standard error.
[[noreturn]] void give_up(const std::string& what);

}  // namespace sink
