#pragma once

/// The setters that every kind of call options has. `Options` is a handle with a member `call`.

#include "arguments.h"

namespace filestore::capi {

template <class Options>
[[nodiscard]] Result<void> set_timeout(Options* options, std::uint64_t timeout_ms) {
    FILESTORE_TRY(require(options, "options"));
    options->call.timeout_ms = timeout_ms;
    return {};
}

/// `cancel` may be null.
template <class Options>
[[nodiscard]] Result<void> set_cancel(Options* options, const filestore_cancel* cancel) {
    FILESTORE_TRY(require(options, "options"));
    options->call.cancel = cancel != nullptr ? cancel->source.get_token() : std::stop_token();
    return {};
}

/// `pause` may be null.
template <class Options>
[[nodiscard]] Result<void> set_pause(Options* options, const filestore_pause* pause) {
    FILESTORE_TRY(require(options, "options"));
    options->call.pause = pause != nullptr ? pause->pause : nullptr;
    return {};
}

/// `progress` may be null.
template <class Options>
[[nodiscard]] Result<void> set_progress(Options* options, filestore_progress_function progress,
                                        void* context) {
    FILESTORE_TRY(require(options, "options"));
    options->call.progress = progress;
    options->call.progress_context = context;
    return {};
}

}  // namespace filestore::capi
