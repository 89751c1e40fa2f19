#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <string>

#include "commands.h"
#include "core/text.h"
#include "core/try.h"
#include "options.h"
#include "output.h"
#include "session.h"
#include "signals.h"
#include "store_options.h"

namespace filestore::tool {

namespace {

ExitCode run_command(const Session& session) {
    switch (session.options.command) {
        case Command::upload:
            return upload(session);
        case Command::download:
            return download(session);
        case Command::remove:
            return remove(session);
        case Command::undelete:
            return undelete(session);
        case Command::exists:
            return exists(session);
        case Command::metadata:
            return metadata(session);
        case Command::list:
            return list(session);
        case Command::presign:
            return presign(session);
        case Command::link:
            return link(session);
        case Command::probe:
            return probe(session);
        case Command::verify:
            return verify(session);
        case Command::convert:
        case Command::key:
        case Command::serve:
            break;
        case Command::cleanup:
            return cleanup(session);
        case Command::audit:
            return audit(session);
        case Command::send:
            return send(session);
        case Command::sent:
            return sent(session);
        case Command::unsend:
            return unsend(session);
    }
    return ExitCode::other;
}

bool records(Command command) {
    return command == Command::upload || command == Command::remove || command == Command::undelete ||
           command == Command::cleanup;
}

/// Before the store is opened, which may make its directory.
Result<void> check_store(const Options& options, const ServiceOptions& store) {
    if (options.command == Command::probe && store.backend != "s3") {
        return Error(ErrorCode::invalid_argument,
                     "probe asks an S3 store: give --backend s3, or a --config that has it");
    }
    if (options.command == Command::convert && store.backend != "local") {
        return Error(ErrorCode::invalid_argument, "convert is for local stores: give --backend local");
    }
    if (options.command == Command::convert && !store.local.layout) {
        return Error(ErrorCode::invalid_argument, "convert: give --layout flat or --layout sharded");
    }
    return {};
}

/// Of files whose names, declared types and contents do not agree. Scripts are not told of what they did not ask for.
bool warns(const Options& options) {
    const bool is_asked = std::any_of(options.store_options.begin(), options.store_options.end(),
                                      [](const StoreOption& option) { return option.name == "type_policy"; });
    return is_asked || ::isatty(STDERR_FILENO) == 1;
}

Result<ServiceOptions> checked_store_of(const Options& options) {
    FILESTORE_TRY_ASSIGN(ServiceOptions store, make_service_options(options));
    FILESTORE_TRY(check_store(options, store));
    if (warns(options)) {
        store.validation.on_warning = [](const ValidationWarning& warning) {
            report("warning: " + filestore::quoted(warning.path) + " is stored, but " + warning.message);
        };
    }
    return store;
}

ExitCode print_text(StandardOutput& output, const std::string& text) {
    auto written = output.write(text);
    if (written) {
        return ExitCode::ok;
    }
    if (!output.reader_is_gone()) {
        report(written.error());
    }
    return ExitCode::other;
}

ExitCode run(int count, const char* const* arguments, SignalWatch& signals) {
    StandardOutput output(signals);
    const auto command_line = parse_command_line(count, arguments);
    if (!command_line) {
        report(command_line.error());
        return ExitCode::usage;
    }
    if (!command_line->text.empty()) {
        return print_text(output, command_line->text);
    }
    const Options& options = command_line->options;
    if (options.command == Command::key) {
        return make_key(options, output);
    }
    if (options.command == Command::serve) {
        return serve_over_http(options, signals, output);
    }
    const auto store = checked_store_of(options);
    if (!store) {
        report(store.error());
        return exit_code_of(store.error().code());
    }
    const Surroundings around{options, *store, signals, output};
    // A store that is open cannot be converted.
    if (options.command == Command::convert) {
        return convert(around);
    }
    auto service = FileService::open(*store);
    if (!service) {
        report(service.error());
        return exit_code_of(service.error().code());
    }
    const Session session{around, *service};
    const ExitCode code = run_command(session);
    if (records(options.command)) {
        tell_audit_server(session);
    }
    return code;
}

/// A program may be started with a standard stream closed. Its number would go to the next file that is opened, and that file would then be
/// read or written in its place; so it gets a stream of which every use fails.
void occupy_closed_standard_streams() {
    for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(number, F_GETFD) < 0) {
            [[maybe_unused]] const int opened =
                ::open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        }
    }
}

int run_with_signals(int count, const char* const* arguments) {
    const auto signals = SignalWatch::start();
    if (!signals) {
        report(signals.error());
        return static_cast<int>(ExitCode::other);
    }
    const ExitCode code = run(count, arguments, **signals);
    if (const int caught = (*signals)->caught(); caught != 0) {
        report(std::string("stopped: ") + ::strsignal(caught));
        return exit_status_of_signal(caught);
    }
    return static_cast<int>(code);
}

}  // namespace

}  // namespace filestore::tool

int main(int count, char** arguments) {
    filestore::tool::occupy_closed_standard_streams();
    try {
        return filestore::tool::run_with_signals(count, arguments);
    } catch (const std::bad_alloc&) {
        filestore::tool::report(filestore::Error(filestore::ErrorCode::no_memory));
    } catch (const std::exception& failure) {
        filestore::tool::report(failure.what());
    }
    return EXIT_FAILURE;
}
