#include "serve/http_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstdarg>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <set>
#include <string_view>
#include <utility>

#include "core/http_date.h"
#include "core/try.h"
#include "running_call.h"
#include "serve/answers.h"
#include "serve/connection.h"
#include "serve/connection_loop.h"
#include "serve/decimal.h"
#include "serve/form_cutter.h"
#include "serve/form_head.h"
#include "serve/form_type.h"
#include "serve/framing.h"
#include "serve/head_layout.h"
#include "serve/lingering.h"
#include "serve/routes.h"
#include "serve/url.h"
#include "serve/url_form.h"

namespace filestore::tool::serve {

namespace {

/// A body that nobody wants is read to its end, so that the connection lives on; of one that has more to come than this the end is not waited for.
constexpr std::uint64_t most_waited_for = std::uint64_t{1024} * 1024;
/// Where the answer cannot be sent before the end of the body, it is waited for so long.
constexpr std::chrono::seconds longest_drop{30};
constexpr std::size_t block_size = 65'536;
/// GnuTLS's own, without the versions that must not be used any more (RFC 8996).
constexpr const char* tls_priorities = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";
/// Of a form: a line of a part's head must fit in.
constexpr std::size_t form_buffer_size = 9'216;
/// Of a part that is no file, as in the original system.
constexpr std::size_t longest_text = std::size_t{1024} * 1024;

/// Lets a connection rest until another thread has something for it. A resource; thread-safe.
class Rest {
public:
    Rest(MHD_Connection* connection, ConnectionLoop& loop) noexcept : connection_(connection), loop_(loop) {}

    /// On the connection's thread, in one of its callbacks: from here on nothing of it is called until wake(), unless `is_ready`.
    template <class IsReady>
    bool begin_unless(IsReady is_ready) {
        const std::lock_guard lock(mutex_);
        if (connection_ == nullptr || is_over_ || is_ready()) {
            return false;
        }
        rests_ = true;
        has_rested_ = true;
        MHD_suspend_connection(connection_);
        return true;
    }

    void wake() {
        const std::lock_guard lock(mutex_);
        if (connection_ != nullptr && std::exchange(rests_, false)) {
            MHD_resume_connection(connection_);
            loop_.wake();
        }
    }

    /// It never rests again.
    void end() {
        {
            const std::lock_guard lock(mutex_);
            is_over_ = true;
        }
        wake();
    }
    [[nodiscard]] bool is_over() const {
        const std::lock_guard lock(mutex_);
        return is_over_;
    }

    /// Since the last call.
    [[nodiscard]] bool take_has_rested() {
        const std::lock_guard lock(mutex_);
        return std::exchange(has_rested_, rests_);
    }

    /// The connection is going.
    void forget() {
        const std::lock_guard lock(mutex_);
        connection_ = nullptr;
    }

private:
    mutable std::mutex mutex_;
    MHD_Connection* connection_;
    ConnectionLoop& loop_;
    bool rests_ = false;
    bool has_rested_ = false;
    bool is_over_ = false;
};

MHD_Result add_header(void* into, MHD_ValueKind, const char* key, std::size_t key_size, const char* value,
                      std::size_t value_size) {
    static_cast<std::vector<Header>*>(into)->push_back(
        {std::string(key, key_size), value == nullptr ? std::string() : std::string(value, value_size)});
    return MHD_YES;
}

/// Of the client, in numbers.
std::string address_of(MHD_Connection* connection) {
    const MHD_ConnectionInfo* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (info == nullptr || info->client_addr == nullptr) {
        return {};
    }
    const bool is_6 = info->client_addr->sa_family == AF_INET6;
    const void* ip =
        is_6 ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6*>(info->client_addr)->sin6_addr)
             : static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(info->client_addr)->sin_addr);
    const char* shown = ::inet_ntop(is_6 ? AF_INET6 : AF_INET, ip, text.data(), text.size());
    return shown == nullptr ? std::string() : std::string(shown);
}

