#include "http/exchange.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>

#include "core/ascii.h"
#include "core/stream_calls.h"
#include "core/text.h"
#include "core/try.h"
#include "http/curl_error.h"
#include "http/handle_setup.h"
#include "http/proxy.h"
#include "http/retryable.h"

namespace filestore::http {

Exchange::Exchange(Request request, std::shared_ptr<Receiver> receiver)
    : request_(std::move(request)), receiver_(std::move(receiver)) {}

void Exchange::begin(Time now, const TransportOptions& options) noexcept {
    connect_limit_ = request_.connect_timeout.value_or(options.connect_timeout);
    connect_until_ = now + connect_limit_;
    receiver_->on_begun();
}

Result<void> Exchange::prepare(CURL* handle, const TransportOptions& options, std::string proxy,
                               const Trust& trust) {
    const Time now = std::chrono::steady_clock::now();
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*connect_until_ - now);
    handle_ = handle;
    trust_ = &trust;
    name_of_ca_file_ = options.name_of_ca_file;
    watch_.emplace(LimitSettings{request_.first_byte_timeout.value_or(options.first_byte_timeout),
                                 options.stall_window, request_.may_trickle ? 1 : options.stall_bytes},
                   now);
    // libcurl takes 0 for a limit of its own.
    set_up_handle(handle_, request_, options,
                  {std::move(proxy), std::max(left, std::chrono::milliseconds(1))}, trust);
    set_callbacks();
    set_method();
    return set_headers(options);
}

void Exchange::set_callbacks() {
    curl_easy_setopt(handle_, CURLOPT_ERRORBUFFER, curl_message_.data());
    curl_easy_setopt(handle_, CURLOPT_HEADERFUNCTION, &Exchange::on_header);
    curl_easy_setopt(handle_, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(handle_, CURLOPT_WRITEFUNCTION, &Exchange::on_body);
    curl_easy_setopt(handle_, CURLOPT_WRITEDATA, this);
}

void Exchange::send_over(Sockets& sockets) {
    sockets_ = &sockets;
    sockets.set_up(handle_);
    curl_easy_setopt(handle_, CURLOPT_PREREQFUNCTION, &Exchange::on_sending);
    curl_easy_setopt(handle_, CURLOPT_PREREQDATA, this);
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
        case Method::patch:
            curl_easy_setopt(handle_, CURLOPT_CUSTOMREQUEST, "PATCH");
            break;
        case Method::put:
            break;
    }
    if (!request_.body_at_once.empty()) {
        set_body_at_once();
        return;
    }
    curl_easy_setopt(handle_, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(handle_, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request_.body_size));
    curl_easy_setopt(handle_, CURLOPT_READFUNCTION, &Exchange::on_read);
    curl_easy_setopt(handle_, CURLOPT_READDATA, this);
    curl_easy_setopt(handle_, CURLOPT_SEEKFUNCTION, &Exchange::on_seek);
    curl_easy_setopt(handle_, CURLOPT_SEEKDATA, this);
}

/// libcurl sends what a POST has of fields with its head, and reads the body of an upload only afterwards.
void Exchange::set_body_at_once() {
    const auto size = static_cast<curl_off_t>(request_.body_at_once.size());
    curl_easy_setopt(handle_, CURLOPT_POST, 1L);
    curl_easy_setopt(handle_, CURLOPT_POSTFIELDSIZE_LARGE, size);
    curl_easy_setopt(handle_, CURLOPT_POSTFIELDS, request_.body_at_once.data());
    if (request_.method == Method::put) {
        curl_easy_setopt(handle_, CURLOPT_CUSTOMREQUEST, "PUT");
    }
}

Result<void> Exchange::set_headers(const TransportOptions& options) {
    header_text_.clear();
    bool names_encodings = false;
    for (const Header& header : request_.headers) {
        names_encodings = names_encodings || equal_ignoring_case(header.name, "accept-encoding");
        FILESTORE_TRY(add_header(header));
    }
    // The bytes as they are stored. Not part of any signature: some servers change it on the way.
    if (!names_encodings) {
        add_header_line("Accept-Encoding: identity");
    }
    add_expectation(options);
    link_header_lines();
    curl_easy_setopt(handle_, CURLOPT_HTTPHEADER, header_lines_.data());
    return {};
}

