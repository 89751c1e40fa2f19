#include "s3/protocol/quirks.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include "core/ascii.h"
#include "core/text.h"
#include "core/try.h"
#include "s3/protocol/host_name.h"

namespace filestore::s3 {
namespace {

constexpr Quirks aws() {
    Quirks q{.name = "aws"};
    q.header_checksums = true;
    q.auto_checksum = AutoChecksum::header;
    q.trailer_checksums = true;
    q.returns_checksums = true;
    q.part_number_reads = true;
    q.put_if_none_match = true;
    q.put_if_match = true;
    q.conditional_complete = true;
    q.delete_if_match = true;
    q.auto_delete_if_match = true;
    q.batch_delete_if_match = true;
    q.tagging = true;
    q.versioning = true;
    q.sse_s3 = true;
    q.sse_kms = true;
    q.sse_customer_key = true;
    q.storage_classes = true;
    return q;
}

constexpr Quirks minio() {
    Quirks q{.name = "minio"};
    q.header_checksums = true;
    q.auto_checksum = AutoChecksum::header;
    q.trailer_checksums = true;
    q.returns_checksums = true;
    q.part_number_reads = true;
    q.put_if_none_match = true;
    q.put_if_match = true;
    q.conditional_complete = true;
    q.list_uploads_by_prefix = false;
    q.keys_are_paths = true;
    q.tagging = true;
    q.versioning = true;
    q.sse_s3 = true;
    q.sse_kms = true;
    q.sse_customer_key = true;
    q.storage_classes = true;
    return q;
}

constexpr Quirks r2() {
    Quirks q{.name = "r2"};
    q.fixed_region = "auto";
    q.answers_expect = false;
    q.header_checksums = true;
    q.multipart_etag_is_md5_of_md5s = false;
    q.equal_parts = true;
    q.put_if_none_match = true;
    q.put_if_match = true;
    q.conditional_complete = true;
    q.sse_customer_key = true;
    q.storage_classes = true;
    q.post_policy = false;
    return q;
}

constexpr Quirks gcs() {
    Quirks q{.name = "gcs"};
    q.multipart_etag_is_md5_of_md5s = false;
    q.multipart_copy = false;
    q.storage_classes = true;
    return q;
}

constexpr Quirks ceph() {
    Quirks q{.name = "ceph"};
    q.put_if_none_match = true;
    q.tagging = true;
    q.versioning = true;
    q.sse_kms = true;
    q.sse_customer_key = true;
    return q;
}

constexpr Quirks garage() {
    Quirks q{.name = "garage"};
    q.header_checksums = true;
    q.auto_checksum = AutoChecksum::header;
    q.trailer_checksums = true;
    q.returns_checksums = true;
    q.part_number_reads = true;
    q.sse_customer_key = true;
    return q;
}

constexpr Quirks seaweedfs() {
    Quirks q{.name = "seaweedfs"};
    q.keys_are_paths = true;
    q.tagging = true;
    return q;
}

constexpr Quirks versitygw() {
    Quirks q{.name = "versitygw"};
    q.header_checksums = true;
    q.auto_checksum = AutoChecksum::header;
    q.trailer_checksums = true;
    q.returns_checksums = true;
    q.part_number_reads = true;
    q.put_if_none_match = true;
    q.put_if_match = true;
    q.conditional_complete = true;
    q.delete_if_match = true;
    q.auto_delete_if_match = true;
    q.list_encoding_url = false;
    q.keys_are_paths = true;
    q.tagging = true;
    q.versioning = true;
    return q;
}

constexpr Quirks supabase() {
    Quirks q{.name = "supabase"};
    q.path_style_only = true;
    // Those of its own store, which may encrypt with keys of KMS and not be heard saying so.
    q.etag_is_md5 = false;
    q.multipart_etag_is_md5_of_md5s = false;
    q.most_keys_per_delete = 500;
    q.keys_are_paths = true;
    q.post_policy = false;
    return q;
}

constexpr Quirks generic() {
    Quirks q{.name = "generic"};
    q.header_checksums = true;
    q.trailer_checksums = true;
    q.etag_is_md5 = false;
    q.multipart_etag_is_md5_of_md5s = false;
    q.put_if_none_match = true;
    q.put_if_match = true;
    q.conditional_complete = true;
    q.delete_if_match = true;
    q.list_uploads_by_prefix = false;
    q.tagging = true;
    q.versioning = true;
    q.sse_s3 = true;
    q.sse_kms = true;
    q.sse_customer_key = true;
    q.storage_classes = true;
    return q;
}

constexpr std::array profiles{aws(),    minio(),     r2(),        gcs(),      ceph(),
                              garage(), seaweedfs(), versitygw(), supabase(), generic()};

struct KnownHost {
    /// The host, or what it ends with behind a dot.
    std::string_view domain;
    std::string_view profile;
};

constexpr std::array known_hosts{
    KnownHost{"amazonaws.com", "aws"},          KnownHost{"amazonaws.com.cn", "aws"},
    KnownHost{"amazonaws.eu", "aws"},           KnownHost{"r2.cloudflarestorage.com", "r2"},
    KnownHost{"storage.googleapis.com", "gcs"}, KnownHost{"supabase.co", "supabase"},
    KnownHost{"supabase.in", "supabase"},
};

/// A member that can be given another value.
struct Flag {
    std::string_view name;
    bool Quirks::*member;
};

constexpr std::array flags{
    Flag{"path_style_only", &Quirks::path_style_only},
    Flag{"answers_expect", &Quirks::answers_expect},
    Flag{"header_checksums", &Quirks::header_checksums},
    Flag{"trailer_checksums", &Quirks::trailer_checksums},
    Flag{"returns_checksums", &Quirks::returns_checksums},
    Flag{"etag_is_md5", &Quirks::etag_is_md5},
    Flag{"multipart_etag_is_md5_of_md5s", &Quirks::multipart_etag_is_md5_of_md5s},
    Flag{"equal_parts", &Quirks::equal_parts},
    Flag{"put_if_none_match", &Quirks::put_if_none_match},
    Flag{"put_if_match", &Quirks::put_if_match},
    Flag{"conditional_complete", &Quirks::conditional_complete},
    Flag{"delete_if_match", &Quirks::delete_if_match},
    Flag{"auto_delete_if_match", &Quirks::auto_delete_if_match},
    Flag{"list_uploads_by_prefix", &Quirks::list_uploads_by_prefix},
    Flag{"multipart_copy", &Quirks::multipart_copy},
    Flag{"batch_delete", &Quirks::batch_delete},
    Flag{"batch_delete_if_match", &Quirks::batch_delete_if_match},
    Flag{"list_v2", &Quirks::list_v2},
    Flag{"list_encoding_url", &Quirks::list_encoding_url},
    Flag{"part_number_reads", &Quirks::part_number_reads},
    Flag{"keys_are_paths", &Quirks::keys_are_paths},
    Flag{"tagging", &Quirks::tagging},
    Flag{"versioning", &Quirks::versioning},
    Flag{"sse_s3", &Quirks::sse_s3},
    Flag{"sse_kms", &Quirks::sse_kms},
    Flag{"sse_customer_key", &Quirks::sse_customer_key},
    Flag{"storage_classes", &Quirks::storage_classes},
    Flag{"post_policy", &Quirks::post_policy},
};

constexpr std::string_view auto_checksum_name = "auto_checksum";
constexpr std::string_view most_keys_name = "most_keys_per_delete";

Error unknown_name(std::string_view kind, std::string_view name, const std::vector<std::string_view>& known) {
    const auto nearest = nearest_name(name, known);
    return {ErrorCode::invalid_argument,
            "the " + std::string(kind) + " " + quoted(name) + " is not known" +
                (nearest ? ": did you mean " + std::string(*nearest) + "?" : "")};
}

Error wrong_value(std::string_view name, std::string_view value, std::string_view wanted) {
    return {ErrorCode::invalid_argument, "the S3 profile has " + quoted(value) + " for " + std::string(name) +
                                             ": give " + std::string(wanted)};
}

Error unknown_member(std::string_view name) {
    std::vector<std::string_view> known{auto_checksum_name, most_keys_name};
    for (const Flag& flag : flags) {
        known.push_back(flag.name);
    }
    return unknown_name("property of an S3 profile", name, known);
}

/// Nothing where it is neither word.
std::optional<bool> choose(std::string_view value, std::string_view on, std::string_view off) {
    return value == on || value == off ? std::optional<bool>(value == on) : std::nullopt;
}

Result<void> set_most_keys(Quirks& quirks, std::string_view value) {
    std::uint32_t number = 0;
    const auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (failure != std::errc() || end != value.data() + value.size() || number < 1 || number > 1000) {
        return wrong_value(most_keys_name, value, "1 to 1000");
    }
    quirks.most_keys_per_delete = number;
    return {};
}

Result<void> set_member(Quirks& quirks, std::string_view name, std::string_view value) {
    if (name == most_keys_name) {
        return set_most_keys(quirks, value);
    }
    if (name == auto_checksum_name) {
        const auto carries = choose(value, "header", "none");
        quirks.auto_checksum = carries.value_or(false) ? AutoChecksum::header : AutoChecksum::none;
        return carries ? Result<void>() : wrong_value(name, value, "header or none");
    }
    const auto* const flag =
        std::find_if(flags.begin(), flags.end(), [name](const Flag& known) { return known.name == name; });
    if (flag == flags.end()) {
        return unknown_member(name);
    }
    const auto chosen = choose(value, "yes", "no");
    quirks.*flag->member = chosen.value_or(false);
    return chosen ? Result<void>() : wrong_value(name, value, "yes or no");
}

}  // namespace

std::span<const Quirks> all_quirks() noexcept {
    return profiles;
}

const Quirks* find_quirks(std::string_view name) noexcept {
    const auto* const found =
        std::find_if(profiles.begin(), profiles.end(), [name](const Quirks& q) { return q.name == name; });
    return found == profiles.end() ? nullptr : found;
}

const Quirks& guess_quirks(std::string_view host) {
    const std::string lowered = to_lower(host);
    const auto* const known = std::find_if(known_hosts.begin(), known_hosts.end(), [&](const KnownHost& k) {
        return is_within_domain(lowered, k.domain);
    });
    if (known != known_hosts.end()) {
        return *find_quirks(known->profile);
    }
    return host.empty() ? profiles.front() : profiles.back();
}

Result<Quirks> parse_profile(std::string_view text) {
    std::size_t comma = std::min(text.find(','), text.size());
    const Quirks* const base = find_quirks(text.substr(0, comma));
    if (base == nullptr) {
        std::vector<std::string_view> names;
        names.reserve(profiles.size());
        for (const Quirks& known : profiles) {
            names.push_back(known.name);
        }
        return unknown_name("S3 profile", text.substr(0, comma), names);
    }
    Quirks quirks = *base;
    while (comma < text.size()) {
        text.remove_prefix(comma + 1);
        comma = std::min(text.find(','), text.size());
        const std::string_view change = text.substr(0, comma);
        const std::size_t equals = std::min(change.find('='), change.size());
        FILESTORE_TRY(
            set_member(quirks, change.substr(0, equals), change.substr(std::min(equals + 1, change.size()))));
    }
    return quirks;
}

std::string format_profile(const Quirks& quirks) {
    const Quirks& base = *find_quirks(quirks.name);
    std::string text(quirks.name);
    for (const Flag& flag : flags) {
        if (quirks.*flag.member != base.*flag.member) {
            text.append(",").append(flag.name).append(quirks.*flag.member ? "=yes" : "=no");
        }
    }
    if (quirks.auto_checksum != base.auto_checksum) {
        text.append(",").append(auto_checksum_name);
        text.append(quirks.auto_checksum == AutoChecksum::header ? "=header" : "=none");
    }
    if (quirks.most_keys_per_delete != base.most_keys_per_delete) {
        text.append(",").append(most_keys_name).append("=" + std::to_string(quirks.most_keys_per_delete));
    }
    return text;
}

}  // namespace filestore::s3
