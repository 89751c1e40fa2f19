#pragma once

/// Sends signed S3 requests over the transport. Which operation a request is, the caller knows; retries do not happen here.

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "filestore/call.h"
#include "filestore/s3_backend.h"
#include "http/transport.h"
#include "s3/protocol/endpoint.h"
#include "s3/protocol/signing.h"
#include "s3/protocol/uri.h"

namespace filestore::s3 {

/// An answer of status 2xx. A value.
struct Answer {
    int status = 0;
    std::vector<NameValue> headers;
    std::string body;

    /// Empty where there is none; `name` in lower case.
    [[nodiscard]] std::string_view header(std::string_view name) const noexcept;
};

/// One request. A value.
struct Call {
    http::Method method = http::Method::get;
    /// Empty: the bucket itself.
    std::string key;
    /// Decoded.
    std::vector<NameValue> query;
    /// All are signed.
    std::vector<NameValue> headers;
    std::shared_ptr<Source> body;
    std::uint64_t body_size = 0;
    std::string payload_hash{empty_payload_hash};
    bool bulk = false;
    std::stop_token cancel;
    std::optional<std::chrono::steady_clock::time_point> deadline;

    /// For an answer of status 2xx only, on an event loop; either may be empty. on_head sees an answer
    /// without its body. Without on_body the body is kept in the Answer.
    std::function<Result<void>(const Answer&)> on_head;
    std::function<Result<IoStep>(std::span<const std::byte>, const Wake&)> on_body;
};

/// A resource held by std::shared_ptr; thread-safe.
class Client {
public:
    Client(S3Options options, Endpoint endpoint, std::shared_ptr<http::Transport> transport);

    /// Answers through `done`, exactly once, on an event loop (or, when nothing can be sent, at once). An answer of another status than 2xx is an
    /// Error (see errors.h). `done` does not throw. Where this throws std::bad_alloc, nothing was sent and `done` is not called.
    void send(Call call, std::function<void(Result<Answer>)> done);

    /// A URL that carries its signature.
    [[nodiscard]] Result<std::string> presign(std::string_view method, std::string_view key,
                                              std::chrono::seconds expires);

    /// See http::Transport::close().
    void close() noexcept { transport_->close(); }

    [[nodiscard]] const S3Options& options() const noexcept { return options_; }
    [[nodiscard]] const Endpoint& endpoint() const noexcept { return endpoint_; }

private:
    [[nodiscard]] Result<Credentials> credentials();
    [[nodiscard]] SigningScope scope() const;

    const S3Options options_;
    const Endpoint endpoint_;
    const std::shared_ptr<http::Transport> transport_;
    std::mutex mutex_;
    std::optional<Credentials> credentials_;
};

}  // namespace filestore::s3
