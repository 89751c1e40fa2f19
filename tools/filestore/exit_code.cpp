#include "exit_code.h"

namespace filestore::tool {

ExitCode exit_code_of(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::ok:
            return ExitCode::ok;
        case ErrorCode::invalid_argument:
        case ErrorCode::configuration:
            return ExitCode::usage;
        case ErrorCode::not_found:
            return ExitCode::not_found;
        case ErrorCode::rejected:
            return ExitCode::rejected;
        case ErrorCode::unauthenticated:
        case ErrorCode::permission_denied:
            return ExitCode::access;
        case ErrorCode::unavailable:
        case ErrorCode::timeout:
        case ErrorCode::rate_limited:
        case ErrorCode::not_delivered:
            return ExitCode::unavailable;
        case ErrorCode::corrupt:
            return ExitCode::corrupt;
        default:
            return ExitCode::other;
    }
}

}  // namespace filestore::tool
