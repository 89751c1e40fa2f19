#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <new>
#include <optional>
#include <span>
#include <system_error>
#include <type_traits>
#include <utility>

#include "audit/postgrest/request.h"
#include "core/duration.h"
#include "core/encoding.h"
#include "core/text.h"
#include "core/try.h"
#include "filestore/service.h"
#include "service/schedule/cron_expression.h"
#include "service/schedule/time_zone.h"
#include "service/validation/rules.h"
#include "service/validation/scanner_address.h"

namespace filestore {
namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;

/// A value that is not accepted, as "must be ..."; empty for one that is.
using Objection = std::string;
using Apply = Objection (*)(ServiceOptions& options, std::string_view value);

struct Option {
    std::string_view name;
    Apply apply;
    /// Its value must not be repeated in a message.
    bool secret = false;
};

template <class Enum>
using Choice = std::pair<std::string_view, Enum>;

constexpr auto durabilities = std::to_array<Choice<Durability>>(
    {{"full", Durability::full}, {"data", Durability::data}, {"none", Durability::none}});

constexpr auto layouts =
    std::to_array<Choice<LocalLayout>>({{"flat", LocalLayout::flat}, {"sharded", LocalLayout::sharded}});

constexpr auto addressings =
    std::to_array<Choice<S3Addressing>>({{"automatic", S3Addressing::automatic},
                                         {"path", S3Addressing::path},
                                         {"virtual_host", S3Addressing::virtual_host}});

constexpr auto payload_signings =
    std::to_array<Choice<S3PayloadSigning>>({{"automatic", S3PayloadSigning::automatic},
                                             {"signed", S3PayloadSigning::signed_payload},
                                             {"unsigned", S3PayloadSigning::unsigned_payload}});

constexpr auto checksum_modes =
    std::to_array<Choice<S3ChecksumMode>>({{"automatic", S3ChecksumMode::automatic},
                                           {"off", S3ChecksumMode::off},
                                           {"header", S3ChecksumMode::header},
                                           {"trailer", S3ChecksumMode::trailer}});

constexpr auto checksum_algorithms =
    std::to_array<Choice<ChecksumAlgorithm>>({{"crc32", ChecksumAlgorithm::crc32},
                                              {"crc32c", ChecksumAlgorithm::crc32c},
                                              {"crc64nvme", ChecksumAlgorithm::crc64nvme},
                                              {"sha1", ChecksumAlgorithm::sha1},
                                              {"sha256", ChecksumAlgorithm::sha256}});

constexpr auto local_checksums =
    std::to_array<Choice<std::optional<ChecksumAlgorithm>>>({{"crc64nvme", ChecksumAlgorithm::crc64nvme},
                                                             {"sha256", ChecksumAlgorithm::sha256},
                                                             {"off", std::nullopt}});

constexpr auto backends = std::to_array<Choice<std::string_view>>({{"local", "local"}, {"s3", "s3"}});
constexpr auto download_checks = std::to_array<Choice<DownloadCheck>>({{"off", DownloadCheck::none},
                                                                       {"size", DownloadCheck::size},
                                                                       {"checksum", DownloadCheck::checksum},
                                                                       {"true", DownloadCheck::checksum},
                                                                       {"false", DownloadCheck::size}});
constexpr auto versioned_removals =
    std::to_array<Choice<S3VersionedRemoval>>({{"marker", S3VersionedRemoval::marker},
                                               {"purge", S3VersionedRemoval::purge},
                                               {"error", S3VersionedRemoval::error}});
constexpr auto encryptions =
    std::to_array<Choice<S3Encryption::Kind>>({{"bucket_default", S3Encryption::Kind::bucket_default},
                                               {"s3", S3Encryption::Kind::s3},
                                               {"kms", S3Encryption::Kind::kms},
                                               {"customer", S3Encryption::Kind::customer}});
constexpr auto type_policies = std::to_array<Choice<TypePolicy>>(
    {{"strict", TypePolicy::strict}, {"warn", TypePolicy::warn}, {"off", TypePolicy::off}});
constexpr auto switches = std::to_array<Choice<bool>>({{"true", true}, {"false", false}});

std::string did_you_mean(std::string_view word, std::span<const std::string_view> names) {
    const auto nearest = nearest_name(word, names);
    return nearest ? "; did you mean '" + std::string(*nearest) + "'?" : std::string();
}

std::string listed(std::span<const std::string_view> names) {
    std::string list;
    for (const std::string_view name : names) {
        list += list.empty() ? "" : ", ";
        list += name;
    }
    return list;
}

template <class Enum, std::size_t Count, class Target>
Objection set_choice(Target& target, std::string_view value, const std::array<Choice<Enum>, Count>& choices) {
    std::array<std::string_view, Count> names;
    for (std::size_t i = 0; i < Count; ++i) {
        names[i] = choices[i].first;
        if (choices[i].first == value) {
            target = choices[i].second;
            return {};
        }
    }
    return "must be one of " + listed(names) + did_you_mean(value, names);
}

template <class Text>
Objection set_text(Text& target, std::string_view value) {
    if (value.find('\0') != std::string_view::npos) {
        return "must not hold a NUL";
    }
    target = value;
    return {};
}

Objection set_nonempty(std::string& target, std::string_view value) {
    return value.empty() ? "must not be empty" : set_text(target, value);
}

template <class Number>
Objection set_number(Number& target, std::string_view value, std::type_identity_t<Number> least,
                     std::type_identity_t<Number> most) {
    Number number = 0;
    const char* end = value.data() + value.size();
    const auto [stopped, failure] = std::from_chars(value.data(), end, number);
    if (failure != std::errc() || stopped != end || number < least || number > most) {
        return "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most);
    }
    target = number;
    return {};
}

constexpr std::chrono::milliseconds none{0};
constexpr std::chrono::milliseconds shortest{1};
constexpr std::chrono::milliseconds longest = std::chrono::hours(24);

std::string in_seconds(std::chrono::milliseconds time) {
    return time == shortest ? "0.001" : std::to_string(time.count() / 1000);
}

Objection set_seconds(std::chrono::milliseconds& target, std::string_view value,
                      std::chrono::milliseconds least = shortest) {
    double seconds = 0;
    const char* end = value.data() + value.size();
    const auto [stopped, failure] = std::from_chars(value.data(), end, seconds, std::chars_format::fixed);
    const std::chrono::duration<double> time(seconds);
    // Written so that a NaN, which from_chars reads, is refused.
    const bool in_range = time >= least && time <= longest;
    if (failure != std::errc() || stopped != end || !in_range) {
        return "must be a number of seconds from " + in_seconds(least) + " to " + in_seconds(longest);
    }
    target = std::chrono::milliseconds(std::llround(seconds * 1000));
    return {};
}

Objection set_whole_seconds(std::chrono::seconds& target, std::string_view value, std::int64_t least,
                            std::int64_t most) {
    std::int64_t seconds = 0;
    Objection objection = set_number(seconds, value, least, most);
    if (!objection.empty()) {
        return objection + " (seconds)";
    }
    target = std::chrono::seconds(seconds);
    return {};
}

/// Bytes, or `off`.
Objection set_threshold(std::optional<std::uint64_t>& target, std::string_view value) {
    if (value == "off") {
        target = std::nullopt;
        return {};
    }
    std::uint64_t bytes = 0;
    Objection objection = set_number(bytes, value, 0, mebibyte * mebibyte);
    if (!objection.empty()) {
        return objection + ", or off";
    }
    target = bytes;
    return {};
}

/// Base64 of the bytes, as keys are handed on in text.
Objection set_customer_key(SecretString& target, std::string_view value) {
    constexpr std::size_t key_size = 32;
    auto key = from_base64(value);
    if (!key.ok() || key->size() != key_size) {
        return "must be base64 of 32 bytes";
    }
    target = SecretString(std::move(*key));
    return {};
}

std::string octal(unsigned mode) {
    std::array<char, 8> digits{};
    const auto [end, failure] = std::to_chars(digits.data(), digits.data() + digits.size(), mode, 8);
    return "0" + std::string(digits.data(), end);
}

/// A mode as chmod takes it, in octal digits.
Objection set_mode(unsigned& target, std::string_view value, unsigned least, unsigned most) {
    unsigned mode = 0;
    const char* end = value.data() + value.size();
    const auto [stopped, failure] = std::from_chars(value.data(), end, mode, 8);
    if (failure != std::errc() || stopped != end || (mode & least) != least || (mode & ~most) != 0) {
        return "must be an octal mode between " + octal(least) + " and " + octal(most) +
               " that leaves the owner all of " + octal(least);
    }
    target = mode;
    return {};
}

Objection set_schedule(std::string& target, std::string_view value) {
    const auto expression = parse_cron_expression(value);
    return expression.ok() ? set_text(target, value) : Objection(expression.error().message());
}

Objection set_time_zone(std::string& target, std::string_view value) {
    const auto zone = TimeZone::find(value);
    return zone.ok() ? set_text(target, value)
                     : "must be a time zone: " + std::string(zone.error().message());
}

Objection set_jitter(std::chrono::seconds& target, std::string_view value) {
    std::int64_t seconds = 0;
    Objection objection = set_number(seconds, value, 0, std::chrono::seconds(std::chrono::days(1)).count());
    target = objection.empty() ? std::chrono::seconds(seconds) : target;
    return objection;
}

/// A time, or `off`.
Objection set_grace(std::optional<std::chrono::seconds>& target, std::string_view value) {
    if (value == "off") {
        target = std::nullopt;
        return {};
    }
    const auto grace = read_duration(value);
    if (!grace || *grace < std::chrono::seconds(1)) {
        return "must be a time such as 30d, 12h, 15m or 90s, up to 36500d, or off";
    }
    target = *grace;
    return {};
}

Objection set_lifetime(std::chrono::seconds& target, std::string_view value) {
    const auto lifetime = read_duration(value);
    if (!lifetime || *lifetime < std::chrono::seconds(1) || *lifetime > std::chrono::days(365)) {
        return "must be a time such as 7d, 12h, 15m or 90s, up to 365d";
    }
    target = *lifetime;
    return {};
}

Objection set_table(std::string& target, std::string_view value) {
    return postgrest::check_table(value).ok() ? set_text(target, value)
                                              : "must be a name of letters, digits and _";
}

/// With commas between them; none where it is empty.
std::vector<std::string> words_of(std::string_view value) {
    std::vector<std::string> words;
    for (std::size_t begin = 0; begin < value.size();) {
        const std::size_t comma = std::min(value.find(',', begin), value.size());
        std::string_view word = value.substr(begin, comma - begin);
        word.remove_prefix(std::min(word.find_first_not_of(' '), word.size()));
        word = word.substr(0, word.find_last_not_of(' ') + 1);
        words.emplace_back(word);
        begin = comma + 1;
    }
    return words;
}

Objection set_list(ValidationOptions& target, std::vector<std::string> ValidationOptions::*list,
                   std::string_view value) {
    ValidationOptions changed;
    changed.*list = words_of(value);
    if (auto checked = validation::check_rules(changed); !checked.ok()) {
        return "is no list with commas: " + std::string(checked.error().message());
    }
    target.*list = std::move(changed.*list);
    return {};
}

Objection set_scanner(std::string& target, std::string_view value) {
    if (!value.empty() && !validation::parse_scanner_address(value).ok()) {
        return "must be unix:/path/of/a/socket or tcp:host:port";
    }
    return set_text(target, value);
}

using Options = ServiceOptions&;
using Value = std::string_view;
using Rules = ValidationOptions;

constexpr auto options_by_name = std::to_array<Option>({
    {"backend", [](Options o, Value v) { return set_choice(o.backend, v, backends); }},
    {"base_path", [](Options o, Value v) { return set_nonempty(o.local.base_path, v); }},
    {"durability", [](Options o, Value v) { return set_choice(o.local.durability, v, durabilities); }},
    {"layout", [](Options o, Value v) { return set_choice(o.local.layout, v, layouts); }},
    {"file_mode", [](Options o, Value v) { return set_mode(o.local.file_mode, v, 0600, 0666); }},
    {"directory_mode", [](Options o, Value v) { return set_mode(o.local.directory_mode, v, 0700, 02777); }},
    {"checksum", [](Options o, Value v) { return set_choice(o.local.checksum, v, local_checksums); }},
    {"url_base", [](Options o, Value v) { return set_text(o.local.url_base, v); }},
    {"url_key", [](Options o, Value v) { return set_text(o.local.url_key, v); }, true},
    {"verify_downloads",
     [](Options o, Value v) { return set_choice(o.local.verify_downloads, v, download_checks); }},
    {"bucket_name", [](Options o, Value v) { return set_nonempty(o.s3.bucket, v); }},
    {"aws_access_key", [](Options o, Value v) { return set_text(o.s3.credentials.access_key, v); }, true},
    {"aws_secret_key", [](Options o, Value v) { return set_text(o.s3.credentials.secret_key, v); }, true},
    {"aws_session_token", [](Options o, Value v) { return set_text(o.s3.credentials.session_token, v); },
     true},
    {"anonymous", [](Options o, Value v) { return set_choice(o.s3.credentials.anonymous, v, switches); }},
    {"aws_profile", [](Options o, Value v) { return set_text(o.s3.credentials.profile, v); }},
    {"role_arn", [](Options o, Value v) { return set_text(o.s3.credentials.role.role_arn, v); }},
    {"role_session_name", [](Options o, Value v) { return set_text(o.s3.credentials.role.session_name, v); }},
    {"external_id", [](Options o, Value v) { return set_text(o.s3.credentials.role.external_id, v); }},
    {"role_policy", [](Options o, Value v) { return set_text(o.s3.credentials.role.policy, v); }},
    {"role_duration",
     [](Options o, Value v) { return set_whole_seconds(o.s3.credentials.role.duration, v, 900, 43'200); }},
    {"sts_endpoint", [](Options o, Value v) { return set_text(o.s3.credentials.sts_endpoint, v); }, true},
    {"instance_metadata_endpoint",
     [](Options o, Value v) { return set_text(o.s3.credentials.instance_metadata_endpoint, v); }, true},
    {"region", [](Options o, Value v) { return set_nonempty(o.s3.region, v); }},
    {"endpoint", [](Options o, Value v) { return set_text(o.s3.endpoint, v); }, true},
    {"dual_stack", [](Options o, Value v) { return set_choice(o.s3.dual_stack, v, switches); }},
    {"addressing", [](Options o, Value v) { return set_choice(o.s3.addressing, v, addressings); }},
    {"payload_signing",
     [](Options o, Value v) { return set_choice(o.s3.payload_signing, v, payload_signings); }},
    {"key_prefix", [](Options o, Value v) { return set_text(o.s3.key_prefix, v); }},
    {"storage_class", [](Options o, Value v) { return set_text(o.s3.storage_class, v); }},
    {"server_side_encryption",
     [](Options o, Value v) { return set_choice(o.s3.encryption.kind, v, encryptions); }},
    {"kms_key_id", [](Options o, Value v) { return set_text(o.s3.encryption.kms_key_id, v); }},
    {"kms_context", [](Options o, Value v) { return set_text(o.s3.encryption.kms_context, v); }},
    {"sse_customer_key", [](Options o, Value v) { return set_customer_key(o.s3.encryption.customer_key, v); },
     true},
    {"requester_pays", [](Options o, Value v) { return set_choice(o.s3.requester_pays, v, switches); }},
    {"versioned_removal",
     [](Options o, Value v) { return set_choice(o.s3.versioned_removal, v, versioned_removals); }},
    {"ca_file", [](Options o, Value v) { return set_text(o.s3.ca_file, v); }},
    {"ca_pem", [](Options o, Value v) { return set_text(o.s3.ca_pem, v); }},
    {"spool_directory", [](Options o, Value v) { return set_text(o.s3.spool_directory, v); }},
    {"connect_timeout", [](Options o, Value v) { return set_seconds(o.s3.connect_timeout, v); }},
    {"stall_timeout", [](Options o, Value v) { return set_seconds(o.s3.stall_timeout, v); }},
    {"first_byte_timeout", [](Options o, Value v) { return set_seconds(o.s3.first_byte_timeout, v); }},
    {"expect_threshold", [](Options o, Value v) { return set_threshold(o.s3.expect_threshold, v); }},
    {"expect_wait", [](Options o, Value v) { return set_seconds(o.s3.expect_wait, v); }},
    {"dns_cache_time",
     [](Options o, Value v) { return set_whole_seconds(o.s3.dns_cache_time, v, 0, 86'400); }},
    {"max_idle_age", [](Options o, Value v) { return set_whole_seconds(o.s3.max_idle_age, v, 0, 86'400); }},
    {"max_attempts", [](Options o, Value v) { return set_number(o.s3.retry.max_attempts, v, 1, 100); }},
    {"retry_first_delay", [](Options o, Value v) { return set_seconds(o.s3.retry.first_delay, v, none); }},
    {"retry_longest_delay",
     [](Options o, Value v) { return set_seconds(o.s3.retry.longest_delay, v, none); }},
    {"retry_longest_time", [](Options o, Value v) { return set_seconds(o.s3.retry.longest_time, v, none); }},
    {"retry_longest_silence",
     [](Options o, Value v) { return set_seconds(o.s3.retry.longest_silence, v, none); }},
    {"proxy", [](Options o, Value v) { return set_text(o.s3.proxy, v); }, true},
    {"no_proxy", [](Options o, Value v) { return set_text(o.s3.no_proxy, v); }},
    {"proxy_from_environment",
     [](Options o, Value v) { return set_choice(o.s3.proxy_from_environment, v, switches); }},
    {"profile", [](Options o, Value v) { return set_text(o.s3.profile, v); }},
    {"checksum_mode", [](Options o, Value v) { return set_choice(o.s3.checksum_mode, v, checksum_modes); }},
    {"checksum_algorithm",
     [](Options o, Value v) { return set_choice(o.s3.checksum_algorithm, v, checksum_algorithms); }},
    {"part_size",
     [](Options o, Value v) { return set_number(o.s3.part_size, v, 5 * mebibyte, 5120 * mebibyte); }},
    {"part_memory",
     [](Options o, Value v) { return set_number(o.s3.part_memory, v, mebibyte, mebibyte * mebibyte); }},
    {"parallel_parts", [](Options o, Value v) { return set_number(o.s3.parallel_parts, v, 1, 256); }},
    {"parallel_below_rate",
     [](Options o, Value v) {
         return set_number(o.s3.parallel_below_rate, v, 0, std::numeric_limits<std::uint64_t>::max());
     }},
    {"max_connections", [](Options o, Value v) { return set_number(o.s3.max_connections, v, 1, 10'000); }},
    {"event_loops", [](Options o, Value v) { return set_number(o.s3.event_loops, v, 1, 64); }},
    {"catalogue_path", [](Options o, Value v) { return set_text(o.catalogue_path, v); }},
    {"cleanup_enabled", [](Options o, Value v) { return set_choice(o.cleanup.enabled, v, switches); }},
    {"retention_days", [](Options o, Value v) { return set_number(o.cleanup.retention_days, v, 1, 36'500); }},
    {"schedule", [](Options o, Value v) { return set_schedule(o.cleanup.schedule, v); }},
    {"time_zone", [](Options o, Value v) { return set_time_zone(o.cleanup.time_zone, v); }},
    {"cleanup_jitter", [](Options o, Value v) { return set_jitter(o.cleanup.jitter, v); }},
    {"soft_delete_grace", [](Options o, Value v) { return set_grace(o.soft_delete_grace, v); }},
    {"upload_lifetime", [](Options o, Value v) { return set_lifetime(o.upload_lifetime, v); }},
    {"audit_url", [](Options o, Value v) { return set_text(o.audit.url, v); }, true},
    {"audit_key", [](Options o, Value v) { return set_text(o.audit.key, v); }, true},
    {"audit_table", [](Options o, Value v) { return set_table(o.audit.table, v); }},
    {"audit_ca_file", [](Options o, Value v) { return set_text(o.audit.ca_file, v); }},
    {"audit_plain_http",
     [](Options o, Value v) { return set_choice(o.audit.allow_plain_http, v, switches); }},
    {"audit_strict", [](Options o, Value v) { return set_choice(o.audit.strict, v, switches); }},
    {"audit_most_pending",
     [](Options o, Value v) { return set_number(o.audit.most_pending, v, 0, 1'000'000'000'000); }},
    {"max_size", [](Options o, Value v) { return set_threshold(o.validation.max_size, v); }},
    {"type_policy",
     [](Options o, Value v) { return set_choice(o.validation.type_policy, v, type_policies); }},
    {"allowed_types", [](Options o, Value v) { return set_list(o.validation, &Rules::allowed_types, v); }},
    {"denied_types", [](Options o, Value v) { return set_list(o.validation, &Rules::denied_types, v); }},
    {"allowed_extensions",
     [](Options o, Value v) { return set_list(o.validation, &Rules::allowed_extensions, v); }},
    {"denied_extensions",
     [](Options o, Value v) { return set_list(o.validation, &Rules::denied_extensions, v); }},
    {"store_found_type",
     [](Options o, Value v) { return set_choice(o.validation.store_found_type, v, switches); }},
    {"magic_database", [](Options o, Value v) { return set_text(o.validation.magic_database, v); }},
    {"scanner", [](Options o, Value v) { return set_scanner(o.validation.scanner, v); }},
    {"scanner_timeout",
     [](Options o, Value v) { return set_whole_seconds(o.validation.scanner_timeout, v, 1, 3600); }},
});

Error unknown_option(std::string_view name) {
    std::array<std::string_view, options_by_name.size()> names;
    std::transform(options_by_name.begin(), options_by_name.end(), names.begin(),
                   [](const Option& option) { return option.name; });
    const std::string hint = did_you_mean(name, names);
    return Error(ErrorCode::invalid_argument, "unknown option " + filestore::quoted(name) +
                                                  (hint.empty() ? "; known are " + listed(names) : hint));
}

Result<void> set_option(ServiceOptions& options, std::string_view name, std::string_view value) {
    const auto* option = std::find_if(options_by_name.begin(), options_by_name.end(),
                                      [name](const Option& candidate) { return candidate.name == name; });
    if (option == options_by_name.end()) {
        return unknown_option(name);
    }
    const Objection objection = option->apply(options, value);
    if (objection.empty()) {
        return {};
    }
    const std::string shown = option->secret ? std::string() : " " + filestore::quoted(value);
    return Error(ErrorCode::invalid_argument, "option " + std::string(name) + shown + " " + objection);
}

}  // namespace

Result<void> ServiceOptions::set(std::string_view name, std::string_view value) {
    try {
        return set_option(*this, name, value);
    } catch (const std::bad_alloc&) {
        return Error(ErrorCode::no_memory);
    }
}

}  // namespace filestore
