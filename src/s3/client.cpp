#include "s3/client.h"

#include <algorithm>
#include <utility>

#include "core/ascii.h"
#include "core/stream_calls.h"
#include "core/text.h"
#include "core/try.h"
#include "s3/credentials/credentials.h"
#include "s3/protocol/errors.h"
#include "s3/protocol/xml.h"

namespace filestore::s3 {

namespace {

/// A list page of 1,000 long keys stays far below.
constexpr std::size_t most_kept_body = std::size_t{16} * 1024 * 1024;
constexpr std::size_t most_kept_error_body = std::size_t{64} * 1024;

std::string_view method_name(http::Method method) {
    switch (method) {
        case http::Method::get:
            return "GET";
        case http::Method::head:
            return "HEAD";
        case http::Method::put:
            return "PUT";
        case http::Method::post:
            return "POST";
        case http::Method::remove:
            return "DELETE";
    }
    return "GET";
}

/// "PUT 'key' in bucket 'b' at host": leads every message.
std::string describe(const Call& call, const S3Options& options, const Endpoint& endpoint) {
    std::string text(method_name(call.method));
    if (!call.key.empty()) {
        text += " " + quoted(call.key);
    }
    return text + " in bucket " + quoted(options.bucket) + " at " + endpoint.scheme + "://" + endpoint.host;
}

/// Cheap for the long lists that are no errors: an error document is short and begins with its root.
bool is_error_document(std::string_view body) {
    constexpr std::size_t prologue = 256;
    return body.substr(0, prologue).find("<Error") != std::string_view::npos && parse_error(body);
}

/// Gathers one answer and tells a success from an error answer.
class CallReceiver final : public http::Receiver {
public:
    CallReceiver(Call call, std::string attempted, std::function<void(Result<Answer>)> done)
        : call_(std::move(call)),
          bodiless_(call_.method == http::Method::head),
          attempted_(std::move(attempted)),
          done_(std::move(done)) {}

    Result<void> on_head(const http::ResponseHead& head) override {
        answer_.status = head.status;
        for (const http::Header& header : head.headers) {
            answer_.headers.push_back({to_lower(header.name), header.value});
        }
        return is_success() && call_.on_head ? call_.on_head(answer_) : Result<void>();
    }

    Result<IoStep> on_body(std::span<const std::byte> bytes, const Wake& wake) override {
        if (is_success() && call_.on_body) {
            return call_.on_body(bytes, wake);
        }
        const std::size_t most = is_success() ? most_kept_body : most_kept_error_body;
        if (is_success() && answer_.body.size() + bytes.size() > most) {
            return Error(ErrorCode::corrupt, "the answer is larger than 16 MiB");
        }
        const std::size_t kept = std::min(bytes.size(), most - answer_.body.size());
        answer_.body.append(reinterpret_cast<const char*>(bytes.data()), kept);
        return IoStep{bytes.size(), false};
    }

    void on_done(Result<void> outcome) noexcept override {
        const auto done = std::exchange(done_, nullptr);
        call_ = {};
        done(call_user(ErrorCode::internal, [&] { return result(outcome); }));
    }

private:
    Result<Answer> result(const Result<void>& outcome) {
        if (!outcome.ok()) {
            return outcome.error().within(attempted_);
        }
        // Servers that began an answer of success before they failed say so in its body.
        if (!is_success() || is_error_document(answer_.body)) {
            return error_of_answer({answer_.status,
                                    bodiless_ ? std::nullopt : std::optional<std::string_view>(answer_.body),
                                    answer_.header("x-amz-request-id"), attempted_});
        }
        return std::move(answer_);
    }

    [[nodiscard]] bool is_success() const noexcept { return answer_.status >= 200 && answer_.status < 300; }

    Call call_;
    const bool bodiless_;
    std::string attempted_;
    std::function<void(Result<Answer>)> done_;
    Answer answer_;
};

}  // namespace

std::string_view Answer::header(std::string_view name) const noexcept {
    const auto found = std::find_if(headers.begin(), headers.end(),
                                    [&](const NameValue& header) { return header.name == name; });
    return found == headers.end() ? std::string_view() : std::string_view(found->value);
}

Client::Client(S3Options options, Endpoint endpoint, std::shared_ptr<http::Transport> transport)
    : options_(std::move(options)), endpoint_(std::move(endpoint)), transport_(std::move(transport)) {}

Result<Credentials> Client::credentials() {
    const std::lock_guard lock(mutex_);
    if (!credentials_) {
        FILESTORE_TRY_ASSIGN(credentials_, find_credentials(options_));
    }
    return *credentials_;
}

SigningScope Client::scope() const {
    return {options_.region, "s3", options_.clock->now()};
}

void Client::send(Call call, std::function<void(Result<Answer>)> done) {
    const auto keys = credentials();
    if (!keys.ok()) {
        return done(keys.error());
    }
    const Target target = object_target(endpoint_, call.key, call.query);
    SigningRequest signing{std::string(method_name(call.method)), target.path, call.query, call.headers,
                           call.payload_hash};
    signing.headers.push_back({"host", endpoint_.host});

    http::Request request;
    request.method = call.method;
    request.url = target.url;
    for (const NameValue& header : call.headers) {
        request.headers.push_back({header.name, header.value});
    }
    for (NameValue& header : sign_headers(signing, *keys, scope())) {
        request.headers.push_back({std::move(header.name), std::move(header.value)});
    }
    request.body = call.body;
    request.body_size = call.body_size;
    request.bulk = call.bulk;
    request.cancel = call.cancel;
    request.deadline = call.deadline;
    std::string attempted = describe(call, options_, endpoint_);
    transport_->send(std::move(request),
                     std::make_shared<CallReceiver>(std::move(call), std::move(attempted), std::move(done)));
}

Result<std::string> Client::presign(std::string_view method, std::string_view key,
                                    std::chrono::seconds expires) {
    FILESTORE_TRY_ASSIGN(const Credentials keys, credentials());
    SigningRequest signing;
    signing.method = method;
    signing.path = object_target(endpoint_, key, {}).path;
    signing.headers.push_back({"host", endpoint_.host});
    const std::vector<NameValue> query = presign_query(signing, keys, scope(), expires);
    return object_target(endpoint_, key, query).url;
}

}  // namespace filestore::s3
