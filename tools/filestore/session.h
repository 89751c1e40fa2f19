#pragma once

/// What commands work with.

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "exit_code.h"
#include "filestore/service.h"
#include "options.h"
#include "output.h"
#include "progress_bar.h"
#include "signals.h"

namespace filestore::tool {

/// What every command works with. A value of references; for the main thread only.
struct Surroundings {
    const Options& options;
    /// Which store is meant.
    const ServiceOptions& store;
    SignalWatch& signals;
    StandardOutput& output;
    std::chrono::steady_clock::time_point begun_at = std::chrono::steady_clock::now();

    /// Deadline, cancellation and, where `bar` is not null, progress of one call. The bar must outlive the call.
    [[nodiscard]] CallOptions call_options(ProgressBar* bar = nullptr) const;

    /// Says on standard error what failed, unless the user stopped it; answers its exit code. A message that does not name the operand
    /// (empty where there is none) is led by it.
    [[nodiscard]] ExitCode fail(const Error& error, std::string_view operand = {}) const;

    /// Prints a result; on failure says so. Silent where nobody reads any more.
    [[nodiscard]] ExitCode print(std::string_view text) const;

    /// Tries `one` on every operand; answers the first code that is not ok. Stops early when a signal came or standard
    /// output failed.
    [[nodiscard]] ExitCode for_each_operand(
        const std::function<ExitCode(const std::string& operand)>& one) const;
};

/// What commands work with that use a store. A value of references; for the main thread only.
struct Session : Surroundings {
    FileService& service;
};

}  // namespace filestore::tool
