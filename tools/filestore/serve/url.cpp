#include "serve/url.h"

#include <charconv>

namespace filestore::tool::serve {

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

}  // namespace filestore::tool::serve
