/// Sends one file of a local store, with pauses between attempts that no test has to wait for:
///
///     filestore_export_tool STORE PROFILE URL ID [again] [parts-above=N] [part-size=N] [purpose=P] [attempts=N] [seconds=N]
///
/// Prints `sent ID new` or `sent ID there`, or `failed CODE MESSAGE`.

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include "filestore/file_exporter.h"
#include "filestore/service.h"

using namespace filestore;

namespace {

void take(std::string_view word, ExporterOptions& options, ExportRequest& request) {
    const std::size_t equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    const std::string value(equals == std::string_view::npos ? "" : word.substr(equals + 1));
    if (name == "again") {
        request.again = true;
    } else if (name == "parts-above") {
        options.part_threshold = std::stoull(value);
    } else if (name == "part-size") {
        options.part_size = std::stoull(value);
    } else if (name == "purpose") {
        request.purpose = value;
    } else if (name == "attempts") {
        options.retry.max_attempts = static_cast<unsigned>(std::stoul(value));
    } else if (name == "seconds") {
        request.call.deadline = deadline_in(std::chrono::seconds(std::stoul(value)));
    } else {
        std::cerr << "unknown word " << word << '\n';
        std::exit(EXIT_FAILURE);
    }
}

std::string line_of(const Result<ExportReceipt>& sent) {
    if (!sent.ok()) {
        return "failed " + std::string(to_string(sent.error().code())) + " " +
               std::string(sent.error().message());
    }
    return "sent " + sent->copy.provider_id + (sent->was_there ? " there" : " new");
}

}  // namespace

int main(int count, char** arguments) {
    constexpr int first_word = 5;
    if (count < first_word) {
        return EXIT_FAILURE;
    }
    ServiceOptions store;
    store.local.base_path = arguments[1];
    auto service = FileService::open(store);
    const auto id = FileId::parse(arguments[4]);
    if (!service.ok() || !id.ok()) {
        return EXIT_FAILURE;
    }
    ExporterOptions options;
    options.backend = service->backend();
    options.catalogue_path = service->catalogue_path();
    options.retry.first_delay = std::chrono::milliseconds(1);
    options.retry.longest_delay = std::chrono::milliseconds(5);
    ExportRequest request;
    request.id = *id;
    request.target = {arguments[2], arguments[3], {}};
    for (int i = first_word; i < count; ++i) {
        take(arguments[i], options, request);
    }
    auto exporter = FileExporter::open(options);
    if (!exporter.ok()) {
        return EXIT_FAILURE;
    }
    std::cout << line_of(exporter->send(request)) << '\n';
    return EXIT_SUCCESS;
}
