#include "s3/credentials/container.h"

#include <chrono>
#include <utility>

#include "core/try.h"
#include "s3/credentials/fetch.h"
#include "s3/credentials/key_json.h"
#include "s3/credentials/keys.h"
#include "s3/credentials/plain_url.h"
#include "s3/credentials/small_file.h"

namespace filestore::s3 {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds connect_timeout = 1s;
constexpr FetchLimits limits{.attempts = 3, .pause = 200ms};

class ContainerProvider final : public CredentialsProvider {
public:
    explicit ContainerProvider(ProviderContext context) : context_(std::move(context)) {}

    [[nodiscard]] std::string_view name() const noexcept override { return "container"; }

private:
    void begin(const std::stop_token& cancel, const ReplyPtr<ResolvedCredentials>& reply) override;

    const ProviderContext context_;
};

Result<SecretString> token_of(const ContainerEndpoint& endpoint) {
    if (!endpoint.token_file.empty()) {
        return read_token_file(endpoint.token_file);
    }
    if (!is_header_value(endpoint.token)) {
        return Error(ErrorCode::configuration,
                     "AWS_CONTAINER_AUTHORIZATION_TOKEN holds a line break, a byte that is not ASCII, or a "
                     "blank at its end");
    }
    return endpoint.token;
}

http::Request request_to(const ContainerEndpoint& endpoint, std::string_view token) {
    http::Request request;
    request.url = endpoint.url;
    request.direct = true;
    request.connect_timeout = connect_timeout;
    request.headers.push_back({"Accept", "application/json"});
    if (!token.empty()) {
        request.headers.push_back({"Authorization", std::string(token)});
    }
    return request;
}

Result<ResolvedCredentials> keys_of(FetchedAnswer answer) {
    if (answer.status != 200) {
        ErrorDetails details;
        details.http_status = answer.status;
        details.retryable = answer.status >= 500 || answer.status == 429;
        const ErrorCode code = details.retryable ? ErrorCode::unavailable : ErrorCode::unauthenticated;
        return Error(code, "the agent answered with status " + std::to_string(answer.status),
                     std::move(details));
    }
    return parse_metadata_keys(std::move(answer.body));
}

void ContainerProvider::begin(const std::stop_token& cancel, const ReplyPtr<ResolvedCredentials>& reply) {
    auto endpoint = container_endpoint(context_.environment);
    if (!endpoint.ok()) {
        return reply->give(endpoint.error());
    }
    // The file is read on the executor; later attempts are so close that the token still holds.
    post_step(
        *context_.executor, [context = context_, cancel, reply, endpoint = std::move(endpoint).value()] {
            const auto token = token_of(endpoint);
            if (!token.ok()) {
                return reply->give(Error(ErrorCode::configuration, std::string(token.error().message())));
            }
            fetch(
                context, cancel, limits, [endpoint, token = *token] { return request_to(endpoint, token); },
                reply_through<FetchedAnswer>(reply, [context, reply](FetchedAnswer answer) {
                    const AnswerTime time = answer.time;
                    auto keys = keys_of(std::move(answer));
                    learn_from_ended_keys(context, time, keys);
                    reply->give(std::move(keys));
                }));
        });
}

}  // namespace

Result<ContainerEndpoint> container_endpoint(const EnvironmentReader& environment) {
    const auto relative = environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const auto full = environment("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if (!relative && !full) {
        return Error(
            ErrorCode::not_found,
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI are not set");
    }
    if (relative && !relative->starts_with('/')) {
        return Error(ErrorCode::configuration,
                     "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with a slash");
    }
    FILESTORE_TRY_ASSIGN(const PlainUrl url,
                         relative ? parse_plain_url("http://169.254.170.2" + *relative,
                                                    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
                                  : parse_plain_url(*full, "AWS_CONTAINER_CREDENTIALS_FULL_URI"));
    if (!may_give_keys(url)) {
        return Error(
            ErrorCode::configuration,
            "AWS_CONTAINER_CREDENTIALS_FULL_URI names a host that keys are not asked from: use https, "
            "this machine, 169.254.170.2, 169.254.170.23 or fd00:ec2::23");
    }
    return ContainerEndpoint{url.text(), environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").value_or(""),
                             environment("AWS_CONTAINER_AUTHORIZATION_TOKEN").value_or("")};
}

CredentialsProviderPtr make_container_provider(ProviderContext context) {
    return std::make_shared<ContainerProvider>(std::move(context));
}

}  // namespace filestore::s3
