#include "conformance/lacks.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace filestore::test {

namespace {

/// A server that lacks one of these is no store for this library.
constexpr std::array<std::string_view, 6> indispensable = {"put", "get", "head", "delete", "list", "signing"};

Lack parse_line(const std::string& line) {
    std::istringstream words(line);
    Lack lack;
    words >> lack.server >> lack.feature >> std::ws;
    std::getline(words, lack.reason);
    if (lack.reason.empty()) {
        throw std::runtime_error("expected: server feature reason");
    }
    if (std::find(indispensable.begin(), indispensable.end(), lack.feature) != indispensable.end()) {
        throw std::runtime_error("no server may lack " + lack.feature);
    }
    return lack;
}

}  // namespace

Lacks Lacks::parse(std::string_view text) {
    Lacks lacks;
    std::istringstream lines{std::string(text)};
    int number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        if (line.empty() || line.front() == '#') {
            continue;
        }
        try {
            Lack lack = parse_line(line);
            if (lacks.has(lack.server, lack.feature)) {
                throw std::runtime_error("it is listed already");
            }
            lacks.lacks_.push_back(std::move(lack));
        } catch (const std::runtime_error& error) {
            throw std::runtime_error("line " + std::to_string(number) + ", \"" + line +
                                     "\": " + error.what());
        }
    }
    return lacks;
}

Lacks Lacks::read(const std::string& path) {
    std::ifstream file(path);
    if (!file) {
        throw std::runtime_error(path + " cannot be read");
    }
    return parse(std::string(std::istreambuf_iterator<char>(file), {}));
}

bool Lacks::has(std::string_view server, std::string_view feature) const {
    return std::any_of(lacks_.begin(), lacks_.end(),
                       [&](const Lack& lack) { return lack.server == server && lack.feature == feature; });
}

}  // namespace filestore::test
