#pragma once

/// Looks at uploads before they are stored, by the rules of a service (validation.h).

#include <functional>
#include <memory>

#include "core/job.h"
#include "filestore/service.h"
#include "filestore/validation.h"
#include "service/validation/beginning.h"
#include "service/validation/scanner.h"
#include "service/validation/type_detector.h"

namespace filestore::validation {

/// A resource; thread-safe.
class Validator : public std::enable_shared_from_this<Validator> {
public:
    /// Null where there are no rules. `invalid_argument` for rules that cannot be right, `configuration` for such as this build cannot keep. Opens nothing yet.
    [[nodiscard]] static Result<std::shared_ptr<Validator>> make(const ValidationOptions& options,
                                                                 const std::shared_ptr<Executor>& executor);

    Validator(const ValidationOptions& options, std::shared_ptr<Executor> executor);

    /// Calls `done` on the executor: with the upload as it is to be stored, whose source may still fail with `rejected` while it is read, or with why it is not. `file.call` limits the call.
    /// May throw std::bad_alloc; `done` is not called then.
    void look_at(FileUpload file, std::function<void(Result<FileUpload>)> done);

    /// What can be said before there is a byte: `rejected`. `length` may be unknown.
    [[nodiscard]] Result<void> look_at_name(const std::string& path, const std::string& content_type,
                                            std::optional<std::uint64_t> length) const;

    /// The same of the first bytes of an upload that comes piece by piece, where they are as many as are looked at, or all; else nothing is said yet. `done` as of look_at(): with a source of the
    /// same bytes, which fails behind them where the given one did. `file.source` has the first bytes; `length` is that of the whole file, where it is known.
    void look_at_first(FileUpload file, std::optional<std::uint64_t> length,
                       std::function<void(Result<std::shared_ptr<Source>>)> done);

    [[nodiscard]] std::optional<std::uint64_t> max_size() const noexcept { return options_.max_size; }
    [[nodiscard]] bool has_scanner() const noexcept { return scanner_.has_value(); }

    /// Waits for nobody any more. Not on a library thread.
    void close() noexcept { reactor_->join(); }

private:
    [[nodiscard]] Result<FileUpload> judge_content(FileUpload file, const Beginning& beginning);
    [[nodiscard]] Result<void> judge_first(const FileUpload& file, std::optional<std::uint64_t> length,
                                           const Beginning& beginning);
    [[nodiscard]] Result<FileUpload> pass_on(FileUpload file) const;
    [[nodiscard]] Result<std::string> type_of(const Beginning& beginning);

    const ValidationOptions options_;
    const std::shared_ptr<Reactor> reactor_;
    const Runtime runtime_;
    TypeDetector detector_;
    std::optional<Scanner> scanner_;
};

}  // namespace filestore::validation
