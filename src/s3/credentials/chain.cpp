#include "s3/credentials/chain.h"

#include <string>
#include <utility>

#include "core/try.h"
#include "s3/credentials/assume_role.h"
#include "s3/credentials/container.h"
#include "s3/credentials/environment.h"
#include "s3/credentials/given.h"
#include "s3/credentials/instance_metadata.h"
#include "s3/credentials/plain_url.h"
#include "s3/credentials/profile.h"
#include "s3/credentials/refreshing.h"
#include "s3/credentials/web_identity.h"

namespace filestore::s3 {
namespace {

using Providers = std::vector<CredentialsProviderPtr>;

/// One search. A resource held by std::shared_ptr; one thread at a time.
class Search : public std::enable_shared_from_this<Search> {
public:
    Search(std::shared_ptr<const Providers> providers, std::stop_token cancel,
           ReplyPtr<ResolvedCredentials> reply)
        : providers_(std::move(providers)), cancel_(std::move(cancel)), reply_(std::move(reply)) {}

    void ask_next() {
        if (next_ == providers_->size()) {
            return reply_->give(Error(ErrorCode::unauthenticated, story_));
        }
        (*providers_)[next_]->get(cancel_, [self = shared_from_this()](Result<ResolvedCredentials> result) {
            self->take(std::move(result));
        });
    }

private:
    void take(Result<ResolvedCredentials> result) {
        if (result.ok() || result.error().code() == ErrorCode::cancelled ||
            result.error().code() == ErrorCode::no_memory) {
            return reply_->give(std::move(result));
        }
        const Error& error = result.error();
        note(std::string(error.message()));
        if (error.code() == ErrorCode::not_found) {
            return ask_next();
        }
        const ErrorDetails details = error.details();
        while (next_ < providers_->size()) {
            note("not asked");
        }
        reply_->give(Error(error.code(), story_, details));
    }

    void note(const std::string& why) {
        story_ += next_ == 0 ? ": " : "; ";
        story_ += std::string((*providers_)[next_]->name()) + ": " + why;
        ++next_;
    }

    const std::shared_ptr<const Providers> providers_;
    const std::stop_token cancel_;
    const ReplyPtr<ResolvedCredentials> reply_;
    std::size_t next_ = 0;
    std::string story_ = "no S3 credentials";
};

class Chain final : public CredentialsProvider {
public:
    explicit Chain(Providers providers)
        : providers_(std::make_shared<const Providers>(std::move(providers))) {}

    [[nodiscard]] std::string_view name() const noexcept override { return "credential chain"; }

private:
    void begin(const std::stop_token& cancel, const ReplyPtr<ResolvedCredentials>& reply) override {
        std::make_shared<Search>(providers_, cancel, reply)->ask_next();
    }

    const std::shared_ptr<const Providers> providers_;
};

bool has_given_keys(const S3Credentials& options) {
    return !options.access_key.empty() || !options.secret_key.empty() || !options.session_token.empty();
}

Result<void> check_endpoint(const std::string& url, const char* name) {
    if (url.empty()) {
        return {};
    }
    const auto parsed = parse_plain_url(url, name);
    return parsed.ok() ? Result<void>()
                       : Error(ErrorCode::invalid_argument, std::string(parsed.error().message()));
}

Result<void> check_role(const S3Role& role) {
    constexpr std::chrono::minutes shortest{15};
    constexpr std::chrono::hours longest{12};
    if (role.duration < shortest || role.duration > longest) {
        return Error(ErrorCode::invalid_argument, "a role is assumed for 15 minutes to 12 hours, not for " +
                                                      std::to_string(role.duration.count()) + " seconds");
    }
    const bool says_how = !role.session_name.empty() || !role.external_id.empty() || !role.policy.empty();
    if (role.role_arn.empty() && says_how) {
        return Error(ErrorCode::invalid_argument,
                     "the S3 credentials say how to assume a role, and not which: set role_arn");
    }
    return {};
}

Result<void> check_options(const S3Credentials& options) {
    if (options.anonymous &&
        (has_given_keys(options) || !options.profile.empty() || !options.role.role_arn.empty())) {
        return Error(ErrorCode::invalid_argument,
                     "the S3 credentials are anonymous and have keys, a profile or a role: choose one");
    }
    if (has_given_keys(options) && !options.profile.empty()) {
        return Error(ErrorCode::invalid_argument, "the S3 credentials have keys and a profile: choose one");
    }
    FILESTORE_TRY(check_role(options.role));
    FILESTORE_TRY(check_endpoint(options.sts_endpoint, "sts_endpoint"));
    return check_endpoint(options.instance_metadata_endpoint, "instance_metadata_endpoint");
}

CredentialsProviderPtr make_search(const S3Credentials& options, const ProviderContext& context) {
    const ProfileSettings profile{options.profile, options.sts_endpoint, options.instance_metadata_endpoint};
    if (!options.profile.empty()) {
        return make_chain({make_profile_provider(context, profile)});
    }
    Providers providers;
    if (options.allowed.environment) {
        providers.push_back(make_environment_provider(context.environment));
    }
    if (options.allowed.web_identity) {
        providers.push_back(make_web_identity_provider(context, std::nullopt, options.sts_endpoint));
    }
    if (options.allowed.profile) {
        providers.push_back(make_profile_provider(context, profile));
    }
    if (options.allowed.container) {
        providers.push_back(make_container_provider(context));
    }
    if (options.allowed.instance_metadata) {
        providers.push_back(make_instance_metadata_provider(context, options.instance_metadata_endpoint));
    }
    return make_chain(std::move(providers));
}

RoleRequest role_of(const S3Role& role) {
    return {role.role_arn, role.session_name, role.external_id, role.policy, role.duration};
}

}  // namespace

CredentialsProviderPtr make_chain(std::vector<CredentialsProviderPtr> providers) {
    return std::make_shared<Chain>(std::move(providers));
}

Result<CredentialsProviderPtr> make_credentials_provider(const S3Credentials& options,
                                                         const ProviderContext& context) {
    FILESTORE_TRY(check_options(options));
    if (options.anonymous) {
        return make_given_provider(Credentials());
    }
    CredentialsProviderPtr provider;
    if (has_given_keys(options)) {
        FILESTORE_TRY_ASSIGN(Credentials keys,
                             given_keys(options.access_key, options.secret_key, options.session_token));
        provider = make_given_provider(std::move(keys));
    } else {
        provider = make_search(options, context);
    }
    if (!options.role.role_arn.empty()) {
        provider = make_assume_role_provider(context, std::move(provider), role_of(options.role),
                                             options.sts_endpoint);
    }
    return make_refreshing_provider(std::move(provider), context.clock);
}

}  // namespace filestore::s3
