#include "s3/credentials/credentials.h"

#include <string>
#include <utility>

#include "core/environment.h"
#include "s3/credentials/environment.h"
#include "s3/credentials/given.h"
#include "s3/credentials/keys.h"

namespace filestore::s3 {
namespace {

Result<Credentials> from_environment() {
    Result<Credentials> keys = keys_of_environment(environment_variable);
    if (!keys.ok()) {
        return Error(ErrorCode::unauthenticated,
                     "no S3 credentials: the options have no keys, and in the environment " +
                         std::string(keys.error().message()));
    }
    return checked_keys(std::move(keys).value(), "environment");
}

}  // namespace

Result<Credentials> find_credentials(const S3Options& options) {
    const bool given =
        !options.access_key.empty() || !options.secret_key.empty() || !options.session_token.empty();
    return given ? given_keys(options.access_key, options.secret_key, options.session_token)
                 : from_environment();
}

}  // namespace filestore::s3
