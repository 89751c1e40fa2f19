#include "wire/model_s3.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <list>
#include <stdexcept>
#include <thread>

#include "core/descriptor.h"

namespace filestore::test {

namespace {

constexpr std::string_view bucket = "bucket";

std::string decoded(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned byte = 0;
        if (text[i] == '%' && i + 2 < text.size()) {
            std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16);
            result += static_cast<char>(byte);
            i += 2;
        } else {
            result += text[i];
        }
    }
    return result;
}

/// Cuts the text off `rest` up to the separator, which is taken away, too.
std::string_view next_of(std::string_view& rest, std::string_view separator) {
    const std::size_t end = std::min(rest.find(separator), rest.size());
    const std::string_view first = rest.substr(0, end);
    rest.remove_prefix(std::min(end + separator.size(), rest.size()));
    return first;
}

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return result;
}

void read_target(ModelRequest& request, std::string_view target) {
    std::string_view path = next_of(target, "?");
    path.remove_prefix(1);
    if (next_of(path, "/") == bucket) {
        request.key = decoded(path);
    }
    while (!target.empty()) {
        std::string_view parameter = next_of(target, "&");
        const std::string name = decoded(next_of(parameter, "="));
        request.query[name] = decoded(parameter);
    }
}

ModelRequest read_head(std::string_view head) {
    ModelRequest request;
    std::string_view line = next_of(head, "\r\n");
    request.method = next_of(line, " ");
    read_target(request, next_of(line, " "));
    while (!head.empty()) {
        std::string_view header = next_of(head, "\r\n");
        const std::string name = lower(next_of(header, ":"));
        header.remove_prefix(std::min(header.find_first_not_of(' '), header.size()));
        request.headers[name] = header;
    }
    return request;
}

/// The first request in the buffer, which it is taken out of, where it is whole.
std::optional<ModelRequest> take_request(std::string& buffer) {
    const std::size_t end = buffer.find("\r\n\r\n");
    if (end == std::string::npos) {
        return std::nullopt;
    }
    ModelRequest request = read_head(std::string_view(buffer).substr(0, end));
    const std::string length_text = request.header("content-length");
    std::size_t length = 0;
    std::from_chars(length_text.data(), length_text.data() + length_text.size(), length);
    if (buffer.size() < end + 4 + length) {
        return std::nullopt;
    }
    request.body = buffer.substr(end + 4, length);
    buffer.erase(0, end + 4 + length);
    return request;
}

std::string written(const ModelAnswer& answer, bool with_body) {
    std::string text = "HTTP/1.1 " + std::to_string(answer.status) + " Said\r\n";
    for (const s3::NameValue& header : answer.headers) {
        text += header.name + ": " + header.value + "\r\n";
    }
    text += "Content-Length: " + std::to_string(answer.body.size()) + "\r\n\r\n";
    return with_body ? text + answer.body : text;
}

bool may_begin_early(const std::string& operation) {
    return operation == "CompleteMultipartUpload" || operation == "CopyObject" ||
           operation == "UploadPartCopy";
}

}  // namespace

/// The server's one thread and its connections.
class ModelS3::Loop {
public:
    explicit Loop(ModelS3& server) : server_(server) {
        listener_ = Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const generic = reinterpret_cast<sockaddr*>(&address);
        if (::bind(listener_.get(), generic, size) != 0 || ::listen(listener_.get(), 256) != 0 ||
            ::getsockname(listener_.get(), generic, &size) != 0) {
            throw std::runtime_error("cannot listen on the loopback interface");
        }
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { run(); });
    }

    ~Loop() {
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t written = ::write(stop_.get(), &one, sizeof one);
        thread_.join();
    }

    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

