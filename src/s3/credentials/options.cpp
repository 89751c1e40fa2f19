#include "core/secret.h"
#include "filestore/s3_credentials.h"

namespace filestore {

S3Credentials::~S3Credentials() {
    wipe(secret_key);
    wipe(session_token);
}

}  // namespace filestore
