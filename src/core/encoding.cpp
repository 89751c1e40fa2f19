#include "core/encoding.h"

#include <array>
#include <cstdint>

namespace filestore {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t no_digit = 0xFF;

constexpr std::array<std::uint8_t, 256> make_base64_values() {
    std::array<std::uint8_t, 256> values{};
    values.fill(no_digit);
    for (std::size_t value = 0; value < base64_digits.size(); ++value) {
        values[static_cast<unsigned char>(base64_digits[value])] = static_cast<std::uint8_t>(value);
    }
    return values;
}

constexpr std::array<std::uint8_t, 256> base64_values = make_base64_values();

Error not_base64() {
    return {ErrorCode::invalid_argument, "the text is not base64: it must be padded and without line breaks"};
}

/// 1 to 3 bytes, the first one the highest of 24 bits.
std::uint32_t group_of(std::string_view bytes) {
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        group = group << 8 | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U);
    }
    return group;
}

std::size_t padding_of(std::string_view text) {
    return text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
}

constexpr bool is_unreserved(char c) noexcept {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

}  // namespace

std::string to_hex(std::span<const std::byte> bytes) {
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const std::byte byte : bytes) {
        text += hex_digits[std::to_integer<std::size_t>(byte >> 4)];
        text += hex_digits[std::to_integer<std::size_t>(byte & std::byte{0xF})];
    }
    return text;
}

std::string to_base64(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (; !bytes.empty(); bytes.remove_prefix(bytes.size() < 3 ? bytes.size() : 3)) {
        const std::uint32_t group = group_of(bytes);
        text += base64_digits[group >> 18 & 63];
        text += base64_digits[group >> 12 & 63];
        text += bytes.size() > 1 ? base64_digits[group >> 6 & 63] : '=';
        text += bytes.size() > 2 ? base64_digits[group & 63] : '=';
    }
    return text;
}

Result<std::string> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) {
        return not_base64();
    }
    text.remove_suffix(padding_of(text));
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3 + 2);
    std::uint32_t pending = 0;
    unsigned pending_bits = 0;
    for (const char character : text) {
        const std::uint8_t value = base64_values[static_cast<unsigned char>(character)];
        if (value == no_digit) {
            return not_base64();
        }
        pending = pending << 6 | value;
        pending_bits += 6;
        if (pending_bits >= 8) {
            pending_bits -= 8;
            bytes += static_cast<char>(pending >> pending_bits & 0xFF);
            pending &= (1U << pending_bits) - 1;
        }
    }
    // Bits that stand for no byte must be zero, or two texts would mean the same.
    if (pending != 0) {
        return not_base64();
    }
    return bytes;
}

std::string percent_encode(std::string_view text, std::string_view kept) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    encoded.reserve(text.size() + text.size() / 4);
    for (const char c : text) {
        if (is_unreserved(c) || kept.find(c) != std::string_view::npos) {
            encoded += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        encoded += '%';
        encoded += digits[byte >> 4U];
        encoded += digits[byte & 0x0FU];
    }
    return encoded;
}

}  // namespace filestore
