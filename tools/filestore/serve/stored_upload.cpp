#include "serve/stored_upload.h"

#include <utility>

#include "core/text.h"

namespace filestore::tool::serve {

std::string as_utf8(const std::string& text) {
    if (is_utf8(text)) {
        return text;
    }
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

Result<FileUpload> upload_of(const std::string& name, const std::optional<std::string>& content_type) {
    FileUpload file;
    file.path = as_utf8(name);
    const std::string type = as_utf8(content_type.value_or(""));
    if (!type.empty() && is_printable_ascii(type)) {
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
