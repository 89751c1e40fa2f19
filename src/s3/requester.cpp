#include "s3/requester.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "core/ascii.h"
#include "core/call_limits.h"
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

std::string_view method_name(PresignMethod method) {
    switch (method) {
        case PresignMethod::put:
            return "PUT";
        case PresignMethod::head:
            return "HEAD";
        case PresignMethod::remove:
            return "DELETE";
        case PresignMethod::get:
            break;
    }
    return "GET";
}

/// "PUT 'key' in bucket 'b' at host": leads every message.
std::string describe(const Call& call, const Endpoint& endpoint) {
    std::string text(method_name(call.method));
    if (!call.key.empty()) {
        text += " " + quoted(call.key);
    }
    return text + " in bucket " + quoted(call.bucket) + " at " + endpoint.scheme + "://" + endpoint.host;
}

/// Cheap for the long lists that are no errors: an error document is short and begins with its root.
bool is_error_document(std::string_view body) {
    constexpr std::size_t prologue = 256;
    const auto text = body.substr(std::min(body.find_first_not_of(" \t\r\n"), body.size()));
    return text.substr(0, prologue).find("<Error") != std::string_view::npos && parse_error(text);
}

}  // namespace

std::string_view Answer::header(std::string_view name) const noexcept {
    const auto found = std::find_if(headers.begin(), headers.end(),
                                    [&](const NameValue& header) { return header.name == name; });
    return found == headers.end() ? std::string_view() : std::string_view(found->value);
}

/// A call until it is answered: its attempts, and the waits between them. A resource held by std::shared_ptr; its steps never overlap.
class Requester::RunningCall final : public Wake::Target, public std::enable_shared_from_this<RunningCall> {
public:
    RunningCall(std::shared_ptr<Requester> requester, Endpoint endpoint, Call call,
                std::function<void(Outcome)> done)
        : requester_(std::move(requester)),
          endpoint_(std::move(endpoint)),
          call_(std::move(call)),
          done_(std::move(done)),
          attempted_(describe(call_, endpoint_)),
          began_(std::chrono::steady_clock::now()) {}

    void attempt() {
        const auto sent = call_user(ErrorCode::internal, [this] { return try_to_send(); });
        if (!sent.ok()) {
            finish(sent.error().within(attempted_));
        }
    }

    /// The wait is over, or the call was cancelled while it waited.
    void wake() noexcept override {
        if (waiting_.exchange(false)) {
            attempt();
        }
    }
    void wake_when_ready(int, bool) noexcept override {}

private:
    class AnswerReceiver;

    struct WakeOnCancel {
        std::weak_ptr<RunningCall> call;
        void operator()() noexcept {
            if (const auto target = call.lock()) {
                target->wake();
            }
        }
    };

    Result<void> try_to_send();
    void on_attempt_done(Result<Answer> answer, bool head_seen) noexcept;
    [[nodiscard]] bool wait_to_retry(const Error& error, bool head_seen);
    [[nodiscard]] Result<void> prepare_to_repeat(bool head_seen);
    [[nodiscard]] std::chrono::milliseconds next_delay() const;

    void finish(Result<Answer> answer) noexcept {
        on_cancel_.reset();
        call_ = {};
        const auto done = std::exchange(done_, nullptr);
        const auto self = std::exchange(alive_, nullptr);
        done(Outcome{std::move(answer), maybe_done_});
    }

    const std::shared_ptr<Requester> requester_;
    const Endpoint endpoint_;
    Call call_;
    std::function<void(Outcome)> done_;
    const std::string attempted_;
    const std::chrono::steady_clock::time_point began_;
    unsigned attempts_ = 0;
    bool maybe_done_ = false;
    std::atomic<bool> waiting_{false};
    std::optional<std::stop_callback<WakeOnCancel>> on_cancel_;
    /// While it waits nobody else may hold it.
    std::shared_ptr<RunningCall> alive_;
};

/// Gathers one answer and tells a success from an error answer.
class Requester::RunningCall::AnswerReceiver final : public http::Receiver {
public:
    explicit AnswerReceiver(std::shared_ptr<RunningCall> running)
        : running_(std::move(running)), bodiless_(running_->call_.method == http::Method::head) {}

    Result<void> on_head(const http::ResponseHead& head) override {
        answer_.status = head.status;
        for (const http::Header& header : head.headers) {
            answer_.headers.push_back({to_lower(header.name), header.value});
        }
        if (!is_success() || !running_->call_.on_head) {
            return {};
        }
        head_seen_ = true;
        return running_->call_.on_head(answer_);
    }

