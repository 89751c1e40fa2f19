// A service whose clock is set by the test (test_clock.py).
//
//   clock_tool STORE TABLE
//
// Reads commands, one a line, and answers each with a line: what is said here, or the name of the error.
//
//   upload NAME       the ID of the file
//   delete ID         "done"
//   set SECONDS       the clock goes so much before the system's from now on, or behind it; "done"
//   flush SECONDS     "done", once the project knows all; waits for so long

#include <atomic>
#include <chrono>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>

#include "filestore/service.h"

namespace {

using namespace filestore;

/// So that each reading is a new time, as of a clock that goes.
class ShiftedClock final : public Clock {
public:
    [[nodiscard]] Timestamp now() const noexcept override { return system_clock()->now() + shift_.load(); }
    void set(std::chrono::seconds shift) noexcept { shift_.store(shift); }

private:
    std::atomic<std::chrono::seconds> shift_{std::chrono::seconds(0)};
};

template <class T>
std::string name_of_error(const Result<T>& result) {
    return std::string(to_string(result.error().code()));
}

std::string upload(FileService& service, const std::string& name) {
    FileUpload file;
    file.source = source_from_string(name);
    file.path = name;
    const auto id = service.upload(std::move(file));
    return id.ok() ? id->str() : name_of_error(id);
}

std::string remove(FileService& service, const std::string& text) {
    const auto removed = service.remove({.id = FileId::parse(text).value()});
    return removed.ok() ? "done" : name_of_error(removed);
}

std::string flush(FileService& service, const std::string& seconds) {
    FlushRequest request;
    request.call.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(std::stol(seconds));
    const auto flushed = service.flush(std::move(request));
    return flushed.ok() ? "done" : name_of_error(flushed);
}

}  // namespace

int main(int, char** arguments) {
    const auto clock = std::make_shared<ShiftedClock>();
    ServiceOptions options;
    options.local.base_path = arguments[1];
    options.audit.table = arguments[2];
    options.clock = clock;
    FileService service = FileService::open(std::move(options)).value();
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words(line);
        std::string command;
        std::string argument;
        words >> command >> argument;
        std::string answer = "done";
        if (command == "upload") {
            answer = upload(service, argument);
        } else if (command == "delete") {
            answer = remove(service, argument);
        } else if (command == "flush") {
            answer = flush(service, argument);
        } else {
            clock->set(std::chrono::seconds(std::stol(argument)));
        }
        std::cout << answer << std::endl;
    }
}
