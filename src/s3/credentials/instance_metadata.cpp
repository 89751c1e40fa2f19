#include "s3/credentials/instance_metadata.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/ascii.h"
#include "core/text.h"
#include "core/try.h"
#include "s3/credentials/fetch.h"
#include "s3/credentials/key_json.h"
#include "s3/credentials/keys.h"
#include "s3/credentials/plain_url.h"
#include "s3/protocol/uri.h"

namespace filestore::s3 {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds instance_connect_timeout = 1s;
constexpr FetchLimits instance_limits{.attempts = 2, .pause = 100ms};
/// Where a hop too many is on the way (a container), the token is sent and never arrives.
constexpr FetchLimits token_limits{.attempts = 2, .pause = 100ms, .attempt_time = 2s};
constexpr std::string_view roles_path = "/latest/meta-data/iam/security-credentials/";

Error status_error(int status, std::string_view what) {
    ErrorDetails details;
    details.http_status = status;
    details.retryable = status >= 500 || status == 429;
    const ErrorCode code = details.retryable ? ErrorCode::unavailable
                           : status == 404   ? ErrorCode::not_found
                                             : ErrorCode::unauthenticated;
    return {code, std::string(what) + " was answered with status " + std::to_string(status),
            std::move(details)};
}

/// One walk through the three requests: session token, name of the role, keys. A resource held by std::shared_ptr; one thread at a time.
class Walk : public std::enable_shared_from_this<Walk> {
public:
    Walk(ProviderContext context, std::stop_token cancel, std::string endpoint,
         ReplyPtr<ResolvedCredentials> reply)
        : context_(std::move(context)),
          cancel_(std::move(cancel)),
          endpoint_(std::move(endpoint)),
          reply_(std::move(reply)) {}

    void ask_token() {
        http::Request request = request_to("/latest/api/token");
        request.method = http::Method::put;
        request.body = source_from_string("");
        request.headers.push_back({"X-aws-ec2-metadata-token-ttl-seconds", "21600"});
        // Where no connection comes about, this machine is no instance.
        std::function<void(Result<FetchedAnswer>)> done =
            [self = shared_from_this()](Result<FetchedAnswer> answer) {
                answer.ok() ? self->take_token(std::move(answer).value())
                            : self->reply_->give(self->no_answer(answer.error()));
            };
        fetch(context_, cancel_, token_limits, repeated(std::move(request)), make_reply(done));
    }

private:
    [[nodiscard]] Error no_answer(const Error& error) const {
        const bool nobody = error.code() == ErrorCode::unavailable || error.code() == ErrorCode::timeout;
        return nobody ? Error(ErrorCode::not_found,
                              endpoint_ + " does not answer: " + std::string(error.message()))
                      : error;
    }

    void take_token(FetchedAnswer answer) {
        if (answer.status != 200) {
            return reply_->give(status_error(answer.status, "the request for a session token"));
        }
        if (answer.body.empty() || !fits_header(answer.body)) {
            return reply_->give(Error(ErrorCode::corrupt, "the session token is none"));
        }
        token_ = std::move(answer.body);
        get(roles_path, [](Walk& walk, const FetchedAnswer& roles) { walk.take_roles(roles); });
    }

    void take_roles(const FetchedAnswer& answer) {
        if (answer.status == 404) {
            return reply_->give(Error(ErrorCode::not_found, "the instance has no role"));
        }
        if (answer.status != 200) {
            return reply_->give(status_error(answer.status, "the request for the role's name"));
        }
        const std::string_view all = answer.body;
        const std::string_view role = all.substr(0, std::min(all.find_first_of("\r\n"), all.size()));
        if (role.empty() || !is_printable_ascii(role)) {
            return reply_->give(Error(ErrorCode::corrupt, "the name of the instance's role is none"));
        }
        get(std::string(roles_path) + uri_encode(role, Slash::encode),
            [](Walk& walk, FetchedAnswer keys) { walk.take_keys(std::move(keys)); });
    }

    void take_keys(FetchedAnswer answer) {
        if (answer.status != 200) {
            return reply_->give(status_error(answer.status, "the request for the keys"));
        }
        auto keys = parse_metadata_keys(std::move(answer.body));
        learn_from_ended_keys(context_, answer.time, keys);
        reply_->give(std::move(keys));
    }

    template <class Next>
    void get(std::string_view path, Next next) {
        http::Request request = request_to(path);
        request.headers.push_back({"X-aws-ec2-metadata-token", std::string(token_)});
        fetch(context_, cancel_, instance_limits, repeated(std::move(request)),
              reply_through<FetchedAnswer>(reply_, [self = shared_from_this(), next](FetchedAnswer answer) {
                  next(*self, std::move(answer));
              }));
    }

    [[nodiscard]] http::Request request_to(std::string_view path) const {
        http::Request request;
        request.url = endpoint_ + std::string(path);
        request.direct = true;
        request.connect_timeout = instance_connect_timeout;
        return request;
    }

    static MakeRequest repeated(http::Request request) {
        return [request = std::move(request)] { return request; };
    }

    const ProviderContext context_;
    const std::stop_token cancel_;
    const std::string endpoint_;
    const ReplyPtr<ResolvedCredentials> reply_;
    SecretString token_;
};

class InstanceMetadataProvider final : public CredentialsProvider {
public:
    InstanceMetadataProvider(ProviderContext context, std::string endpoint)
        : context_(std::move(context)), endpoint_(std::move(endpoint)) {}

    [[nodiscard]] std::string_view name() const noexcept override { return "instance metadata"; }

private:
    void begin(const std::stop_token& cancel, const ReplyPtr<ResolvedCredentials>& reply) override {
        auto endpoint = instance_metadata_endpoint(endpoint_, context_.environment);
        if (!endpoint.ok()) {
            return reply->give(endpoint.error());
        }
        std::make_shared<Walk>(context_, cancel, std::move(endpoint).value(), reply)->ask_token();
    }

    const ProviderContext context_;
    const std::string endpoint_;
};

}  // namespace

Result<std::string> instance_metadata_endpoint(const std::string& given,
                                               const EnvironmentReader& environment) {
    if (equal_ignoring_case(environment("AWS_EC2_METADATA_DISABLED").value_or(""), "true")) {
        return Error(ErrorCode::not_found, "AWS_EC2_METADATA_DISABLED is true");
    }
    const bool six =
        equal_ignoring_case(environment("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE").value_or(""), "ipv6");
    std::string url = given;
    if (url.empty()) {
        url = environment("AWS_EC2_METADATA_SERVICE_ENDPOINT")
                  .value_or(six ? "http://[fd00:ec2::254]" : "http://169.254.169.254");
    }
    FILESTORE_TRY_ASSIGN(const PlainUrl parsed,
                         parse_plain_url(url, given.empty() ? "AWS_EC2_METADATA_SERVICE_ENDPOINT"
                                                            : "the instance metadata endpoint"));
    std::string text = parsed.text();
    text.resize(text.find_last_not_of('/') + 1);
    return text;
}

CredentialsProviderPtr make_instance_metadata_provider(ProviderContext context, std::string endpoint) {
    return std::make_shared<InstanceMetadataProvider>(std::move(context), std::move(endpoint));
}

}  // namespace filestore::s3
