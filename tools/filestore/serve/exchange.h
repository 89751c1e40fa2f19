#pragma once

/// One request and its answer, between the connection, which feeds it, and the handler, which answers it.

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/error.h"
#include "serve/message.h"

namespace filestore::tool::serve {

/// Takes the body of a request as it comes. A resource, used on the thread of the connections only; nothing in it may wait.
class BodyTaker {
public:
    static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

    BodyTaker() = default;
    BodyTaker(const BodyTaker&) = delete;
    BodyTaker& operator=(const BodyTaker&) = delete;
    virtual ~BodyTaker() = default;

    virtual void take(std::string_view bytes) = 0;
    /// How many bytes may come now; where there are none, the connection is to be woken later.
    [[nodiscard]] virtual std::size_t room() const { return unlimited; }
    /// Nothing more has come yet: what was held back to be more is to be used.
    virtual void hand_over() {}
    /// The body is whole. Without it the body was cut, and whatever has been begun is to be undone by the destructor.
    virtual void end() = 0;
};

/// The head of a part of a form. A value.
struct FormPart {
    std::string name;
    std::optional<std::string> file_name;
    std::optional<std::string> content_type;
};

/// Why a form is none; `cut` is one that ends before its end is marked, `long_part` has too much text in a part that is no file, and the last two are of a URL's. A value.
enum class FormFault {
    no_form,
    no_boundary,
    invalid,
    nameless_part,
    broken,
    cut,
    long_part,
    long_field,
    many_fields
};

/// Takes the parts of a form as they come; as BodyTaker.
class FormTaker {
public:
    FormTaker() = default;
    FormTaker(const FormTaker&) = delete;
    FormTaker& operator=(const FormTaker&) = delete;
    virtual ~FormTaker() = default;

    virtual void begin_part(const FormPart& part) = 0;
    virtual void take(std::string_view bytes) = 0;
    [[nodiscard]] virtual std::size_t room() const { return BodyTaker::unlimited; }
    virtual void hand_over() {}
    /// The form is whole.
    virtual void end() = 0;
    /// There is no form, or it is broken; no other call follows. What has been begun is to be undone.
    virtual void fail(FormFault fault) = 0;
};

struct Route;

/// What a request came to. A value.
struct Traffic {
    /// 0 where it was not answered.
    unsigned status = 0;
    /// Bytes of the two bodies.
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    std::chrono::steady_clock::duration duration{};
    /// As Response has it.
    std::string broken_rule{};
};

class Exchange;

/// Is told of connections and requests, on the thread of the connections; it must not wait. A resource.
class HttpObserver {
public:
    HttpObserver() = default;
    HttpObserver(const HttpObserver&) = delete;
    HttpObserver& operator=(const HttpObserver&) = delete;
    virtual ~HttpObserver() = default;

    virtual void connection_came() noexcept = 0;
    virtual void connection_went() noexcept = 0;
    virtual void request_ended(const Exchange& exchange, const Traffic& traffic) = 0;
};

/// A resource, shared by the connection and by the calls of the store that work for it; thread-safe, but for the members that say otherwise.
class Exchange {
public:
    /// `wake_connection` may be called at any time, also when the connection has gone. `lifetime` is let go with the exchange.
    Exchange(Request request, std::function<void()> wake_connection, std::shared_ptr<void> lifetime)
        : request_(std::move(request)),
          wake_connection_(std::move(wake_connection)),
          lifetime_(std::move(lifetime)) {}

    [[nodiscard]] const Request& request() const noexcept { return request_; }
    /// For who finds the route, before the handler is called.
    void set_file_id(std::string file_id) { request_.file_id = std::move(file_id); }
    void set_route(const Route* route, bool is_upload) noexcept {
        route_ = route;
        is_upload_ = is_upload;
    }
    /// Null where there is none.
    [[nodiscard]] const Route* route() const noexcept { return route_; }
    [[nodiscard]] bool is_upload() const noexcept { return is_upload_; }
    /// What the handler works with lives for as long as the exchange.
    void keep(std::shared_ptr<const void> kept) noexcept { kept_ = std::move(kept); }
    [[nodiscard]] const std::function<void()>& wake_connection() const noexcept { return wake_connection_; }

    /// For the handler, once, before it returns: who takes the body. Without it the body is dropped.
    std::unique_ptr<BodyTaker> body_taker;
    std::unique_ptr<FormTaker> form_taker;

    /// For who finds the route, before the handler is called: the answer gets these, too.
    void add_headers(std::vector<Header> headers) { more_headers_ = std::move(headers); }

    /// The answer. The first one counts.
    void respond(Response response);
    [[nodiscard]] bool is_answered() const;
    /// For the connection: the answer, once.
    [[nodiscard]] std::optional<Response> take_response();

    /// Requested when the client has gone, or the service ends.
    [[nodiscard]] std::stop_token stop_token() const noexcept { return stop_.get_token(); }
    void stop() { stop_.request_stop(); }

private:
    Request request_;
    const std::function<void()> wake_connection_;
    const std::shared_ptr<void> lifetime_;
    std::shared_ptr<const void> kept_;
    std::stop_source stop_;
    const Route* route_ = nullptr;
    bool is_upload_ = false;
    std::vector<Header> more_headers_;
    mutable std::mutex mutex_;
    bool is_answered_ = false;
    std::optional<Response> response_;
};

}  // namespace filestore::tool::serve
