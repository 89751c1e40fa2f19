#include "s3/protocol/errors.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <utility>

#include "core/text.h"
#include "s3/protocol/xml.h"

namespace filestore::s3 {
namespace {

enum class Retry { no, yes };

/// What an answer means.
struct Meaning {
    ErrorCode code = ErrorCode::unavailable;
    Retry retry = Retry::no;
    /// What to do; empty where there is nothing to say beyond the code.
    std::string_view advice;
};

struct ServerCodeRow {
    std::string_view server_code;
    Meaning meaning;
};

constexpr std::string_view not_s3 = "check the endpoint: no S3 server answers like this";
constexpr std::string_view no_such_object = "there is no such object";
constexpr std::string_view check_bucket = "check the bucket's name and the endpoint";
constexpr std::string_view check_keys = "check the access key and the secret key";
constexpr std::string_view check_clock = "set this machine's clock right";
constexpr std::string_view check_region = "set the region of the bucket";
constexpr std::string_view check_permission = "give the access key this permission on the bucket";
constexpr std::string_view renew_token = "get new temporary credentials";
constexpr std::string_view free_space = "free space on the server or raise the quota";
constexpr std::string_view try_again = "try again";
constexpr std::string_view slow_down = "send fewer requests and try again";
constexpr std::string_view restore_first = "the object is archived: restore it first";

/// S3 API reference, "List of error codes", and what other servers add. Sorted by code.
constexpr ServerCodeRow server_codes[] = {
    {"AccessDenied", {ErrorCode::permission_denied, Retry::no, check_permission}},
    {"AccountProblem", {ErrorCode::permission_denied, Retry::no, {}}},
    {"AllAccessDisabled", {ErrorCode::permission_denied, Retry::no, {}}},
    {"AuthFailure", {ErrorCode::unauthenticated, Retry::no, check_keys}},
    {"AuthorizationHeaderMalformed", {ErrorCode::configuration, Retry::no, check_region}},
    {"BadDigest", {ErrorCode::corrupt, Retry::yes, try_again}},
    {"BandwidthLimitExceeded", {ErrorCode::rate_limited, Retry::yes, slow_down}},
    {"BucketAlreadyExists", {ErrorCode::already_exists, Retry::no, {}}},
    {"BucketAlreadyOwnedByYou", {ErrorCode::already_exists, Retry::no, {}}},
    {"BucketNotEmpty", {ErrorCode::conflict, Retry::no, {}}},
    {"Busy", {ErrorCode::unavailable, Retry::yes, try_again}},
    {"ConditionalRequestConflict", {ErrorCode::conflict, Retry::yes, try_again}},
    {"EntityTooLarge", {ErrorCode::invalid_argument, Retry::no, {}}},
    {"ExpiredToken", {ErrorCode::unauthenticated, Retry::no, renew_token}},
    {"IllegalLocationConstraintException", {ErrorCode::configuration, Retry::no, check_region}},
    {"IncompleteBody", {ErrorCode::corrupt, Retry::yes, try_again}},
    {"InternalError", {ErrorCode::unavailable, Retry::yes, try_again}},
    {"InvalidAccessKeyId", {ErrorCode::unauthenticated, Retry::no, check_keys}},
    {"InvalidBucketName", {ErrorCode::configuration, Retry::no, check_bucket}},
    {"InvalidDigest", {ErrorCode::corrupt, Retry::no, {}}},
    {"InvalidObjectState", {ErrorCode::unsupported, Retry::no, restore_first}},
    {"InvalidRange", {ErrorCode::range_not_satisfiable, Retry::no, {}}},
    {"InvalidRegion", {ErrorCode::configuration, Retry::no, check_region}},
    {"InvalidSecurity", {ErrorCode::unauthenticated, Retry::no, check_keys}},
    {"InvalidToken", {ErrorCode::unauthenticated, Retry::no, renew_token}},
    {"KeyTooLongError", {ErrorCode::invalid_argument, Retry::no, {}}},
    {"MetadataTooLarge", {ErrorCode::invalid_argument, Retry::no, "store less metadata"}},
    {"MethodNotAllowed", {ErrorCode::unsupported, Retry::no, {}}},
    {"MissingSecurityHeader", {ErrorCode::unauthenticated, Retry::no, check_keys}},
    {"NoSuchBucket", {ErrorCode::configuration, Retry::no, check_bucket}},
    {"NoSuchKey", {ErrorCode::not_found, Retry::no, no_such_object}},
    {"NoSuchUpload", {ErrorCode::not_found, Retry::no, {}}},
    {"NoSuchVersion", {ErrorCode::not_found, Retry::no, {}}},
    {"NotImplemented", {ErrorCode::unsupported, Retry::no, {}}},
    {"NotSignedUp", {ErrorCode::unauthenticated, Retry::no, {}}},
    {"OperationAborted", {ErrorCode::conflict, Retry::yes, try_again}},
    {"PermanentRedirect", {ErrorCode::configuration, Retry::no, check_region}},
    {"PreconditionFailed", {ErrorCode::precondition_failed, Retry::no, {}}},
    {"QuotaExceeded", {ErrorCode::no_space, Retry::no, free_space}},
    {"RequestExpired", {ErrorCode::unauthenticated, Retry::no, check_clock}},
    {"RequestLimitExceeded", {ErrorCode::rate_limited, Retry::yes, slow_down}},
    {"RequestTimeTooSkewed", {ErrorCode::unauthenticated, Retry::no, check_clock}},
    {"RequestTimeout", {ErrorCode::unavailable, Retry::yes, try_again}},
    {"ServiceUnavailable", {ErrorCode::unavailable, Retry::yes, try_again}},
    {"SignatureDoesNotMatch", {ErrorCode::unauthenticated, Retry::no, check_keys}},
    {"SlowDown", {ErrorCode::rate_limited, Retry::yes, slow_down}},
    {"SlowDownRead", {ErrorCode::rate_limited, Retry::yes, slow_down}},
    {"SlowDownWrite", {ErrorCode::rate_limited, Retry::yes, slow_down}},
    {"TemporaryRedirect", {ErrorCode::unavailable, Retry::yes, try_again}},
    {"Throttling", {ErrorCode::rate_limited, Retry::yes, slow_down}},
    {"ThrottlingException", {ErrorCode::rate_limited, Retry::yes, slow_down}},
    {"TokenRefreshRequired", {ErrorCode::unauthenticated, Retry::no, renew_token}},
    {"TooManyRequests", {ErrorCode::rate_limited, Retry::yes, slow_down}},
    {"XAdminUserNotFound", {ErrorCode::unauthenticated, Retry::no, check_keys}},
    {"XAmzContentChecksumMismatch", {ErrorCode::corrupt, Retry::yes, try_again}},
    {"XAmzContentSHA256Mismatch", {ErrorCode::corrupt, Retry::yes, try_again}},
    {"XMinioAdminBucketQuotaExceeded", {ErrorCode::no_space, Retry::no, free_space}},
    {"XMinioServerNotInitialized", {ErrorCode::unavailable, Retry::yes, try_again}},
    {"XMinioStorageFull", {ErrorCode::no_space, Retry::no, free_space}},
};
static_assert(std::is_sorted(std::begin(server_codes), std::end(server_codes),
                             [](const ServerCodeRow& a, const ServerCodeRow& b) {
                                 return a.server_code < b.server_code;
                             }));

struct StatusRow {
    int status;
    Meaning meaning;
};

/// For answers without a server code that is known. RFC 9110, section 15.
constexpr StatusRow statuses[] = {
    {301, {ErrorCode::configuration, Retry::no, check_region}},
    {302, {ErrorCode::configuration, Retry::no, check_region}},
    {304, {ErrorCode::precondition_failed, Retry::no, {}}},
    {307, {ErrorCode::unavailable, Retry::yes, try_again}},
    {308, {ErrorCode::configuration, Retry::no, check_region}},
    {401, {ErrorCode::unauthenticated, Retry::no, check_keys}},
    {403,
     {ErrorCode::permission_denied, Retry::no, "check the access key, the secret key and the permissions"}},
    {404, {ErrorCode::configuration, Retry::no, not_s3}},
    {405, {ErrorCode::unsupported, Retry::no, {}}},
    {407, {ErrorCode::configuration, Retry::no, "give the proxy its user name and password"}},
    {408, {ErrorCode::unavailable, Retry::yes, try_again}},
    {409, {ErrorCode::conflict, Retry::no, {}}},
    {412, {ErrorCode::precondition_failed, Retry::no, {}}},
    {416, {ErrorCode::range_not_satisfiable, Retry::no, {}}},
    {425, {ErrorCode::unavailable, Retry::yes, try_again}},
    {429, {ErrorCode::rate_limited, Retry::yes, slow_down}},
    {500, {ErrorCode::unavailable, Retry::yes, try_again}},
    {501, {ErrorCode::unsupported, Retry::no, {}}},
    {502, {ErrorCode::unavailable, Retry::yes, try_again}},
    {503, {ErrorCode::unavailable, Retry::yes, try_again}},
    {504, {ErrorCode::unavailable, Retry::yes, try_again}},
    {505, {ErrorCode::unsupported, Retry::no, not_s3}},
    {507, {ErrorCode::no_space, Retry::no, free_space}},
};

Meaning meaning_of_status(int status) {
    const auto* const row = std::find_if(std::begin(statuses), std::end(statuses),
                                         [status](const StatusRow& r) { return r.status == status; });
    if (row != std::end(statuses)) {
        return row->meaning;
    }
    if (status >= 500) {
        // Proxies and content networks have numbers of their own: 520 to 530 for a server that they cannot reach.
        return {ErrorCode::unavailable, Retry::yes, try_again};
    }
    return {status >= 400 ? ErrorCode::invalid_argument : ErrorCode::unavailable, Retry::no, {}};
}

/// Null for a code that is not known.
const ServerCodeRow* row_of(std::string_view server_code) {
    const auto* const row =
        std::lower_bound(std::begin(server_codes), std::end(server_codes), server_code,
                         [](const ServerCodeRow& r, std::string_view code) { return r.server_code < code; });
    return row != std::end(server_codes) && row->server_code == server_code ? row : nullptr;
}

Meaning meaning_of(std::string_view server_code, int status) {
    if (const auto* const row = row_of(server_code); row != nullptr) {
        return row->meaning;
    }
    constexpr int conflict = 409;
    // A HEAD's answer has no code; a code that is not known is some other conflict, which stays.
    return status == conflict && server_code.empty() ? row_of("ConditionalRequestConflict")->meaning
                                                     : meaning_of_status(status);
}

/// A word that a program may compare or log as it is.
bool is_plain_word(std::string_view text) {
    constexpr std::size_t longest = 128;
    return text.size() <= longest && is_printable_ascii(text) && text.find(' ') == std::string_view::npos;
}

std::string plain_word_or_empty(std::string text) {
    return is_plain_word(text) ? std::move(text) : "";
}

/// A code that is known tells nothing, however short a key is.
ErrorBody without_secrets(ErrorBody body, std::span<const SecretString> secrets) {
    if (row_of(body.code) == nullptr) {
        body.code = filestore::without_secrets(body.code, secrets);
    }
    for (std::string* const text : {&body.message, &body.request_id, &body.region}) {
        *text = filestore::without_secrets(*text, secrets);
    }
    return body;
}

std::string message_of(const ErrorAnswer& answer, const ErrorBody& body, const Meaning& meaning) {
    std::string message(answer.attempted);
    message += " failed: status " + std::to_string(answer.http_status);
    if (!body.code.empty()) {
        message += ' ' + body.code;
    }
    if (!body.message.empty()) {
        message += ", " + quoted(body.message);
    }
    if (!meaning.advice.empty()) {
        message.append("; ").append(meaning.advice);
    }
    if (meaning.advice == check_region && !body.region.empty()) {
        message += ": " + quoted(body.region);
    }
    return message;
}

}  // namespace

Error error_of_answer(const ErrorAnswer& answer) {
    ErrorBody body =
        without_secrets(parse_error(answer.body.value_or("")).value_or(ErrorBody()), answer.secrets);
    body.code = plain_word_or_empty(std::move(body.code));
    const bool missing = !answer.body && answer.http_status == 404;
    const Meaning meaning = missing ? Meaning{ErrorCode::not_found, Retry::no, no_such_object}
                                    : meaning_of(body.code, answer.http_status);
    std::string message = message_of(answer, body, meaning);

    ErrorDetails details;
    details.retryable = meaning.retry == Retry::yes;
    details.http_status = answer.http_status;
    details.server_code = std::move(body.code);
    details.request_id = plain_word_or_empty(
        answer.request_id.empty() ? std::move(body.request_id)
                                  : filestore::without_secrets(answer.request_id, answer.secrets));
    return {meaning.code, std::move(message), std::move(details)};
}

}  // namespace filestore::s3
