#include "s3/credentials/credentials.h"

#include <string>
#include <string_view>
#include <utility>

#include "core/environment.h"
#include "core/text.h"
#include "core/try.h"

namespace filestore::s3 {
namespace {

Error unauthenticated(std::string message) {
    return {ErrorCode::unauthenticated, std::move(message)};
}

/// Keys and tokens go into headers: a line break in one, often left by a file that it was read from, must not get there.
bool fits_header(std::string_view text) {
    return is_printable_ascii(text) && text.find(' ') == std::string_view::npos;
}

/// `origin` says where the keys came from: "options", "environment".
Result<Credentials> checked(Credentials credentials, const std::string& origin) {
    if (!fits_header(credentials.access_key) || !fits_header(credentials.secret_key) ||
        !fits_header(credentials.session_token)) {
        return unauthenticated(
            "the S3 keys in the " + origin +
            " hold a blank, a line break or a byte that is not ASCII: give them without it");
    }
    return credentials;
}

Result<Credentials> from_options(const S3ClientOptions& options) {
    if (options.access_key.empty() || options.secret_key.empty()) {
        return unauthenticated(std::string("the options have ") +
                               (!options.access_key.empty()   ? "an access key without a secret key"
                                : !options.secret_key.empty() ? "a secret key without an access key"
                                                              : "a session token without keys") +
                               ": give access key and secret key, or none of them to use the environment");
    }
    return checked({options.access_key, options.secret_key, options.session_token}, "options");
}

Result<Credentials> from_environment() {
    const auto access_key = environment_variable("AWS_ACCESS_KEY_ID");
    const auto secret_key = environment_variable("AWS_SECRET_ACCESS_KEY");
    if (!access_key || !secret_key) {
        const std::string_view missing = access_key   ? "AWS_SECRET_ACCESS_KEY is"
                                         : secret_key ? "AWS_ACCESS_KEY_ID is"
                                                      : "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are";
        return unauthenticated("no S3 credentials: the options have no keys, and in the environment " +
                               std::string(missing) + " not set");
    }
    return checked({*access_key, *secret_key, environment_variable("AWS_SESSION_TOKEN").value_or("")},
                   "environment");
}

}  // namespace

Result<Credentials> find_credentials(const S3ClientOptions& options) {
    const bool given =
        !options.access_key.empty() || !options.secret_key.empty() || !options.session_token.empty();
    return given ? from_options(options) : from_environment();
}

}  // namespace filestore::s3
