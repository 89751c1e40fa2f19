#include "s3/credentials/environment.h"

#include <string>
#include <utility>

#include "core/try.h"
#include "s3/credentials/keys.h"

namespace filestore::s3 {
namespace {

class EnvironmentProvider final : public CredentialsProvider {
public:
    explicit EnvironmentProvider(EnvironmentReader environment) : environment_(std::move(environment)) {}

    [[nodiscard]] std::string_view name() const noexcept override { return "environment"; }

private:
    void begin(const std::stop_token&, const ReplyPtr<ResolvedCredentials>& reply) override {
        reply->give(find());
    }

    [[nodiscard]] Result<ResolvedCredentials> find() const {
        FILESTORE_TRY_ASSIGN(Credentials keys, keys_of_environment(environment_));
        FILESTORE_TRY_ASSIGN(keys, checked_keys(std::move(keys), "environment"));
        return ResolvedCredentials{std::move(keys), std::nullopt};
    }

    EnvironmentReader environment_;
};

}  // namespace

Result<Credentials> keys_of_environment(const EnvironmentReader& environment) {
    auto access_key = environment("AWS_ACCESS_KEY_ID");
    auto secret_key = environment("AWS_SECRET_ACCESS_KEY");
    if (!access_key && !secret_key) {
        return Error(ErrorCode::not_found, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set");
    }
    if (!access_key || !secret_key) {
        return Error(ErrorCode::unauthenticated,
                     access_key ? "AWS_SECRET_ACCESS_KEY is not set" : "AWS_ACCESS_KEY_ID is not set");
    }
    return Credentials{*std::move(access_key), *std::move(secret_key),
                       environment("AWS_SESSION_TOKEN").value_or("")};
}

CredentialsProviderPtr make_environment_provider(EnvironmentReader environment) {
    return std::make_shared<EnvironmentProvider>(std::move(environment));
}

}  // namespace filestore::s3
