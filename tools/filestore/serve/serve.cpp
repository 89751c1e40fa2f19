#include <poll.h>

#include <chrono>
#include <csignal>

#include "commands.h"
#include "json_line.h"
#include "output.h"
#include "serve/running_service.h"

namespace filestore::tool {

namespace {

constexpr std::chrono::milliseconds between_looks{1000};

void reload(serve::RunningService& service) {
    const auto reloaded = service.reload();
    if (reloaded.ok()) {
        report("the configuration was read again");
    } else {
        report(reloaded.error().within("the configuration stays as it was"));
    }
}

/// Until one comes that ends the service.
void wait_for_signal(serve::RunningService& service, SignalWatch& signals) {
    for (;;) {
        pollfd polled{signals.descriptor(), POLLIN, 0};
        ::poll(&polled, 1, static_cast<int>(between_looks.count()));
        const int number = signals.take();
        if (number == SIGHUP) {
            reload(service);
        } else if (number != 0) {
            return;
        }
        service.look_after();
    }
}

ExitCode failed(const Error& error) {
    report(error);
    return exit_code_of(error.code());
}

}  // namespace

ExitCode serve_over_http(const Options& options, SignalWatch& signals, StandardOutput& output) {
    const auto service = serve::RunningService::start(options);
    if (!service.ok()) {
        return failed(service.error());
    }
    const std::string url = (*service)->url();
    const auto announced =
        output.write(options.json ? JsonLine().text("listening", url).str() : "listening on " + url + "\n");
    if (!announced.ok()) {
        return output.reader_is_gone() ? ExitCode::other : failed(announced.error());
    }
    wait_for_signal(**service, signals);
    (*service)->stop(signals);
    return ExitCode::ok;
}

}  // namespace filestore::tool
