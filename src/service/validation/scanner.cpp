#include "service/validation/scanner.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "core/descriptor.h"
#include "core/stream_calls.h"
#include "core/text.h"
#include "core/try.h"
#include "service/validation/clamd.h"
#include "service/validation/rules.h"

namespace filestore::validation {

namespace {

constexpr std::size_t piece_size = std::size_t{64} * 1024;
/// An answer is one line.
constexpr std::size_t longest_answer = 4096;

/// Of a descriptor that is ready and a time that has come, whichever is first wakes; the other one does not.
class WakeOnce final : public Wake::Target {
public:
    explicit WakeOnce(Wake wake) : wake_(std::move(wake)) {}

    void wake() noexcept override {
        if (!woken_.exchange(true)) {
            wake_();
        }
    }

    void wake_when_ready(int, bool) noexcept override {}

private:
    Wake wake_;
    std::atomic<bool> woken_{false};
};

/// What a scanned source knows of its scanner. A value.
struct Peer {
    SocketAddress address;
    /// For messages.
    std::string shown;
    std::chrono::seconds timeout;
    std::shared_ptr<Reactor> reactor;
};

class ScannedSource final : public Source {
public:
    ScannedSource(std::shared_ptr<Source> inner, Peer peer, std::string path)
        : inner_(std::move(inner)), peer_(std::move(peer)), path_(std::move(path)), size_(inner_->size()) {}

    [[nodiscard]] std::optional<std::uint64_t> size() const noexcept override { return size_; }
    [[nodiscard]] bool can_rewind() const noexcept override { return inner_->can_rewind(); }
    [[nodiscard]] bool blocking() const noexcept override { return inner_->blocking(); }

    [[nodiscard]] Result<void> rewind() override {
        FILESTORE_TRY(inner_->rewind());
        begin_anew();
        return {};
    }

    [[nodiscard]] Result<IoStep> read(std::span<std::byte> into, const Wake& wake) override {
        while (true) {
            if (phase_ == Phase::clean || phase_ == Phase::delivering) {
                if (const std::size_t count = deliver(into); count > 0 || phase_ == Phase::clean) {
                    return IoStep{count, false};
                }
                phase_ = Phase::gathering;
            }
            auto stepped = step(wake);
            if (!stepped.ok()) {
                return stepped.error();
            }
            if (*stepped == Next::wait) {
                return IoStep{0, true};
            }
        }
    }

private:
    /// What the next step does.
    enum class Phase { connecting, gathering, ending, sending, listening, delivering, clean };
    enum class Next { go_on, wait };

    void begin_anew() {
        socket_ = Descriptor();
        phase_ = Phase::connecting;
        piece_.clear();
        delivered_ = gathered_ = 0;
        is_last_ = false;
        outgoing_.clear();
        sent_ = 0;
        answer_.clear();
    }

    Result<Next> step(const Wake& wake) {
        switch (phase_) {
            case Phase::connecting:
                return connect();
            case Phase::gathering:
                return gather(wake);
            case Phase::ending:
                return find_end(wake);
            case Phase::sending:
                return send(wake);
            case Phase::listening:
                return listen(wake);
            case Phase::delivering:
            case Phase::clean:
                break;
        }
        return Next::go_on;
    }

    std::size_t deliver(std::span<std::byte> into) noexcept {
        const std::size_t count = std::min(into.size(), piece_.size() - delivered_);
        // Of no bytes there is no place to copy from.
        if (count > 0) {
            std::memcpy(into.data(), piece_.data() + delivered_, count);
        }
        delivered_ += count;
        return count;
    }

