#include "s3/protocol/server_identity.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/ascii.h"

namespace filestore::s3 {

namespace {

/// What a header begins with; seen at the versions that the tests run, of SeaweedFS in reports of 2.28 to 3.97, of GCS in its documentation.
struct Sign {
    std::string_view header;
    std::string_view value;
    std::string_view profile;
};

constexpr std::array signs{
    Sign{"server", "minio", "minio"},         Sign{"server", "versitygw", "versitygw"},
    Sign{"server", "seaweedfs", "seaweedfs"}, Sign{"server", "ceph object gateway", "ceph"},
    Sign{"x-rgw-object-type", "", "ceph"},    Sign{"x-guploader-uploadid", "", "gcs"},
    Sign{"x-goog-hash", "", "gcs"},
};

constexpr bool is_hex(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// Garage gives every object a version, of 32 random bytes, and no request an ID.
bool is_garage(const std::vector<NameValue>& headers) {
    constexpr std::size_t digits = 64;
    const bool has_versions = std::any_of(headers.begin(), headers.end(), [](const NameValue& header) {
        return header.name == "x-amz-version-id" && header.value.size() == digits && is_hex(header.value);
    });
    const bool has_ids = std::any_of(headers.begin(), headers.end(), [](const NameValue& header) {
        return header.name.find("request-id") != std::string::npos ||
               header.name.find("requestid") != std::string::npos || header.name == "server";
    });
    return has_versions && !has_ids;
}

/// Where a Supabase that somebody runs himself has its S3.
bool is_supabase(std::string_view endpoint) {
    while (endpoint.ends_with('/')) {
        endpoint.remove_suffix(1);
    }
    return endpoint.ends_with("/storage/v1/s3");
}

}  // namespace

const Quirks& identify_server(const std::vector<NameValue>& headers, std::string_view endpoint,
                              const Quirks& guessed) {
    if (guessed.name != "generic") {
        return guessed;
    }
    for (const NameValue& header : headers) {
        const std::string value = to_lower(header.value);
        const auto* const sign = std::find_if(signs.begin(), signs.end(), [&](const Sign& known) {
            return known.header == header.name && value.starts_with(known.value);
        });
        if (sign != signs.end()) {
            return *find_quirks(sign->profile);
        }
    }
    if (is_garage(headers)) {
        return *find_quirks("garage");
    }
    return is_supabase(endpoint) ? *find_quirks("supabase") : guessed;
}

}  // namespace filestore::s3
