#include "s3/protocol/quirks.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/ascii.h"
#include "s3/protocol/host_name.h"

namespace filestore::s3 {
namespace {

constexpr std::uint64_t never = UINT64_MAX;

constexpr Quirks aws() {
    Quirks q{.name = "aws"};
    q.header_checksums = true;
    q.auto_checksum = AutoChecksum::header;
    q.trailer_checksums = true;
    q.returns_checksums = true;
    q.put_if_none_match = true;
    q.put_if_match = true;
    q.complete_if_none_match = true;
    q.delete_if_match = true;
    q.keep_alive_blanks = true;
    q.batch_delete_needs_md5 = false;
    q.object_attributes = true;
    q.part_number_reads = true;
    q.tagging = true;
    q.versioning = true;
    q.sse_s3 = true;
    q.sse_customer_key = true;
    q.storage_classes = true;
    return q;
}

constexpr Quirks minio() {
    Quirks q{.name = "minio"};
    q.path_style_only = true;
    q.header_checksums = true;
    q.auto_checksum = AutoChecksum::header;
    q.trailer_checksums = true;
    q.returns_checksums = true;
    q.put_if_none_match = true;
    q.put_if_match = true;
    q.complete_if_none_match = true;
    q.list_uploads_by_prefix = false;
    q.keep_alive_blanks = true;
    q.batch_delete_needs_md5 = false;
    q.list_in_byte_order = false;
    q.object_attributes = true;
    q.part_number_reads = true;
    q.keys_are_paths = true;
    q.tagging = true;
    q.versioning = true;
    q.sse_s3 = true;
    q.sse_customer_key = true;
    q.storage_classes = true;
    return q;
}

constexpr Quirks r2() {
    Quirks q{.name = "r2"};
    q.fixed_region = "auto";
    q.header_checksums = true;
    q.multipart_etag_is_md5_of_md5s = false;
    q.equal_parts = true;
    q.put_if_none_match = true;
    q.put_if_match = true;
    q.complete_if_none_match = true;
    q.sse_customer_key = true;
    q.post_policy = false;
    return q;
}

constexpr Quirks gcs() {
    Quirks q{.name = "gcs"};
    q.accept_encoding_unsigned = true;
    q.refuses_extra_query = true;
    q.multipart_etag_is_md5_of_md5s = false;
    q.multipart_copy = false;
    q.copy_cut_off = never;
    q.storage_classes = true;
    return q;
}

constexpr Quirks ceph() {
    Quirks q{.name = "ceph"};
    q.put_if_none_match = true;
    q.tagging = true;
    q.versioning = true;
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
    q.path_style_only = true;
    q.keys_are_paths = true;
    q.tagging = true;
    return q;
}

constexpr Quirks versitygw() {
    Quirks q{.name = "versitygw"};
    q.path_style_only = true;
    q.header_checksums = true;
    q.auto_checksum = AutoChecksum::header;
    q.trailer_checksums = true;
    q.returns_checksums = true;
    q.put_if_none_match = true;
    q.put_if_match = true;
    q.complete_if_none_match = true;
    q.delete_if_match = true;
    q.list_encoding_url = false;
    q.list_in_byte_order = false;
    q.object_attributes = true;
    q.part_number_reads = true;
    q.if_modified_since = false;
    q.keys_are_paths = true;
    q.tagging = true;
    q.versioning = true;
    return q;
}

constexpr Quirks supabase() {
    Quirks q{.name = "supabase"};
    q.path_style_only = true;
    q.multipart_etag_is_md5_of_md5s = false;
    q.most_keys_per_delete = 500;
    q.keys_are_paths = true;
    q.post_policy = false;
    return q;
}

/// What any server that calls itself S3-compatible can do.
constexpr Quirks generic() {
    Quirks q{.name = "generic"};
    q.multipart_etag_is_md5_of_md5s = false;
    q.list_in_byte_order = false;
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

}  // namespace filestore::s3