    Result<Next> connect() {
        const auto* address = reinterpret_cast<const ::sockaddr*>(&peer_.address.address);
        socket_ = Descriptor(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (!socket_.is_open()) {
            return failure(errno, "no socket can be had");
        }
        // Whether a connection that is on its way comes about the first byte will tell.
        if (::connect(socket_.get(), address, peer_.address.size) != 0 && errno != EINPROGRESS) {
            return failure(errno, "it cannot be reached");
        }
        const auto greeting = std::as_bytes(std::span(clamd::begin_stream));
        outgoing_.assign(greeting.begin(), greeting.end());
        phase_ = Phase::sending;
        return Next::go_on;
    }

    Result<Next> gather(const Wake& wake) {
        piece_.resize(piece_size);
        delivered_ = 0;
        auto taken = read_source(*inner_, piece_, wake);
        if (!taken.ok()) {
            return taken.error();
        }
        piece_.resize(taken->bytes);
        if (taken->would_block) {
            return Next::wait;
        }
        gathered_ += taken->bytes;
        append_piece();
        if (taken->bytes == 0) {
            end_stream();
        } else {
            phase_ = size_ && gathered_ >= *size_ ? Phase::ending : Phase::sending;
        }
        return Next::go_on;
    }

    /// Of a known size the last bytes must not be given away before the answer, and nobody may ask for more after them.
    Result<Next> find_end(const Wake& wake) {
        std::byte more{};
        auto taken = read_source(*inner_, {&more, 1}, wake);
        if (!taken.ok()) {
            return taken.error();
        }
        if (taken->would_block) {
            return Next::wait;
        }
        if (taken->bytes > 0) {
            return source_size_error(*size_, gathered_ + taken->bytes);
        }
        end_stream();
        return Next::go_on;
    }

    void append_piece() {
        if (piece_.empty()) {
            return;
        }
        const auto length = clamd::length_of_piece(static_cast<std::uint32_t>(piece_.size()));
        outgoing_.insert(outgoing_.end(), length.begin(), length.end());
        outgoing_.insert(outgoing_.end(), piece_.begin(), piece_.end());
    }

    void end_stream() {
        const auto end = clamd::length_of_piece(0);
        outgoing_.insert(outgoing_.end(), end.begin(), end.end());
        is_last_ = true;
        phase_ = Phase::sending;
    }

    Result<Next> send(const Wake& wake) {
        while (sent_ < outgoing_.size()) {
            const ssize_t count =
                ::send(socket_.get(), outgoing_.data() + sent_, outgoing_.size() - sent_, MSG_NOSIGNAL);
            if (count < 0 && (errno == EPIPE || errno == ECONNRESET)) {
                // It has said already why it does not listen any more.
                phase_ = Phase::listening;
                return Next::go_on;
            }
            if (count < 0 && errno != EAGAIN && errno != EINTR) {
                return failure(errno, "it cannot be reached");
            }
            if (count < 0 && errno != EINTR) {
                return wait(wake, true);
            }
            sent_ += count > 0 ? static_cast<std::size_t>(count) : 0;
            heard_at_.reset();
        }
        outgoing_.clear();
        sent_ = 0;
        phase_ = is_last_ ? Phase::listening : Phase::delivering;
        return Next::go_on;
    }

    Result<Next> listen(const Wake& wake) {
        char bytes[512];
        const ssize_t count = ::recv(socket_.get(), bytes, sizeof bytes, 0);
        if (count < 0 && errno == EINTR) {
            return Next::go_on;
        }
        if (count < 0 && errno == EAGAIN) {
            return wait(wake, false);
        }
        if (count < 0) {
            return failure(errno, "it does not answer");
        }
        // What has no end may be the beginning of something else.
        if (count == 0 || answer_.size() > longest_answer) {
            return unavailable("it ended without an answer");
        }
        answer_.append(bytes, static_cast<std::size_t>(count));
        const auto answer = clamd::parse_answer(answer_);
        return answer ? take(*answer) : Result<Next>(Next::go_on);
    }

    Result<Next> take(const clamd::Answer& answer) {
        socket_ = Descriptor();
        if (answer.kind == clamd::Answer::Kind::found) {
            return refusal("scanner", path_, "the scanner found " + quoted(answer.detail) + " in it");
        }
        if (answer.kind == clamd::Answer::Kind::failed || !is_last_) {
            return unavailable("it said " + quoted(answer.detail));
        }
        phase_ = Phase::clean;
        return Next::go_on;
    }

    /// Until the socket is ready, and no longer than the scanner may be silent. A source that may block does so here.
    Result<Next> wait(const Wake& wake, bool for_writing) {
        const auto now = std::chrono::steady_clock::now();
        if (!heard_at_) {
            heard_at_ = now;
        }
        const auto until = *heard_at_ + peer_.timeout;
        if (now >= until) {
            return unavailable("it was silent for " + std::to_string(peer_.timeout.count()) + " seconds");
        }
        if (blocking()) {
            ::pollfd waited_for{socket_.get(), static_cast<short>(for_writing ? POLLOUT : POLLIN), 0};
            const auto rest = std::chrono::ceil<std::chrono::milliseconds>(until - now);
            ::poll(&waited_for, 1, static_cast<int>(rest.count()));
            return Next::go_on;
        }
        waker_ = std::make_shared<WakeOnce>(wake);
        peer_.reactor->wake_at(until, waker_);
        peer_.reactor->wake_when_ready(socket_.get(), for_writing, waker_);
        return Next::wait;
    }

    Error failure(int number, std::string_view what) const {
        return unavailable(std::string(errno_error(number, what).message()));
    }

    Error unavailable(const std::string& why) const {
        return {ErrorCode::unavailable, "the scanner at " + peer_.shown + " could not look at " +
                                            quoted(path_) + ", so it is not stored: " + why};
    }

    const std::shared_ptr<Source> inner_;
    const Peer peer_;
    const std::string path_;
    const std::optional<std::uint64_t> size_;
    Descriptor socket_;
    Phase phase_ = Phase::connecting;
    /// What was read, and how much of it was given away.
    std::vector<std::byte> piece_;
    std::size_t delivered_ = 0;
    std::uint64_t gathered_ = 0;
    /// What follows is the answer.
    bool is_last_ = false;
    std::vector<std::byte> outgoing_;
    std::size_t sent_ = 0;
    std::string answer_;
    /// Since when the scanner has been silent.
    std::optional<std::chrono::steady_clock::time_point> heard_at_;
    std::shared_ptr<WakeOnce> waker_;
};

SocketAddress unix_address(const std::string& path) {
    ::sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size());
    SocketAddress answer;
    std::memcpy(&answer.address, &address, sizeof address);
    answer.size = sizeof address;
    return answer;
}

std::string shown_address(const ScannerAddress& address) {
    return address.socket_path.empty() ? address.host + ":" + address.port : address.socket_path;
}

}  // namespace

Scanner::Scanner(ScannerAddress address, std::chrono::seconds timeout, std::shared_ptr<Reactor> reactor)
    : address_(std::move(address)),
      shown_(shown_address(address_)),
      timeout_(timeout),
      reactor_(std::move(reactor)) {}

Result<std::shared_ptr<Source>> Scanner::scanned(std::shared_ptr<Source> source, std::string path) const {
    FILESTORE_TRY_ASSIGN(const SocketAddress address, resolve());
    return std::shared_ptr<Source>(std::make_shared<ScannedSource>(
        std::move(source), Peer{address, shown_, timeout_, reactor_}, std::move(path)));
}

Result<SocketAddress> Scanner::resolve() const {
    if (!address_.socket_path.empty()) {
        return unix_address(address_.socket_path);
    }
    ::addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    ::addrinfo* found = nullptr;
    const int failed = ::getaddrinfo(address_.host.c_str(), address_.port.c_str(), &wanted, &found);
    if (failed != 0) {
        return Error(ErrorCode::unavailable, "the scanner's host " + quoted(address_.host) +
                                                 " is not known: " + ::gai_strerror(failed));
    }
    SocketAddress answer;
    std::memcpy(&answer.address, found->ai_addr, found->ai_addrlen);
    answer.size = found->ai_addrlen;
    ::freeaddrinfo(found);
    return answer;
}

}  // namespace filestore::validation
