#include "wire/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "core/descriptor.h"

namespace filestore::test {

namespace {

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return result;
}

std::vector<std::string> lines_of(std::string_view head) {
    std::vector<std::string> lines;
    while (!head.empty()) {
        const std::size_t end = std::min(head.find("\r\n"), head.size());
        lines.emplace_back(head.substr(0, end));
        head.remove_prefix(std::min(end + 2, head.size()));
    }
    return lines;
}

}  // namespace

std::string HeardRequest::line() const {
    return head.substr(0, head.find("\r\n"));
}

std::string HeardRequest::header(std::string_view name) const {
    std::string value = "(none)";
    const std::string wanted = lower(name) + ":";
    for (const std::string& line : lines_of(head)) {
        if (lower(line).starts_with(wanted)) {
            if (value != "(none)") {
                return "(several)";
            }
            value = line.substr(std::min(line.find_first_not_of(' ', wanted.size()), line.size()));
        }
    }
    return value;
}

struct ScriptedServer::State {
    Descriptor listener;
    /// Readable once the server ends.
    Descriptor stop{::eventfd(0, EFD_CLOEXEC)};
    std::uint16_t port = 0;
    std::thread acceptor;

    mutable std::mutex mutex;
    std::deque<Script> scripts;
    Script repeated;
    std::vector<HeardRequest> requests;
    std::vector<std::thread> workers;
    std::size_t connections = 0;

    void listen() {
        listener = Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const generic = reinterpret_cast<sockaddr*>(&address);
        if (::bind(listener.get(), generic, size) != 0 || ::listen(listener.get(), 64) != 0 ||
            ::getsockname(listener.get(), generic, &size) != 0) {
            throw std::runtime_error("cannot listen on the loopback interface");
        }
        port = ntohs(address.sin_port);
    }

    /// False when the server ends.
    bool wait_for(int descriptor, short events) const {
        std::array<pollfd, 2> polled{pollfd{descriptor, events, 0}, pollfd{stop.get(), POLLIN, 0}};
        while (::poll(polled.data(), polled.size(), -1) < 0) {
        }
        return polled[1].revents == 0;
    }

    void accept() {
        while (wait_for(listener.get(), POLLIN)) {
            Descriptor connection(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (!connection.is_open()) {
                continue;
            }
            const std::lock_guard lock(mutex);
            const std::size_t number = connections++;
            Script script = repeated;
            if (!scripts.empty()) {
                script = std::move(scripts.front());
                scripts.pop_front();
            }
            workers.emplace_back(
                [this, number, own = std::move(connection), steps = std::move(script)]() mutable {
                    serve(std::move(own), number, steps);
                });
        }
    }

    void serve(Descriptor connection, std::size_t number, const Script& script);
};

namespace {

/// One connection's side of the talk.
class Talk {
public:
    Talk(const Descriptor& connection, const Descriptor& stop)
        : connection_(connection.get()), stop_(stop.get()) {}

    /// The head of the next request; empty when the client has gone.
    std::string read_head() {
        std::size_t end = std::string::npos;
        while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
            if (!fill()) {
                return {};
            }
        }
        return take(end + 4);
    }

    std::string read_body(std::size_t bytes) {
        while (buffer_.size() < bytes && fill()) {
        }
        return take(std::min(bytes, buffer_.size()));
    }

    bool send(std::string_view bytes) const {
        while (!bytes.empty()) {
            if (!wait(POLLOUT)) {
                return false;
            }
            const ssize_t sent = ::send(connection_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent < 0 && errno != EAGAIN && errno != EINTR) {
                return false;
            }
            bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
        }
        return true;
    }

