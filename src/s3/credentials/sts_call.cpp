#include "s3/credentials/sts_call.h"

#include <utility>

#include "core/digest.h"
#include "core/encoding.h"
#include "core/try.h"
#include "s3/credentials/plain_url.h"
#include "s3/protocol/aws_host.h"

namespace filestore::s3 {
namespace {

constexpr FetchLimits sts_limits{};

/// The STS has one code for a wrong signature and for one of another time.
bool blames_the_clock(const Error& error) {
    const std::string_view message = error.message();
    return is_clock_error(error.details().server_code) ||
           (error.details().server_code == "SignatureDoesNotMatch" &&
            (message.find("Signature expired") != std::string_view::npos ||
             message.find("not yet current") != std::string_view::npos));
}

/// A call and its attempts, one after the other. A resource held by std::shared_ptr.
class Attempts {
public:
    explicit Attempts(StsCall call) : call_(std::move(call)) {}

    Result<http::Request> request_at(Timestamp now) {
        FILESTORE_TRY_ASSIGN(const PlainUrl url, parse_plain_url(call_.place.endpoint, "the STS endpoint"));
        signed_at_ = now;
        http::Request request;
        request.method = http::Method::post;
        request.url = url.text();
        request.body = source_from_string(std::string(call_.form));
        request.body_size = call_.form.size();
        request.headers.push_back({"content-type", "application/x-www-form-urlencoded"});
        if (call_.signing_keys) {
            sign(request, url, now);
        }
        return request;
    }

    Result<ResolvedCredentials> keys_of(FetchedAnswer answer) const {
        if (answer.status != 200) {
            return error_of_sts_answer(answer.status, answer.body, secrets());
        }
        FILESTORE_TRY_ASSIGN(StsKeys keys, parse_sts_keys(std::move(answer.body)));
        return ResolvedCredentials{std::move(keys.keys), keys.expires_at};
    }

    /// Whether the request is worth sending again, with another time. Once.
    bool mend_clock(const ProviderContext& context, const Error& error, const AnswerTime& time) {
        if (!context.server_time || clock_mended_ || !blames_the_clock(error)) {
            return false;
        }
        clock_mended_ = true;
        return context.server_time->learn(time.date, time.came, signed_at_);
    }

private:
    void sign(http::Request& request, const PlainUrl& url, Timestamp now) {
        SigningRequest signing{"POST", url.target, {}, {}, to_hex(sha256(call_.form))};
        signing.headers.push_back({"content-type", "application/x-www-form-urlencoded"});
        signing.headers.push_back({"host", url.authority});
        for (NameValue& header :
             sign_headers(signing, *call_.signing_keys, {call_.place.region, "sts", now})) {
            if (header.name == "authorization") {
                signature_ = signature_in(header.value);
            }
            request.headers.push_back({std::move(header.name), std::move(header.value)});
        }
    }

    /// What the last attempt told the server, and no message may.
    [[nodiscard]] Secrets secrets() const {
        Secrets secrets = call_.secrets;
        secrets.push_back(signature_);
        if (const auto& keys = call_.signing_keys) {
            secrets.insert(secrets.end(), {keys->access_key, keys->secret_key, keys->session_token});
        }
        return secrets;
    }

    const StsCall call_;
    SecretString signature_;
    Timestamp signed_at_{};
    bool clock_mended_ = false;
};

void ask(const ProviderContext& context, const std::stop_token& cancel,
         const std::shared_ptr<Attempts>& attempts, const ReplyPtr<ResolvedCredentials>& reply) {
    fetch(
        context, cancel, sts_limits,
        [attempts, clock = context.clock] { return attempts->request_at(clock->now()); },
        reply_through<FetchedAnswer>(reply, [context, cancel, attempts, reply](FetchedAnswer answer) {
            const AnswerTime time = answer.time;
            auto keys = attempts->keys_of(std::move(answer));
            if (!keys.ok() && attempts->mend_clock(context, keys.error(), time)) {
                return ask(context, cancel, attempts, reply);
            }
            learn_from_ended_keys(context, time, keys);
            reply->give(std::move(keys));
        }));
}

}  // namespace

StsPlace sts_place(const ProviderContext& context, const std::string& given) {
    StsPlace place;
    place.region = context.environment("AWS_REGION")
                       .value_or(context.environment("AWS_DEFAULT_REGION").value_or(context.region));
    place.endpoint = given;
    if (place.endpoint.empty()) {
        place.endpoint =
            context.environment("AWS_ENDPOINT_URL_STS")
                .value_or("https://sts." + place.region + '.' + std::string(aws_domain(place.region)));
    }
    return place;
}

std::string session_name_or_default(const std::string& given, Timestamp now) {
    return given.empty() ? "filestore-" + std::to_string(now.time_since_epoch().count()) : given;
}

void call_sts(const ProviderContext& context, const std::stop_token& cancel, StsCall call,
              const ReplyPtr<ResolvedCredentials>& reply) {
    ask(context, cancel, std::make_shared<Attempts>(std::move(call)), reply);
}

}  // namespace filestore::s3
