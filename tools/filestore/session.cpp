#include "session.h"

#include "core/text.h"

namespace filestore::tool {

namespace {

/// Messages quote what a user may call anything; a file ID they name as it is.
bool is_named(std::string_view message, std::string_view operand) {
    const bool stands_out = FileId::parse(operand).ok();
    return message.find(stands_out ? std::string(operand) : filestore::quoted(operand)) !=
           std::string_view::npos;
}

}  // namespace

CallOptions Surroundings::call_options(ProgressBar* bar) const {
    CallOptions call;
    if (options.timeout) {
        call.deadline = deadline_in(*options.timeout);
    }
    call.cancel = signals.stop_token();
    if (bar != nullptr && bar->is_shown()) {
        call.progress = [bar](const Progress& progress) { bar->update(progress); };
    }
    return call;
}

ExitCode Surroundings::fail(const Error& error, std::string_view operand) const {
    if (signals.caught() == 0) {
        report(operand.empty() || is_named(error.message(), operand)
                   ? error
                   : error.within(filestore::quoted(operand)));
    }
    return exit_code_of(error.code());
}

ExitCode Surroundings::print(std::string_view text) const {
    auto written = output.write(text);
    if (written) {
        return ExitCode::ok;
    }
    return output.reader_is_gone() ? ExitCode::other : fail(written.error());
}

ExitCode Surroundings::for_each_operand(const std::function<ExitCode(const std::string&)>& one) const {
    ExitCode first_failure = ExitCode::ok;
    for (const std::string& operand : options.operands) {
        const ExitCode code = one(operand);
        if (first_failure == ExitCode::ok) {
            first_failure = code;
        }
        if (signals.caught() != 0 || output.has_failed()) {
            break;
        }
    }
    return first_failure;
}

}  // namespace filestore::tool
