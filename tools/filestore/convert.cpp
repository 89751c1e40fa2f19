#include <string>

#include "commands.h"
#include "json_line.h"
#include "local/layout.h"

namespace filestore::tool {

namespace {

std::string as_text(const std::string& path, LocalLayout layout, const ConvertReport& report) {
    return path + " is " + std::string(local::to_string(layout)) + ": " + std::to_string(report.files) +
           " files moved\n";
}

std::string as_json(const std::string& path, LocalLayout layout, const ConvertReport& report) {
    return JsonLine()
        .text("store", path)
        .text("layout", local::to_string(layout))
        .number("files", report.files)
        .str();
}

ExitCode convert_one(const Surroundings& around, const std::string& path) {
    ProgressBar bar("convert " + path, ProgressUnit::files);
    LocalOptions options = around.store.local;
    options.base_path = path;
    ConvertRequest request;
    request.layout = *options.layout;
    request.call = around.call_options();
    // On this thread, which nobody else lets look for signals.
    request.progress = [&](const ConvertProgress& progress) {
        around.signals.collect();
        bar.update({progress.files_done, progress.files_done, progress.files_total});
        bar.draw();
    };
    const auto report = convert_local_store(options, request);
    bar.clear();
    if (!report) {
        return around.fail(report.error(), path);
    }
    return around.print(around.options.json ? as_json(path, request.layout, *report)
                                            : as_text(path, request.layout, *report));
}

}  // namespace

ExitCode convert(const Surroundings& around) {
    if (!around.options.operands.empty()) {
        return around.for_each_operand([&](const std::string& path) { return convert_one(around, path); });
    }
    return convert_one(around, around.store.local.base_path);
}

}  // namespace filestore::tool
