#include "serve/parameters.h"

#include <string>

#include "serve/answers.h"
#include "serve/decimal.h"

namespace filestore::tool::serve {

std::optional<std::uint64_t> number_of(const std::shared_ptr<Exchange>& exchange, std::string_view name,
                                       std::uint64_t usual, std::uint64_t most) {
    const std::string* text = exchange->request().parameter(name);
    if (text == nullptr) {
        return usual;
    }
    const auto number = decimal(*text);
    if (!number || *number < 1 || *number > most) {
        exchange->respond(
            problem_response(400, std::string(name) + ": give a whole number, 1 to " + std::to_string(most)));
        return std::nullopt;
    }
    return number;
}

std::optional<bool> switch_of(const std::shared_ptr<Exchange>& exchange, std::string_view name) {
    const std::string* text = exchange->request().parameter(name);
    if (text == nullptr || *text == "false") {
        return false;
    }
    if (*text == "true") {
        return true;
    }
    exchange->respond(problem_response(400, std::string(name) + ": give true or false"));
    return std::nullopt;
}

}  // namespace filestore::tool::serve