/// What the target of a request says counts in place of its header (RFC 9112, 3.2.2). Of several headers the others stay, for whoever refuses them.
void set_host(Request& request, std::string_view host) {
    const auto header = std::find_if(request.headers.begin(), request.headers.end(),
                                     [](const Header& one) { return equal_ignoring_case(one.name, "Host"); });
    if (header == request.headers.end()) {
        request.headers.push_back({"Host", std::string(host)});
    } else {
        header->value = host;
    }
}

Request read_head(MHD_Connection* connection, const Connection& socket, const char* method) {
    Request request;
    request.method = method;
    request.client = address_of(connection);
    const RequestTarget target = parse_target(socket.target_path());
    request.path = percent_decode(target.path);
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, add_header, &request.headers);
    request.query = parse_query(socket.query());
    const bool is_chunked = request.header("Transfer-Encoding") != nullptr;
    const std::string* const length = is_chunked ? nullptr : request.header("Content-Length");
    request.content_length = length == nullptr ? std::nullopt : decimal(*length);
    request.has_body = is_chunked || request.content_length.value_or(0) > 0;
    if (target.authority) {
        set_host(request, *target.authority);
    }
    return request;
}

MHD_Result add_told_field(void* into, MHD_ValueKind, const char* key, std::size_t key_size, const char* value,
                          std::size_t value_size) {
    static_cast<ToldHead*>(into)->fields.push_back(
        {{key, key_size}, value == nullptr ? std::string_view() : std::string_view(value, value_size)});
    return MHD_YES;
}

ToldHead told_head(MHD_Connection* connection, std::string_view method, std::string_view target,
                   std::string_view version) {
    ToldHead head{.method = method, .target = target, .version = version};
    const auto* told = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    head.whole = {method.data(), told == nullptr ? 0 : told->header_size};
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, add_told_field, &head);
    return head;
}

/// The whole head is there, but no request was made of it yet, and no answer.
bool is_between_head_and_request(MHD_Connection* connection) {
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE) != nullptr &&
           MHD_get_connection_info(connection, MHD_CONNECTION_INFO_HTTP_STATUS) == nullptr;
}

bool is_encrypted(MHD_Connection* connection) {
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION) != nullptr;
}

/// An answer that does not come from a route, in the style of the routes of that path.
Response refusal_of_head(const Request& request, unsigned status, std::string_view why) {
    return error_response(find_route(all_routes(), request.method, request.path).errors, status, why);
}

/// Those of the answer, and those of every answer that has none of such a name.
std::vector<Header> all_headers(const Response& response, const std::vector<Header>& common, bool closes) {
    std::vector<Header> all = response.headers;
    for (const Header& header : common) {
        const bool is_there = std::any_of(all.begin(), all.end(), [&header](const Header& own) {
            return equal_ignoring_case(own.name, header.name);
        });
        if (!is_there) {
            all.push_back(header);
        }
    }
    if (closes) {
        all.push_back({MHD_HTTP_HEADER_CONNECTION, "close"});
    }
    return all;
}

/// An answer as it is sent, the last one on its connection.
std::string answer_text(const Response& response, const std::vector<Header>& common) {
    std::string text = "HTTP/1.1 " + std::to_string(response.status) + ' ' +
                       MHD_get_reason_phrase_for(response.status) + "\r\n";
    const auto add = [&text](const Header& header) { text += header.name + ": " + header.value + "\r\n"; };
    add({MHD_HTTP_HEADER_DATE, format_http_date(system_clock()->now())});
    add({MHD_HTTP_HEADER_CONTENT_LENGTH, std::to_string(response.body.size())});
    for (const Header& header : all_headers(response, common, true)) {
        add(header);
    }
    return text + "\r\n" + response.body;
}

