#include "download_name.h"

#include <climits>

namespace filestore::tool {

namespace {

bool is_control(char character) {
    const auto byte = static_cast<unsigned char>(character);
    return byte < 0x20 || byte == 0x7F;
}

}  // namespace

std::string download_name(const FileInfo& info) {
    // Names may come from systems that separate by backslashes.
    const std::size_t separator = info.original_path.find_last_of("/\\");
    std::string name =
        separator == std::string::npos ? info.original_path : info.original_path.substr(separator + 1);
    if (name.find_first_not_of(".-") == std::string::npos || name.size() > NAME_MAX) {
        return info.id.str();
    }
    for (char& character : name) {
        if (is_control(character)) {
            character = '_';
        }
    }
    if (name.front() == '.' || name.front() == '-') {
        name.front() = '_';
    }
    return name;
}

}  // namespace filestore::tool