/// Above its own threshold curl asks by itself, and takes the question back where the server does not know it (status 417).
void Exchange::add_expectation(const TransportOptions& options) {
    constexpr std::uint64_t curls_threshold = std::uint64_t{1} << 20U;
    if (!request_.body) {
        return;
    }
    if (!options.expect_threshold || request_.body_size <= *options.expect_threshold) {
        add_header_line("Expect:");
    } else if (request_.body_size <= curls_threshold) {
        add_header_line("Expect: 100-continue");
    }
}

Result<void> Exchange::add_header(const Header& header) {
    for (const std::string_view text : {std::string_view(header.name), std::string_view(header.value)}) {
        for (const char forbidden : {'\r', '\n', '\0'}) {
            if (text.find(forbidden) != std::string_view::npos) {
                return Error(ErrorCode::invalid_argument, "a request header holds a line break or NUL");
            }
        }
    }
    header_text_.append(header.name);
    // A header without a value would be left out by curl unless it ends in ';'.
    if (header.value.empty()) {
        header_text_.append(1, ';');
    } else {
        header_text_.append(": ").append(header.value);
    }
    header_text_.append(1, '\0');
    return {};
}

void Exchange::add_header_line(std::string_view line) {
    header_text_.append(line).append(1, '\0');
}

/// libcurl reads the list, and never writes to it.
void Exchange::link_header_lines() {
    header_lines_.clear();
    for (std::size_t at = 0; at < header_text_.size(); at = header_text_.find('\0', at) + 1) {
        header_lines_.push_back({header_text_.data() + at, nullptr});
    }
    for (std::size_t at = 1; at < header_lines_.size(); ++at) {
        header_lines_[at - 1].next = &header_lines_[at];
    }
}

