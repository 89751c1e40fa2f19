#include "sink/channel.h"

#include <openssl/err.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>

namespace sink {

namespace {

constexpr std::size_t content_size = std::size_t{64} << 20U;
constexpr std::uint64_t largest_step = std::uint64_t{16} << 20U;

Step of_system_call(ssize_t result, Step::State when_blocked) {
    if (result > 0) {
        return {Step::State::moved, static_cast<std::size_t>(result)};
    }
    const bool blocked = result < 0 && (errno == EAGAIN || errno == EINTR);
    return {blocked ? when_blocked : Step::State::ended};
}

class PlainChannel final : public Channel {
public:
    explicit PlainChannel(int socket) : socket_(socket) {}

    Step receive(std::span<char> into) override {
        return of_system_call(::recv(socket_, into.data(), into.size(), 0), Step::State::wants_reading);
    }

    /// The kernel drops them without a copy.
    Step drop(std::uint64_t limit) override {
        const std::size_t size = std::min(limit, largest_step);
        return of_system_call(::recv(socket_, nullptr, size, MSG_TRUNC), Step::State::wants_reading);
    }

    Step send(std::span<const char> bytes, bool more) override {
        const int flags = MSG_NOSIGNAL | (more ? MSG_MORE : 0);
        return of_system_call(::send(socket_, bytes.data(), bytes.size(), flags), Step::State::wants_writing);
    }

    Step send_content(const Content& content, std::uint64_t offset, std::uint64_t limit) override {
        auto position = static_cast<off_t>(offset % content_size);
        const std::size_t size = std::min(limit, content_size - static_cast<std::uint64_t>(position));
        return of_system_call(::sendfile(socket_, content.descriptor(), &position, size),
                              Step::State::wants_writing);
    }

    [[nodiscard]] bool resumed() const override { return false; }

private:
    int socket_;
};

class TlsChannel final : public Channel {
public:
    TlsChannel(int socket, SSL_CTX* context) : ssl_(SSL_new(context)) {
        if (!ssl_ || SSL_set_fd(ssl_.get(), socket) != 1) {
            give_up("no TLS connection can be made");
        }
        SSL_set_accept_state(ssl_.get());
        SSL_set_mode(ssl_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    }

    Step receive(std::span<char> into) override {
        std::size_t bytes = 0;
        const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &bytes);
        return of_call(result, bytes);
    }

    Step drop(std::uint64_t limit) override {
        return receive(std::span(dropped_).first(std::min<std::uint64_t>(limit, dropped_.size())));
    }

    Step send(std::span<const char> bytes, bool /*more*/) override {
        std::size_t sent = 0;
        const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &sent);
        return of_call(result, sent);
    }

    Step send_content(const Content& content, std::uint64_t offset, std::uint64_t limit) override {
        return send(content.at(offset, limit), false);
    }

    [[nodiscard]] bool resumed() const override { return SSL_session_reused(ssl_.get()) == 1; }

private:
    struct Free {
        void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
    };

    Step of_call(int result, std::size_t bytes) {
        if (result == 1) {
            return {Step::State::moved, bytes};
        }
        const int reason = SSL_get_error(ssl_.get(), result);
        ERR_clear_error();
        switch (reason) {
            case SSL_ERROR_WANT_READ:
                return {Step::State::wants_reading};
            case SSL_ERROR_WANT_WRITE:
                return {Step::State::wants_writing};
            default:
                return {Step::State::ended};
        }
    }

    std::unique_ptr<SSL, Free> ssl_;
    static inline std::array<char, std::size_t{1} << 18U> dropped_{};
};

}  // namespace

void give_up(const std::string& what) {
    std::fprintf(stderr, "%s: %s\n", what.c_str(), std::strerror(errno));
    std::exit(1);
}

Content::Content() : memory_(::memfd_create("content", MFD_CLOEXEC)) {
    if (::ftruncate(memory_.get(), static_cast<off_t>(content_size)) != 0) {
        give_up("no memory for the content");
    }
    void* mapped = ::mmap(nullptr, content_size, PROT_READ | PROT_WRITE, MAP_SHARED, memory_.get(), 0);
    if (mapped == MAP_FAILED) {
        give_up("the content cannot be mapped");
    }
    std::mt19937_64 random(1);
    for (std::size_t at = 0; at < content_size; at += sizeof(std::uint64_t)) {
        const std::uint64_t word = random();
        std::memcpy(static_cast<char*>(mapped) + at, &word, sizeof word);
    }
    bytes_ = static_cast<const char*>(mapped);
}

std::span<const char> Content::at(std::uint64_t offset, std::uint64_t limit) const noexcept {
    const std::size_t position = offset % content_size;
    return {bytes_ + position, std::min<std::uint64_t>(limit, content_size - position)};
}

TlsIdentity::TlsIdentity(const std::string& certificate_file, const std::string& key_file)
    : context_(SSL_CTX_new(TLS_server_method())) {
    if (!context_ || SSL_CTX_use_certificate_chain_file(context_.get(), certificate_file.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(context_.get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
        ERR_print_errors_fp(stderr);
        give_up("the certificate or its key cannot be used");
    }
}

std::unique_ptr<Channel> plain_channel(int socket) {
    return std::make_unique<PlainChannel>(socket);
}

std::unique_ptr<Channel> tls_channel(int socket, const TlsIdentity& identity) {
    return std::make_unique<TlsChannel>(socket, identity.get());
}

}  // namespace sink
