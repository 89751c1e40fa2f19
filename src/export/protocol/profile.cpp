#include "export/protocol/profile.h"

#include <algorithm>
#include <vector>

#include "core/ascii.h"
#include "core/base_url.h"
#include "core/text.h"
#include "core/try.h"

namespace filestore::provider {

namespace {

using namespace std::string_view_literals;
using std::chrono::days;
using std::chrono::hours;

constexpr std::uint64_t mib = std::uint64_t{1} << 20U;
constexpr std::uint64_t gib = std::uint64_t{1} << 30U;

constexpr std::array image_types{"image/gif"sv, "image/jpeg"sv, "image/png"sv, "image/webp"sv};
constexpr std::array json_lines{".jsonl"sv};
/// Tells a model nothing of how to read the bytes.
constexpr std::array unknown_type{"application/octet-stream"sv};

constexpr std::array openai_rules{
    PurposeRule{"batch", 200 * mib, {}, {}, json_lines},
    PurposeRule{"fine-tune", 0, {}, {}, json_lines},
    PurposeRule{"vision", 0, image_types, {}, {}},
};
constexpr std::array gemini_rules{PurposeRule{"", 0, {}, unknown_type, {}}};

constexpr std::array anthropic_headers{
    FixedHeader{"anthropic-version", "2023-06-01"},
    FixedHeader{"anthropic-beta", "files-api-2025-04-14"},
};

// Of the services that are compatible xAI pages by tokens, Mistral by numbers, OpenAI itself behind an ID.
constexpr std::array openai_tokens{TokenPaging{"pagination_token", "pagination_token"}};
constexpr std::array anthropic_tokens{TokenPaging{"next_page", "page"}};
constexpr std::array gemini_tokens{TokenPaging{"nextPageToken", "pageToken"}};

constexpr std::array anthropic_missing{"not_found_error"sv};
// "You do not have permission to access the File abc or it may not exist."
constexpr std::array gemini_missing{"NOT_FOUND"sv, "PERMISSION_DENIED"sv};

constexpr std::array all_profiles{
    Profile{
        .name = "openai",
        .base_url = "https://api.openai.com/v1",
        .key_variables = {"OPENAI_API_KEY", ""},
        .key_header = "authorization",
        .key_prefix = "Bearer ",
        .headers = {},
        .style = UploadStyle::form,
        .upload_path = "/files",
        .files_path = "/files",
        .default_purpose = "user_data",
        .most_size = 512 * mib,
        .parts = PartRule{64 * mib, 8 * gib},
        .rules = openai_rules,
        .expiry_field = ExpiryField::anchor_and_seconds,
        .lifetimes = LifetimeRange{hours(1), days(30)},
        .members = {"id", "filename", "bytes", "expires_at", TimeFormat::unix_seconds, "data", "created_at"},
        .paging = {"limit=1000", "limit=100", openai_tokens, "after", "total", "page"},
        .removal = RemovalAnswer::deleted_and_id,
        .missing_codes = {},
    },
    Profile{
        .name = "anthropic",
        .base_url = "https://api.anthropic.com",
        .key_variables = {"ANTHROPIC_API_KEY", ""},
        .key_header = "x-api-key",
        .key_prefix = "",
        .headers = anthropic_headers,
        .style = UploadStyle::form,
        .upload_path = "/v1/files",
        .files_path = "/v1/files",
        .default_purpose = "",
        .most_size = 500 * mib,
        .parts = std::nullopt,
        .rules = {},
        .expiry_field = ExpiryField::seconds,
        .lifetimes = LifetimeRange{hours(1), days(90)},
        .members = {"id", "filename", "size_bytes", "expires_at", TimeFormat::rfc3339, "data", "created_at"},
        .paging = {"limit=1000", "limit=1000", anthropic_tokens, "after_id"},
        .removal = RemovalAnswer::type_and_id,
        .missing_codes = anthropic_missing,
    },
    Profile{
        .name = "gemini",
        .base_url = "https://generativelanguage.googleapis.com",
        .key_variables = {"GOOGLE_API_KEY", "GEMINI_API_KEY"},
        .key_header = "x-goog-api-key",
        .key_prefix = "",
        .headers = {},
        .style = UploadStyle::resumable,
        .upload_path = "/upload/v1beta/files",
        .files_path = "/v1beta/files",
        .default_purpose = "",
        .most_size = 2 * gib,
        .parts = std::nullopt,
        .rules = gemini_rules,
        .expiry_field = ExpiryField::none,
        .lifetimes = std::nullopt,
        .members = {"name", "displayName", "sizeBytes", "expirationTime", TimeFormat::rfc3339, "files",
                    "createTime"},
        .paging = {"pageSize=100", "pageSize=100", gemini_tokens},
        .removal = RemovalAnswer::nothing,
        .missing_codes = gemini_missing,
    },
};

Error refused(std::string_view what, std::string message) {
    ErrorDetails details;
    details.server_code = what;
    return {ErrorCode::rejected, std::move(message), std::move(details)};
}

/// "text/plain" of "Text/Plain; charset=utf-8".
std::string bare_type(std::string_view content_type) {
    std::string_view bare = content_type.substr(0, content_type.find(';'));
    while (bare.ends_with(' ') || bare.ends_with('\t')) {
        bare.remove_suffix(1);
    }
    return to_lower(bare);
}

bool holds(std::span<const std::string_view> texts, std::string_view text) {
    return std::find(texts.begin(), texts.end(), text) != texts.end();
}

std::string listed(std::span<const std::string_view> texts) {
    std::string list;
    for (const std::string_view text : texts) {
        list += list.empty() ? "" : ", ";
        list += text;
    }
    return list;
}

std::string size_text(std::uint64_t size) {
    return std::to_string(size) + " bytes";
}

Result<void> check_size(const Profile& profile, const OutgoingFile& file) {
    const std::uint64_t most = profile.parts ? profile.parts->most_size : profile.most_size;
    if (file.size > most) {
        return refused("size", "the file has " + size_text(file.size) + ", and " + std::string(profile.name) +
                                   " takes at most " + size_text(most));
    }
    return {};
}

Result<void> check_rule(const Profile& profile, const PurposeRule& rule, const OutgoingFile& file) {
    const std::string taker =
        std::string(profile.name) + (rule.purpose.empty() ? "" : " for " + std::string(rule.purpose));
    if (rule.most_size != 0 && file.size > rule.most_size) {
        return refused("size", "the file has " + size_text(file.size) + ", and " + taker + " takes at most " +
                                   size_text(rule.most_size));
    }
    const std::string type = bare_type(file.content_type);
    if (!rule.types.empty() && !holds(rule.types, type)) {
        return refused("type", "the file is stored as " + quoted(type) + ", and " + taker + " takes " +
                                   listed(rule.types));
    }
    if (holds(rule.refused_types, type)) {
        return refused("type", "the file is stored as " + quoted(type) + ", which " + taker +
                                   " does not take: store it with the type that it has (upload "
                                   "--content-type, or the option store_found_type)");
    }
    const std::string name = to_lower(file.name);
    const bool has_extension =
        rule.extensions.empty() ||
        std::any_of(rule.extensions.begin(), rule.extensions.end(),
                    [&](std::string_view extension) { return name.ends_with(extension); });
    return has_extension ? Result<void>()
                         : refused("type", "the file is named " + quoted(file.name) + ", and " + taker +
                                               " takes names that end in " + listed(rule.extensions));
}

Result<void> check_purpose(const Profile& profile, const std::string& purpose) {
    if (profile.default_purpose.empty()) {
        return purpose.empty() ? Result<void>()
                               : Error(ErrorCode::invalid_argument,
                                       std::string(profile.name) + " knows no purposes: leave it out");
    }
    constexpr std::size_t longest = 64;
    const bool is_word = !purpose.empty() && purpose.size() <= longest &&
                         std::all_of(purpose.begin(), purpose.end(), [](char c) {
                             return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
                         });
    return is_word ? Result<void>()
                   : Error(ErrorCode::invalid_argument,
                           "the purpose " + quoted(purpose) +
                               " is none: give a word of a-z, 0-9, _ and -, such as user_data");
}

Result<void> check_lifetime(const Profile& profile, std::optional<std::chrono::seconds> lifetime) {
    if (!lifetime) {
        return {};
    }
    if (!profile.lifetimes) {
        return Error(ErrorCode::invalid_argument, std::string(profile.name) +
                                                      " decides itself how long it keeps files: leave "
                                                      "the lifetime out");
    }
    if (*lifetime < profile.lifetimes->shortest || *lifetime > profile.lifetimes->longest) {
        return Error(ErrorCode::invalid_argument,
                     std::string(profile.name) + " keeps files for " +
                         std::to_string(profile.lifetimes->shortest.count()) + " to " +
                         std::to_string(profile.lifetimes->longest.count()) + " seconds, not for " +
                         std::to_string(lifetime->count()));
    }
    return {};
}

Error bad_url(std::string_view what) {
    return {ErrorCode::invalid_argument,
            "the base URL " + std::string(what) + ": give one such as https://api.example.com/v1"};
}

bool stands_in_names(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
}

/// What does not stand in names is one `_` in a row.
std::string plain_name(std::string_view name) {
    std::string plain;
    for (const char c : name) {
        if (stands_in_names(c)) {
            plain += c;
        } else if (!plain.ends_with('_')) {
            plain += '_';
        }
    }
    return plain;
}

}  // namespace

std::span<const Profile> profiles() noexcept {
    return all_profiles;
}

Result<const Profile*> find_profile(std::string_view name) {
    const auto* const found = std::find_if(all_profiles.begin(), all_profiles.end(),
                                           [&](const Profile& profile) { return profile.name == name; });
    if (found != all_profiles.end()) {
        return &*found;
    }
    std::vector<std::string_view> names;
    std::transform(all_profiles.begin(), all_profiles.end(), std::back_inserter(names),
                   [](const Profile& profile) { return profile.name; });
    const auto nearest = nearest_name(name, names);
    return Error(ErrorCode::invalid_argument,
                 "there is no provider " + quoted(name) + ": give one of " + listed(names) +
                     (nearest ? " (did you mean " + std::string(*nearest) + "?)" : "") +
                     "; services that are compatible with OpenAI are openai with a base URL");
}

Result<void> check_file(const Profile& profile, const OutgoingFile& file) {
    FILESTORE_TRY(check_purpose(profile, file.purpose));
    FILESTORE_TRY(check_lifetime(profile, file.expires_in));
    FILESTORE_TRY(check_size(profile, file));
    for (const PurposeRule& rule : profile.rules) {
        if (rule.purpose.empty() || rule.purpose == file.purpose) {
            FILESTORE_TRY(check_rule(profile, rule, file));
        }
    }
    return {};
}

Result<std::string> resolve_base_url(const Profile& profile, std::string_view given, bool allow_plain_http) {
    if (given.empty()) {
        return std::string(profile.base_url);
    }
    given = without_last_slashes(given);
    if (const auto fault = fault_of_base_url(given)) {
        return bad_url(*fault);
    }
    if (!allow_plain_http && can_be_read_on_the_way(given)) {
        return Error(
            ErrorCode::invalid_argument,
            "the base URL is of another machine and without TLS, so that anybody on the way reads the "
            "key and the file: give an https URL");
    }
    return std::string(given);
}

std::string sent_name(const FileId& id, std::string_view mark, std::string_view original_path) {
    constexpr std::size_t longest = 255;
    constexpr std::size_t longest_extension = 16;
    const std::size_t slash = original_path.find_last_of("/\\");
    const std::string base =
        plain_name(slash == std::string_view::npos ? original_path : original_path.substr(slash + 1));
    const std::size_t dot = base.rfind('.');
    const bool has_extension = dot != std::string::npos && dot > 0 && base.size() - dot <= longest_extension;
    const std::string extension = has_extension ? base.substr(dot) : std::string();
    const std::string told = id.str() + "-" + std::string(mark);
    const std::string stem =
        base.substr(0, std::min(base.size(), longest - told.size() - 1) - extension.size());
    return (stem.empty() || stem == "_" ? "" : stem + "-") + told + extension;
}

bool is_copy_name(std::string_view sent_name, std::string_view listed) noexcept {
    return !sent_name.empty() && equal_ignoring_case(sent_name, listed);
}

bool holds_name(std::string_view answered, std::string_view sent_name) {
    return to_lower(answered).find(to_lower(sent_name)) != std::string::npos;
}

}  // namespace filestore::provider
