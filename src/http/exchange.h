#pragma once

/// One request and its answer on a curl easy handle. Only src/http includes this header.

#include <curl/curl.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "http/curl_transport.h"
#include "http/head_reader.h"
#include "http/limits.h"
#include "http/sockets.h"
#include "http/trust.h"

namespace filestore::http {

/// A resource; used by its event loop's thread only, but for ask_to_resume().
class Exchange {
public:
    using Time = std::chrono::steady_clock::time_point;

    Exchange(Request request, std::shared_ptr<Receiver> receiver);
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    [[nodiscard]] const Request& request() const noexcept { return request_; }

    void set_wake(Wake wake) { wake_ = std::move(wake); }

    /// The limit for connecting counts from `now` on: name lookup first.
    void begin(Time now, const TransportOptions& options) noexcept;

    /// Takes begin() back.
    void put_off() noexcept { connect_until_.reset(); }

    /// Sets the handle up for this exchange, which has begun, and borrows handle, options and trust until release_handle().
    [[nodiscard]] Result<void> prepare(CURL* handle, const TransportOptions& options, std::string proxy,
                                       const Trust& trust);

    /// After prepare(): `sockets`, which it borrows as those, opens what it is sent over.
    void send_over(Sockets& sockets);

    [[nodiscard]] CURL* handle() const noexcept { return handle_; }

    /// The handle, which is no longer used afterwards; null where there was none.
    [[nodiscard]] CURL* release_handle() noexcept { return std::exchange(handle_, nullptr); }

    /// A stream that had made it pause is ready. From any thread.
    void ask_to_resume() noexcept { resume_asked_.store(true); }

    /// The caller's switch is set to pause.
    [[nodiscard]] bool is_held() const noexcept { return request_.pause && request_.pause->is_paused(); }

    /// Its source or receiver has made it wait for long: others may run in its place, and one of them may be what is waited for.
    [[nodiscard]] bool is_kept_waiting(Time now) const noexcept {
        constexpr std::chrono::seconds long_wait{1};
        return (receive_paused_ || send_paused_) && now - paused_at_ >= long_wait;
    }

    /// Whether the request can be put off and prepared again: none of it has been sent, nor the receiver been told so.
    [[nodiscard]] bool is_unsent() const noexcept;

    /// Pauses and goes on as the switch and the streams say. A failure is that of a stream that went on, and ends the exchange.
    [[nodiscard]] Result<void> follow_pauses();

    /// `cancelled`; `timeout` once the deadline has passed, the names took too long or too little has moved.
    [[nodiscard]] Result<void> check_limits(Time now);

    /// When check_limits() may fail though nothing happens until then.
    [[nodiscard]] Time next_limit() const noexcept;

    /// What curl's code says of the whole exchange.
    [[nodiscard]] Result<void> outcome(CURLcode code);

    /// Lets go of the body, then answers the receiver.
    void finish(Result<void> outcome) noexcept;

private:
    static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
    static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
    static std::size_t on_read(char* data, std::size_t size, std::size_t count, void* self);
    static int on_sending(void* self, char* address, char* local_address, int port, int local_port) noexcept;
    static int on_seek(void* self, curl_off_t offset, int origin);

    void set_method();
    void set_body_at_once();
    void set_callbacks();
    [[nodiscard]] Result<void> set_headers(const TransportOptions& options);
    void add_expectation(const TransportOptions& options);
    [[nodiscard]] Result<void> add_header(const Header& header);
    void add_header_line(std::string_view line);
    void link_header_lines();
    [[nodiscard]] Result<void> announce_head();
    [[nodiscard]] std::size_t take_body(std::span<const std::byte> bytes);
    [[nodiscard]] std::size_t give_body(std::span<std::byte> into);
    [[nodiscard]] Error failed_by(CURLcode code) const;
    [[nodiscard]] bool pauses_for_switch() noexcept;
    [[nodiscard]] Observation observe() const noexcept;
    [[nodiscard]] std::uint64_t bytes_held_by_system() const noexcept;
    [[nodiscard]] bool waits_for_caller() const noexcept {
        return handle_ == nullptr || held_ || receive_paused_ || send_paused_;
    }

    Request request_;
    std::shared_ptr<Receiver> receiver_;
    std::optional<Wake> wake_;
    std::atomic<bool> resume_asked_{false};
    /// Once it has begun.
    std::optional<Time> connect_until_;
    std::chrono::milliseconds connect_limit_{0};
    CURL* handle_ = nullptr;
    /// The loop's.
    const Trust* trust_ = nullptr;
    std::string_view name_of_ca_file_;
    Sockets* sockets_ = nullptr;
    /// The lines of the request's head, each with a NUL behind it, and the list that libcurl takes.
    std::string header_text_;
    std::vector<curl_slist> header_lines_;
    std::array<char, CURL_ERROR_SIZE> curl_message_{};

    bool told_of_sending_ = false;
    /// What the request goes out on.
    curl_socket_t socket_ = CURL_SOCKET_BAD;
    HeadReader head_;
    bool head_announced_ = false;
    /// Bytes of a paused piece that the receiver had taken: curl hands the whole piece over again.
    std::size_t already_taken_ = 0;
    bool receive_paused_ = false;
    bool send_paused_ = false;
    /// By one of them.
    Time paused_at_{};
    /// Paused by the switch, which may have changed since.
    bool held_ = false;
    /// A callback saw the switch and paused its direction only.
    bool half_held_ = false;
    /// What the source, the receiver or a callback failed with.
    std::optional<Error> failure_;
    std::optional<ProgressWatch> watch_;
};

}  // namespace filestore::http
