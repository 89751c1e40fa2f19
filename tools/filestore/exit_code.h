#pragma once

/// The exit codes of the command, which differ by cause.

#include "filestore/error.h"

namespace filestore::tool {

enum class ExitCode : int {
    ok = 0,
    other = 1,
    usage = 2,
    not_found = 3,
    rejected = 4,
    access = 5,
    unavailable = 6,
    corrupt = 7,
};

[[nodiscard]] ExitCode exit_code_of(ErrorCode code) noexcept;

/// What a shell reports for a process that the signal ended.
[[nodiscard]] constexpr int exit_status_of_signal(int signal_number) noexcept {
    return 128 + signal_number;
}

}  // namespace filestore::tool
