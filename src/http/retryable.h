#pragma once

#include "filestore/error.h"

namespace filestore::http {

/// The details of a failure that the same request may not meet again.
[[nodiscard]] inline ErrorDetails retryable() {
    ErrorDetails details;
    details.retryable = true;
    return details;
}

}  // namespace filestore::http
