#include "s3/requester.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "core/ascii.h"
#include "core/call_limits.h"
#include "core/stream_calls.h"
#include "core/text.h"
#include "core/try.h"
#include "s3/credentials/keys_in_time.h"
#include "s3/policy/retry_policy.h"
#include "s3/protocol/answer_head.h"
#include "s3/protocol/endpoint.h"
#include "s3/protocol/errors.h"
#include "s3/protocol/region_redirect.h"
#include "s3/protocol/xml.h"

namespace filestore::s3 {

namespace {

/// A list page of 1,000 long keys stays far below.
constexpr std::size_t most_kept_body = std::size_t{16} * 1024 * 1024;
constexpr std::size_t most_kept_error_body = std::size_t{64} * 1024;
/// An error answer is read to its end, so that its connection can be used again, but not for ever.
constexpr std::size_t most_read_error_body = std::size_t{1024} * 1024;
/// From this size on, and each time it has doubled, a kept body is looked at.
constexpr std::size_t first_look = std::size_t{64} * 1024;
/// What a download has to get before its attempts and their time count anew: less, each time, might go on for ever.
constexpr std::uint64_t enough_progress = std::uint64_t{64} << 10U;
/// What a server copies in a second, at least.
constexpr std::uint64_t slowest_copying = std::uint64_t{16} << 20U;

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
        case http::Method::patch:
            return "PATCH";
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

std::string_view without_blanks(std::string_view text) {
    return text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
}

/// Cheap for the long lists that are no errors: an error document is short and begins with its root. Before that, and behind the declaration, a server
/// that keeps the connection alive sends blanks.
bool is_error_document(std::string_view body) {
    constexpr std::size_t prologue = 256;
    auto text = without_blanks(body);
    if (const auto end = text.find("?>"); text.starts_with("<?xml") && end != std::string_view::npos) {
        text = without_blanks(text.substr(end + 2));
    }
    return text.substr(0, prologue).find("<Error") != std::string_view::npos && parse_error(text);
}

/// Empty where it is not signed.
std::string_view signature_of(const http::Request& request) {
    const auto found =
        std::find_if(request.headers.begin(), request.headers.end(),
                     [](const http::Header& header) { return header.name == "authorization"; });
    return found == request.headers.end() ? std::string_view() : signature_in(found->value);
}

Result<PresignedUrl> presigned_url(PresignMethod method, const Call& call, SignatureWish wish,
                                   const Signer& signer) {
    FILESTORE_TRY_ASSIGN(const SignatureLife life, signature_life(wish, signer));
    SigningRequest signing;
    signing.method = method_name(method);
    signing.path = object_target(signer.endpoint, call.key, {}).path;
    signing.query = call.query;
    signing.headers = call.headers;
    signing.headers.push_back({"host", signer.endpoint.host});
    std::vector<NameValue> query = call.query;
    for (NameValue& parameter : presign_query(signing, signer.keys, signer.scope, life.time)) {
        query.push_back(std::move(parameter));
    }
    return PresignedUrl{object_target(signer.endpoint, call.key, query).url, life.ends, life.is_cut};
}

}  // namespace

std::string_view Answer::header(std::string_view name) const noexcept {
    const auto found = std::find_if(headers.begin(), headers.end(),
                                    [&](const NameValue& header) { return header.name == name; });
    return found == headers.end() ? std::string_view() : std::string_view(found->value);
}

/// A call until it is answered: its attempts, and the waits between them. A resource held by std::shared_ptr; its steps never overlap.
class Requester::RunningCall final : public Wake::Target,
                                     public PauseSwitch::Listener,
                                     public std::enable_shared_from_this<RunningCall> {
    using Time = std::chrono::steady_clock::time_point;

public:
    RunningCall(std::shared_ptr<Requester> requester, Call call, std::string attempted,
                std::function<void(Outcome)> done)
        : requester_(std::move(requester)),
          call_(std::move(call)),
          attempted_(std::move(attempted)),
          done_(std::move(done)),
          is_bulk_(call_.bulk),
          counted_from_(std::chrono::steady_clock::now()) {
        requester_->bulk_calls_.fetch_add(is_bulk_ ? 1 : 0);
    }
    RunningCall(const RunningCall&) = delete;
    RunningCall& operator=(const RunningCall&) = delete;
    ~RunningCall() override { requester_->bulk_calls_.fetch_sub(is_bulk_ ? 1 : 0); }

    void begin() {
        if (call_.options.pause) {
            call_.options.pause->add(weak_from_this());
        }
        attempt();
    }

    void attempt() {
        const auto begun = call_user(ErrorCode::internal, [this]() -> Result<void> {
            FILESTORE_TRY(check_limits());
            FILESTORE_TRY_ASSIGN(const bool waits, wait_for_place());
            if (waits) {
                return {};
            }
            requester_->with_signer(
                call_.bucket, call_.options,
                [self = shared_from_this()](Result<Signer> signer) { self->send_signed(std::move(signer)); });
            return {};
        });
        if (!begun.ok()) {
            finish(begun.error().within(attempted_));
        }
    }

    /// The wait is over, or the call was cancelled while it waited.
    void wake() noexcept override {
        if (waiting_.exchange(false)) {
            attempt();
        }
    }
    void wake_when_ready(int, bool) noexcept override {}

    /// What went before is no silence of the server's.
    void pause_changed() noexcept override { note_progress(); }

private:
    class AnswerReceiver;

    /// What one attempt came to. A value.
    struct AttemptEnd {
        Result<Answer> result;
        /// Of the answer, also where that is an Error.
        Answer answer;
        bool head_seen = false;
        /// Bytes that a resumption goes on behind.
        std::uint64_t delivered = 0;
        bool sent = false;
        /// Local time, which the head's Date can be compared with: the body may take long.
        Timestamp head_came{};
    };

    struct WakeOnCancel {
        std::weak_ptr<RunningCall> call;
        void operator()() noexcept {
            if (const auto target = call.lock()) {
                target->wake();
            }
        }
    };

    void send_signed(Result<Signer> signer) noexcept;
    [[nodiscard]] http::Request request() const;
    [[nodiscard]] Secrets secrets() const;
    [[nodiscard]] std::optional<std::chrono::milliseconds> connect_limit() const;
    [[nodiscard]] std::chrono::seconds copying_time() const noexcept;
    void note_progress() noexcept { progressed_at_.store(std::chrono::steady_clock::now()); }
    void count_time(const AttemptEnd& end);
    [[nodiscard]] std::chrono::milliseconds counted_until(Time time) const noexcept;
    void on_attempt_end(const AttemptEnd& end) noexcept;
    [[nodiscard]] bool learn(const AttemptEnd& end);
    [[nodiscard]] bool goes_on(const AttemptEnd& end);
    [[nodiscard]] bool mend(const AttemptEnd& end);
    [[nodiscard]] bool mend_clock(const AttemptEnd& end);
    [[nodiscard]] bool mend_keys(const Error& error);
    [[nodiscard]] bool mend_region(const Answer& answer);
    [[nodiscard]] bool may_repeat(const AttemptEnd& end) noexcept;
    [[nodiscard]] bool is_unexplained(const Error& error) const;
    [[nodiscard]] bool tells_no_reason(const AttemptEnd& end) const;
    [[nodiscard]] http::Method method() const noexcept {
        return asks_why_ ? http::Method::get : call_.method;
    }
    [[nodiscard]] Result<void> prepare_to_repeat(bool head_seen);
    [[nodiscard]] static bool is_lost(const AttemptEnd& end) noexcept;
    [[nodiscard]] Result<void> check_limits() const;
    [[nodiscard]] Result<bool> wait_for_place();
    void wait_until(std::chrono::steady_clock::time_point time);

    void finish(Result<Answer> answer, bool lost = false) noexcept {
        on_cancel_.reset();
        if (place_) {
            requester_->rate_.give_back(*place_);
        }
        // Let go of without memory: a new Call has texts.
        { const Call ended(std::move(call_)); }
        const auto done = std::exchange(done_, nullptr);
        const auto self = std::exchange(alive_, nullptr);
        done(Outcome{std::move(answer), maybe_done_, maybe_done_ || lost, attempted_});
    }

    const std::shared_ptr<Requester> requester_;
    Call call_;
    const std::string attempted_;
    std::function<void(Outcome)> done_;
    const bool is_bulk_;
    /// What longest_time and longest_silence count from: moved on by the time that they do not count.
    Time counted_from_;
    /// When the attempt was queued, and when it got its place among the connections.
    Time attempt_queued_{};
    std::atomic<Time> attempt_began_{Time{}};
    /// When bytes of a body moved last, or a pause began or ended.
    std::atomic<Time> progressed_at_{Time{}};
    std::optional<Signer> signer_;
    SecretString signature_;
    /// Since the download got on.
    unsigned attempts_ = 0;
    /// Bytes, since then.
    std::uint64_t delivered_ = 0;
    /// Out of the budget.
    bool took_retry_ = false;
    /// When it may be sent, where the endpoint has asked for fewer requests.
    std::optional<Time> place_;
    bool comes_too_late_ = false;
    /// The server is there: a request has come to it.
    bool reached_ = false;
    bool maybe_done_ = false;
    bool clock_mended_ = false;
    bool keys_mended_ = false;
    bool region_mended_ = false;
    /// A HEAD was refused without a word: a GET of one byte is, or was, asked for the reason.
    bool asks_why_ = false;
    bool asked_why_ = false;
    /// What the HEAD was refused with: the answer where nobody gives a reason.
    std::optional<Error> refusal_;
    std::atomic<bool> waiting_{false};
    std::optional<std::stop_callback<WakeOnCancel>> on_cancel_;
    /// While it waits nobody else may hold it.
    std::shared_ptr<RunningCall> alive_;
};

/// Gathers one answer and tells a success from an error answer.
class Requester::RunningCall::AnswerReceiver final : public http::Receiver {
public:
    explicit AnswerReceiver(std::shared_ptr<RunningCall> running)
        : running_(std::move(running)), bodiless_(running_->method() == http::Method::head) {}