/// Beside libmicrohttpd, on a connection that is not encrypted. False where the client has gone, or has no room for it.
bool send_at_once(const Connection& socket, std::string_view text) {
    return ::send(socket.descriptor(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT) ==
           static_cast<ssize_t>(text.size());
}

std::optional<std::string> text_or_nothing(const char* text) {
    return text == nullptr ? std::nullopt : std::optional<std::string>(text);
}

/// As boundary_of_type(); nothing also where the body is no form of several parts.
std::optional<std::string> boundary_of(const Request& request) {
    const std::string* type = request.header("Content-Type");
    return type != nullptr && is_form_type(*type) ? boundary_of_type(*type) : std::nullopt;
}

/// Why its body cannot be read.
FormFault fault_of_type(const Request& request) {
    const std::string* type = request.header("Content-Type");
    if (type == nullptr || !is_form_type(*type)) {
        return FormFault::no_form;
    }
    return boundary_of_type(*type) ? FormFault::invalid : FormFault::no_boundary;
}

/// Null where the body is no form of parts that can be read: libmicrohttpd takes no boundary of one character. The header's text is in the memory of the connection, which is ours to write in.
MHD_PostProcessor* make_form_processor(MHD_Connection* connection, const std::string& boundary,
                                       MHD_PostDataIterator take, void* self) {
    const char* type = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Type");
    if (type == nullptr || boundary.empty()) {
        return nullptr;
    }
    const std::string plain = plain_form_type(boundary);
    std::memcpy(const_cast<char*>(type), plain.c_str(), plain.size() + 1);
    return MHD_create_post_processor(connection, form_buffer_size, take, self);
}

/// Hands the parts of a form on as they are found. A resource; on the thread of the connections only.
class FormReader final : public BodyTaker, private FormCutter::Taker {
public:
    FormReader(MHD_Connection* connection, const Request& request, std::unique_ptr<FormTaker> taker)
        : taker_(std::move(taker)) {
        const auto boundary = boundary_of(request);
        processor_ = make_form_processor(connection, boundary.value_or(""), take_bytes, this);
        if (processor_ == nullptr) {
            fail(fault_of_type(request));
        } else if (boundary) {
            cutter_.emplace(*boundary);
        }
    }
    ~FormReader() override {
        // What is left over is no part.
        taker_.reset();
        if (processor_ != nullptr) {
            MHD_destroy_post_processor(processor_);
        }
    }

    void take(std::string_view bytes) override {
        if (taker_ != nullptr && !cutter_->take(bytes, *this)) {
            fail(fault_);
        }
    }
    [[nodiscard]] std::size_t room() const override { return taker_ == nullptr ? unlimited : taker_->room(); }

    void hand_over() override {
        if (taker_ != nullptr) {
            taker_->hand_over();
        }
    }

    void end() override {
        if (taker_ == nullptr) {
            return;
        }
        const bool is_whole = MHD_destroy_post_processor(std::exchange(processor_, nullptr)) == MHD_YES;
        if (!is_whole) {
            fail(FormFault::cut);
            return;
        }
        taker_->end();
        taker_.reset();
    }

private:
    void fail(FormFault fault) {
        if (taker_ != nullptr) {
            taker_->fail(fault);
            taker_.reset();
        }
    }

    [[nodiscard]] bool take_structure(std::string_view text) override {
        return MHD_post_process(processor_, text.data(), text.size()) == MHD_YES;
    }
    /// The parser takes a part of type multipart/mixed for several, and tells of none.
    [[nodiscard]] bool begin_part(std::string_view lines, std::string_view delimiter) override {
        const auto head = plain_head(lines);
        has_begun_part_ = false;
        return head && take_structure("\r\n" + *head + "\r\n" + std::string(delimiter)) && has_begun_part_;
    }
    void take_content(std::string_view bytes) override {
        text_size_ += is_text_ ? bytes.size() : 0;
        if (text_size_ > longest_text) {
            fail(FormFault::long_part);
        } else if (taker_ != nullptr) {
            taker_->take(bytes);
        }
    }

    /// Of a part, which the parser is shown as an empty one.
    static MHD_Result take_bytes(void* self, MHD_ValueKind, const char* key, const char* file_name,
                                 const char* content_type, const char*, const char*, std::uint64_t,
                                 std::size_t size) {
        auto& reader = *static_cast<FormReader*>(self);
        if (reader.taker_ == nullptr || size > 0) {
            return MHD_NO;
        }
        if (key == nullptr) {
            reader.fault_ = FormFault::nameless_part;
            return MHD_NO;
        }
        reader.has_begun_part_ = true;
        reader.is_text_ = file_name == nullptr;
        reader.text_size_ = 0;
        try {
            reader.taker_->begin_part({key, text_or_nothing(file_name), text_or_nothing(content_type)});
            return MHD_YES;
        } catch (...) {
            return MHD_NO;
        }
    }

    std::unique_ptr<FormTaker> taker_;
    MHD_PostProcessor* processor_ = nullptr;
    /// Where the form can be read.
    std::optional<FormCutter> cutter_;
    bool has_begun_part_ = false;
    /// The part is no file.
    bool is_text_ = false;
    std::size_t text_size_ = 0;
    /// What is wrong with its parts, where something is.
    FormFault fault_ = FormFault::invalid;
};

std::unique_ptr<BodyTaker> make_form_reader(MHD_Connection* connection, const Request& request,
                                            std::unique_ptr<FormTaker> taker) {
    const std::string* type = request.header("Content-Type");
    if (type != nullptr && is_url_form_type(*type)) {
        return std::make_unique<UrlFormReader>(std::move(taker));
    }
    return std::make_unique<FormReader>(connection, request, std::move(taker));
}

/// The connection's side of a request. A resource; on the thread of the connections only, but for what Rest allows.
class RunningRequest {
public:
    RunningRequest(MHD_Connection* connection, ConnectionLoop& loop, Connection& socket,
                   const std::vector<Header>& headers, HttpObserver& observer, Request head,
                   std::shared_ptr<void> lifetime)
        : connection_(connection),
          socket_(socket),
          headers_(headers),
          observer_(observer),
          rest_(std::make_shared<Rest>(connection, loop)),
          exchange_(std::make_shared<Exchange>(
              std::move(head), [rest = rest_] { rest->wake(); }, std::move(lifetime))) {}

    ~RunningRequest() {
        rest_->forget();
        traffic_.duration = std::chrono::steady_clock::now() - began_;
        observer_.request_ended(*exchange_, traffic_);
        exchange_->stop();
        socket_.end_answer();
    }

    MHD_Result begin(const HttpServer::Handler& handler, const ToldHead& head) {
        socket_.begin_body();
        if (const auto fault = framing_fault(exchange_->request(), head)) {
            close_after_this();
            exchange_->respond(refusal_of_head(exchange_->request(), 400, *fault));
            return answer();
        }
        if (exchange_->request().header("Transfer-Encoding") != nullptr) {
            // libmicrohttpd reads lines of chunks that end in a line feed alone, of which a proxy may see other ends: nothing may follow on this connection.
            close_after_this();
            socket_.let_linger();
        }
        handler(exchange_);
        taker_ = std::move(exchange_->body_taker);
        if (exchange_->form_taker != nullptr) {
            taker_ = make_form_reader(connection_, exchange_->request(), std::move(exchange_->form_taker));
        }
        if (!exchange_->is_answered() || !has_body_to_refuse()) {
            return MHD_YES;
        }
        socket_.let_linger();
        return answer();
    }

    MHD_Result take_body(std::string_view bytes, std::size_t* left) {
        if (taker_ == nullptr || exchange_->is_answered()) {
            *left = 0;
            return drop(bytes.size());
        }
        for (; !bytes.empty(); *left = bytes.size()) {
            std::size_t room = 0;
            if (rest_->begin_unless(
                    [&] { return (room = taker_->room()) > 0 || exchange_->is_answered(); })) {
                return MHD_YES;
            }
            if (rest_->is_over()) {
                return MHD_NO;
            }
            if (room == 0) {
                *left = 0;
                return drop(bytes.size());
            }
            const std::string_view taken = bytes.substr(0, room);
            traffic_.received += taken.size();
            taker_->take(taken);
            bytes.remove_prefix(taken.size());
        }
        if (!socket_.has_more()) {
            taker_->hand_over();
        }
        return MHD_YES;
    }

    MHD_Result end_body() {
        const std::string& method = exchange_->request().method;
        socket_.begin_wait(method == "GET" || method == "HEAD");
        if (taker_ != nullptr) {
            taker_->end();
            taker_.reset();
        }
        if (rest_->begin_unless([this] { return exchange_->is_answered(); })) {
            return MHD_YES;
        }
        return exchange_->is_answered() ? answer() : MHD_NO;
    }

    void close_after_this() { closes_ = true; }

    /// For the main thread.
    void look_after() {
        if (socket_.was_left_waiting()) {
            abort();
        }
        if (rest_->take_has_rested()) {
            socket_.excuse();
        }
    }

    /// From any thread.
    void abort() {
        exchange_->stop();
        rest_->end();
    }

private:
    /// After an answer before the body, libmicrohttpd closes the connection; a small body is read instead, and the connection lives on.
    [[nodiscard]] bool has_body_to_refuse() const {
        const Request& head = exchange_->request();
        const bool waits_to_send = head.header("Expect") != nullptr;
        const bool is_long = head.content_length.value_or(most_waited_for + 1) > most_waited_for;
        return head.has_body && (waits_to_send || is_long);
    }

    MHD_Result drop(std::size_t count) {
        traffic_.received += count;
        dropped_ += count;
        const auto now = std::chrono::steady_clock::now();
        if (dropped_ == count) {
            dropping_since_ = now;
        }
        if (is_much_to_drop() && can_answer_in_midst()) {
            answer_in_midst();
            return MHD_NO;
        }
        return now - dropping_since_ <= longest_drop ? MHD_YES : MHD_NO;
    }

    [[nodiscard]] bool is_much_to_drop() const {
        const auto length = exchange_->request().content_length;
        const std::uint64_t left = length ? *length - std::min(*length, traffic_.received) : 0;
        return dropped_ > most_waited_for || left > most_waited_for;
    }

    /// Not with TLS.
    [[nodiscard]] bool can_answer_in_midst() const { return taker_ != nullptr && !is_encrypted(connection_); }

    /// libmicrohttpd sends nothing before it has read a body that it has begun with: what is answered meanwhile is put on the socket beside it, for the client to read while
    /// it still sends. Once: the connection ends, also where the client has gone or has no room for it.
    void answer_in_midst() {
        close_after_this();
        Response response = *exchange_->take_response();
        const bool is_sent = send_at_once(socket_, answer_text(response, headers_));
        note(response);
        if (is_sent) {
            socket_.let_linger();
        }
    }

    void note(Response& response) {
        traffic_.status = response.status;
        traffic_.broken_rule = std::move(response.broken_rule);
        if (exchange_->request().method != "HEAD") {
            traffic_.sent += response.body.size();
        }
    }

    MHD_Result answer() {
        socket_.begin_answer();
        Response response = *exchange_->take_response();
        MHD_Response* made = make(response);
        if (made == nullptr) {
            return MHD_NO;
        }
        note(response);
        for (const Header& header : all_headers(response, headers_, closes_)) {
            MHD_add_response_header(made, header.name.c_str(), header.value.c_str());
        }
        const MHD_Result queued = MHD_queue_response(connection_, response.status, made);
        MHD_destroy_response(made);
        return queued;
    }

    MHD_Response* make(Response& response) {
        if (response.file != nullptr) {
            traffic_.sent = *response.size;
            return MHD_create_response_from_fd_at_offset64(
                *response.size, response.file->descriptor.release(), response.file->offset);
        }
        if (response.reader == nullptr) {
            return MHD_create_response_from_buffer(response.body.size(), response.body.data(),
                                                   MHD_RESPMEM_MUST_COPY);
        }
        reader_ = std::move(response.reader);
        return MHD_create_response_from_callback(response.size.value_or(MHD_SIZE_UNKNOWN), block_size,
                                                 read_block, this, nullptr);
    }

    static ssize_t read_block(void* self, std::uint64_t, char* into, std::size_t most) {
        return static_cast<RunningRequest*>(self)->read_body({into, most});
    }

    ssize_t read_body(std::span<char> into) {
        while (!rest_->is_over()) {
            const BodyReader::Step step = reader_->read(into);
            if (step.state == BodyReader::State::more) {
                traffic_.sent += step.bytes;
                return static_cast<ssize_t>(step.bytes);
            }
            if (step.state == BodyReader::State::ended) {
                return MHD_CONTENT_READER_END_OF_STREAM;
            }
            if (step.state == BodyReader::State::failed) {
                break;
            }
            if (rest_->begin_unless([this] { return reader_->is_ready(); })) {
                return 0;
            }
        }
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }

    MHD_Connection* connection_;
    Connection& socket_;
    const std::vector<Header>& headers_;
    HttpObserver& observer_;
    const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    Traffic traffic_;
    std::shared_ptr<Rest> rest_;
    std::shared_ptr<Exchange> exchange_;
    std::unique_ptr<BodyTaker> taker_;
    std::shared_ptr<BodyReader> reader_;
    std::uint64_t dropped_ = 0;
    std::chrono::steady_clock::time_point dropping_since_{};
    std::atomic<bool> closes_ = false;
};

/// Counts exchanges, which calls of the store keep alive for longer than their connections are. A resource; thread-safe.
class Census {
public:
    /// Lives as long as what is to be counted.
    static std::shared_ptr<void> one_more(const std::shared_ptr<Census>& census) {
        const std::lock_guard lock(census->mutex_);
        std::shared_ptr<void> one(nullptr, [census](void*) { census->one_less(); });
        ++census->count_;
        return one;
    }

    [[nodiscard]] bool is_empty() {
        const std::lock_guard lock(mutex_);
        return count_ == 0;
    }

    void wait_for_none() {
        std::unique_lock lock(mutex_);
        none_.wait(lock, [this] { return count_ == 0; });
    }

private:
    void one_less() {
        const std::lock_guard lock(mutex_);
        if (--count_ == 0) {
            none_.notify_all();
        }
    }

    std::mutex mutex_;
    std::condition_variable none_;
    std::size_t count_ = 0;
};

/// Paths and parameters are decoded by us: a C string ends at the first zero byte that somebody encoded.
std::size_t leave_encoded(void*, MHD_Connection*, char* text) {
    return std::strlen(text);
}

}  // namespace

