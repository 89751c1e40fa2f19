#include "s3/credentials/sts_call.h"

#include <utility>

#include "core/digest.h"
#include "core/encoding.h"
#include "core/try.h"
#include "s3/credentials/plain_url.h"
#include "s3/protocol/endpoint.h"

namespace filestore::s3 {
namespace {

constexpr FetchLimits limits{};

Result<http::Request> request_for(const StsCall& call, Timestamp now) {
    FILESTORE_TRY_ASSIGN(const PlainUrl url, parse_plain_url(call.place.endpoint, "the STS endpoint"));
    http::Request request;
    request.method = http::Method::post;
    request.url = url.text();
    request.body = source_from_string(std::string(call.form));
    request.body_size = call.form.size();
    SigningRequest signing{"POST", url.target, {}, {}, {}};
    signing.headers.push_back({"content-type", "application/x-www-form-urlencoded"});
    request.headers.push_back({"content-type", "application/x-www-form-urlencoded"});
    if (call.signing_keys) {
        signing.headers.push_back({"host", url.authority});
        signing.payload_hash = to_hex(sha256(call.form));
        for (NameValue& header : sign_headers(signing, *call.signing_keys, {call.place.region, "sts", now})) {
            request.headers.push_back({std::move(header.name), std::move(header.value)});
        }
    }
    return request;
}

Result<ResolvedCredentials> keys_of(FetchedAnswer answer, const Secrets& secrets) {
    if (answer.status != 200) {
        return error_of_sts_answer(answer.status, answer.body, secrets);
    }
    FILESTORE_TRY_ASSIGN(StsKeys keys, parse_sts_keys(std::move(answer.body)));
    return ResolvedCredentials{std::move(keys.keys), keys.expires_at};
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
    const auto shared = std::make_shared<const StsCall>(std::move(call));
    fetch(
        context, cancel, limits,
        [shared, clock = context.clock] { return request_for(*shared, clock->now()); },
        reply_through<FetchedAnswer>(reply, [reply, shared](FetchedAnswer answer) {
            reply->give(keys_of(std::move(answer), shared->secrets));
        }));
}

}  // namespace filestore::s3