    void on_begun() noexcept override { running_->attempt_began_.store(std::chrono::steady_clock::now()); }

    void on_sending() noexcept override {
        running_->maybe_done_ = running_->maybe_done_ || sent_;
        sent_ = true;
    }

    Result<void> on_head(const http::ResponseHead& head) override {
        head_came_ = running_->requester_->options_.clock->now();
        answer_.status = head.status;
        for (const http::Header& header : head.headers) {
            answer_.headers.push_back({to_lower(header.name), header.value});
        }
        if (!is_success()) {
            return {};
        }
        FILESTORE_TRY(check_headers(answer_.headers));
        if (running_->asks_why_ || !running_->call_.on_head) {
            return {};
        }
        head_seen_ = true;
        return running_->call_.on_head(answer_);
    }

    void on_body_sent() noexcept override { running_->note_progress(); }

    Result<IoStep> on_body(std::span<const std::byte> bytes, const Wake& wake) override {
        // That an error answer moves brings nothing on.
        if (is_success()) {
            running_->note_progress();
        }
        if (is_success() && running_->call_.on_body) {
            auto step = running_->call_.on_body(bytes, wake);
            delivered_ += step.ok() ? step->bytes : 0;
            return step;
        }
        if (!is_success() || !running_->asks_why_) {
            FILESTORE_TRY(is_success() ? keep(bytes) : keep_of_error(bytes));
        }
        return IoStep{bytes.size(), false};
    }

