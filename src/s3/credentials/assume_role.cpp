#include "s3/credentials/assume_role.h"

#include <utility>

#include "s3/credentials/sts_call.h"

namespace filestore::s3 {
namespace {

class AssumeRoleProvider final : public CredentialsProvider {
public:
    AssumeRoleProvider(ProviderContext context, CredentialsProviderPtr source, RoleRequest role,
                       std::string sts_endpoint)
        : context_(std::move(context)),
          source_(std::move(source)),
          role_(std::move(role)),
          sts_endpoint_(std::move(sts_endpoint)) {}

    [[nodiscard]] std::string_view name() const noexcept override { return "assumed role"; }

private:
    void begin(const std::stop_token& cancel, const ReplyPtr<ResolvedCredentials>& reply) override {
        source_->get(cancel, [context = context_, cancel, reply, role = role_,
                              endpoint = sts_endpoint_](Result<ResolvedCredentials> source) {
            if (!source.ok()) {
                return reply->give(source.error());
            }
            assume(context, cancel, role, endpoint, std::move(source).value().keys, reply);
        });
    }

    static void assume(const ProviderContext& context, const std::stop_token& cancel, RoleRequest role,
                       const std::string& endpoint, Credentials keys,
                       const ReplyPtr<ResolvedCredentials>& reply) {
        role.session_name = session_name_or_default(role.session_name, context.clock->now());
        call_sts(context, cancel, {sts_place(context, endpoint), assume_role_form(role), std::move(keys)},
                 reply);
    }

    const ProviderContext context_;
    const CredentialsProviderPtr source_;
    const RoleRequest role_;
    const std::string sts_endpoint_;
};

}  // namespace

CredentialsProviderPtr make_assume_role_provider(ProviderContext context, CredentialsProviderPtr source,
                                                 RoleRequest role, std::string sts_endpoint) {
    return std::make_shared<AssumeRoleProvider>(std::move(context), std::move(source), std::move(role),
                                                std::move(sts_endpoint));
}

}  // namespace filestore::s3
