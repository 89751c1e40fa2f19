#include "serve/form_type.h"

#include <algorithm>

#include "core/ascii.h"
#include "serve/header_value.h"

namespace filestore::tool::serve {

namespace {

constexpr std::string_view form_type = "multipart/form-data";
constexpr std::size_t longest_boundary = 70;

/// Takes a value off the front of what follows "name=": a token up to the next semicolon, or what stands in quotes.
std::string take_value(std::string_view& rest) {
    std::string value;
    if (!rest.starts_with('"')) {
        const std::size_t end = std::min(rest.find(';'), rest.size());
        value = trimmed(rest.substr(0, end));
        rest.remove_prefix(end);
        return value;
    }
    std::size_t at = 1;
    for (; at < rest.size() && rest[at] != '"'; ++at) {
        at += rest[at] == '\\' && at + 1 < rest.size() ? 1 : 0;
        value += rest[at];
    }
    rest.remove_prefix(std::min(at + 1, rest.size()));
    return value;
}

std::string_view without_parameters(std::string_view type) {
    return trimmed(type.substr(0, type.find(';')));
}

bool is_boundary(std::string_view text) {
    const auto is_printed = [](char c) { return c >= ' ' && c <= '~' && c != '"'; };
    return !text.empty() && text.size() <= longest_boundary &&
           std::all_of(text.begin(), text.end(), is_printed);
}

}  // namespace

bool is_form_type(std::string_view type) {
    return equal_ignoring_case(without_parameters(type), form_type);
}

bool is_url_form_type(std::string_view type) {
    return equal_ignoring_case(without_parameters(type), "application/x-www-form-urlencoded");
}

std::optional<std::string> boundary_of_type(std::string_view type) {
    std::optional<std::string> boundary;
    std::string_view rest = type;
    while (true) {
        const std::size_t semicolon = rest.find(';');
        if (semicolon == std::string_view::npos) {
            return boundary;
        }
        rest.remove_prefix(semicolon + 1);
        const std::size_t equals = std::min(rest.find_first_of("=;"), rest.size());
        const std::string_view name = trimmed(rest.substr(0, equals));
        rest.remove_prefix(equals);
        if (!rest.starts_with('=')) {
            continue;
        }
        rest.remove_prefix(1);
        const std::string value = take_value(rest);
        if (equal_ignoring_case(name, "boundary")) {
            boundary = is_boundary(value) ? value : std::string();
        }
    }
}

std::string plain_form_type(std::string_view boundary) {
    return std::string(form_type) + ";boundary=" + std::string(boundary);
}

}  // namespace filestore::tool::serve
