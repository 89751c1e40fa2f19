#include "s3/protocol/xml_writer.h"

#include <cstddef>

#include "core/utf8.h"

namespace filestore::s3 {
namespace {

/// Production `Char` of XML 1.0. The control characters above U+007F are allowed.
bool is_xml_character(std::string_view character) {
    const auto lead = static_cast<unsigned char>(character.front());
    if (lead < 0x20) {
        return lead == '\t' || lead == '\n' || lead == '\r';
    }
    return character != "\xEF\xBF\xBE" && character != "\xEF\xBF\xBF";
}

}  // namespace

bool fits_xml(std::string_view text) noexcept {
    while (!text.empty()) {
        const std::size_t size = utf8_character_size(text);
        if (size == 0 || !is_xml_character(text.substr(0, size))) {
            return false;
        }
        text.remove_prefix(size);
    }
    return true;
}

void append_element(std::string& xml, std::string_view name, std::string_view text) {
    xml.append(1, '<').append(name).append(1, '>');
    for (const char c : text) {
        switch (c) {
            case '&':
                xml += "&amp;";
                break;
            case '<':
                xml += "&lt;";
                break;
            case '>':
                xml += "&gt;";
                break;
            case '"':
                xml += "&quot;";
                break;
            case '\'':
                xml += "&apos;";
                break;
            // A parser makes each of these a blank or a line feed where they stand plain.
            case '\t':
                xml += "&#9;";
                break;
            case '\n':
                xml += "&#10;";
                break;
            case '\r':
                xml += "&#13;";
                break;
            default:
                xml += c;
        }
    }
    xml.append("</").append(name).append(1, '>');
}

}  // namespace filestore::s3
