#include "audit/exchanges.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <new>
#include <utility>

namespace filestore {
namespace {

using postgrest::Refusal;
using postgrest::Refused;

/// Longer than a Supabase project gives a statement.
constexpr std::chrono::seconds longest_answer{20};

/// The replies to a batch of requests. A resource held by std::shared_ptr; thread-safe.
class Replies {
public:
    explicit Replies(std::size_t count) : replies_(count) {}

    void add(std::size_t index, Reply reply) noexcept {
        const std::lock_guard lock(mutex_);
        if (reply.refused && !postgrest::concerns_rows(*reply.refused)) {
            last_refusal_ = reply.refused;
        }
        replies_[index] = std::move(reply);
        --under_way_;
        changed_.notify_one();
    }

    /// Waits until another request may go out. Why none may any more, where that is so.
    std::optional<Refused> wait_for_place(std::chrono::steady_clock::time_point give_up) {
        std::unique_lock lock(mutex_);
        changed_.wait_until(lock, give_up,
                            [this] { return last_refusal_ || under_way_ < most_requests_under_way; });
        if (last_refusal_) {
            return last_refusal_;
        }
        if (std::chrono::steady_clock::now() >= give_up) {
            return Refused{Refusal::for_now, Error(ErrorCode::timeout, "the audit server is too slow"), {}};
        }
        ++under_way_;
        return std::nullopt;
    }

    void refuse(std::size_t index, const Refused& refused) {
        const std::lock_guard lock(mutex_);
        replies_[index].refused = refused;
    }

    std::vector<Reply> wait() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return under_way_ == 0; });
        return std::move(replies_);
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Reply> replies_;
    std::size_t under_way_ = 0;
    std::optional<Refused> last_refusal_;
};

/// One request under way.
class Exchange final : public http::Receiver {
public:
    Exchange(std::shared_ptr<Replies> replies, std::size_t index, postgrest::Method method,
             const Correspondent& correspondent)
        : replies_(std::move(replies)),
          index_(index),
          method_(method),
          table_(correspondent.table),
          secrets_(correspondent.secrets) {}

    Result<void> on_head(const http::ResponseHead& head) override {
        status_ = head.status;
        retry_after_ = postgrest::read_retry_after(head.header("retry-after"));
        content_range_ = head.header("content-range");
        return {};
    }

    Result<IoStep> on_body(std::span<const std::byte> bytes, const Wake&) override {
        const std::size_t kept = std::min(bytes.size(), most_bytes_of_reply - body_.size());
        body_.append(reinterpret_cast<const char*>(bytes.data()), kept);
        return IoStep{bytes.size(), false};
    }

    void on_done(Result<void> outcome) noexcept override {
        replies_->add(index_, reply_of(outcome));
        replies_.reset();
    }

private:
    Reply reply_of(const Result<void>& outcome) noexcept {
        try {
            if (!outcome.ok()) {
                const bool lasts = outcome.error().code() == ErrorCode::configuration;
                return {Refused{lasts ? Refusal::of_the_table : Refusal::for_now,
                                outcome.error().within("the audit server"),
                                {}},
                        {}};
            }
            if (method_ == postgrest::Method::get && status_ == 200) {
                return {std::nullopt, std::move(body_)};
            }
            const postgrest::Answer answer{method_, status_, content_range_, body_};
            auto refused = postgrest::read_refusal(answer, table_, secrets_);
            if (refused) {
                refused->retry_after = retry_after_;
                return {std::move(refused), {}};
            }
            const auto rows_written = postgrest::rows_written(answer);
            return {std::nullopt, std::move(body_), rows_written};
        } catch (const std::bad_alloc&) {
            return {Refused{Refusal::for_now, Error(ErrorCode::no_memory), {}}, {}};
        }
    }

    std::shared_ptr<Replies> replies_;
    const std::size_t index_;
    const postgrest::Method method_;
    const std::string table_;
    const Secrets secrets_;
    int status_ = 0;
    std::string content_range_;
    std::optional<std::chrono::seconds> retry_after_;
    std::string body_;
};

http::Method method_of(postgrest::Method method) {
    switch (method) {
        case postgrest::Method::get:
            return http::Method::get;
        case postgrest::Method::post:
            return http::Method::post;
        case postgrest::Method::patch:
            return http::Method::patch;
    }
    return http::Method::get;
}

http::Request http_request(const Correspondent& correspondent, const postgrest::Request& request,
                           const std::stop_token& cancel,
                           const std::optional<std::chrono::steady_clock::time_point>& deadline) {
    http::Request made;
    made.method = method_of(request.method);
    made.url = correspondent.endpoint.base + request.target;
    for (const auto* headers : {&correspondent.key_headers, &request.headers}) {
        for (const postgrest::Header& header : *headers) {
            made.headers.push_back({header.name, header.value});
        }
    }
    if (request.method != postgrest::Method::get) {
        made.body = source_from_string(request.body);
        made.body_size = request.body.size();
    }
    made.cancel = cancel;
    const auto latest = std::chrono::steady_clock::now() + longest_answer;
    made.deadline = std::min(deadline.value_or(latest), latest);
    return made;
}

}  // namespace

std::vector<Reply> exchange(http::Transport& transport, const Correspondent& correspondent,
                            const std::vector<postgrest::Request>& requests,
                            std::chrono::steady_clock::time_point last_sending, const std::stop_token& cancel,
                            const std::optional<std::chrono::steady_clock::time_point>& deadline) {
    const auto replies = std::make_shared<Replies>(requests.size());
    std::optional<Refused> ended;
    for (std::size_t index = 0; index < requests.size(); ++index) {
        // Made before its place is taken, so that nothing is thrown while it counts as under way.
        auto request =
            ended ? http::Request() : http_request(correspondent, requests[index], cancel, deadline);
        auto receiver = std::make_shared<Exchange>(replies, index, requests[index].method, correspondent);
        ended = ended ? ended : replies->wait_for_place(last_sending);
        if (ended) {
            replies->refuse(index, *ended);
        } else {
            transport.send(std::move(request), std::move(receiver));
        }
    }
    return replies->wait();
}

}  // namespace filestore
