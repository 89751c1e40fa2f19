#include "session.h"

#include "core/text.h"

namespace filestore::tool {

CallOptions Session::call_options(ProgressBar* bar) const {
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

ExitCode Session::fail(const Error& error, std::string_view operand) const {
    const std::string_view message = error.message();
    const std::string name = filestore::quoted(operand);
    const bool is_named =
        message.find(operand) != std::string_view::npos || message.find(name) != std::string_view::npos;
    if (signals.caught() == 0) {
        report(is_named ? error : error.within(name));
    }
    return exit_code_of(error.code());
}

ExitCode Session::print(std::string_view text) const {
    auto written = output.write(text);
    if (written) {
        return ExitCode::ok;
    }
    return output.reader_is_gone() ? ExitCode::other : fail(written.error());
}

ExitCode Session::for_each_operand(const std::function<ExitCode(const std::string&)>& one) const {
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
