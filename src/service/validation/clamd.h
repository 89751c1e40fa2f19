#pragma once

/// The protocol of clamd, as clamd(8) has it: `zINSTREAM`, then pieces of bytes that each follow their length (4 bytes, the highest first), and an empty one at the end; the answer ends with NUL.
/// Pure functions.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace filestore::validation::clamd {

/// What a session begins with.
inline constexpr std::string_view begin_stream{"zINSTREAM\0", 10};

/// What stands before a piece; of an empty one, the end.
[[nodiscard]] std::array<std::byte, 4> length_of_piece(std::uint32_t bytes) noexcept;

/// What the scanner said. A value.
struct Answer {
    enum class Kind { clean, found, failed };
    Kind kind = Kind::failed;
    /// The name of what was found, or what failed.
    std::string detail{};
};

/// Nothing as long as it is not whole. "stream: OK", "stream: NAME FOUND", "stream: TEXT ERROR" or "TEXT ERROR".
[[nodiscard]] std::optional<Answer> parse_answer(std::string_view received);

}  // namespace filestore::validation::clamd
