#include "s3/credentials/web_identity.h"

#include <utility>

#include "core/try.h"
#include "s3/credentials/small_file.h"
#include "s3/credentials/sts_call.h"

namespace filestore::s3 {
namespace {

class WebIdentityProvider final : public CredentialsProvider {
public:
    WebIdentityProvider(ProviderContext context, std::optional<WebIdentity> identity,
                        std::string sts_endpoint)
        : context_(std::move(context)),
          identity_(std::move(identity)),
          sts_endpoint_(std::move(sts_endpoint)) {}

    [[nodiscard]] std::string_view name() const noexcept override { return "web identity"; }

private:
    void begin(const std::stop_token& cancel, const ReplyPtr<ResolvedCredentials>& reply) override {
        auto identity =
            identity_ ? Result<WebIdentity>(*identity_) : web_identity_of_environment(context_.environment);
        if (!identity.ok()) {
            return reply->give(identity.error());
        }
        post_step(*context_.executor, [context = context_, cancel, reply, endpoint = sts_endpoint_,
                                       identity = std::move(identity).value()] {
            assume(context, cancel, identity, endpoint, reply);
        });
    }

    /// Blocks while the token is read.
    static void assume(const ProviderContext& context, const std::stop_token& cancel,
                       const WebIdentity& identity, const std::string& endpoint,
                       const ReplyPtr<ResolvedCredentials>& reply) {
        auto token = read_token_file(identity.token_file);
        if (!token.ok()) {
            return reply->give(Error(ErrorCode::configuration, std::string(token.error().message())));
        }
        RoleRequest role = identity.role;
        role.session_name = session_name_or_default(role.session_name, context.clock->now());
        call_sts(context, cancel,
                 {sts_place(context, endpoint), web_identity_form(role, *token), std::nullopt,
                  Secrets{std::move(token).value()}},
                 reply);
    }

    const ProviderContext context_;
    const std::optional<WebIdentity> identity_;
    const std::string sts_endpoint_;
};

}  // namespace

Result<WebIdentity> web_identity_of_environment(const EnvironmentReader& environment) {
    auto token_file = environment("AWS_WEB_IDENTITY_TOKEN_FILE");
    if (!token_file) {
        return Error(ErrorCode::not_found, "AWS_WEB_IDENTITY_TOKEN_FILE is not set");
    }
    auto role_arn = environment("AWS_ROLE_ARN");
    if (!role_arn) {
        return Error(ErrorCode::configuration, "AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN is not");
    }
    WebIdentity identity;
    identity.token_file = *std::move(token_file);
    identity.role.role_arn = *std::move(role_arn);
    identity.role.session_name = environment("AWS_ROLE_SESSION_NAME").value_or("");
    return identity;
}

CredentialsProviderPtr make_web_identity_provider(ProviderContext context,
                                                  std::optional<WebIdentity> identity,
                                                  std::string sts_endpoint) {
    return std::make_shared<WebIdentityProvider>(std::move(context), std::move(identity),
                                                 std::move(sts_endpoint));
}

}  // namespace filestore::s3
