#include "serve/stored_upload.h"

#include <utility>

#include "core/text.h"

namespace filestore::tool::serve {

namespace {

/// What a store takes for the type of a file.
bool is_storable_type(const std::string& type) {
    constexpr std::size_t longest = 255;
    return !type.empty() && type.size() <= longest && is_printable_ascii(type);
}

}  // namespace

std::string utf8_of_latin1(std::string_view text) {
    std::string converted;
    for (const char character : text) {
        const auto byte = static_cast<unsigned char>(character);
        if (byte < 0x80) {
            converted += character;
        } else {
            converted += static_cast<char>(0xC0 | (byte >> 6));
            converted += static_cast<char>(0x80 | (byte & 0x3F));
        }
    }
    return converted;
}

std::string as_utf8(const std::string& text) {
    return is_utf8(text) ? text : utf8_of_latin1(text);
}

Result<FileUpload> upload_of(const std::string& name, const std::optional<std::string>& content_type) {
    FileUpload file;
    file.path = as_utf8(name);
    const std::string type = as_utf8(content_type.value_or(""));
    if (is_storable_type(type)) {
        file.content_type = type;
    }
    auto set = content_type ? file.metadata.set("content_type", type)
                            : file.metadata.set_json("content_type", "null");
    if (set) {
        set = file.metadata.set("filename", file.path);
    }
    return set ? Result<FileUpload>(std::move(file)) : set.error();
}

}  // namespace filestore::tool::serve
