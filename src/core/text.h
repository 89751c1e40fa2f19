#pragma once

/// Checks on text, and help for messages. Pure functions.

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace filestore {

/// Whether `text` is well-formed UTF-8 (RFC 3629; NUL allowed).
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// Whether every byte is printable ASCII (0x20 to 0x7E).
[[nodiscard]] bool is_printable_ascii(std::string_view text) noexcept;

/// `text` fit for a one-line message: quoted, control characters and non-UTF-8 bytes as \xNN, cut at 300 characters.
[[nodiscard]] std::string quoted(std::string_view text);
/// As near to a string as std::quoted, which a call finds, too, where a header has included <iomanip>.
[[nodiscard]] inline std::string quoted(const std::string& text) {
    return quoted(std::string_view(text));
}
[[nodiscard]] inline std::string quoted(std::string& text) {
    return quoted(std::string_view(text));
}
[[nodiscard]] inline std::string quoted(const char* text) {
    return quoted(std::string_view(text));
}

/// The name nearest to `word` by edit distance, if any is near enough to be a likely slip; else one that begins with it.
[[nodiscard]] std::optional<std::string_view> nearest_name(std::string_view word,
                                                           std::span<const std::string_view> names);

}  // namespace filestore
