#include "s3/credentials/given.h"

#include <utility>

#include "s3/credentials/keys.h"

namespace filestore::s3 {
namespace {

class GivenProvider final : public CredentialsProvider {
public:
    explicit GivenProvider(Result<Credentials> keys) : keys_(std::move(keys)) {}

    [[nodiscard]] std::string_view name() const noexcept override { return "options"; }

private:
    void begin(const std::stop_token&, const ReplyPtr<ResolvedCredentials>& reply) override {
        if (!keys_.ok()) {
            return reply->give(keys_.error());
        }
        reply->give(ResolvedCredentials{*keys_, std::nullopt});
    }

    const Result<Credentials> keys_;
};

}  // namespace

Result<Credentials> given_keys(std::string access_key, SecretString secret_key, SecretString session_token) {
    if (access_key.empty() || secret_key.empty()) {
        return Error(ErrorCode::invalid_argument,
                     std::string("the options have ") +
                         (!access_key.empty()   ? "an access key without a secret key"
                          : !secret_key.empty() ? "a secret key without an access key"
                                                : "a session token without keys") +
                         ": give access key and secret key, or none of them to use the environment");
    }
    auto keys =
        checked_keys({std::move(access_key), std::move(secret_key), std::move(session_token)}, "options");
    return keys.ok() ? std::move(keys)
                     : Error(ErrorCode::invalid_argument, std::string(keys.error().message()));
}

CredentialsProviderPtr make_given_provider(Result<Credentials> keys) {
    return std::make_shared<GivenProvider>(std::move(keys));
}

}  // namespace filestore::s3
