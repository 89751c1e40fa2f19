/// Sends one file of a local store, with pauses between attempts that no test has to wait for:
///
///     filestore_export_tool STORE PROFILE URL ID [again] [parts-above=N] [part-size=N] [purpose=P] [attempts=N] [seconds=N] [later=N]
///
/// Prints `sent ID new` or `sent ID there`, or `failed CODE MESSAGE`. The words `settle` and `unsend` ask for that in its place: `settled removed=N found=N forgotten=N waiting=N`, and the first reason. `later` puts the exporter's clock
/// so many seconds forward. With the word `lines` each line of the input asks the same exporter once more: `send`, `settle` or `unsend`.

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>

#include "filestore/file_exporter.h"
#include "filestore/service.h"

using namespace filestore;

namespace {

class LaterClock final : public Clock {
public:
    explicit LaterClock(std::chrono::seconds later) : later_(later) {}
    [[nodiscard]] Timestamp now() const noexcept override { return system_clock()->now() + later_; }

private:
    const std::chrono::seconds later_;
};

struct Asked {
    ExporterOptions options{};
    ExportRequest request{};
    std::string action = "send";
    bool has_lines = false;
};

/// Waits for a line, as a vault may.
Result<SecretString> ask_for_key(const ExportTarget&) {
    std::cout << "asked" << std::endl;
    std::string line;
    std::getline(std::cin, line);
    return SecretString(line);
}

void take(std::string_view word, Asked& asked) {
    const std::size_t equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    const std::string value(equals == std::string_view::npos ? "" : word.substr(equals + 1));
    if (name == "again") {
        asked.request.again = true;
    } else if (name == "parts-above") {
        asked.options.part_threshold = std::stoull(value);
    } else if (name == "part-size") {
        asked.options.part_size = std::stoull(value);
    } else if (name == "purpose") {
        asked.request.purpose = value;
    } else if (name == "attempts") {
        asked.options.retry.max_attempts = static_cast<unsigned>(std::stoul(value));
    } else if (name == "seconds") {
        asked.request.call.deadline = deadline_in(std::chrono::seconds(std::stoul(value)));
    } else if (name == "later") {
        asked.options.clock = std::make_shared<LaterClock>(std::chrono::seconds(std::stoul(value)));
    } else if (name == "asks") {
        asked.options.key = &ask_for_key;
    } else if (name == "lines") {
        asked.has_lines = true;
    } else if (name == "settle" || name == "unsend") {
        asked.action = name;
    } else {
        std::cerr << "unknown word " << word << '\n';
        std::exit(EXIT_FAILURE);
    }
}

std::string failed(const Error& error) {
    return "failed " + std::string(to_string(error.code())) + " " + std::string(error.message());
}

std::string line_of(const Result<ExportReceipt>& sent) {
    return sent.ok() ? "sent " + sent->copy.provider_id + (sent->was_there ? " there" : " new")
                     : failed(sent.error());
}

std::string line_of(const Result<SettleReport>& settled) {
    if (!settled.ok()) {
        return failed(settled.error());
    }
    return "settled removed=" + std::to_string(settled->removed.size()) +
           " found=" + std::to_string(settled->found.size()) +
           " forgotten=" + std::to_string(settled->forgotten) +
           " waiting=" + std::to_string(settled->waiting.size()) +
           (settled->failure ? " " + std::string(settled->failure->message()) : "");
}

void act(FileExporter& exporter, const Asked& asked, std::string_view action) {
    if (action == "settle") {
        std::cout << line_of(exporter.settle(asked.request.call)) << std::endl;
    } else if (action == "unsend") {
        std::cout << line_of(exporter.unsend({asked.request.id, {}, false, asked.request.call})) << std::endl;
    } else {
        std::cout << line_of(exporter.send(asked.request)) << std::endl;
    }
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
    Asked asked;
    asked.options.backend = service->backend();
    asked.options.catalogue_path = service->catalogue_path();
    asked.options.retry.first_delay = std::chrono::milliseconds(1);
    asked.options.retry.longest_delay = std::chrono::milliseconds(5);
    asked.request.id = *id;
    asked.request.target = {arguments[2], arguments[3], {}};
    for (int i = first_word; i < count; ++i) {
        take(arguments[i], asked);
    }
    auto exporter = FileExporter::open(asked.options);
    if (!exporter.ok()) {
        return EXIT_FAILURE;
    }
    act(*exporter, asked, asked.action);
    for (std::string line; asked.has_lines && std::getline(std::cin, line);) {
        act(*exporter, asked, line);
    }
    return EXIT_SUCCESS;
}
