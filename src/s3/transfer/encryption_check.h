#pragma once

/// Whether an object that was just stored is encrypted as was asked for. Some servers tell that only whoever asks for it (MinIO, after an upload in
/// parts and a copy).

#include <string>

#include "s3/protocol/write_options.h"
#include "s3/requester.h"

namespace filestore::s3 {

/// By the answer to a HEAD of the object. `unsupported` where that does not say it; `outcome_unknown` where there is none.
[[nodiscard]] inline Result<void> check_encryption(Encryption::Kind asked, const Result<Answer>& found) {
    if (found.ok()) {
        return check_encrypted(asked, found->headers);
    }
    return Error(
        ErrorCode::outcome_unknown,
        "the object is stored, and the server could not be asked whether it is encrypted as was asked for: " +
            std::string(found.error().message()));
}

}  // namespace filestore::s3