    void on_done(Result<void> outcome) noexcept override {
        const auto running = std::exchange(running_, nullptr);
        auto answer = call_user(ErrorCode::internal, [&] { return result(outcome, *running); });
        running->on_attempt_end({std::move(answer), std::move(answer_), head_seen_,
                                 head_seen_ ? delivered_ : 0, sent_, head_came_});
    }

private:
    Result<Answer> result(const Result<void>& outcome, const RunningCall& running) {
        if (!outcome.ok() && !error_cut_off_) {
            return without_secrets(outcome.error(), running.secrets()).within(running.attempted_);
        }
        // Servers that began an answer of success before they failed say so in its body.
        if (!is_success() || is_error_document(answer_.body)) {
            return error_of_answer(
                {answer_.status, bodiless_ ? std::nullopt : std::optional<std::string_view>(answer_.body),
                 answer_.header("x-amz-request-id"), running.attempted_, running.secrets()});
        }
        answer_.secrets = running.secrets();
        return std::move(answer_);
    }

    /// A body that is kept is a document, if anything.
    Result<void> keep(std::span<const std::byte> bytes) {
        if (answer_.body.size() + bytes.size() > most_kept_body) {
            return Error(ErrorCode::corrupt, "the answer is larger than 16 MiB");
        }
        append(bytes);
        if (answer_.body.size() < next_look_) {
            return {};
        }
        next_look_ = 2 * answer_.body.size();
        return may_begin_document(answer_.body)
                   ? Result<void>()
                   : Error(ErrorCode::corrupt, "the answer is no plain document of bounded depth");
    }

