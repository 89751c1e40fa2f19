#pragma once

/// YAML text as a tree of mappings, lists and texts, each with its place. No yaml-cpp type gets out of here.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/result.h"

namespace filestore {

inline constexpr std::size_t most_yaml_bytes = std::size_t{1} << 20;

/// Both count from 1. A value.
struct YamlPlace {
    int line = 1;
    int column = 1;
};

struct YamlEntry;

/// A value.
struct YamlNode {
    enum class Kind { empty, text, list, mapping };

    Kind kind = Kind::empty;
    YamlPlace place;
    /// Of a text.
    std::string text;
    /// Of a mapping, in the order of the file; no key occurs twice.
    std::vector<YamlEntry> entries;
    /// Of a list.
    std::vector<YamlNode> items{};
};

/// A value.
struct YamlEntry {
    std::string key;
    YamlPlace place;
    YamlNode value;
};

/// Reads one document of at most `most_yaml_bytes`. Aliases are refused, so nothing grows beyond the text. `configuration` for anything that is
/// not such a document, with `origin`, line and column.
[[nodiscard]] Result<YamlNode> parse_yaml(std::string_view yaml, const std::string& origin);

/// `configuration`, with a message that is led by "origin:line:column: ".
[[nodiscard]] Error yaml_error(const std::string& origin, YamlPlace place, const std::string& message);

}  // namespace filestore