class HttpServer::Daemon {
public:
    Daemon(Descriptor idle, std::vector<Header> headers, std::shared_ptr<HttpObserver> observer,
           Handler handler)
        : idle_(std::move(idle)),
          headers_(std::move(headers)),
          observer_(std::move(observer)),
          handler_(std::move(handler)) {}

    ~Daemon() { abort(); }
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    Result<void> start(Descriptor listener, const HttpLimits& limits, const TlsIdentity& tls) {
        FILESTORE_TRY_ASSIGN(lingering_, LingeringSockets::start());
        limits_ = limits;
        const std::string certificate_key(std::string_view(tls.key));
        const bool is_tls = !tls.certificate.empty();
        const std::array<MHD_OptionItem, 4> options{
            {{is_tls ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0,
              const_cast<char*>(tls.certificate.c_str())},
             {MHD_OPTION_HTTPS_MEM_KEY, 0, const_cast<char*>(certificate_key.c_str())},
             {MHD_OPTION_HTTPS_PRIORITIES, 0, const_cast<char*>(tls_priorities)},
             {MHD_OPTION_END, 0, nullptr}}};
        FILESTORE_TRY(loop_.prepare());
        const unsigned flags = MHD_USE_EPOLL | MHD_USE_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
        MHD_Daemon* const daemon =
            MHD_start_daemon(is_tls ? flags | MHD_USE_TLS : flags, 0, nullptr, nullptr, handle, this,    //
                             MHD_OPTION_EXTERNAL_LOGGER, hear_complaint, this,                           //
                             MHD_OPTION_LISTEN_SOCKET, listener.get(),                                   //
                             MHD_OPTION_NOTIFY_CONNECTION, come_or_go, this,                             //
                             MHD_OPTION_URI_LOG_CALLBACK, begin_head, this,                              //
                             MHD_OPTION_NOTIFY_COMPLETED, forget, this,                                  //
                             MHD_OPTION_UNESCAPE_CALLBACK, leave_encoded, nullptr,                       //
                             MHD_OPTION_ARRAY, options.data(),                                           //
                             MHD_OPTION_PER_IP_CONNECTION_LIMIT, limits.connections_of_address,          //
                             MHD_OPTION_CONNECTION_LIMIT, limits.connections,                            //
                             MHD_OPTION_CONNECTION_TIMEOUT, static_cast<unsigned>(limits.idle.count()),  //
                             MHD_OPTION_CONNECTION_MEMORY_LIMIT, limits.connection_memory,               //
                             MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,                                       //
                             MHD_OPTION_END);
        if (daemon == nullptr && is_tls) {
            return Error(ErrorCode::configuration,
                         "the certificate of storage.serve.tls cannot be used: both files must be PEM, and "
                         "the key must be that of "
                         "the certificate");
        }
        if (daemon == nullptr) {
            return errno_error(errno, "cannot serve connections");
        }
        [[maybe_unused]] const int now_the_daemons = listener.release();
        return loop_.start(daemon, limits.connections);
    }

