#pragma once

/// What a shell and a reader of manuals are told of the command line, made of the parser's own description. Pure functions.

#include <string>

namespace CLI {
class App;
}

namespace filestore::tool {

/// A page for man(1), in the language of troff.
[[nodiscard]] std::string manual_page(const CLI::App& app);

/// A script that bash-completion loads.
[[nodiscard]] std::string bash_completion(const CLI::App& app);

/// A function for zsh's own completion, with what each word is for.
[[nodiscard]] std::string zsh_completion(const CLI::App& app);

}  // namespace filestore::tool