std::size_t Exchange::on_header(char* data, std::size_t size, std::size_t count, void* self) {
    auto& exchange = *static_cast<Exchange*>(self);
    const auto taken = call_user(ErrorCode::internal, [&] {
        return exchange.head_.take({data, size * count});
    });
    if (!taken.ok()) {
        exchange.failure_ = taken.error();
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
    return call_user(ErrorCode::internal, [this] { return receiver_->on_head(head_.head()); });
}

std::size_t Exchange::on_body(char* data, std::size_t size, std::size_t count, void* self) {
    return static_cast<Exchange*>(self)->take_body(
        std::as_bytes(std::span(static_cast<const char*>(data), size * count)));
}

std::size_t Exchange::take_body(std::span<const std::byte> bytes) {
    if (pauses_for_switch()) {
        return CURL_WRITEFUNC_PAUSE;
    }
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
            paused_at_ = std::chrono::steady_clock::now();
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
    if (pauses_for_switch()) {
        return CURL_READFUNC_PAUSE;
    }
    const auto step = read_source(*request_.body, into, *wake_);
    if (!step.ok()) {
        failure_ = step.error();
        return CURL_READFUNC_ABORT;
    }
    if (step->would_block) {
        send_paused_ = true;
        paused_at_ = std::chrono::steady_clock::now();
        return CURL_READFUNC_PAUSE;
    }
    if (step->bytes > 0) {
        receiver_->on_body_sent();
    }
    return step->bytes;
}

/// curl sends a request again when a kept connection ends before the first line of an answer, and does not say so.
int Exchange::on_sending(void* self, char* address, char* local_address, int port, int local_port) noexcept {
    auto& exchange = *static_cast<Exchange*>(self);
    const auto connection = exchange.sockets_->take({address, port}, {local_address, local_port});
    exchange.socket_ = connection.descriptor;
    if (connection.alive) {
        exchange.told_of_sending_ = true;
        exchange.receiver_->on_sending();
    }
    return CURL_PREREQFUNC_OK;
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

/// In a callback, which may come before the loop has heard of the switch.
bool Exchange::pauses_for_switch() noexcept {
    if (!is_held()) {
        return false;
    }
    held_ = true;
    half_held_ = true;
    return true;
}

bool Exchange::is_unsent() const noexcept {
    long sent = 0;
    return !told_of_sending_ && curl_easy_getinfo(handle_, CURLINFO_REQUEST_SIZE, &sent) == CURLE_OK &&
           sent == 0;
}

Result<void> Exchange::follow_pauses() {
    const bool held = is_held();
    const bool woken = resume_asked_.exchange(false);
    if (!woken && !half_held_ && held == held_) {
        return {};
    }
    if (woken) {
        receive_paused_ = false;
        send_paused_ = false;
    }
    held_ = held;
    half_held_ = false;
    watch_->restart(std::chrono::steady_clock::now());
    const int paused =
        (held || receive_paused_ ? CURLPAUSE_RECV : 0) | (held || send_paused_ ? CURLPAUSE_SEND : 0);
    // May call back for what curl holds already.
    curl_easy_pause(handle_, paused);
    return failure_ ? Result<void>(*failure_) : Result<void>();
}

Result<void> Exchange::check_limits(Time now) {
    if (request_.cancel.stop_requested()) {
        return Error(ErrorCode::cancelled);
    }
    if (request_.deadline && now >= *request_.deadline) {
        return Error(ErrorCode::timeout, "the deadline passed before the server had answered");
    }
    if (handle_ == nullptr && connect_until_ && now >= *connect_until_) {
        return Error(ErrorCode::timeout,
                     "the name lookup for " + quoted(host_of(request_.url)) + " took longer than " +
                         in_words(connect_limit_),
                     retryable());
    }
    if (waits_for_caller()) {
        return {};
    }
    return watch_->look(now, observe());
}

Exchange::Time Exchange::next_limit() const noexcept {
    const Time deadline = request_.deadline.value_or(Time::max());
    if (handle_ == nullptr) {
        return std::min(deadline, connect_until_.value_or(Time::max()));
    }
    return waits_for_caller() ? deadline : std::min(deadline, watch_->next_limit());
}

Observation Exchange::observe() const noexcept {
    curl_off_t sent = 0;
    curl_off_t received = 0;
    curl_off_t before_transfer = 0;
    curl_easy_getinfo(handle_, CURLINFO_SIZE_UPLOAD_T, &sent);
    curl_easy_getinfo(handle_, CURLINFO_SIZE_DOWNLOAD_T, &received);
    curl_easy_getinfo(handle_, CURLINFO_PRETRANSFER_TIME_T, &before_transfer);
    const auto bytes_taken = static_cast<std::uint64_t>(sent);
    const std::uint64_t held = std::min(bytes_taken, bytes_held_by_system());
    const bool is_given = bytes_taken >= request_.body_size;
    return {before_transfer > 0, is_given && held == 0, is_given && held > 0, head_.is_final(),
            bytes_taken - held + static_cast<std::uint64_t>(received) + head_.bytes()};
}

/// Of the body, megabytes may wait in the socket for a slow line: they have not been sent.
std::uint64_t Exchange::bytes_held_by_system() const noexcept {
    int held = 0;
    if (request_.body_size == 0 || socket_ == CURL_SOCKET_BAD || ::ioctl(socket_, SIOCOUTQ, &held) != 0) {
        return 0;
    }
    return static_cast<std::uint64_t>(std::max(held, 0));
}

Result<void> Exchange::outcome(CURLcode code) {
    if (failure_) {
        return *failure_;
    }
    if (code != CURLE_OK) {
        return failed_by(code);
    }
    // curl takes a connection that is closed between two headers for the end of the answer.
    if (!head_.is_complete() || !head_.is_final()) {
        return Error(ErrorCode::unavailable, "the server closed the connection in the middle of its answer",
                     retryable());
    }
    return announce_head();
}

Error Exchange::failed_by(CURLcode code) const {
    long proxy_status = 0;
    curl_easy_getinfo(handle_, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
    const std::string trusted = trust_->described();
    return error_of(code, {curl_message_.data(), host_of(request_.url), trusted, name_of_ca_file_,
                           proxy_status, !is_unsent() && !(head_.is_complete() && head_.is_final())});
}

void Exchange::finish(Result<void> outcome) noexcept {
    request_.body.reset();
    receiver_->on_done(std::move(outcome));
}

}  // namespace filestore::http
