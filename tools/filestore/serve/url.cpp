#include "serve/url.h"

#include <algorithm>
#include <charconv>

#include "core/ascii.h"

namespace filestore::tool::serve {

namespace {

/// What a URL of http or https begins with; 0 where it is none.
std::size_t size_of_scheme(std::string_view url) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (equal_ignoring_case(url.substr(0, scheme.size()), scheme)) {
            return scheme.size();
        }
    }
    return 0;
}

std::string decode_parameter(std::string_view text) {
    std::string plain(text);
    std::replace(plain.begin(), plain.end(), '+', ' ');
    return percent_decode(plain);
}

}  // namespace

std::string percent_decode(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t place = 0; place < text.size(); ++place) {
        unsigned char byte = 0;
        const std::string_view digits = text.substr(place + 1, 2);
        const char* const end = digits.data() + digits.size();
        if (text[place] == '%' && digits.size() == 2 &&
            std::from_chars(digits.data(), end, byte, 16).ptr == end) {
            decoded += static_cast<char>(byte);
            place += 2;
        } else {
            decoded += text[place];
        }
    }
    return decoded;
}

std::vector<std::pair<std::string, std::string>> parse_query(std::string_view query) {
    std::vector<std::pair<std::string, std::string>> parameters;
    while (!query.empty()) {
        const std::string_view one = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(one.size() + 1, query.size()));
        if (!one.empty()) {
            const std::size_t equals = std::min(one.find('='), one.size());
            parameters.emplace_back(decode_parameter(one.substr(0, equals)),
                                    decode_parameter(one.substr(std::min(equals + 1, one.size()))));
        }
    }
    return parameters;
}

bool is_host(std::string_view text) {
    constexpr std::string_view characters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]";
    return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

std::string with_host(std::string_view url, std::string_view host) {
    const std::size_t begin = size_of_scheme(url);
    const std::size_t end = std::min(url.find('/', begin), url.size());
    return std::string(url.substr(0, begin)).append(host).append(url.substr(end));
}

RequestTarget parse_target(std::string_view text) {
    const std::size_t begin = size_of_scheme(text);
    if (begin == 0) {
        return {text};
    }
    const std::size_t end = std::min(text.find('/', begin), text.size());
    return {end == text.size() ? "/" : text.substr(end), text.substr(begin, end - begin)};
}

}  // namespace filestore::tool::serve
