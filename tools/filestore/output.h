#pragma once

/// What the command says: results on standard output, failures on standard error.

#include <optional>
#include <string_view>

#include "filestore/error.h"
#include "filestore/result.h"
#include "signals.h"

namespace filestore::tool {

/// Standard output. A resource; for the main thread only.
class StandardOutput {
public:
    explicit StandardOutput(SignalWatch& signals) noexcept : signals_(signals) {}

    /// Writes all of `text`, now. Failures: `io` and `no_space`; `cancelled` when a signal comes while the reader lets us wait.
    /// After one nothing more is written, as something would be missing before it, and every call fails as the first one did.
    [[nodiscard]] Result<void> write(std::string_view text);

    [[nodiscard]] bool has_failed() const noexcept { return failure_.has_value(); }

    /// Whether it is a pipe or socket that nobody reads any more, which is a reason to stop but nothing to complain about.
    [[nodiscard]] bool reader_is_gone() const noexcept;

private:
    [[nodiscard]] Result<std::size_t> write_some(std::string_view text);

    SignalWatch& signals_;
    std::optional<Error> failure_;
};

/// One line on standard error: `filestore: <message>`.
void report(std::string_view message);
void report(const Error& error);

}  // namespace filestore::tool
