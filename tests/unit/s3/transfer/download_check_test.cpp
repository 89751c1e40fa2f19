#include "s3/transfer/download_check.h"

#include <catch2/catch.hpp>

#include "s3/protocol/checksum_headers.h"
#include "support/code_of.h"

using namespace filestore;
using namespace filestore::s3;

namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

const std::string content = "in three parts";
const std::vector<std::uint64_t> sizes{3, 10, 1};

ChecksumValue composite(ChecksumAlgorithm algorithm) {
    std::vector<PartChecksum> parts;
    std::string_view rest = content;
    for (const std::uint64_t size : sizes) {
        parts.push_back({checksum_of(algorithm, bytes_of(rest.substr(0, size))), size});
        rest.remove_prefix(size);
    }
    return multipart_checksum(algorithm, ChecksumType::composite, parts).value();
}

std::vector<NameValue> headers_with(const ChecksumValue& value) {
    return {{std::string(checksum_header(value.algorithm)), value.text()},
            {"x-amz-checksum-type", std::string(to_string(value.type()))}};
}

/// What a check says of `text` that comes in pieces of this size.
Result<std::optional<ChecksumValue>> check(const std::vector<NameValue>& headers, std::string_view text,
                                           std::size_t piece, bool with_sizes = true) {
    DownloadCheck checked(headers);
    if (with_sizes && checked.part_count() > 0) {
        checked.set_parts(sizes);
    }
    for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
        checked.update(bytes_of(text.substr(0, piece)));
    }
    return checked.finish();
}

constexpr std::array composite_algorithms{ChecksumAlgorithm::crc32, ChecksumAlgorithm::crc32c,
                                          ChecksumAlgorithm::sha1, ChecksumAlgorithm::sha256};

}  // namespace

TEST_CASE("a checksum of parts is compared, however the bytes come", "[checksum]") {
    for (const ChecksumAlgorithm algorithm : composite_algorithms) {
        const ChecksumValue value = composite(algorithm);
        CHECK(DownloadCheck(headers_with(value)).part_count() == 3);
        for (std::size_t piece = 1; piece <= content.size(); ++piece) {
            const auto verified = check(headers_with(value), content, piece);
            REQUIRE(verified.ok());
            CHECK(*verified == value);
        }
    }
}

TEST_CASE("another byte in any part is damage", "[checksum]") {
    for (const ChecksumAlgorithm algorithm : composite_algorithms) {
        for (std::size_t at = 0; at < content.size(); ++at) {
            std::string damaged = content;
            damaged[at] ^= 1;
            CHECK(code_of(check(headers_with(composite(algorithm)), damaged, 4)) == ErrorCode::corrupt);
        }
    }
}

TEST_CASE("a checksum of parts that are not known tells nothing", "[checksum]") {
    const auto verified = check(headers_with(composite(ChecksumAlgorithm::sha256)), content, 5, false);
    REQUIRE(verified.ok());
    CHECK_FALSE(verified->has_value());
}

TEST_CASE("a checksum of all bytes goes before one of parts", "[checksum]") {
    auto headers = headers_with(composite(ChecksumAlgorithm::crc32c));
    const ChecksumValue whole = checksum_of(ChecksumAlgorithm::sha256, bytes_of(content));
    headers.pop_back();
    headers.push_back({std::string(checksum_header(whole.algorithm)), whole.text()});
    const DownloadCheck made(headers);
    CHECK(made.part_count() == 0);
    const auto verified = check(headers, content, 5);
    REQUIRE(verified.ok());
    CHECK(*verified == whole);
    CHECK(code_of(check(headers, "other bytes", 5)) == ErrorCode::corrupt);
}

TEST_CASE("without a checksum nothing is compared", "[checksum]") {
    const auto verified = check({{"etag", "x"}}, content, 5);
    REQUIRE(verified.ok());
    CHECK_FALSE(verified->has_value());
}
