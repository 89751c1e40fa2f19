#include "s3/client/support.h"

#include <initializer_list>
#include <string>

#include "core/text.h"
#include "core/try.h"

namespace filestore::s3 {

namespace {

/// Something that a request asks for.
struct Need {
    bool asked = false;
    bool Quirks::*had;
    std::string_view what;
};

Error unsupported(const Quirks& quirks, std::string_view what) {
    return {ErrorCode::unsupported, "the server (profile " + std::string(quirks.name) + ") does not know " +
                                        std::string(what) +
                                        ": leave it out, or say in the profile that it does"};
}

Result<void> check(const Quirks& quirks, std::initializer_list<Need> needs) {
    for (const Need& need : needs) {
        if (need.asked && !(quirks.*need.had)) {
            return unsupported(quirks, need.what);
        }
    }
    return {};
}

Need versions(std::string_view version_id) {
    return {!version_id.empty(), &Quirks::versioning, "versions of objects"};
}

Need tags(bool asked) {
    return {asked, &Quirks::tagging, "tags"};
}

Need storage_class(std::string_view name) {
    return {!name.empty(), &Quirks::storage_classes, "storage classes"};
}

Result<void> check_encryption(const Quirks& quirks, const S3Encryption& encryption) {
    using Kind = S3Encryption::Kind;
    return check(quirks,
                 {{encryption.kind == Kind::s3, &Quirks::sse_s3, "encryption with its own keys (SSE-S3)"},
                  {encryption.kind == Kind::kms, &Quirks::sse_kms, "encryption with keys of KMS"},
                  {encryption.kind == Kind::customer, &Quirks::sse_customer_key,
                   "encryption with a customer's key (SSE-C)"}});
}

bool is_path_segment(std::string_view segment) {
    constexpr std::size_t longest = 255;
    return !segment.empty() && segment != "." && segment != ".." && segment.size() <= longest &&
           segment.find('\0') == std::string_view::npos;
}

/// Whether a file system has one file for the key and no other key. A slash at the end is left to the server, which answers for itself.
bool is_plain_path(std::string_view key) {
    while (!key.empty()) {
        const std::size_t slash = std::min(key.find('/'), key.size());
        if (!is_path_segment(key.substr(0, slash))) {
            return false;
        }
        key.remove_prefix(std::min(slash + 1, key.size()));
    }
    return true;
}

}  // namespace

Result<void> check_supported(const Quirks& quirks, const S3PutRequest& request) {
    FILESTORE_TRY(check_storable(quirks, request.key));
    FILESTORE_TRY(check_encryption(quirks, request.encryption));
    return check(quirks, {{!request.conditions.if_none_match.empty(), &Quirks::put_if_none_match,
                           "If-None-Match on uploads, and would overwrite"},
                          {!request.conditions.if_match.empty(), &Quirks::put_if_match,
                           "If-Match on uploads, and would overwrite"},
                          tags(!request.tags.empty()),
                          storage_class(request.storage_class)});
}

Result<void> check_supported(const Quirks& quirks, const S3GetRequest& request) {
    FILESTORE_TRY(check_encryption(quirks, request.encryption));
    return check(quirks, {versions(request.version_id)});
}

Result<void> check_supported(const Quirks& quirks, const S3ObjectRequest& request, ObjectUse use) {
    FILESTORE_TRY(check_encryption(quirks, request.encryption));
    const bool conditional = use == ObjectUse::remove && !request.conditions.if_match.empty();
    return check(quirks,
                 {versions(request.version_id),
                  {conditional, &Quirks::delete_if_match, "If-Match on deletions, and would delete"}});
}

Result<void> check_supported(const Quirks& quirks, const S3ObjectName& removed) {
    const bool conditional = !removed.if_match.empty() && !quirks.batch_delete_if_match;
    return check(quirks,
                 {versions(removed.version_id),
                  {conditional, &Quirks::delete_if_match, "If-Match on deletions, and would delete"}});
}

Result<void> check_supported(const Quirks& quirks, const S3CopyRequest& request) {
    FILESTORE_TRY(check_storable(quirks, request.key));
    FILESTORE_TRY(check_encryption(quirks, request.encryption));
    return check(quirks, {versions(request.source_version_id), storage_class(request.storage_class)});
}

Result<void> check_supported(const Quirks& quirks, const S3TagsRequest& request) {
    return check(quirks, {versions(request.version_id), tags(true)});
}

Result<void> check_supported(const Quirks& quirks, const S3PresignRequest& request) {
    return check(quirks, {versions(request.version_id)});
}

Result<void> check_supported(const Quirks& quirks, const S3PresignPostRequest&) {
    return check(quirks, {{true, &Quirks::post_policy, "uploads by signed forms"}});
}

Result<void> check_lists_versions(const Quirks& quirks) {
    return check(quirks, {{true, &Quirks::versioning, "versions of objects"}});
}

Result<void> check_creates_only(const Quirks& quirks) {
    return check(quirks,
                 {{true, &Quirks::put_if_none_match, "If-None-Match on uploads, and would overwrite"}});
}

Result<void> check_replaces_versions(const Quirks& quirks) {
    return check(quirks, {{true, &Quirks::put_if_match, "If-Match on uploads, and would overwrite"}});
}

Result<void> check_storable(const Quirks& quirks, std::string_view key) {
    if (!quirks.keys_are_paths || is_plain_path(key)) {
        return {};
    }
    return Error(ErrorCode::unsupported, "the server (profile " + std::string(quirks.name) +
                                             ") keeps keys as paths, and " + quoted(key) +
                                             " is none that it keeps apart: use no empty, '.' or '..' "
                                             "segment, none over 255 bytes, and no NUL");
}

std::optional<Error> refusal_of_parts(const Quirks& quirks, bool has_conditions) {
    if (!has_conditions || quirks.conditional_complete) {
        return std::nullopt;
    }
    return unsupported(
        quirks,
        "conditions on uploads in parts, and would overwrite, and this one does not fit into one part");
}

}  // namespace filestore::s3
