#include "s3/protocol/uri.h"

#include <algorithm>
#include <utility>

namespace filestore::s3 {
namespace {

constexpr std::string_view upper_hex_digits = "0123456789ABCDEF";

constexpr bool is_unreserved(char c) noexcept {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

}  // namespace

std::string uri_encode(std::string_view text, Slash slash) {
    std::string encoded;
    encoded.reserve(text.size() + text.size() / 4);
    for (const char c : text) {
        if (is_unreserved(c) || (c == '/' && slash == Slash::keep)) {
            encoded += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        encoded += '%';
        encoded += upper_hex_digits[byte >> 4U];
        encoded += upper_hex_digits[byte & 0x0FU];
    }
    return encoded;
}

std::string canonical_query(const std::vector<NameValue>& parameters) {
    std::vector<std::pair<std::string, std::string>> encoded;
    encoded.reserve(parameters.size());
    for (const NameValue& parameter : parameters) {
        encoded.emplace_back(uri_encode(parameter.name, Slash::encode),
                             uri_encode(parameter.value, Slash::encode));
    }
    std::sort(encoded.begin(), encoded.end());

    std::string query;
    for (const auto& [name, value] : encoded) {
        if (!query.empty()) {
            query += '&';
        }
        query.append(name).append(1, '=').append(value);
    }
    return query;
}

}  // namespace filestore::s3
