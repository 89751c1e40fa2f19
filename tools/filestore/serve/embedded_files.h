#pragma once

/// Files of the sources, as the build puts them into the program (EmbedFiles.cmake).

#include <algorithm>
#include <span>
#include <string_view>

namespace filestore::tool::serve {

/// A value; what it refers to is there for ever.
struct EmbeddedFile {
    /// Without a directory.
    std::string_view name;
    /// By the content.
    std::string_view version;
    std::span<const unsigned char> bytes;
};

/// The web page.
[[nodiscard]] std::span<const EmbeddedFile> page_files();
/// The description of the calls, and the page that shows it.
[[nodiscard]] std::span<const EmbeddedFile> docs_files();

/// Null where there is none of that name.
[[nodiscard]] inline const EmbeddedFile* find_file(std::span<const EmbeddedFile> among,
                                                   std::string_view name) {
    const auto found = std::find_if(among.begin(), among.end(),
                                    [name](const EmbeddedFile& file) { return file.name == name; });
    return found == among.end() ? nullptr : &*found;
}

}  // namespace filestore::tool::serve
