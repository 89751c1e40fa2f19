#include "service/validation/clamd.h"

namespace filestore::validation::clamd {

namespace {

constexpr std::string_view stream = "stream: ";
constexpr std::string_view ok = "OK";
constexpr std::string_view found = " FOUND";
constexpr std::string_view error = " ERROR";

}  // namespace

std::array<std::byte, 4> length_of_piece(std::uint32_t bytes) noexcept {
    return {std::byte(bytes >> 24U), std::byte(bytes >> 16U), std::byte(bytes >> 8U), std::byte(bytes)};
}

std::optional<Answer> parse_answer(std::string_view received) {
    const std::size_t end = received.find('\0');
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view line = received.substr(0, end);
    const std::string_view said = line.starts_with(stream) ? line.substr(stream.size()) : line;
    if (said == ok) {
        return Answer{Answer::Kind::clean, {}};
    }
    if (said.ends_with(found)) {
        return Answer{Answer::Kind::found, std::string(said.substr(0, said.size() - found.size()))};
    }
    const bool is_named = said.ends_with(error);
    return Answer{Answer::Kind::failed,
                  std::string(is_named ? said.substr(0, said.size() - error.size()) : said)};
}

}  // namespace filestore::validation::clamd
