#include "s3/credentials/profile_plan.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include "core/text.h"
#include "core/try.h"
#include "s3/credentials/keys.h"

namespace filestore::s3 {
namespace {

/// The longest chain of roles that AWS itself would go along makes no sense far below this.
constexpr std::size_t most_profiles = 16;

using Base = decltype(ProfilePlan::base);

std::string_view property(const Profile& profile, std::string_view name) {
    const auto found = profile.find(name);
    return found == profile.end() ? std::string_view() : std::string_view(found->second);
}

Error mistake(std::string_view name, const std::string& what) {
    return {ErrorCode::configuration, "profile " + quoted(name) + ' ' + what};
}

Error nothing_in(std::string_view name) {
    return {ErrorCode::not_found, "profile " + quoted(name) + " says nothing about keys"};
}

Result<RoleRequest> role_of(const Profile& profile, std::string_view name) {
    if (!property(profile, "mfa_serial").empty()) {
        return mistake(name, "has mfa_serial, for which nobody can be asked: use credential_process");
    }
    RoleRequest role;
    role.role_arn = property(profile, "role_arn");
    role.session_name = property(profile, "role_session_name");
    role.external_id = property(profile, "external_id");
    const std::string_view text = property(profile, "duration_seconds");
    if (!text.empty()) {
        std::int32_t seconds = 0;
        const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), seconds);
        if (failure != std::errc() || end != text.data() + text.size() || seconds < 1) {
            return mistake(name, "has a duration_seconds that is no number of seconds");
        }
        role.duration = std::chrono::seconds(seconds);
    }
    return role;
}

/// Keys or a process; `not_found` where the profile has neither.
Result<Base> own_keys(const Profile& profile, std::string_view name) {
    const std::string_view access_key = property(profile, "aws_access_key_id");
    const std::string_view secret_key = property(profile, "aws_secret_access_key");
    if (!access_key.empty() && !secret_key.empty()) {
        FILESTORE_TRY_ASSIGN(Credentials keys, checked_keys({std::string(access_key), secret_key,
                                                             property(profile, "aws_session_token")},
                                                            "profile " + quoted(name)));
        return Base(std::move(keys));
    }
    if (!access_key.empty() || !secret_key.empty()) {
        return mistake(name, access_key.empty() ? "has a secret key without aws_access_key_id"
                                                : "has an access key without aws_secret_access_key");
    }
    if (const std::string_view command = property(profile, "credential_process"); !command.empty()) {
        return Base(ProcessCommand{std::string(command)});
    }
    if (!property(profile, "sso_session").empty() || !property(profile, "sso_start_url").empty()) {
        return mistake(name, "uses SSO, for which nobody can be asked: use credential_process");
    }
    return nothing_in(name);
}

Result<Base> source_named(std::string_view source, std::string_view name) {
    if (source == "Environment") {
        return Base(CredentialSource::environment);
    }
    if (source == "Ec2InstanceMetadata") {
        return Base(CredentialSource::instance_metadata);
    }
    if (source == "EcsContainer") {
        return Base(CredentialSource::container);
    }
    return mistake(name,
                   "has a credential_source other than Environment, Ec2InstanceMetadata and EcsContainer");
}

/// Goes from profile to profile along source_profile, until one has keys of its own.
class Planner {
public:
    explicit Planner(const Profiles& profiles) : profiles_(profiles) {}

    Result<ProfilePlan> plan(std::string_view name) {
        std::optional<std::string_view> next = name;
        while (next) {
            FILESTORE_TRY_ASSIGN(next, visit(*next));
        }
        std::reverse(plan_.roles.begin(), plan_.roles.end());
        plan_.region = property(profiles_.find(name)->second, "region");
        return std::move(plan_);
    }

private:
    /// The profile to go to next; nothing once the base is known.
    Result<std::optional<std::string_view>> visit(std::string_view name) {
        const auto found = profiles_.find(name);
        if (found == profiles_.end()) {
            return Error(visited_.empty() ? ErrorCode::not_found : ErrorCode::configuration,
                         "there is no profile " + quoted(name));
        }
        if (std::find(visited_.begin(), visited_.end(), name) != visited_.end() ||
            visited_.size() == most_profiles) {
            return mistake(name, "is its own source_profile, in a circle");
        }
        visited_.push_back(name);
        const Profile& profile = found->second;
        return property(profile, "role_arn").empty() ? visit_keys(profile, name) : visit_role(profile, name);
    }

    Result<std::optional<std::string_view>> visit_keys(const Profile& profile, std::string_view name) {
        auto base = own_keys(profile, name);
        if (!base.ok()) {
            const bool is_source = visited_.size() > 1 && base.error().code() == ErrorCode::not_found;
            return is_source ? Error(ErrorCode::configuration, std::string(base.error().message()))
                             : base.error();
        }
        plan_.base = std::move(base).value();
        return std::optional<std::string_view>();
    }

    Result<std::optional<std::string_view>> visit_role(const Profile& profile, std::string_view name) {
        FILESTORE_TRY_ASSIGN(RoleRequest role, role_of(profile, name));
        const std::string_view token_file = property(profile, "web_identity_token_file");
        if (!token_file.empty()) {
            plan_.base = WebIdentity{std::string(token_file), std::move(role)};
            return std::optional<std::string_view>();
        }
        plan_.roles.push_back(std::move(role));
        const std::string_view source_profile = property(profile, "source_profile");
        const std::string_view source = property(profile, "credential_source");
        if (source_profile.empty() == source.empty()) {
            return mistake(name,
                           "has role_arn: give it either source_profile or credential_source, or "
                           "web_identity_token_file");
        }
        if (!source.empty()) {
            FILESTORE_TRY_ASSIGN(plan_.base, source_named(source, name));
            return std::optional<std::string_view>();
        }
        if (source_profile == name) {
            return visit_keys(profile, name);
        }
        return std::optional(source_profile);
    }

    const Profiles& profiles_;
    std::vector<std::string_view> visited_;
    ProfilePlan plan_;
};

}  // namespace

Result<ProfilePlan> plan_of_profile(const Profiles& profiles, std::string_view name) {
    return Planner(profiles).plan(name);
}

}  // namespace filestore::s3
