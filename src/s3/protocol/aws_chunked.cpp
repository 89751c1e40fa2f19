#include "s3/protocol/aws_chunked.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>

#include "core/ascii.h"
#include "s3/protocol/checksum_headers.h"

namespace filestore::s3 {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view coding = "aws-chunked";

std::string hexadecimal(std::uint64_t number) {
    std::array<char, 16> digits{};
    const auto [end, failure] = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16);
    return {digits.data(), end};
}

/// Bytes of one chunk of `size` bytes, with its framing.
std::uint64_t chunk_frame_size(std::uint64_t size) {
    return hexadecimal(size).size() + line_end.size() + size + line_end.size();
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

std::vector<NameValue> aws_chunked_headers(std::uint64_t body_size, ChecksumAlgorithm algorithm,
                                           std::string_view own_content_encoding) {
    std::string encoding(coding);
    if (!own_content_encoding.empty()) {
        encoding.append(1, ',').append(own_content_encoding);
    }
    return {{"content-encoding", std::move(encoding)},
            {"x-amz-decoded-content-length", std::to_string(body_size)},
            {"x-amz-trailer", std::string(checksum_header(algorithm))},
            {std::string(sdk_checksum_algorithm_header), std::string(to_string(algorithm))}};
}

std::uint64_t aws_chunked_size(std::uint64_t body_size, ChecksumAlgorithm algorithm) noexcept {
    const std::uint64_t rest = body_size % aws_chunk_size;
    const std::uint64_t chunks = body_size / aws_chunk_size * chunk_frame_size(aws_chunk_size) +
                                 (rest == 0 ? 0 : chunk_frame_size(rest));
    const std::uint64_t trailer =
        checksum_header(algorithm).size() + 1 + encoded_checksum_size(algorithm) + line_end.size();
    return chunks + 1 + line_end.size() + trailer + line_end.size();
}

AwsChunkedEncoder::AwsChunkedEncoder(std::uint64_t body_size, ChecksumAlgorithm algorithm)
    : algorithm_(algorithm), body_rest_(body_size) {
    begin_chunk();
}

void AwsChunkedEncoder::begin_chunk() {
    chunk_rest_ = std::min(body_rest_, aws_chunk_size);
    body_rest_ -= chunk_rest_;
    framing_.append(hexadecimal(chunk_rest_)).append(line_end);
}

std::size_t AwsChunkedEncoder::take_framing(std::span<std::byte> out) {
    const std::size_t count = std::min(out.size(), framing_.size());
    std::ranges::copy(std::as_bytes(std::span(framing_).first(count)), out.begin());
    framing_.erase(0, count);
    return count;
}

void AwsChunkedEncoder::sent(std::uint64_t count) {
    assert(count <= body_due());
    chunk_rest_ -= count;
    if (count > 0 && chunk_rest_ == 0) {
        framing_ += line_end;
        begin_chunk();
    }
}

bool AwsChunkedEncoder::wants_checksum() const noexcept {
    return !closed_ && body_rest_ == 0 && chunk_rest_ == 0;
}

void AwsChunkedEncoder::set_checksum(std::string_view base64) {
    assert(wants_checksum() && base64.size() == encoded_checksum_size(algorithm_));
    framing_.append(checksum_header(algorithm_)).append(1, ':').append(base64);
    framing_.append(line_end).append(line_end);
    closed_ = true;
}

std::string without_aws_chunked(std::string_view content_encoding) {
    std::string kept;
    while (!content_encoding.empty()) {
        const std::size_t size = std::min(content_encoding.find(','), content_encoding.size());
        const std::string_view word = trimmed(content_encoding.substr(0, size));
        content_encoding.remove_prefix(std::min(size + 1, content_encoding.size()));
        if (word.empty() || equal_ignoring_case(word, coding)) {
            continue;
        }
        kept.append(kept.empty() ? "" : ",").append(word);
    }
    return kept;
}

}  // namespace filestore::s3
