#include "http/exchange.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>

#include "core/ascii.h"
#include "core/stream_calls.h"
#include "core/try.h"

namespace filestore::http {

namespace {

/// Measured: 512 KiB buffers cost a third less CPU on large bodies than curl's 16 KiB; small requests do not need them.
constexpr long bulk_buffer = 512L * 1024;
/// Above this size the server is asked before the body is sent (RFC 9110, section 10.1.1).
constexpr std::uint64_t expect_threshold = std::uint64_t{1} << 20U;
constexpr std::size_t most_header_bytes = std::size_t{64} * 1024;

std::string_view trimmed(std::string_view text) noexcept {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

int status_of_line(std::string_view line) noexcept {
    const auto blank = line.find(' ');
    int status = 0;
    if (blank != std::string_view::npos) {
        std::from_chars(line.data() + blank + 1, line.data() + line.size(), status);
    }
    return status;
}

/// Every close is a reset: some servers take an orderly close in the middle of a body for its end, and keep what they have got of it. Of a connection
/// that is closed at rest nothing is lost by it.
int reset_on_close(void*, curl_socket_t socket, curlsocktype) noexcept {
    const ::linger at_once{1, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return CURL_SOCKOPT_OK;
}

ErrorDetails retryable() {
    ErrorDetails details;
    details.retryable = true;
    return details;
}

/// The public code of a failure of curl's own.
ErrorCode code_of(CURLcode code) noexcept {
    switch (code) {
        case CURLE_OUT_OF_MEMORY:
            return ErrorCode::no_memory;
        case CURLE_OPERATION_TIMEDOUT:
            return ErrorCode::timeout;
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
            return ErrorCode::configuration;
        default:
            return ErrorCode::unavailable;
    }
}

bool is_worth_retrying(CURLcode code) noexcept {
    switch (code) {
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_OUT_OF_MEMORY:
            return false;
        default:
            return true;
    }
}

}  // namespace

std::string_view ResponseHead::header(std::string_view name) const noexcept {
    for (const Header& header : headers) {
        if (equal_ignoring_case(header.name, name)) {
            return header.value;
        }
    }
    return {};
}

Exchange::Exchange(Request request, std::shared_ptr<Receiver> receiver)
    : request_(std::move(request)),
      receiver_(std::move(receiver)),
      last_activity_(std::chrono::steady_clock::now()) {}

Exchange::~Exchange() {
    curl_slist_free_all(header_list_);
}

Result<void> Exchange::prepare(CURL* handle, const TransportOptions& options) {
    handle_ = handle;
    touch();
    set_connection(options);
    set_method();
    return set_headers();
}

void Exchange::set_connection(const TransportOptions& options) {
    curl_easy_setopt(handle_, CURLOPT_URL, request_.url.c_str());
    curl_easy_setopt(handle_, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(handle_, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle_, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(handle_, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    // Without this curl would change the process's handling of SIGPIPE around its calls; our threads block it.
    curl_easy_setopt(handle_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle_, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    const auto connect_timeout = request_.connect_timeout.value_or(options.connect_timeout);
    curl_easy_setopt(handle_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect_timeout.count()));
    if (request_.direct) {
        curl_easy_setopt(handle_, CURLOPT_NOPROXY, "*");
    }
    curl_easy_setopt(handle_, CURLOPT_ERRORBUFFER, curl_message_.data());
    curl_easy_setopt(handle_, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(handle_, CURLOPT_SOCKOPTFUNCTION, &reset_on_close);
    if (!options.ca_file.empty()) {
        struct ::stat status {};
        const bool is_directory = ::stat(options.ca_file.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
        curl_easy_setopt(handle_, is_directory ? CURLOPT_CAPATH : CURLOPT_CAINFO, options.ca_file.c_str());
    }
    if (request_.bulk) {
        curl_easy_setopt(handle_, CURLOPT_BUFFERSIZE, bulk_buffer);
        curl_easy_setopt(handle_, CURLOPT_UPLOAD_BUFFERSIZE, bulk_buffer);
    }
    curl_easy_setopt(handle_, CURLOPT_HEADERFUNCTION, &Exchange::on_header);
    curl_easy_setopt(handle_, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(handle_, CURLOPT_WRITEFUNCTION, &Exchange::on_body);
    curl_easy_setopt(handle_, CURLOPT_WRITEDATA, this);
}

void Exchange::set_method() {
    switch (request_.method) {
        case Method::get:
            curl_easy_setopt(handle_, CURLOPT_HTTPGET, 1L);
            return;
        case Method::head:
            curl_easy_setopt(handle_, CURLOPT_NOBODY, 1L);
            return;
        case Method::remove:
            curl_easy_setopt(handle_, CURLOPT_CUSTOMREQUEST, "DELETE");
            return;
        case Method::post:
            curl_easy_setopt(handle_, CURLOPT_CUSTOMREQUEST, "POST");
            break;
        case Method::put:
            break;
    }
    curl_easy_setopt(handle_, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(handle_, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request_.body_size));
    curl_easy_setopt(handle_, CURLOPT_READFUNCTION, &Exchange::on_read);
    curl_easy_setopt(handle_, CURLOPT_READDATA, this);
    curl_easy_setopt(handle_, CURLOPT_SEEKFUNCTION, &Exchange::on_seek);
    curl_easy_setopt(handle_, CURLOPT_SEEKDATA, this);
}

Result<void> Exchange::set_headers() {
    for (const Header& header : request_.headers) {
        // A header without a value would be left out by curl unless it ends in ';'.
        FILESTORE_TRY(
            add_header_line(header.value.empty() ? header.name + ";" : header.name + ": " + header.value));
    }
    if (request_.body_size <= expect_threshold) {
        FILESTORE_TRY(add_header_line("Expect:"));
    }
    curl_easy_setopt(handle_, CURLOPT_HTTPHEADER, header_list_);
    return {};
}

Result<void> Exchange::add_header_line(std::string_view line) {
    if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
        return Error(ErrorCode::invalid_argument, "a request header holds a line break or NUL");
    }
    curl_slist* longer = curl_slist_append(header_list_, std::string(line).c_str());
    if (longer == nullptr) {
        return Error(ErrorCode::no_memory);
    }
    header_list_ = longer;
    return {};
}

std::size_t Exchange::on_header(char* data, std::size_t size, std::size_t count, void* self) {
    auto& exchange = *static_cast<Exchange*>(self);
    const std::string_view line = trimmed({data, size * count});
    exchange.touch();
    try {
        if (line.starts_with("HTTP/")) {
            exchange.head_ = ResponseHead{status_of_line(line), {}};
            exchange.head_complete_ = false;
        } else if (line.empty()) {
            exchange.head_complete_ = true;
        } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
            exchange.head_.headers.push_back(
                {std::string(trimmed(line.substr(0, colon))), std::string(trimmed(line.substr(colon + 1)))});
        }
        if (exchange.head_.headers.size() > most_header_bytes / 64) {
            exchange.failure_ = Error(ErrorCode::corrupt, "the server's answer has too many headers");
            return 0;
        }
    } catch (const std::bad_alloc&) {
        exchange.failure_ = Error(ErrorCode::no_memory);
        return 0;
    }
    return size * count;
}

/// Once, before the body or at the end of an answer without one.
Result<void> Exchange::announce_head() {
    if (head_announced_) {
        return {};
    }
    head_announced_ = true;
    return call_user(ErrorCode::internal, [this] { return receiver_->on_head(head_); });
}

std::size_t Exchange::on_body(char* data, std::size_t size, std::size_t count, void* self) {
    return static_cast<Exchange*>(self)->take_body(
        std::as_bytes(std::span(static_cast<const char*>(data), size * count)));
}

std::size_t Exchange::take_body(std::span<const std::byte> bytes) {
    touch();
    const std::size_t whole = bytes.size();
    if (const auto announced = announce_head(); !announced.ok()) {
        failure_ = announced.error();
        return 0;
    }
    const std::size_t skipped = std::min(already_taken_, bytes.size());
    std::size_t taken = skipped;
    while (taken < whole) {
        const auto step =
            call_user(ErrorCode::internal, [&] { return receiver_->on_body(bytes.subspan(taken), *wake_); });
        if (!step.ok()) {
            failure_ = step.error();
            return 0;
        }
        if (step->would_block) {
            already_taken_ = taken + (already_taken_ - skipped);
            receive_paused_ = true;
            return CURL_WRITEFUNC_PAUSE;
        }
        taken += step->bytes;
    }
    already_taken_ -= skipped;
    return whole;
}

std::size_t Exchange::on_read(char* data, std::size_t size, std::size_t count, void* self) {
    return static_cast<Exchange*>(self)->give_body(std::as_writable_bytes(std::span(data, size * count)));
}

std::size_t Exchange::give_body(std::span<std::byte> into) {
    touch();
    const auto step = read_source(*request_.body, into, *wake_);
    if (!step.ok()) {
        failure_ = step.error();
        return CURL_READFUNC_ABORT;
    }
    if (step->would_block) {
        send_paused_ = true;
        return CURL_READFUNC_PAUSE;
    }
    return step->bytes;
}

/// curl sends the body again when a kept connection turns out to be dead.
int Exchange::on_seek(void* self, curl_off_t offset, int origin) {
    auto& exchange = *static_cast<Exchange*>(self);
    if (offset != 0 || origin != SEEK_SET || !exchange.request_.body->can_rewind()) {
        return CURL_SEEKFUNC_CANTSEEK;
    }
    const auto rewound =
        call_user(ErrorCode::source_failed, [&] { return exchange.request_.body->rewind(); });
    return rewound.ok() ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

void Exchange::resume_if_asked() {
    if (!resume_asked_.exchange(false)) {
        return;
    }
    receive_paused_ = false;
    send_paused_ = false;
    touch();
    if (handle_ != nullptr) {
        curl_easy_pause(handle_, CURLPAUSE_CONT);
    }
}

Result<void> Exchange::check_limits(std::chrono::steady_clock::time_point now,
                                    std::chrono::milliseconds stall_timeout) {
    if (request_.cancel.stop_requested()) {
        return Error(ErrorCode::cancelled);
    }
    if (request_.deadline && now >= *request_.deadline) {
        return Error(ErrorCode::timeout, "the deadline passed before the server had answered");
    }
    note_sent_bytes();
    const bool waits_for_caller = receive_paused_ || send_paused_ || handle_ == nullptr;
    if (!waits_for_caller && now - last_activity_ > stall_timeout) {
        return Error(ErrorCode::timeout,
                     "no byte moved for " + std::to_string(stall_timeout.count() / 1000) + " seconds",
                     retryable());
    }
    return {};
}

/// The request has been sent, and its answer's head has not come whole.
bool Exchange::awaits_head() const noexcept {
    long sent = 0;
    return !head_complete_ && curl_easy_getinfo(handle_, CURLINFO_REQUEST_SIZE, &sent) == CURLE_OK &&
           sent > 0;
}

/// A large buffer takes long to send on a slow line, and curl asks for more bytes only when it is empty.
void Exchange::note_sent_bytes() noexcept {
    curl_off_t sent = 0;
    if (handle_ != nullptr && curl_easy_getinfo(handle_, CURLINFO_SIZE_UPLOAD_T, &sent) == CURLE_OK &&
        sent != sent_) {
        sent_ = sent;
        touch();
    }
}

Result<void> Exchange::outcome(CURLcode code) {
    if (failure_) {
        return *failure_;
    }
    // curl takes a connection that is closed between two headers for the end of the answer.
    if (code == CURLE_OK && !head_complete_) {
        return Error(ErrorCode::unavailable, "the server closed the connection in the middle of its answer",
                     retryable());
    }
    if (code == CURLE_OK) {
        return announce_head();
    }
    // curl's word for a header line above its own limit, too.
    if (code == CURLE_OUT_OF_MEMORY && handle_ != nullptr && awaits_head()) {
        return Error(ErrorCode::corrupt,
                     "the server's answer has a header line of more than 100 KiB, or memory ran out");
    }
    std::string message = curl_message_[0] != '\0' ? curl_message_.data() : curl_easy_strerror(code);
    return Error(code_of(code), std::move(message), is_worth_retrying(code) ? retryable() : ErrorDetails{});
}

void Exchange::finish(Result<void> outcome) noexcept {
    request_.body.reset();
    receiver_->on_done(std::move(outcome));
}

}  // namespace filestore::http
