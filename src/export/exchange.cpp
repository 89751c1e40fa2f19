#include "export/exchange.h"

#include <algorithm>
#include <utility>

#include "export/awaited.h"
#include "filestore/version.h"

namespace filestore {

namespace {

/// A page of 1000 files has some 300 KiB.
constexpr std::size_t most_bytes_of_answer = std::size_t{16} << 20U;
/// Providers look at a whole file before they answer.
constexpr std::chrono::minutes longest_silence{10};
/// Bodies of more are worth large buffers.
constexpr std::uint64_t bulk_size = std::uint64_t{1} << 20U;

/// A resource held by std::shared_ptr.
class AnswerReceiver final : public http::Receiver {
public:
    void on_sending() noexcept override {
        was_sent_again_ = was_sent_;
        was_sent_ = true;
    }

    Result<void> on_head(const http::ResponseHead& head) override {
        answer_.head = head;
        return {};
    }

    Result<IoStep> on_body(std::span<const std::byte> bytes, const Wake&) override {
        if (answer_.body.size() + bytes.size() > most_bytes_of_answer) {
            return Error(ErrorCode::corrupt, "the answer is larger than 16 MiB");
        }
        answer_.body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return IoStep{bytes.size(), false};
    }

    void on_done(Result<void> outcome) noexcept override { outcome_.give(std::move(outcome)); }

    Attempt wait() {
        const auto outcome = outcome_.wait();
        Attempt attempt{outcome.ok() ? Result<ProviderAnswer>(std::move(answer_)) : outcome.error()};
        attempt.was_sent = was_sent_;
        attempt.was_sent_again = was_sent_again_;
        return attempt;
    }

private:
    ProviderAnswer answer_;
    bool was_sent_ = false;
    bool was_sent_again_ = false;
    Awaited<Result<void>> outcome_;
};

http::Method method_of(provider::Verb verb) {
    switch (verb) {
        case provider::Verb::get:
            return http::Method::get;
        case provider::Verb::post:
            return http::Method::post;
        case provider::Verb::remove:
            return http::Method::remove;
    }
    return http::Method::get;
}

}  // namespace

Attempt exchange(const Correspondence& with, const provider::Outgoing& request, std::shared_ptr<Source> body,
                 WithKey with_key) {
    http::Request made;
    made.method = method_of(request.verb);
    made.url = request.url;
    made.headers.push_back({"user-agent", "filestore/" + std::string(version())});
    for (const provider::HeaderField& field : request.headers) {
        made.headers.push_back({field.name, field.value});
    }
    if (with_key == WithKey::yes) {
        made.headers.push_back({with.key.name, with.key.value});
    }
    if (request.verb == provider::Verb::post) {
        made.body_size = request.head.size() + request.file_bytes + request.tail.size();
        made.body = body ? std::move(body) : source_from_string(request.head);
    }
    made.bulk = made.body_size > bulk_size;
    made.cancel = with.limits.cancel;
    made.deadline = with.limits.deadline;
    made.pause = with.limits.pause;
    made.first_byte_timeout = longest_silence;
    const auto receiver = std::make_shared<AnswerReceiver>();
    with.transport->send(std::move(made), receiver);
    Attempt attempt = receiver->wait();
    if (!attempt.answer.ok()) {
        attempt.answer = without_secrets(attempt.answer.error(), with.secrets)
                             .within("the provider " + std::string(with.place.profile->name));
    }
    return attempt;
}

}  // namespace filestore