private:
    struct Connection {
        Descriptor socket;
        std::string in;
        std::string out;
        /// Of `out`: where answers end that tell of a new upload.
        std::size_t tells_upload_at = 0;
        /// The last answer did.
        bool told_upload = false;
        /// The stream has been ended; what still comes is thrown away.
        bool ended = false;
        bool gone = false;
    };

    void run() {
        while (true) {
            std::vector<pollfd> polled{{stop_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
            for (const Connection& connection : connections_) {
                const int events = POLLIN | (connection.out.empty() ? 0 : POLLOUT);
                polled.push_back({connection.socket.get(), static_cast<short>(events), 0});
            }
            if (::poll(polled.data(), polled.size(), -1) < 0) {
                continue;
            }
            if (polled[0].revents != 0) {
                return;
            }
            const std::lock_guard lock(server_.mutex_);
            std::size_t place = 2;
            for (Connection& connection : connections_) {
                if (polled[place++].revents != 0) {
                    serve(connection);
                }
            }
            connections_.remove_if([](const Connection& connection) { return connection.gone; });
            if (polled[1].revents != 0) {
                accept();
            }
        }
    }

    void accept() {
        Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!socket.is_open()) {
            return;
        }
        const int yes = 1;
        ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        connections_.push_back({std::move(socket), {}, {}, 0, false, false, false});
        if (server_.plan_.stays_down && server_.fired_ > 0) {
            reset(connections_.back());
        }
    }

    void serve(Connection& connection) {
        receive(connection);
        while (!connection.gone && !connection.ended) {
            auto request = take_request(connection.in);
            if (!request) {
                break;
            }
            handle(connection, *request);
        }
        if (!connection.gone && !connection.out.empty()) {
            send(connection);
        }
    }

    void receive(Connection& connection) {
        std::array<char, 65536> room{};
        std::size_t most = room.size();
        const auto& limit = server_.plan_.cut_after_received;
        const bool may_cut = limit && server_.fired_ == 0 && !connection.ended;
        if (may_cut) {
            most = std::min<std::uint64_t>(most, *limit - server_.received_);
        }
        if (may_cut && most == 0) {
            return cut(connection);
        }
        const ssize_t got = ::recv(connection.socket.get(), room.data(), most, 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        if (got <= 0) {
            connection.gone = true;
            return;
        }
        if (connection.ended) {
            return;
        }
        const auto count = static_cast<std::size_t>(got);
        server_.received_ += count;
        if (may_cut && server_.received_ == *limit) {
            return cut(connection);
        }
        connection.in.append(room.data(), count);
    }

    void handle(Connection& connection, const ModelRequest& request) {
        const std::string operation = request.operation();
        server_.operations_.push_back(operation);
        const auto fault = fault_for(request, server_.operations_.size());
        if (fault == RequestFault::reset) {
            ++server_.fired_;
            return reset(connection);
        }
        if (fault == RequestFault::internal_error || fault == RequestFault::slow_down ||
            (fault == RequestFault::error_in_success && may_begin_early(operation))) {
            ++server_.fired_;
            ModelAnswer refused = fault == RequestFault::slow_down ? model_error(503, "SlowDown")
                                                                   : model_error(500, "InternalError");
            refused.status = fault == RequestFault::error_in_success ? 200 : refused.status;
            return answer(connection, refused, request.method != "HEAD");
        }
        if (server_.plan_.before) {
            server_.plan_.before(request, server_.store_);
        }
        ModelAnswer done = server_.store_.answer(request);
        const bool begins_upload = operation == "CreateMultipartUpload";
        if (fault == RequestFault::swallowed_answer) {
            ++server_.fired_;
            server_.lost_uploads_ += begins_upload ? 1 : 0;
            return end(connection);
        }
        if (fault == RequestFault::no_answer) {
            ++server_.fired_;
            return;
        }
        if (fault == RequestFault::unreadable_answer) {
            ++server_.fired_;
            done.body.resize(done.body.size() / 2);
            server_.lost_uploads_ += begins_upload ? 1 : 0;
        }
        answer(connection, done, request.method != "HEAD");
        connection.told_upload = begins_upload;
        connection.tells_upload_at = begins_upload ? connection.out.size() : 0;
    }

    [[nodiscard]] std::optional<RequestFault> fault_for(const ModelRequest& request,
                                                        std::size_t number) const {
        const auto found = server_.plan_.requests.find(number);
        if (found != server_.plan_.requests.end()) {
            return found->second;
        }
        return server_.plan_.decide ? server_.plan_.decide(request, number) : std::nullopt;
    }

    static void answer(Connection& connection, const ModelAnswer& answer, bool with_body) {
        connection.out += written(answer, with_body);
    }

    void send(Connection& connection) {
        std::size_t most = connection.out.size();
        const auto& limit = server_.plan_.cut_after_sent;
        const bool may_cut = limit && server_.fired_ == 0;
        if (may_cut) {
            most = std::min<std::uint64_t>(most, *limit - server_.sent_);
        }
        const ssize_t sent =
            most == 0 ? 0 : ::send(connection.socket.get(), connection.out.data(), most, MSG_NOSIGNAL);
        if (sent < 0) {
            connection.gone = errno != EAGAIN && errno != EINTR;
            return;
        }
        const auto count = static_cast<std::size_t>(sent);
        server_.sent_ += count;
        connection.out.erase(0, count);
        connection.tells_upload_at -= std::min(connection.tells_upload_at, count);
        if (may_cut && server_.sent_ == *limit) {
            // A reset may take back bytes that were sent before.
            const bool is_lost = connection.tells_upload_at > 0 || server_.plan_.by_reset;
            server_.lost_uploads_ += is_lost && connection.told_upload ? 1 : 0;
            cut(connection);
        }
    }

    void cut(Connection& connection) {
        ++server_.fired_;
        server_.plan_.by_reset ? reset(connection) : end(connection);
    }

    static void end(Connection& connection) {
        connection.out.clear();
        connection.ended = true;
        ::shutdown(connection.socket.get(), SHUT_WR);
    }

    static void reset(Connection& connection) {
        const linger at_once{1, 0};
        ::setsockopt(connection.socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        connection.gone = true;
    }

    ModelS3& server_;
    Descriptor listener_;
    Descriptor stop_{::eventfd(0, EFD_CLOEXEC)};
    std::uint16_t port_ = 0;
    std::list<Connection> connections_;
    std::thread thread_;
};

ModelS3::ModelS3() : loop_(std::make_unique<Loop>(*this)) {}

ModelS3::~ModelS3() = default;

std::string ModelS3::endpoint() const {
    return "http://127.0.0.1:" + std::to_string(loop_->port());
}

void ModelS3::set(FaultPlan plan) {
    const std::lock_guard lock(mutex_);
    plan_ = std::move(plan);
    received_ = 0;
    sent_ = 0;
    fired_ = 0;
    operations_.clear();
    lost_uploads_ = 0;
}

std::size_t ModelS3::fired() const {
    const std::lock_guard lock(mutex_);
    return fired_;
}

std::vector<std::string> ModelS3::operations() const {
    const std::lock_guard lock(mutex_);
    return operations_;
}

std::size_t ModelS3::lost_uploads() const {
    const std::lock_guard lock(mutex_);
    return lost_uploads_;
}

std::optional<std::string> ModelS3::object(const std::string& key) {
    return with_store([&](const ModelStore& store) {
        const auto found = store.objects.find(key);
        return found == store.objects.end() ? std::nullopt : std::optional(found->second.bytes);
    });
}

std::size_t ModelS3::uploads() {
    return with_store([](const ModelStore& store) { return store.uploads.size(); });
}

void ModelS3::store(const std::string& key, const std::string& bytes) {
    with_store([&](ModelStore& store) {
        ModelRequest request;
        request.method = "PUT";
        request.key = key;
        request.body = bytes;
        return store.answer(request).status;
    });
}

}  // namespace filestore::test
