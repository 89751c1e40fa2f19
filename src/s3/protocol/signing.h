#pragma once

/// AWS Signature Version 4 for S3, in its stages (AWS SigV4 reference, "Create a signed AWS API request" and "Authenticating
/// Requests: Using Query Parameters"). Pure functions: the time is an input; nothing is sent and nothing is edited in place. S3's own
/// rules hold: the path is encoded once and never normalised.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "core/digest.h"
#include "core/secret.h"
#include "filestore/time.h"
#include "s3/protocol/uri.h"

namespace filestore::s3 {

/// A value; never printed. Its secrets are wiped when it goes.
struct Credentials {
    std::string access_key;
    SecretString secret_key;
    /// Empty for permanent keys.
    SecretString session_token;

    friend bool operator==(const Credentials&, const Credentials&) = default;
};

/// Where and when a signature counts. A value.
struct SigningScope {
    std::string region;
    std::string service = "s3";
    Timestamp time{};
};

/// What the signatures of one day, region and service are made with. A value; never printed. Wiped when it goes.
class SigningKey {
public:
    SigningKey() = default;
    /// Of these credentials in this scope, whose time of the day does not matter.
    SigningKey(const Credentials& credentials, const SigningScope& scope);
    SigningKey(const SigningKey&) = default;
    SigningKey& operator=(const SigningKey&) = default;
    ~SigningKey();

    [[nodiscard]] const Sha256Digest& bytes() const noexcept { return bytes_; }

private:
    Sha256Digest bytes_{};
};

/// The request as it will be sent. A value.
struct SigningRequest {
    std::string method;
    /// URI-encoded, starts with `/`.
    std::string path;
    /// Decoded; order does not matter.
    std::vector<NameValue> query;
    /// What is signed beside what signing adds; `host` is required. Names in any case, values as sent.
    std::vector<NameValue> headers;
    /// Lower-case hex of SHA-256 of the body, or `UNSIGNED-PAYLOAD`.
    std::string payload_hash;
};

inline constexpr std::string_view unsigned_payload = "UNSIGNED-PAYLOAD";
/// SHA-256 of no bytes.
inline constexpr std::string_view empty_payload_hash =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Stage 1. Takes the request with everything that is signed already in it.
[[nodiscard]] std::string canonical_request(const SigningRequest& request);

/// `20260131/us-east-1/s3/aws4_request`.
[[nodiscard]] std::string credential_scope(const SigningScope& scope);

/// Stage 2.
[[nodiscard]] std::string string_to_sign(const SigningScope& scope, std::string_view canonical_request);

/// Stage 3: lower-case hex.
[[nodiscard]] std::string signature(const Credentials& credentials, const SigningScope& scope,
                                    std::string_view string_to_sign);
/// The same with a key that is of both.
[[nodiscard]] std::string signature(const SigningKey& key, std::string_view string_to_sign);

/// `AKIDEXAMPLE/20260131/us-east-1/s3/aws4_request`: what names the key of a signature.
[[nodiscard]] std::string credential_name(const Credentials& credentials, const SigningScope& scope);

/// `20260131T235959Z`.
[[nodiscard]] std::string signing_time(const SigningScope& scope);

/// Lower-case names of the signed headers, sorted, joined by `;`.
[[nodiscard]] std::string signed_header_names(const std::vector<NameValue>& headers);

/// The headers to add to the request: x-amz-date, x-amz-content-sha256, x-amz-security-token (with a session token) and
/// authorization.
[[nodiscard]] std::vector<NameValue> sign_headers(const SigningRequest& request,
                                                  const Credentials& credentials, const SigningScope& scope);
/// The same with a key that is of both.
[[nodiscard]] std::vector<NameValue> sign_headers(const SigningRequest& request,
                                                  const Credentials& credentials, const SigningScope& scope,
                                                  const SigningKey& key);

/// The signature in the value of the header authorization that sign_headers() makes; empty where there is none.
[[nodiscard]] std::string_view signature_in(std::string_view authorization) noexcept;

/// The query parameters to add for a presigned URL, X-Amz-Signature last. `request.payload_hash` is not used: a presigned
/// request is always UNSIGNED-PAYLOAD.
[[nodiscard]] std::vector<NameValue> presign_query(const SigningRequest& request,
                                                   const Credentials& credentials, const SigningScope& scope,
                                                   std::chrono::seconds expires);

}  // namespace filestore::s3
