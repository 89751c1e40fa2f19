#pragma once

/// Files of the user's own, beside the store.

#include <string>

#include "filestore/error.h"

namespace filestore::tool {

/// A path that names nothing is a wrong argument: `not_found` is kept for files of the store.
[[nodiscard]] inline Error caller_path_error(const Error& error) {
    return error.code() == ErrorCode::not_found
               ? Error(ErrorCode::invalid_argument, std::string(error.message()))
               : error;
}

}  // namespace filestore::tool
