#include "s3/protocol/write_options.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "core/digest.h"
#include "core/encoding.h"
#include "core/http_date.h"
#include "core/text.h"
#include "core/try.h"
#include "s3/protocol/etag.h"
#include "s3/protocol/tagging.h"

namespace filestore::s3 {
namespace {

using Headers = std::vector<NameValue>;

constexpr std::string_view encryption_prefix = "x-amz-server-side-encryption";
constexpr std::string_view copy_source_prefix = "x-amz-copy-source-";

Error invalid_option(std::string message) {
    return {ErrorCode::invalid_argument, std::move(message)};
}

/// Adds a header unless its value is empty. A line break in a value would add a header of the caller's choice.
Result<void> add(Headers& headers, std::string name, std::string value) {
    if (value.empty()) {
        return {};
    }
    if (!is_printable_ascii(value) || value.front() == ' ' || value.back() == ' ') {
        return invalid_option("the value " + quoted(value) + " of the header " + name +
                              " is not printable ASCII without blanks at its ends");
    }
    headers.push_back({std::move(name), std::move(value)});
    return {};
}

void add_all(Headers& headers, Headers&& more) {
    std::move(more.begin(), more.end(), std::back_inserter(headers));
}

Result<Headers> customer_key_headers(std::string_view key, std::string_view prefix, bool tls) {
    constexpr std::size_t key_size = 32;
    if (key.size() != key_size) {
        return invalid_option("a customer's encryption key has 32 bytes, not " + std::to_string(key.size()));
    }
    if (!tls) {
        return invalid_option("a customer's encryption key is sent over TLS only: use an https:// endpoint");
    }
    const Md5::Bytes digest = md5(key);
    const std::string_view digest_bytes(reinterpret_cast<const char*>(digest.data()), digest.size());
    const std::string start = std::string(prefix) + "server-side-encryption-customer-";
    return Headers{{start + "algorithm", "AES256"},
                   {start + "key", to_base64(key)},
                   {start + "key-md5", to_base64(digest_bytes)}};
}

Result<Headers> kms_headers(const Encryption& encryption) {
    const std::string start(encryption_prefix);
    Headers headers{{start, "aws:kms"}};
    FILESTORE_TRY(add(headers, start + "-aws-kms-key-id", encryption.kms_key_id));
    FILESTORE_TRY(add(headers, start + "-context", to_base64(encryption.kms_context)));
    return headers;
}

/// A key for another kind of encryption is a mistake that would leave the object readable to others than the caller thinks.
Result<void> check_encryption_keys(const Encryption& encryption) {
    if (encryption.kind != Encryption::Kind::customer_key && !encryption.customer_key.empty()) {
        return invalid_option("there is a customer's key, and the encryption is of another kind");
    }
    const bool names_kms = !encryption.kms_key_id.empty() || !encryption.kms_context.empty();
    if (encryption.kind != Encryption::Kind::kms && names_kms) {
        return invalid_option("there is a key or context of KMS, and the encryption is of another kind");
    }
    return {};
}

std::string_view value_in(const Headers& headers, std::string_view name) {
    const auto found = std::find_if(headers.begin(), headers.end(),
                                    [&](const NameValue& each) { return each.name == name; });
    return found == headers.end() ? std::string_view() : std::string_view(found->value);
}

bool says_encrypted(Encryption::Kind asked, const Headers& answer) {
    const std::string_view says = value_in(answer, encryption_prefix);
    switch (asked) {
        case Encryption::Kind::bucket_default:
            return true;
        case Encryption::Kind::s3:
            return says == "AES256";
        case Encryption::Kind::kms:
            return says.starts_with("aws:kms");
        case Encryption::Kind::customer_key:
            break;
    }
    return !value_in(answer, std::string(encryption_prefix) + "-customer-algorithm").empty();
}

std::string date_or_empty(const std::optional<Timestamp>& time) {
    return time ? format_http_date(*time) : std::string();
}

std::string etag_or_empty(const std::string& etag) {
    return etag.empty() ? std::string() : quoted_etag(etag);
}

Result<Headers> prefixed_condition_headers(const Conditions& conditions, const std::string& prefix) {
    Headers headers;
    FILESTORE_TRY(add(headers, prefix + "if-match", etag_or_empty(conditions.if_match)));
    FILESTORE_TRY(add(headers, prefix + "if-none-match", etag_or_empty(conditions.if_none_match)));
    FILESTORE_TRY(add(headers, prefix + "if-modified-since", date_or_empty(conditions.if_modified_since)));
    FILESTORE_TRY(
        add(headers, prefix + "if-unmodified-since", date_or_empty(conditions.if_unmodified_since)));
    return headers;
}

}  // namespace

Result<Headers> content_headers(const ContentHeaders& content) {
    Headers headers;
    FILESTORE_TRY(add(headers, "content-type", content.content_type));
    FILESTORE_TRY(add(headers, "cache-control", content.cache_control));
    FILESTORE_TRY(add(headers, "content-disposition", content.content_disposition));
    FILESTORE_TRY(add(headers, "content-encoding", content.content_encoding));
    FILESTORE_TRY(add(headers, "content-language", content.content_language));
    FILESTORE_TRY(add(headers, "expires", date_or_empty(content.expires)));
    return headers;
}

Result<Headers> encryption_headers(const Encryption& encryption, EncryptionUse use, bool tls) {
    FILESTORE_TRY(check_encryption_keys(encryption));
    if (encryption.kind == Encryption::Kind::customer_key) {
        const std::string_view prefix = use == EncryptionUse::copy_source ? copy_source_prefix : "x-amz-";
        return customer_key_headers(encryption.customer_key, prefix, tls);
    }
    if (use != EncryptionUse::write || encryption.kind == Encryption::Kind::bucket_default) {
        return Headers();
    }
    if (encryption.kind == Encryption::Kind::s3) {
        return Headers{{std::string(encryption_prefix), "AES256"}};
    }
    return kms_headers(encryption);
}

Result<void> check_encrypted(Encryption::Kind asked, const Headers& answer) {
    if (says_encrypted(asked, answer)) {
        return {};
    }
    return Error(
        ErrorCode::unsupported,
        "the object is stored, but the server does not say that it is encrypted as was asked for: remove "
        "it, if that matters");
}

Result<Headers> condition_headers(const Conditions& conditions) {
    return prefixed_condition_headers(conditions, {});
}

Result<Headers> copy_condition_headers(const Conditions& conditions) {
    return prefixed_condition_headers(conditions, std::string(copy_source_prefix));
}

Result<Headers> write_headers(const WriteOptions& options, bool tls) {
    Headers headers;
    FILESTORE_TRY(add(headers, "x-amz-storage-class", options.storage_class));
    FILESTORE_TRY_ASSIGN(Headers encryption,
                         encryption_headers(options.encryption, EncryptionUse::write, tls));
    add_all(headers, std::move(encryption));
    FILESTORE_TRY_ASSIGN(Headers conditions, condition_headers(options.conditions));
    add_all(headers, std::move(conditions));
    FILESTORE_TRY_ASSIGN(std::string tags, tagging_header(options.tags));
    FILESTORE_TRY(add(headers, "x-amz-tagging", std::move(tags)));
    if (options.requester_pays) {
        headers.push_back(requester_pays_header());
    }
    return headers;
}

NameValue requester_pays_header() {
    return {"x-amz-request-payer", "requester"};
}

}  // namespace filestore::s3
