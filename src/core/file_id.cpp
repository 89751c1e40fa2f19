#include "filestore/file_id.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <span>

#include "core/encoding.h"
#include "core/text.h"

namespace filestore {

namespace {

constexpr std::string_view nil_text = "00000000-0000-0000-0000-000000000000";
static_assert(nil_text.size() == FileId::text_size);

constexpr std::size_t version_place = 14;
constexpr std::size_t variant_place = 19;

bool fill_with_random(std::span<std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t got = ::getrandom(bytes.data(), bytes.size(), 0);
        if (got < 0 && errno != EINTR) {
            return false;
        }
        bytes = bytes.subspan(got < 0 ? 0 : static_cast<std::size_t>(got));
    }
    return true;
}

bool fits(char character, std::size_t place) {
    if (nil_text[place] == '-') {
        return character == '-';
    }
    if (place == version_place) {
        return character == '4';
    }
    if (place == variant_place) {
        return std::string_view("89ab").find(character) != std::string_view::npos;
    }
    return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'f');
}

bool is_file_id(std::string_view text) {
    if (text.size() != FileId::text_size) {
        return false;
    }
    for (std::size_t place = 0; place < text.size(); ++place) {
        if (!fits(text[place], place)) {
            return false;
        }
    }
    return true;
}

}  // namespace

FileId::FileId() noexcept {
    std::copy(nil_text.begin(), nil_text.end(), text_.begin());
}

Result<FileId> FileId::generate() {
    std::array<std::byte, 16> bytes{};
    if (!fill_with_random(bytes)) {
        return Error(ErrorCode::internal, "cannot make a file ID: the system gave no random bytes");
    }
    bytes[6] = (bytes[6] & std::byte{0x0F}) | std::byte{0x40};
    bytes[8] = (bytes[8] & std::byte{0x3F}) | std::byte{0x80};

    FileId id;
    const std::string digits = to_hex(bytes);
    auto digit = digits.begin();
    for (char& character : id.text_) {
        if (character != '-') {
            character = *digit++;
        }
    }
    return id;
}

Result<FileId> FileId::parse(std::string_view text) {
    if (!is_file_id(text)) {
        return Error(
            ErrorCode::invalid_argument,
            quoted(text) +
                " is not a file ID: give a UUID of version 4 in lower case, as an upload answers it");
    }
    FileId id;
    std::copy(text.begin(), text.end(), id.text_.begin());
    return id;
}

bool FileId::is_nil() const noexcept {
    return text() == nil_text;
}

}  // namespace filestore
