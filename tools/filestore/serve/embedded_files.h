#pragma once

/// Files of the sources, as the build puts them into the program (EmbedFiles.cmake).

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

}  // namespace filestore::tool::serve
