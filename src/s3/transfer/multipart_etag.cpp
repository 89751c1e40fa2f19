#include "s3/transfer/multipart_etag.h"

#include <optional>

#include "core/ascii.h"
#include "core/digest.h"
#include "core/encoding.h"

namespace filestore::s3 {

namespace {

constexpr std::size_t hex_size = 2 * digest_size(DigestAlgorithm::md5);

std::optional<unsigned> digit_of(char digit) {
    const char c = to_lower(digit);
    if (c >= '0' && c <= '9') {
        return static_cast<unsigned>(c - '0');
    }
    if (c >= 'a' && c <= 'f') {
        return static_cast<unsigned>(c - 'a' + 10);
    }
    return std::nullopt;
}

/// The bytes of 32 hexadecimal digits.
std::optional<Md5::Bytes> md5_of_hex(std::string_view text) {
    if (text.size() != hex_size) {
        return std::nullopt;
    }
    Md5::Bytes bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const auto high = digit_of(text[2 * i]);
        const auto low = digit_of(text[2 * i + 1]);
        if (!high || !low) {
            return std::nullopt;
        }
        bytes[i] = static_cast<std::byte>(*high << 4U | *low);
    }
    return bytes;
}

}  // namespace

std::string multipart_etag(const std::vector<UploadedPart>& parts) {
    Md5 md5;
    for (const UploadedPart& part : parts) {
        const auto bytes = md5_of_hex(part.etag);
        if (!bytes) {
            return {};
        }
        md5.update(*bytes);
    }
    return to_hex(md5.finish()) + '-' + std::to_string(parts.size());
}

}  // namespace filestore::s3
