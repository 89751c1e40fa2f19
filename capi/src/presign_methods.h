#pragma once

/// The names of what a presigned URL is for, as C callers give and get them.

#include "filestore/backend.h"
#include "filestore/result.h"

namespace filestore::capi {

/// "get", "put", "head" or "remove"; `invalid_argument` for anything else, and for null.
[[nodiscard]] Result<PresignMethod> presign_method(const char* name);

/// Lives for ever.
[[nodiscard]] const char* name_of(PresignMethod method) noexcept;

}  // namespace filestore::capi
