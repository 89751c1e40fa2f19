#pragma once

/// A request to sign, as signing_cases/*/request.json and sign_tool's lines hold it, and what our signing makes of it.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/result.h"
#include "s3/protocol/endpoint.h"
#include "s3/protocol/signing.h"

namespace filestore::test {

/// A value.
struct SigningCase {
    std::string key;
    s3::Endpoint endpoint;
    /// With the header host; without what signing adds.
    s3::SigningRequest request;
    s3::Credentials credentials;
    s3::SigningScope scope;
    std::chrono::seconds expires{};
};

/// A value.
struct SigningStages {
    std::string canonical_request;
    std::string string_to_sign;
    std::string signature;
};

/// A value.
struct SignedHeaders {
    SigningStages stages;
    /// What signing answers to be added, `authorization` among it.
    std::vector<s3::NameValue> added;
};

/// A value.
struct PresignedRequest {
    SigningStages stages;
    std::vector<s3::NameValue> added;
    std::string url;
};

/// `invalid_argument` for JSON of another form, and the failures of resolve_endpoint.
[[nodiscard]] Result<SigningCase> read_signing_case(std::string_view json);

[[nodiscard]] SignedHeaders sign_in_headers(const SigningCase& signing_case);
[[nodiscard]] PresignedRequest presign(const SigningCase& signing_case);

/// The value under `name`; empty where there is none.
[[nodiscard]] std::string value_of(const std::vector<s3::NameValue>& list, std::string_view name);

}  // namespace filestore::test