    Result<IoStep> on_body(std::span<const std::byte> bytes, const Wake& wake) override {
        if (is_success() && running_->call_.on_body) {
            return running_->call_.on_body(bytes, wake);
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
        const auto running = std::exchange(running_, nullptr);
        auto answer = call_user(ErrorCode::internal, [&] { return result(outcome, running->attempted_); });
        running->on_attempt_done(std::move(answer), head_seen_);
    }

private:
    Result<Answer> result(const Result<void>& outcome, const std::string& attempted) {
        if (!outcome.ok()) {
            return outcome.error().within(attempted);
        }
        // Servers that began an answer of success before they failed say so in its body.
        if (!is_success() || is_error_document(answer_.body)) {
            return error_of_answer({answer_.status,
                                    bodiless_ ? std::nullopt : std::optional<std::string_view>(answer_.body),
                                    answer_.header("x-amz-request-id"), attempted});
        }
        return std::move(answer_);
    }

    [[nodiscard]] bool is_success() const noexcept { return answer_.status >= 200 && answer_.status < 300; }

    std::shared_ptr<RunningCall> running_;
    const bool bodiless_;
    bool head_seen_ = false;
    Answer answer_;
};

Result<void> Requester::RunningCall::try_to_send() {
    FILESTORE_TRY(check_call_limits(call_.options.cancel, call_.options.deadline));
    const S3ClientOptions& options = requester_->options_;
    FILESTORE_TRY_ASSIGN(const Credentials keys, find_credentials(options));
    const s3::Target target = object_target(endpoint_, call_.key, call_.query);
    SigningRequest signing{std::string(method_name(call_.method)), target.path, call_.query, call_.headers,
                           call_.payload_hash};
    signing.headers.push_back({"host", endpoint_.host});

    http::Request request;
    request.method = call_.method;
    request.url = target.url;
    for (const NameValue& header : call_.headers) {
        request.headers.push_back({header.name, header.value});
    }
    for (NameValue& header : sign_headers(signing, keys, {options.region, "s3", options.clock->now()})) {
        request.headers.push_back({std::move(header.name), std::move(header.value)});
    }
    request.body = call_.body;
    request.body_size = call_.body_size;
    request.bulk = call_.bulk;
    request.cancel = call_.options.cancel;
    request.deadline = call_.options.deadline;
    ++attempts_;
    requester_->transport_->send(std::move(request), std::make_shared<AnswerReceiver>(shared_from_this()));
    return {};
}

void Requester::RunningCall::on_attempt_done(Result<Answer> answer, bool head_seen) noexcept {
    if (answer.ok()) {
        return finish(std::move(answer));
    }
    const Error error = answer.error();
    const auto waits =
        call_user(ErrorCode::internal, [&]() -> Result<bool> { return wait_to_retry(error, head_seen); });
    if (!waits.ok() || !*waits) {
        finish(error);
    }
}

bool Requester::RunningCall::wait_to_retry(const Error& error, bool head_seen) {
    const S3RetryOptions& retry = requester_->options_.retry;
    if (!error.retryable() || attempts_ >= retry.max_attempts || call_.options.cancel.stop_requested()) {
        return false;
    }
    const auto next = std::chrono::steady_clock::now() + next_delay();
    const bool too_late = next > began_ + retry.longest_time ||
                          (call_.options.deadline && next >= *call_.options.deadline);
    if (too_late || !prepare_to_repeat(head_seen).ok()) {
        return false;
    }
    if (error.details().http_status == 0) {
        maybe_done_ = true;
    }
    alive_ = shared_from_this();
    if (!on_cancel_) {
        on_cancel_.emplace(call_.options.cancel, WakeOnCancel{weak_from_this()});
    }
    waiting_.store(true);
    requester_->runtime_.reactor->wake_at(next, weak_from_this());
    if (call_.options.cancel.stop_requested()) {
        wake();
    }
    return true;
}

std::chrono::milliseconds Requester::RunningCall::next_delay() const {
    const S3RetryOptions& retry = requester_->options_.retry;
    return std::min(retry.longest_delay, retry.first_delay * (1U << std::min(attempts_, 20U)));
}

Result<void> Requester::RunningCall::prepare_to_repeat(bool head_seen) {
    if (call_.body) {
        FILESTORE_TRY(call_user(ErrorCode::source_failed, [this] { return call_.body->rewind(); }));
    }
    if (!head_seen) {
        return {};
    }
    if (!call_.resume) {
        return Error(ErrorCode::unavailable, "the answer broke off");
    }
    return call_.resume(call_);
}

Requester::Requester(S3ClientOptions options, Runtime runtime, std::shared_ptr<http::Transport> transport)
    : options_(std::move(options)), runtime_(std::move(runtime)), transport_(std::move(transport)) {}

Requester::~Requester() = default;

bool Requester::signs_payload() const noexcept {
    if (options_.payload_signing != S3PayloadSigning::automatic) {
        return options_.payload_signing == S3PayloadSigning::signed_payload;
    }
    return options_.endpoint.starts_with("http://");
}

void Requester::send(Call call, std::function<void(Outcome)> done) {
    auto endpoint = resolve_endpoint(options_, call.bucket);
    if (!endpoint.ok()) {
        return done(Outcome{endpoint.error()});
    }
    std::make_shared<RunningCall>(shared_from_this(), std::move(*endpoint), std::move(call), std::move(done))
        ->attempt();
}

void Requester::presign(PresignMethod method, const Call& call, std::chrono::seconds expires,
                        const std::function<void(Result<PresignedUrl>)>& done) {
    done([&]() -> Result<PresignedUrl> {
        FILESTORE_TRY_ASSIGN(const Endpoint endpoint, resolve_endpoint(options_, call.bucket));
        FILESTORE_TRY_ASSIGN(const Credentials keys, find_credentials(options_));
        const Timestamp now = options_.clock->now();
        SigningRequest signing;
        signing.method = method_name(method);
        signing.path = object_target(endpoint, call.key, {}).path;
        signing.query = call.query;
        signing.headers = call.headers;
        signing.headers.push_back({"host", endpoint.host});
        std::vector<NameValue> query = call.query;
        for (NameValue& parameter : presign_query(signing, keys, {options_.region, "s3", now}, expires)) {
            query.push_back(std::move(parameter));
        }
        return PresignedUrl{object_target(endpoint, call.key, query).url, now + expires};
    }());
}

}  // namespace filestore::s3
