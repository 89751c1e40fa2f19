#include "disposition.h"

#include <algorithm>
#include <array>

#include "core/ascii.h"
#include "core/encoding.h"
#include "core/text.h"
#include "download_name.h"

namespace filestore::tool {

namespace {

/// Browsers disagree on escapes in a quoted name, and some decode percent signs in it.
bool is_plain(char character) {
    const auto byte = static_cast<unsigned char>(character);
    return byte >= 0x20 && byte < 0x7F && std::string_view("\"\\%").find(character) == std::string_view::npos;
}

/// One underscore for each character, of however many bytes.
std::string plain_name(std::string_view name) {
    std::string plain;
    for (const char character : name) {
        const bool continues = (static_cast<unsigned char>(character) & 0xC0) == 0x80;
        if (!continues) {
            plain += is_plain(character) ? character : '_';
        }
    }
    return plain;
}

}  // namespace

std::string content_disposition(bool is_inline, std::string_view name) {
    const std::string plain = plain_name(name);
    std::string header = std::string(is_inline ? "inline" : "attachment") + "; filename=\"" + plain + '"';
    if (plain != name) {
        header += "; filename*=UTF-8''" + percent_encode(name);
    }
    return header;
}

bool may_be_shown_inline(std::string_view content_type) {
    constexpr auto harmless = std::to_array<std::string_view>(
        {"text/plain", "image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"});
    const std::string type = to_lower(content_type.substr(0, content_type.find_first_of("; ")));
    return std::find(harmless.begin(), harmless.end(), type) != harmless.end() ||
           type.compare(0, 6, "audio/") == 0 || type.compare(0, 6, "video/") == 0;
}

void dispose_of(PresignRequest& request, const FileInfo& info) {
    request.answer_disposition =
        content_disposition(may_be_shown_inline(info.content_type), download_name(info));
    request.answer_type = is_printable_ascii(info.content_type) ? info.content_type : std::string();
}

}  // namespace filestore::tool
