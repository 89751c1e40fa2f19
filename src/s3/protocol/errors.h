#pragma once

/// From an S3 error answer to an Error. Pure functions, driven by a table.

#include <optional>
#include <span>
#include <string_view>

#include "core/secret.h"
#include "filestore/error.h"

namespace filestore::s3 {

/// What is known of an answer that is not a success. A value.
struct ErrorAnswer {
    int http_status = 0;
    /// The body, as far as it was kept. Nothing for HEAD, whose answers have none.
    std::optional<std::string_view> body;
    /// Header x-amz-request-id.
    std::string_view request_id;
    /// What was attempted, for the message: "GET 'key' in bucket 'b' at host".
    std::string_view attempted;
    /// What the Error must not repeat.
    std::span<const SecretString> secrets{};
};

/// `NoSuchBucket` is `configuration`; without a server code that is known the status is judged by itself (403 permission_denied, ...). A 404 is
/// then `not_found` for HEAD only; another request's 404 says what is missing, or does not come from an S3 server: `configuration`. The message is one
/// line: what was attempted, status, server code, the server's message (made fit for one line, without the secrets) and what to do where that is known.
[[nodiscard]] Error error_of_answer(const ErrorAnswer& answer);

}  // namespace filestore::s3
