#include "service/validation/validator.h"

#include <utility>

#include "core/left_out.h"
#include "core/stream_calls.h"
#include "core/try.h"
#include "service/validation/limited_source.h"
#include "service/validation/media_type.h"
#include "service/validation/rules.h"

namespace filestore::validation {

namespace {

/// Rules that cannot be kept without knowing the type: others go on without it.
bool must_know_type(const ValidationOptions& options) {
    return options.type_policy == TypePolicy::strict || !options.allowed_types.empty() ||
           !options.denied_types.empty();
}

}  // namespace

Result<std::shared_ptr<Validator>> Validator::make(const ValidationOptions& options,
                                                   const std::shared_ptr<Executor>& executor) {
    FILESTORE_TRY(check_rules(options));
    if (!has_rules(options)) {
        return std::shared_ptr<Validator>();
    }
    if (must_know_type(options) && !can_detect_types()) {
        return left_out_error(
            "libmagic, which rules on types need (allowed_types, denied_types, type_policy strict)",
            "FILESTORE_WITH_MAGIC");
    }
    return std::make_shared<Validator>(options, executor);
}

Validator::Validator(const ValidationOptions& options, std::shared_ptr<Executor> executor)
    : options_(options),
      reactor_(std::make_shared<Reactor>()),
      runtime_{std::move(executor), reactor_},
      detector_(options.magic_database) {
    if (!options.scanner.empty()) {
        scanner_.emplace(parse_scanner_address(options.scanner).value(), options.scanner_timeout, reactor_);
    }
}

void Validator::look_at(FileUpload file, std::function<void(Result<FileUpload>)> done) {
    const auto size = file.source ? file.source->size() : std::nullopt;
    if (options_.max_size && size && *size > *options_.max_size) {
        return done(too_large(file.path, *options_.max_size, size));
    }
    // Without a source the store will say so.
    const std::size_t wanted = needs_content(options_, {file.path, file.content_type}) ? looked_at_bytes : 0;
    auto source = file.source;
    if (wanted == 0 || !source) {
        return done(source ? judge_content(std::move(file), {{}, source, {}})
                           : Result<FileUpload>(std::move(file)));
    }
    const CallOptions call = file.call;
    read_beginning(runtime_, std::move(source), wanted, call.cancel, call.deadline,
                   [self = shared_from_this(), file = std::move(file),
                    done = std::move(done)](Result<Beginning> beginning) mutable {
                       done(call_user(ErrorCode::internal, [&]() -> Result<FileUpload> {
                           FILESTORE_TRY(beginning);
                           if (beginning->failure) {
                               return *beginning->failure;
                           }
                           return self->judge_content(std::move(file), *beginning);
                       }));
                   });
}

Result<void> Validator::look_at_name(const std::string& path, const std::string& content_type,
                                     std::optional<std::uint64_t> length) const {
    if (options_.max_size && length && *length > *options_.max_size) {
        return too_large(path, *options_.max_size, length);
    }
    ValidationOptions of_name = options_;
    // Which type counts is not known before the content.
    of_name.allowed_types.clear();
    FILESTORE_TRY(judge(of_name, {path, content_type, {}}));
    return {};
}

void Validator::look_at_first(FileUpload file, std::optional<std::uint64_t> length,
                              std::function<void(Result<std::shared_ptr<Source>>)> done) {
    if (!needs_content(options_, {file.path, file.content_type}) || !file.source) {
        return done(file.source);
    }
    auto source = file.source;
    const CallOptions call = file.call;
    read_beginning(runtime_, std::move(source), looked_at_bytes, call.cancel, call.deadline,
                   [self = shared_from_this(), file = std::move(file), length,
                    done = std::move(done)](Result<Beginning> beginning) mutable {
                       done(call_user(ErrorCode::internal, [&]() -> Result<std::shared_ptr<Source>> {
                           FILESTORE_TRY(beginning);
                           FILESTORE_TRY(self->judge_first(file, length, *beginning));
                           return beginning->source;
                       }));
                   });
}

/// Nobody is warned: that is done once, when the file is whole.
Result<void> Validator::judge_first(const FileUpload& file, std::optional<std::uint64_t> length,
                                    const Beginning& beginning) {
    const std::size_t there = beginning.bytes.size();
    if (there < looked_at_bytes && (!length || there < *length)) {
        return {};
    }
    FILESTORE_TRY_ASSIGN(const std::string found, type_of(beginning));
    FILESTORE_TRY(judge(options_, {file.path, file.content_type, found}));
    return {};
}

Result<FileUpload> Validator::judge_content(FileUpload file, const Beginning& beginning) {
    FILESTORE_TRY_ASSIGN(const std::string found, type_of(beginning));
    FILESTORE_TRY_ASSIGN(const Verdict verdict, judge(options_, {file.path, file.content_type, found}));
    if (verdict.warning && options_.on_warning) {
        options_.on_warning({file.path, file.content_type, found, *verdict.warning});
    }
    if (options_.store_found_type && file.content_type == default_content_type &&
        !media_type_of(found).empty()) {
        file.content_type = found;
    }
    file.source = beginning.source;
    return pass_on(std::move(file));
}

Result<FileUpload> Validator::pass_on(FileUpload file) const {
    if (options_.max_size && !file.source->size()) {
        file.source = limit_source(std::move(file.source), *options_.max_size, file.path);
    }
    if (scanner_) {
        FILESTORE_TRY_ASSIGN(file.source, scanner_->scanned(std::move(file.source), file.path));
    }
    return file;
}

/// Empty where it is not known. A file that only gives rise to a warning is stored without one where nobody can tell.
Result<std::string> Validator::type_of(const Beginning& beginning) {
    if (beginning.bytes.empty()) {
        return std::string();
    }
    auto found = detector_.type_of(beginning.bytes);
    return found.ok() || must_know_type(options_) ? found : Result<std::string>(std::string());
}

}  // namespace filestore::validation
