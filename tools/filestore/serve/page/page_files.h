#pragma once

/// The files of the web page, as the build puts them into the program (embed.cmake).

#include <span>
#include <string_view>

namespace filestore::tool::serve {

/// A value; what it refers to is there for ever.
struct PageFile {
    /// Without a directory.
    std::string_view name;
    /// By the content.
    std::string_view version;
    std::span<const unsigned char> bytes;
};

[[nodiscard]] std::span<const PageFile> page_files();

}  // namespace filestore::tool::serve
