#pragma once

/// The headers by which a request says how an object is stored, and on which conditions. Pure functions: each answers headers in lower case to add to a
/// request. Text that comes from a caller must be printable ASCII without blanks at its ends; anything else is `invalid_argument`.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/result.h"
#include "filestore/secret.h"
#include "filestore/time.h"
#include "s3/protocol/uri.h"

namespace filestore::s3 {

/// HTTP's own headers of an object. A value; what is empty is not sent.
struct ContentHeaders {
    std::string content_type;
    std::string cache_control;
    std::string content_disposition;
    std::string content_encoding;
    std::string content_language;
    std::optional<Timestamp> expires;
};

[[nodiscard]] Result<std::vector<NameValue>> content_headers(const ContentHeaders& content);

/// Who encrypts, and with which key. A value.
struct Encryption {
    enum class Kind {
        /// As the bucket's default is.
        bucket_default,
        /// SSE-S3.
        s3,
        /// SSE-KMS.
        kms,
        /// SSE-C.
        customer_key,
    };

    Kind kind = Kind::bucket_default;
    /// KMS: empty for the account's own key.
    std::string kms_key_id;
    /// KMS: a JSON object of strings; empty for none.
    std::string kms_context;
    /// SSE-C: 32 bytes; never printed.
    SecretString customer_key;
};

/// Which request the headers are for. A value.
enum class EncryptionUse {
    /// PutObject, CreateMultipartUpload, CopyObject (the target).
    write,
    /// UploadPart, GetObject, HeadObject, CompleteMultipartUpload, ...: those that need a customer's key, and no other header.
    access,
    /// The source of a copy.
    copy_source,
};

/// `invalid_argument` for a key that does not belong to the kind, for a customer key that has not 32 bytes, or over a connection without TLS (`tls`): it would be sent in the clear.
[[nodiscard]] Result<std::vector<NameValue>> encryption_headers(const Encryption& encryption,
                                                                EncryptionUse use, bool tls);

/// `unsupported` where the headers of an answer about an object that is stored do not say that it is encrypted as was asked for: servers that cannot do it pass
/// over the wish (S3 API reference, "PutObject", "CreateMultipartUpload", "CopyObject" and "HeadObject": response headers).
[[nodiscard]] Result<void> check_encrypted(Encryption::Kind asked, const std::vector<NameValue>& answer);

/// Conditions of a request. A value; what is empty is not sent.
struct Conditions {
    /// An ETag with or without quotes, or `*`.
    std::string if_match;
    std::string if_none_match;
    std::optional<Timestamp> if_modified_since;
    std::optional<Timestamp> if_unmodified_since;
};

[[nodiscard]] Result<std::vector<NameValue>> condition_headers(const Conditions& conditions);

/// The same for the source of a copy: `x-amz-copy-source-if-match`, ...
[[nodiscard]] Result<std::vector<NameValue>> copy_condition_headers(const Conditions& conditions);

/// How an object is written, beside its content and metadata. A value; what is empty is not sent.
struct WriteOptions {
    /// "STANDARD_IA", ...
    std::string storage_class;
    Encryption encryption;
    Conditions conditions;
    std::vector<NameValue> tags;
    bool requester_pays = false;
};

/// All of them for PutObject, CreateMultipartUpload and CopyObject. Tags fail as check_tags(). The conditions of a multipart upload belong to its
/// completion: give none here then.
[[nodiscard]] Result<std::vector<NameValue>> write_headers(const WriteOptions& options, bool tls);

/// `x-amz-request-payer: requester`; a parameter of the query in a presigned URL.
[[nodiscard]] NameValue requester_pays_header();

}  // namespace filestore::s3
