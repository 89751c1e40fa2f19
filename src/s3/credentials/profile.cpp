#include "s3/credentials/profile.h"

#include <utility>

#include "core/text.h"
#include "core/try.h"
#include "s3/credentials/assume_role.h"
#include "s3/credentials/container.h"
#include "s3/credentials/environment.h"
#include "s3/credentials/given.h"
#include "s3/credentials/instance_metadata.h"
#include "s3/credentials/process.h"
#include "s3/credentials/profile_plan.h"
#include "s3/credentials/small_file.h"

namespace filestore::s3 {
namespace {

/// Where one file is. A value.
struct FilePlace {
    std::string path;
    ProfileFileKind kind;
};

/// The path is empty where neither the variable nor HOME is set. In the variable, too, a `~` at the front is HOME.
FilePlace place_of(const EnvironmentReader& environment, const char* variable, const char* in_home,
                   ProfileFileKind kind) {
    std::string path = environment(variable).value_or(in_home);
    if (path.starts_with("~/")) {
        const auto home = environment("HOME");
        path = home ? *home + path.substr(1) : std::string();
    }
    return {std::move(path), kind};
}

/// No profiles where the file is not there.
Result<Profiles> read_profiles(const FilePlace& place) {
    if (place.path.empty()) {
        return Profiles{};
    }
    const auto text = read_small_file(place.path);
    if (!text.ok()) {
        return text.error().code() == ErrorCode::not_found ? Result<Profiles>(Profiles{}) : text.error();
    }
    auto profiles = parse_profile_file(*text, place.kind);
    return profiles.ok() ? std::move(profiles) : profiles.error().within(quoted(place.path));
}

Result<Profiles> read_all_profiles(const EnvironmentReader& environment) {
    FILESTORE_TRY_ASSIGN(Profiles config, read_profiles(place_of(environment, "AWS_CONFIG_FILE",
                                                                 "~/.aws/config", ProfileFileKind::config)));
    FILESTORE_TRY_ASSIGN(const Profiles credentials,
                         read_profiles(place_of(environment, "AWS_SHARED_CREDENTIALS_FILE",
                                                "~/.aws/credentials", ProfileFileKind::credentials)));
    return merged_profiles(std::move(config), credentials);
}

/// The provider that a plan asks for.
class Builder {
public:
    /// Whoever assumes a role goes to the region of the profile, unless a variable names another.
    Builder(ProviderContext context, const ProfileSettings& settings, const std::string& region)
        : context_(std::move(context)), settings_(settings) {
        if (!region.empty()) {
            context_.region = region;
        }
    }

    [[nodiscard]] CredentialsProviderPtr build(ProfilePlan plan) const {
        CredentialsProviderPtr provider =
            std::visit([this](auto& base) { return this->base_provider(std::move(base)); }, plan.base);
        for (RoleRequest& role : plan.roles) {
            provider = make_assume_role_provider(context_, std::move(provider), std::move(role),
                                                 settings_.sts_endpoint);
        }
        return provider;
    }

private:
    static CredentialsProviderPtr base_provider(Credentials keys) {
        return make_given_provider(std::move(keys));
    }
    [[nodiscard]] CredentialsProviderPtr base_provider(ProcessCommand command) const {
        return make_process_provider(context_, std::move(command.line));
    }
    [[nodiscard]] CredentialsProviderPtr base_provider(WebIdentity identity) const {
        return make_web_identity_provider(context_, std::move(identity), settings_.sts_endpoint);
    }
    [[nodiscard]] CredentialsProviderPtr base_provider(CredentialSource source) const {
        switch (source) {
            case CredentialSource::environment:
                return make_environment_provider(context_.environment);
            case CredentialSource::container:
                return make_container_provider(context_);
            case CredentialSource::instance_metadata:
                break;
        }
        return make_instance_metadata_provider(context_, settings_.instance_metadata_endpoint);
    }

    ProviderContext context_;
    const ProfileSettings& settings_;
};

/// Whether the profile is one that somebody asked for: then it must be there.
struct Choice {
    std::string name;
    bool is_explicit = false;
};

Choice choose(const ProfileSettings& settings, const EnvironmentReader& environment) {
    if (!settings.name.empty()) {
        return {settings.name, true};
    }
    if (auto name = environment("AWS_PROFILE")) {
        return {*std::move(name), true};
    }
    return {"default", false};
}

/// Without the chosen profile's keys a client must not go on with others; without default's it may.
Error judged(const Error& error, bool is_explicit) {
    const bool absent = error.code() == ErrorCode::not_found || error.code() == ErrorCode::permission_denied;
    if (!absent) {
        return error;
    }
    return {is_explicit ? ErrorCode::configuration : ErrorCode::not_found, std::string(error.message())};
}

/// A source that the profile names must give keys: that it is not set up is then a mistake in the profile.
Error judged_source(const Error& error) {
    return error.code() == ErrorCode::not_found
               ? Error(ErrorCode::configuration, std::string(error.message()))
               : error;
}

Result<ProfilePlan> find_plan(const EnvironmentReader& environment, const std::string& name) {
    FILESTORE_TRY_ASSIGN(const Profiles profiles, read_all_profiles(environment));
    return plan_of_profile(profiles, name);
}

class ProfileProvider final : public CredentialsProvider {
public:
    ProfileProvider(ProviderContext context, ProfileSettings settings)
        : context_(std::move(context)), settings_(std::move(settings)) {}

    [[nodiscard]] std::string_view name() const noexcept override { return "profile"; }

private:
    void begin(const std::stop_token& cancel, const ReplyPtr<ResolvedCredentials>& reply) override {
        post_step(*context_.executor, [context = context_, settings = settings_, cancel, reply] {
            resolve(context, settings, cancel, reply);
        });
    }

    static void resolve(const ProviderContext& context, const ProfileSettings& settings,
                        const std::stop_token& cancel, const ReplyPtr<ResolvedCredentials>& reply) {
        const Choice choice = choose(settings, context.environment);
        auto plan = find_plan(context.environment, choice.name);
        if (!plan.ok()) {
            return reply->give(judged(plan.error(), choice.is_explicit));
        }
        const Builder builder(context, settings, plan->region);
        const auto provider = builder.build(std::move(plan).value());
        provider->get(cancel, [reply, provider](Result<ResolvedCredentials> keys) {
            reply->give(keys.ok() ? std::move(keys) : judged_source(keys.error()));
        });
    }

    const ProviderContext context_;
    const ProfileSettings settings_;
};

}  // namespace

CredentialsProviderPtr make_profile_provider(ProviderContext context, ProfileSettings settings) {
    return std::make_shared<ProfileProvider>(std::move(context), std::move(settings));
}

}  // namespace filestore::s3