    /// The end of a long one is not waited for: what it says stands at its beginning.
    Result<void> keep_of_error(std::span<const std::byte> bytes) {
        append(bytes.first(std::min(bytes.size(), most_kept_error_body - answer_.body.size())));
        error_bytes_ += bytes.size();
        error_cut_off_ = error_bytes_ > most_read_error_body;
        return error_cut_off_ ? Error(ErrorCode::corrupt, "the error answer does not end") : Result<void>();
    }

    void append(std::span<const std::byte> bytes) {
        answer_.body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }

    [[nodiscard]] bool is_success() const noexcept { return answer_.status >= 200 && answer_.status < 300; }

    std::shared_ptr<RunningCall> running_;
    const bool bodiless_;
    bool head_seen_ = false;
    std::uint64_t delivered_ = 0;
    bool sent_ = false;
    std::size_t next_look_ = first_look;
    std::size_t error_bytes_ = 0;
    bool error_cut_off_ = false;
    Timestamp head_came_{};
    Answer answer_;
};

void Requester::RunningCall::send_signed(Result<Signer> signer) noexcept {
    const auto sent = call_user(ErrorCode::internal, [&]() -> Result<void> {
        FILESTORE_TRY_ASSIGN(signer_, std::move(signer));
        http::Request signed_request = request();
        signature_ = signature_of(signed_request);
        auto receiver = std::make_shared<AnswerReceiver>(shared_from_this());
        ++attempts_;
        attempt_queued_ = std::chrono::steady_clock::now();
        attempt_began_.store(attempt_queued_);
        place_.reset();
        requester_->parts_.transport->send(std::move(signed_request), std::move(receiver));
        return {};
    });
    if (!sent.ok()) {
        finish(sent.error().within(attempted_));
    }
}

/// An attempt at a server that has never been reached ends with the time for that, or soon after.
std::optional<std::chrono::milliseconds> Requester::RunningCall::connect_limit() const {
    constexpr std::chrono::milliseconds least{1000};
    if (attempts_ == 0 || reached_) {
        return std::nullopt;
    }
    const S3ClientOptions& options = requester_->options_;
    const auto left = options.retry.longest_silence - counted_until(std::chrono::steady_clock::now());
    return std::min(options.connect_timeout, std::max(least, left));
}

/// What the server has for copying, beside the time that every answer may take.
std::chrono::seconds Requester::RunningCall::copying_time() const noexcept {
    return std::chrono::seconds(std::min(call_.copied_bytes, largest_object_size) / slowest_copying);
}

http::Request Requester::RunningCall::request() const {
    std::vector<NameValue> query = call_.query;
    std::vector<NameValue> headers = call_.headers;
    if (asks_why_) {
        std::erase_if(query, [](const NameValue& parameter) { return parameter.name == "partNumber"; });
        headers.push_back({"range", "bytes=0-0"});
    }
    const s3::Target target = object_target(signer_->endpoint, call_.key, query);
    http::Request request;
    request.method = method();
    request.url = target.url;
    request.headers.reserve(headers.size() + 4);
    for (const NameValue& header : headers) {
        request.headers.push_back({header.name, header.value});
    }
    request.body = call_.body;
    request.body_size = call_.body_size;
    request.body_at_once = call_.body_at_once;
    request.bulk = call_.bulk;
    request.sender_waits = call_.sender_waits;
    request.cancel = call_.options.cancel;
    request.deadline = call_.options.deadline;
    request.pause = call_.options.pause;
    request.may_trickle = call_.may_trickle;
    if (const auto more = copying_time(); more.count() > 0) {
        request.first_byte_timeout = requester_->options_.first_byte_timeout + more;
    }
    request.connect_timeout = connect_limit();
    if (signer_->keys.access_key.empty()) {
        return request;
    }
    SigningRequest signing{std::string(method_name(method())), target.path, std::move(query),
                           std::move(headers), call_.payload_hash};
    signing.headers.push_back({"host", signer_->endpoint.host});
    for (NameValue& header : sign_headers(signing, signer_->keys, signer_->scope, signer_->key)) {
        request.headers.push_back({std::move(header.name), std::move(header.value)});
    }
    return request;
}

/// What the request told the server, and no message may.
Secrets Requester::RunningCall::secrets() const {
    const Credentials& keys = signer_->keys;
    Secrets secrets{keys.access_key, keys.secret_key, keys.session_token, signature_};
    for (const NameValue& header : call_.headers) {
        if (header.name.ends_with("server-side-encryption-customer-key")) {
            secrets.emplace_back(header.value);
        }
    }
    return secrets;
}

void Requester::RunningCall::on_attempt_end(const AttemptEnd& end) noexcept {
    const auto under_way = call_user(
        ErrorCode::internal, [&]() -> Result<bool> { return (learn(end) || asks_why_) && goes_on(end); });
    if (under_way.ok() && *under_way) {
        return;
    }
    const bool is_unanswered =
        asks_why_ && !end.result.ok() && end.result.error().code() == ErrorCode::unavailable;
    finish(is_unanswered && refusal_ ? Result<Answer>(*refusal_) : end.result, is_lost(end));
}

/// Takes in what an attempt tells of the server; false where it succeeded.
bool Requester::RunningCall::learn(const AttemptEnd& end) {
    const auto now = std::chrono::steady_clock::now();
    reached_ = reached_ || end.sent;
    if (end.result.ok()) {
        requester_->parts_.skew->on_accepted(end.result->header("date"), end.head_came);
        requester_->budget_.on_success(took_retry_);
        requester_->rate_.on_answer(now);
        return false;
    }
    const Error& error = end.result.error();
    if (is_throttle(error)) {
        requester_->rate_.on_throttle(now);
    } else if (error.details().http_status != 0) {
        requester_->rate_.on_answer(now);
    }
    return true;
}

/// Leaves out of the time that is bounded how long an attempt waited for its turn, and what it was of use for. A download that got on counts anew: what it has is not asked for again.
void Requester::RunningCall::count_time(const AttemptEnd& end) {
    const Time now = std::chrono::steady_clock::now();
    const Time began = attempt_began_.load();
    const bool is_paused = call_.options.pause && call_.options.pause->is_paused();
    const Time progressed_at = is_paused ? now : progressed_at_.load();
    const Time copied_until = end.sent ? std::min(now, began + copying_time()) : began;
    const Time useful_until = std::max({began, progressed_at, copied_until});
    counted_from_ += useful_until - attempt_queued_;
    delivered_ += end.delivered;
    if (delivered_ >= enough_progress) {
        delivered_ = 0;
        counted_from_ = useful_until;
        attempts_ = 1;
    }
}

std::chrono::milliseconds Requester::RunningCall::counted_until(Time time) const noexcept {
    return std::chrono::ceil<std::chrono::milliseconds>(time - counted_from_);
}

/// Whether another attempt has begun, or will.
bool Requester::RunningCall::goes_on(const AttemptEnd& end) {
    if (tells_no_reason(end)) {
        asks_why_ = false;
        attempt();
        return true;
    }
    count_time(end);
    const Error& error = end.result.error();
    const S3RetryOptions& retry = requester_->options_.retry;
    const bool mended = mend(end);
    if (!mended && is_unexplained(error)) {
        asks_why_ = asked_why_ = true;
        refusal_ = error;
        attempt();
        return true;
    }
    const bool is_final = call_.conflict_is_final && error.code() == ErrorCode::conflict;
    const bool repeats = mended || (attempts_ < retry.max_attempts && error.retryable() && !is_final);
    if (!repeats || call_.options.cancel.stop_requested()) {
        return false;
    }
    maybe_done_ = maybe_done_ || is_lost(end);
    if (mended) {
        asks_why_ = false;
        if (!prepare_to_repeat(end.head_seen).ok()) {
            return false;
        }
        attempt();
        return true;
    }
    const auto wished = parse_retry_after(end.answer.header("retry-after"), requester_->now());
    const auto next =
        std::chrono::steady_clock::now() + backoff(retry, attempts_ + 1, requester_->random(), wished);
    const auto longest = reached_ ? retry.longest_time : std::min(retry.longest_time, retry.longest_silence);
    const bool too_late =
        counted_until(next) > longest || (call_.options.deadline && next >= *call_.options.deadline);
    if (too_late || !prepare_to_repeat(end.head_seen).ok() || !may_repeat(end)) {
        return false;
    }
    wait_until(next);
    return true;
}

/// A download that got further is no burden: what it has is not asked for again.
bool Requester::RunningCall::may_repeat(const AttemptEnd& end) noexcept {
    if (end.delivered > 0) {
        return true;
    }
    const bool took = requester_->budget_.take();
    took_retry_ = took_retry_ || took;
    return took;
}

/// A HEAD's refusal has no body that says what may be mended: a clock, a token, a region.
bool Requester::RunningCall::is_unexplained(const Error& error) const {
    const int status = error.details().http_status;
    return call_.method == http::Method::head && !asked_why_ && (status == 400 || status == 403) &&
           !signer_->keys.access_key.empty();
}

/// Whether the request for the reason was not refused itself: what was wrong has passed.
bool Requester::RunningCall::tells_no_reason(const AttemptEnd& end) const {
    if (!asks_why_ || end.result.ok()) {
        return asks_why_;
    }
    const Error& error = end.result.error();
    const int status = error.details().http_status;
    return status >= 404 && status < 500 && !error.retryable();
}

/// An attempt that was sent, and whose answer does not tell that nothing was done.
bool Requester::RunningCall::is_lost(const AttemptEnd& end) noexcept {
    if (end.result.ok() || !end.sent) {
        return false;
    }
    const Error& error = end.result.error();
    const int status = error.details().http_status;
    const bool tells_nothing = status >= 500 && !is_throttle(error);
    // An error behind a status of success, as of a request whose answer began before it was done.
    return status == 0 || tells_nothing || (status < 300 && error.retryable());
}

/// Whether the failure's cause is out of the way, so that the request is worth repeating at once. Each cause once a call.
bool Requester::RunningCall::mend(const AttemptEnd& end) {
    return mend_clock(end) || mend_keys(end.result.error()) || mend_region(end.answer);
}

bool Requester::RunningCall::mend_clock(const AttemptEnd& end) {
    return !clock_mended_ && (clock_mended_ = requester_->parts_.skew->learn(
                                  end.result.error().details().server_code, end.answer.header("date"),
                                  end.head_came, signer_->scope.time));
}

bool Requester::RunningCall::mend_keys(const Error& error) {
    const std::string& code = error.details().server_code;
    const bool expired = code == "ExpiredToken" || code == "ExpiredTokenException" ||
                         code == "InvalidToken" || code == "TokenRefreshRequired";
    if (!expired || keys_mended_) {
        return false;
    }
    keys_mended_ = true;
    requester_->parts_.credentials->refuse(signer_->keys);
    return true;
}

bool Requester::RunningCall::mend_region(const Answer& answer) {
    if (region_mended_) {
        return false;
    }
    auto region = redirected_region(
        {answer.status, answer.headers, answer.body, signer_->endpoint.host, signer_->scope.region});
    if (!region) {
        return false;
    }
    region_mended_ = true;
    requester_->learn_region(call_.bucket, std::move(*region));
    return true;
}

Result<void> Requester::RunningCall::check_limits() const {
    auto kept = check_call_limits(call_.options.cancel, call_.options.deadline);
    if (!kept.ok() && comes_too_late_ && kept.error().code() == ErrorCode::timeout) {
        return Error(ErrorCode::timeout,
                     "the server asked for fewer requests, and this one's turn would have come after its "
                     "deadline: allow more time, or send fewer at once");
    }
    return kept;
}

/// Whether it waits now. Places are given out only once the endpoint has asked for fewer requests.
Result<bool> Requester::RunningCall::wait_for_place() {
    if (place_) {
        return false;
    }
    const auto now = std::chrono::steady_clock::now();
    const auto wait = requester_->rate_.acquire(now, call_.options.deadline);
    if (!wait) {
        comes_too_late_ = true;
        wait_until(*call_.options.deadline);
        return true;
    }
    place_ = now + *wait;
    if (*wait <= std::chrono::steady_clock::duration::zero()) {
        return false;
    }
    wait_until(*place_);
    return true;
}

void Requester::RunningCall::wait_until(std::chrono::steady_clock::time_point time) {
    alive_ = shared_from_this();
    // Once it waits it may be woken, and its call used, on another thread.
    const std::stop_token cancel = call_.options.cancel;
    Reactor& reactor = *requester_->parts_.runtime.reactor;
    if (!on_cancel_) {
        on_cancel_.emplace(cancel, WakeOnCancel{weak_from_this()});
    }
    waiting_.store(true);
    reactor.wake_at(time, weak_from_this());
    if (cancel.stop_requested()) {
        wake();
    }
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

Requester::Requester(S3ClientOptions options, RequesterParts parts)
    : options_(std::move(options)), parts_(std::move(parts)), chance_(std::random_device()()) {}

Requester::~Requester() = default;

bool Requester::signs_payload() const noexcept {
    if (options_.payload_signing != S3PayloadSigning::automatic) {
        return options_.payload_signing == S3PayloadSigning::signed_payload;
    }
    return !is_over_tls(options_);
}

void Requester::send(Call call, std::function<void(Outcome)> done) {
    const auto endpoint = endpoint_of(call.bucket, learned_region(call.bucket));
    if (!endpoint.ok()) {
        return done(Outcome{endpoint.error()});
    }
    std::string attempted = describe(call, *endpoint);
    std::make_shared<RunningCall>(shared_from_this(), std::move(call), std::move(attempted), std::move(done))
        ->begin();
}

void Requester::with_signer(const std::string& bucket, const CallOptions& limits,
                            std::function<void(Result<Signer>)> done, Timestamp until) {
    if (auto keys = parts_.credentials->at_hand(until)) {
        return done(call_user(ErrorCode::internal, [&] { return signer_of(bucket, std::move(*keys)); }));
    }
    get_in_time(
        *parts_.credentials, until, limits, *parts_.runtime.reactor,
        [self = shared_from_this(), bucket, done = std::move(done)](Result<ResolvedCredentials> keys) {
            done(call_user(ErrorCode::internal, [&]() -> Result<Signer> {
                FILESTORE_TRY(keys);
                return self->signer_of(bucket, std::move(*keys));
            }));
        });
}

Result<Signer> Requester::signer_of(const std::string& bucket, ResolvedCredentials keys) {
    const std::string learned = learned_region(bucket);
    FILESTORE_TRY_ASSIGN(Endpoint endpoint, endpoint_of(bucket, learned));
    const SigningScope scope{learned.empty() ? options_.region : learned, "s3", now()};
    SigningKey key = key_of(keys.keys, scope);
    return Signer{std::move(endpoint), std::move(keys.keys), keys.expires_at, scope, key};
}

Result<Endpoint> Requester::endpoint_of(const std::string& bucket, const std::string& region) {
    {
        const std::lock_guard lock(mutex_);
        if (kept_place_ && kept_place_->bucket == bucket && kept_place_->region == region) {
            return kept_place_->endpoint;
        }
    }
    FILESTORE_TRY_ASSIGN(Endpoint endpoint, resolve_endpoint(options_, bucket, region));
    const std::lock_guard lock(mutex_);
    kept_place_ = KeptPlace{bucket, region, endpoint};
    return endpoint;
}

/// Deriving one costs as much as all the rest of a signature, four times over.
SigningKey Requester::key_of(const Credentials& keys, const SigningScope& scope) {
    if (keys.access_key.empty()) {
        return {};
    }
    const auto day = [](const SigningScope& of) { return std::chrono::floor<std::chrono::days>(of.time); };
    const std::lock_guard lock(mutex_);
    const bool fits = kept_key_ && kept_key_->secret_key == keys.secret_key &&
                      kept_key_->scope.region == scope.region && day(kept_key_->scope) == day(scope);
    if (!fits) {
        kept_key_ = KeptKey{keys.secret_key, scope, SigningKey(keys, scope)};
    }
    return kept_key_->key;
}

Result<void> check_can_sign(const Signer& signer) {
    if (signer.keys.access_key.empty()) {
        return Error(ErrorCode::unauthenticated, "an anonymous client has no keys to sign with");
    }
    return {};
}

Result<SignatureLife> signature_life(SignatureWish wish, const Signer& signer) {
    // The time that is signed has whole seconds.
    const Timestamp begins = std::chrono::floor<std::chrono::seconds>(signer.scope.time);
    std::chrono::seconds time = wish.time;
    if (signer.expires_at && *signer.expires_at < begins + time) {
        time = std::chrono::floor<std::chrono::seconds>(*signer.expires_at - begins);
    }
    // Less than a second is what asking for the keys took.
    const bool is_cut = time + std::chrono::seconds(1) < wish.time;
    if (time < std::chrono::seconds(1) || (is_cut && !wish.may_be_cut)) {
        return Error(ErrorCode::unauthenticated,
                     "the credentials end at " + format_timestamp(begins + time) +
                         ", before the signature would: ask for less, or use others");
    }
    return SignatureLife{time, begins + time, is_cut};
}

void Requester::presign(PresignMethod method, Call call, SignatureWish wish,
                        std::function<void(Result<PresignedUrl>)> done) {
    const std::string bucket = call.bucket;
    const CallOptions limits = call.options;
    with_signer(
        bucket, limits,
        [method, call = std::move(call), wish, done = std::move(done)](const Result<Signer>& signer) {
            done(call_user(ErrorCode::internal, [&]() -> Result<PresignedUrl> {
                FILESTORE_TRY(signer);
                FILESTORE_TRY(check_can_sign(*signer));
                return presigned_url(method, call, wish, *signer);
            }));
        },
        now() + wish.time);
}

std::shared_ptr<Requester> Requester::with(S3ClientOptions options, CredentialsProviderPtr keys) const {
    RequesterParts parts = parts_;
    if (keys) {
        parts.credentials = std::move(keys);
    }
    return std::make_shared<Requester>(std::move(options), std::move(parts));
}

std::string Requester::learned_region(const std::string& bucket) {
    const std::lock_guard lock(mutex_);
    const auto found = regions_.find(bucket);
    return found == regions_.end() ? std::string() : found->second;
}

void Requester::learn_region(const std::string& bucket, std::string region) {
    const std::lock_guard lock(mutex_);
    regions_[bucket] = std::move(region);
}

std::uint64_t Requester::random() {
    const std::lock_guard lock(mutex_);
    return chance_();
}

void Requester::close() noexcept {
    parts_.credentials->close();
    parts_.transport->close();
}

}  // namespace filestore::s3
