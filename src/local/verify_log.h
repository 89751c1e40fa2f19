#pragma once

/// What a run of verify has found so far, in `<base>/.filestore/verify`, so that another run can go on after kill -9.
///
/// Lines of text, each led by the CRC-32 of the rest of it; the first line that is not whole ends the log.
///
///     V 1 <0|1>                              the version, and whether the run repairs
///     F <id> <damage> <0|1> <what>           a finding, and whether it goes to the quarantine
///     A <id> <the numbers of the report>     all up to this file is done: what follows the last of these does not count
///
/// A file that goes to the quarantine has its two lines before it is moved, so that no finding gets lost; the move is made up for.

#include <functional>
#include <optional>

#include "core/descriptor.h"
#include "filestore/verify.h"
#include "local/store.h"

namespace filestore::local {

/// A resource (movable); one thread at a time; blocks.
class VerifyLog {
public:
    /// What a run goes on with. A value.
    struct Past {
        /// Nil where there is nothing to go on with.
        FileId after;
        VerifyReport report;
        /// The last finding, where its move may not have been made.
        std::optional<FileId> moving;
    };
    using OnFinding = std::function<Result<void>(const VerifyFinding&)>;

    /// Takes the log for this run. Nothing where the store cannot be written to; `conflict` where another run has it.
    [[nodiscard]] static Result<std::optional<VerifyLog>> take(const Store& store);

    /// Tells the findings of the run before and goes on behind them. Nothing to go on with, and as after start(), where there is none or it does not fit `repairs`.
    [[nodiscard]] Result<Past> resume(bool repairs, const OnFinding& on_finding);

    /// Begins anew.
    [[nodiscard]] Result<void> start(bool repairs);

    /// All up to `id` is done.
    [[nodiscard]] Result<void> note(const FileId& id, const VerifyReport& report);
    /// A finding, which is the last of what is done with `report` where it goes to the quarantine.
    [[nodiscard]] Result<void> note(const VerifyFinding& finding, const VerifyReport& report);

    /// The run is over: the log goes.
    void remove() noexcept;

private:
    VerifyLog(const Store& store, Descriptor own, Descriptor file) noexcept
        : store_(&store), own_(std::move(own)), file_(std::move(file)) {}
    [[nodiscard]] Result<void> append(const std::string& text);
    [[nodiscard]] Result<void> cut_to(std::uint64_t size);

    const Store* store_;
    /// The directory of the log.
    Descriptor own_;
    Descriptor file_;
};

}  // namespace filestore::local