    void reset() const {
        const linger at_once{1, 0};
        ::setsockopt(connection_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }

    void stall() {
        pollfd polled[] = {{connection_, POLLRDHUP, 0}, {stop_, POLLIN, 0}};
        ::poll(polled, 2, -1);
    }

    /// False when the server ends.
    bool pause(std::chrono::milliseconds time) const {
        pollfd stopped{stop_, POLLIN, 0};
        return ::poll(&stopped, 1, static_cast<int>(time.count())) == 0;
    }

    /// Closes in a way that loses no byte sent: a close with unread input would reset the connection.
    void close_gently() {
        ::shutdown(connection_, SHUT_WR);
        while (fill()) {
            buffer_.clear();
        }
    }

private:
    bool wait(short events) const {
        pollfd polled[] = {{connection_, events, 0}, {stop_, POLLIN, 0}};
        while (::poll(polled, 2, -1) < 0) {
        }
        return polled[1].revents == 0;
    }

    bool fill() {
        std::array<char, 65536> room{};
        if (!wait(POLLIN)) {
            return false;
        }
        const ssize_t got = ::recv(connection_, room.data(), room.size(), 0);
        if (got <= 0) {
            return false;
        }
        buffer_.append(room.data(), static_cast<std::size_t>(got));
        return true;
    }

    std::string take(std::size_t bytes) {
        std::string taken = buffer_.substr(0, bytes);
        buffer_.erase(0, bytes);
        return taken;
    }

    int connection_;
    int stop_;
    std::string buffer_;
};

std::size_t length_of(const HeardRequest& request) {
    const std::string text = request.header("content-length");
    std::size_t length = 0;
    std::from_chars(text.data(), text.data() + text.size(), length);
    return length;
}

template <class... Steps>
struct Overloaded : Steps... {
    using Steps::operator()...;
};
template <class... Steps>
Overloaded(Steps...) -> Overloaded<Steps...>;

}  // namespace

void ScriptedServer::State::serve(Descriptor connection, std::size_t number, const Script& script) {
    Talk talk(connection, stop);
    const auto hear = [&](HeardRequest request) {
        const std::lock_guard lock(mutex);
        requests.push_back(std::move(request));
    };
    const auto expect_head = [&] {
        HeardRequest request{number, talk.read_head(), {}};
        const bool came = !request.head.empty();
        if (came) {
            hear(request);
        }
        return came;
    };
    bool was_reset = false;
    const auto do_step = Overloaded{
        [&](const ExpectRequest&) {
            HeardRequest request{number, talk.read_head(), {}};
            if (request.head.empty()) {
                return false;
            }
            request.body = talk.read_body(length_of(request));
            hear(request);
            return true;
        },
        [&](const ExpectHead&) { return expect_head(); },
        [&](const ExpectBody& step) {
            std::string body = talk.read_body(step.bytes);
            const std::lock_guard lock(mutex);
            requests.back().body += body;
            return body.size() == step.bytes;
        },
        [&](const Send& step) { return talk.send(step.bytes); },
        [&](const Await& step) {
            while (step.gate.wait_for(std::chrono::milliseconds(0)) != std::future_status::ready) {
                if (!talk.pause(std::chrono::milliseconds(2))) {
                    return false;
                }
            }
            return true;
        },
        [&](const Signal& step) {
            step.reached->set_value();
            return true;
        },
        [&](const Pause& step) { return talk.pause(step.time); },
        [&](const Drip& step) {
            while (talk.send(step.bytes) && talk.pause(step.apart)) {
            }
            return false;
        },
        [&](const Stall&) {
            talk.stall();
            return false;
        },
        [&](const Reset&) {
            talk.reset();
            was_reset = true;
            return false;
        },
    };
    for (const auto& step : script) {
        if (!std::visit(do_step, step)) {
            break;
        }
    }
    if (!was_reset) {
        talk.close_gently();
    }
}

ScriptedServer::ScriptedServer(std::vector<Script> scripts) : state_(std::make_shared<State>()) {
    state_->scripts.assign(std::make_move_iterator(scripts.begin()), std::make_move_iterator(scripts.end()));
    state_->listen();
    state_->acceptor = std::thread([state = state_.get()] { state->accept(); });
}

ScriptedServer::~ScriptedServer() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(state_->stop.get(), &one, sizeof one);
    state_->acceptor.join();
    for (std::thread& worker : state_->workers) {
        worker.join();
    }
}

void ScriptedServer::add(Script script) {
    const std::lock_guard lock(state_->mutex);
    state_->scripts.push_back(std::move(script));
}

void ScriptedServer::repeat(Script script) {
    const std::lock_guard lock(state_->mutex);
    state_->repeated = std::move(script);
}

void ScriptedServer::hold_at_most(int bytes) {
    // What is accepted has it from the listener.
    if (::setsockopt(state_->listener.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes) != 0) {
        throw std::runtime_error("cannot set the size of a receive buffer");
    }
}

std::uint16_t ScriptedServer::port() const noexcept {
    return state_->port;
}

std::string ScriptedServer::endpoint() const {
    return "http://127.0.0.1:" + std::to_string(port());
}

std::size_t ScriptedServer::connections() const {
    const std::lock_guard lock(state_->mutex);
    return state_->connections;
}

std::vector<HeardRequest> ScriptedServer::requests() const {
    const std::lock_guard lock(state_->mutex);
    return state_->requests;
}

std::string answer(std::string_view status, std::string_view headers, std::string_view body) {
    return "HTTP/1.1 " + std::string(status) + "\r\n" + std::string(headers) +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

Script conversation(const std::vector<std::string>& answers) {
    Script script;
    for (const std::string& bytes : answers) {
        script.emplace_back(ExpectRequest{});
        script.emplace_back(Send{bytes});
    }
    return script;
}

}  // namespace filestore::test