    void look_after_connections() {
        const std::lock_guard lock(mutex_);
        for (RunningRequest* request : running_) {
            request->look_after();
        }
        for (const auto& [connection, owned] : connections_) {
            connection->look_after(limits_);
        }
    }

    [[nodiscard]] bool is_done() const {
        const std::lock_guard lock(mutex_);
        return connections_.empty() && exchanges_->is_empty() && lingering_->empty();
    }

    void stop_accepting() {
        if (is_stopping_) {
            return;
        }
        loop_.stop_listening();
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
        for (RunningRequest* request : running_) {
            request->close_after_this();
        }
        announce_where_idle();
    }

    [[nodiscard]] int idle_descriptor() const noexcept { return idle_.get(); }

    void abort() {
        {
            const std::lock_guard lock(mutex_);
            is_aborted_ = true;
            for (RunningRequest* request : running_) {
                request->abort();
            }
        }
        loop_.stop();
        exchanges_->wait_for_none();
    }

private:
    /// The socket is closed after it was told to go.
    static void come_or_go(void* self, MHD_Connection* connection, void** context,
                           MHD_ConnectionNotificationCode code) {
        auto& daemon = *static_cast<Daemon*>(self);
        const std::lock_guard lock(daemon.mutex_);
        if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
            daemon.heads_.erase(connection);
            daemon.let_go(*static_cast<Connection*>(*context));
            daemon.observer_->connection_went();
            return;
        }
        const auto* told = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        auto made = std::make_unique<Connection>(told->connect_fd);
        *context = made.get();
        daemon.connections_.emplace(made.get(), std::move(made));
        daemon.observer_->connection_came();
    }

    void let_go(Connection& connection) {
        if (connection.lingers()) {
            lingering_->take(Descriptor(::fcntl(connection.descriptor(), F_DUPFD_CLOEXEC, 0)));
        }
        connections_.erase(&connection);
    }

    static Connection& connection_of(MHD_Connection* connection) {
        const auto* told = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
        return *static_cast<Connection*>(told->socket_context);
    }

    /// The memory of the connection is ours to write in.
    static void* begin_head(void* self, const char* target, MHD_Connection* connection) {
        connection_of(connection).begin_head(const_cast<char*>(target));
        try {
            static_cast<Daemon*>(self)->heads_.insert(connection);
        } catch (const std::bad_alloc&) {
            // Its complaints are not heard then.
        }
        return nullptr;
    }

    /// What libmicrohttpd has to say is of single connections, and of no use to whoever runs the service; but where it complains of a whole head it answers with its own head
    /// twice, or, having no memory left, not at all.
    static void hear_complaint(void* self, const char*, va_list) {
        try {
            static_cast<Daemon*>(self)->refuse_unusable_heads();
        } catch (const std::bad_alloc&) {
            // It answers as it does.
        }
    }

    void refuse_unusable_heads() {
        for (auto head = heads_.begin(); head != heads_.end();) {
            const auto one = head++;
            if (is_between_head_and_request(*one)) {
                refuse_head(*one);
                heads_.erase(one);
            }
        }
    }

    /// Nothing that libmicrohttpd sends then gets out any more. A connection that is encrypted ends without an answer.
    void refuse_head(MHD_Connection* connection) {
        Connection& socket = connection_of(connection);
        if (!is_encrypted(connection)) {
            const Request request = read_head(connection, socket, "");
            const bool is_chunked = request.header("Transfer-Encoding") != nullptr;
            const UnusableHead fault = unusable_head(is_chunked ? nullptr : request.header("Content-Length"));
            send_at_once(socket, answer_text(refusal_of_head(request, fault.status, fault.why), headers_));
            socket.let_linger();
        }
        ::shutdown(socket.descriptor(), SHUT_WR);
    }

    static MHD_Result handle(void* self, MHD_Connection* connection, const char*, const char* method,
                             const char* version, const char* data, std::size_t* size, void** request) {
        // An exception must not go through the frames of a C library; what can be thrown is lack of memory.
        try {
            auto* running = static_cast<RunningRequest*>(*request);
            if (running == nullptr) {
                return static_cast<Daemon*>(self)->begin(connection, method, version, request);
            }
            return *size > 0 ? running->take_body({data, *size}, size) : running->end_body();
        } catch (...) {
            return MHD_NO;
        }
    }

    MHD_Result begin(MHD_Connection* connection, const char* method, const char* version, void** request) {
        heads_.erase(connection);
        Connection& socket = connection_of(connection);
        const ToldHead head = told_head(connection, method, socket.target(), version);
        auto running = std::make_unique<RunningRequest>(connection, loop_, socket, headers_, *observer_,
                                                        read_head(connection, socket, method),
                                                        Census::one_more(exchanges_));
        {
            const std::lock_guard lock(mutex_);
            if (is_aborted_) {
                return MHD_NO;
            }
            running_.insert(running.get());
            if (is_stopping_) {
                running->close_after_this();
            }
        }
        *request = running.get();
        return running.release()->begin(handler_, head);
    }

    static void forget(void* self, MHD_Connection* connection, void** request, MHD_RequestTerminationCode) {
        static_cast<Daemon*>(self)->heads_.erase(connection);
        static_cast<Daemon*>(self)->end(
            std::unique_ptr<RunningRequest>(static_cast<RunningRequest*>(std::exchange(*request, nullptr))));
    }

    void end(std::unique_ptr<RunningRequest> request) {
        {
            const std::lock_guard lock(mutex_);
            running_.erase(request.get());
            announce_where_idle();
        }
        request.reset();
    }

    void announce_where_idle() {
        if (is_stopping_ && running_.empty()) {
            announce(idle_.get());
        }
    }

    const Descriptor idle_;
    const std::vector<Header> headers_;
    const std::shared_ptr<HttpObserver> observer_;
    const Handler handler_;
    const std::shared_ptr<Census> exchanges_ = std::make_shared<Census>();
    HttpLimits limits_;
    std::unique_ptr<LingeringSockets> lingering_;
    mutable std::mutex mutex_;
    std::map<Connection*, std::unique_ptr<Connection>> connections_;
    std::set<RunningRequest*> running_;
    /// Of which a target has come, and no whole head yet; on the thread of the connections only, as are complaints.
    std::set<MHD_Connection*> heads_;
    bool is_stopping_ = false;
    bool is_aborted_ = false;
    ConnectionLoop loop_;
};

HttpServer::HttpServer(std::unique_ptr<Daemon> daemon) noexcept : daemon_(std::move(daemon)) {}

HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>> HttpServer::start(Descriptor listener, const HttpLimits& limits,
                                                      const TlsIdentity& tls, std::vector<Header> headers,
                                                      std::shared_ptr<HttpObserver> observer,
                                                      Handler handler) {
    Descriptor idle(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!idle.is_open()) {
        return errno_error(errno, "cannot wait for connections");
    }
    auto daemon = std::make_unique<Daemon>(std::move(idle), std::move(headers), std::move(observer),
                                           std::move(handler));
    if (auto started = daemon->start(std::move(listener), limits, tls); !started) {
        return started.error();
    }
    return std::unique_ptr<HttpServer>(new HttpServer(std::move(daemon)));
}

void HttpServer::look_after_connections() {
    daemon_->look_after_connections();
}

void HttpServer::stop_accepting() {
    daemon_->stop_accepting();
}

bool HttpServer::is_done() const {
    return daemon_->is_done();
}

int HttpServer::idle_descriptor() const noexcept {
    return daemon_->idle_descriptor();
}

void HttpServer::abort() {
    daemon_->abort();
}

}  // namespace filestore::tool::serve
