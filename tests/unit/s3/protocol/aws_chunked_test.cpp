#include "s3/protocol/aws_chunked.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>

using filestore::ChecksumAlgorithm;
using namespace filestore::s3;

namespace {

constexpr std::string_view checksum = "sOO8/Q==";

std::string body_of(std::size_t size) {
    std::string body(size, '\0');
    for (std::size_t at = 0; at < size; ++at) {
        body[at] = static_cast<char>('a' + at % 23);
    }
    return body;
}

/// What goes out when the reader asks for `read_size(n)` bytes at the n-th time.
std::string encoded(std::string_view body, const std::function<std::size_t(std::size_t)>& read_size) {
    AwsChunkedEncoder encoder(body.size(), ChecksumAlgorithm::crc32c);
    std::string out;
    std::size_t sent = 0;
    for (std::size_t turn = 0; !encoder.finished(); ++turn) {
        std::vector<std::byte> buffer(read_size(turn));
        std::size_t used = encoder.take_framing(buffer);
        const std::size_t more = std::min<std::uint64_t>(buffer.size() - used, encoder.body_due());
        std::transform(body.begin() + static_cast<std::ptrdiff_t>(sent),
                       body.begin() + static_cast<std::ptrdiff_t>(sent + more),
                       buffer.begin() + static_cast<std::ptrdiff_t>(used),
                       [](char c) { return static_cast<std::byte>(c); });
        encoder.sent(more);
        sent += more;
        used += more;
        out.append(reinterpret_cast<const char*>(buffer.data()), used);
        if (encoder.wants_checksum()) {
            encoder.set_checksum(checksum);
        }
    }
    CHECK(sent == body.size());
    return out;
}

std::string encoded_at_once(std::string_view body) {
    return encoded(body, [](std::size_t) { return std::size_t{1} << 20U; });
}

}  // namespace

TEST_CASE("the framing of a body with a trailer", "[s3][aws_chunked]") {
    CHECK(encoded_at_once("") == "0\r\nx-amz-checksum-crc32c:sOO8/Q==\r\n\r\n");
    CHECK(encoded_at_once("hello world") ==
          "b\r\nhello world\r\n0\r\nx-amz-checksum-crc32c:sOO8/Q==\r\n\r\n");

    const std::string body = body_of(2 * 65'536 + 1);
    CHECK(encoded_at_once(body) == "10000\r\n" + body.substr(0, 65'536) + "\r\n10000\r\n" +
                                       body.substr(65'536, 65'536) + "\r\n1\r\n" + body.substr(2 * 65'536) +
                                       "\r\n0\r\nx-amz-checksum-crc32c:sOO8/Q==\r\n\r\n");
    const std::string even = body_of(65'536);
    CHECK(encoded_at_once(even) == "10000\r\n" + even + "\r\n0\r\nx-amz-checksum-crc32c:sOO8/Q==\r\n\r\n");
}

TEST_CASE("the length of a body with a trailer is known beforehand", "[s3][aws_chunked]") {
    for (const std::size_t size :
         {0U, 1U, 15U, 16U, 255U, 256U, 4095U, 4096U, 65'535U, 65'536U, 65'537U, 131'072U, 200'000U}) {
        INFO(size);
        CHECK(aws_chunked_size(size, ChecksumAlgorithm::crc32c) == encoded_at_once(body_of(size)).size());
    }
    // 5 GiB: 81,920 chunks, each with 5 digits and two line ends.
    CHECK(aws_chunked_size(std::uint64_t{5} << 30U, ChecksumAlgorithm::sha256) ==
          (std::uint64_t{5} << 30U) + 81'920 * 9 + 3 + 21 + 1 + 44 + 4);
}

TEST_CASE("what is sent does not depend on how much is asked for", "[s3][aws_chunked]") {
    const std::string body = body_of(65'536 + 300);
    const std::string expected = encoded_at_once(body);
    for (const std::size_t size :
         {1U, 2U, 3U, 5U, 7U, 8U, 9U, 11U, 64U, 1000U, 4096U, 16'384U, 65'535U, 65'536U, 65'537U, 65'545U}) {
        INFO(size);
        CHECK(encoded(body, [size](std::size_t) { return size; }) == expected);
    }
    CHECK(encoded(body, [](std::size_t turn) { return turn * 7919 % 613; }) == expected);
}

TEST_CASE("the checksum is asked for once, behind the body", "[s3][aws_chunked]") {
    AwsChunkedEncoder encoder(1, ChecksumAlgorithm::crc32c);
    std::vector<std::byte> buffer(100);
    CHECK_FALSE(encoder.wants_checksum());
    CHECK(encoder.take_framing(buffer) == 3);
    CHECK(encoder.body_due() == 1);
    CHECK_FALSE(encoder.wants_checksum());
    encoder.sent(1);
    CHECK(encoder.wants_checksum());
    CHECK(encoder.take_framing(buffer) == 5);
    CHECK(encoder.take_framing(buffer) == 0);
    CHECK_FALSE(encoder.finished());
    encoder.set_checksum(checksum);
    CHECK_FALSE(encoder.wants_checksum());
    CHECK_FALSE(encoder.finished());
    CHECK(encoder.take_framing(buffer) == 34);
    CHECK(encoder.finished());
    CHECK(encoder.body_due() == 0);
}

TEST_CASE("the headers of a body with a trailer", "[s3][aws_chunked]") {
    using Headers = std::vector<NameValue>;
    CHECK(aws_chunked_headers(66'560, ChecksumAlgorithm::crc64nvme) ==
          Headers{{"content-encoding", "aws-chunked"},
                  {"x-amz-decoded-content-length", "66560"},
                  {"x-amz-trailer", "x-amz-checksum-crc64nvme"},
                  {"x-amz-sdk-checksum-algorithm", "CRC64NVME"}});
    CHECK(aws_chunked_headers(0, ChecksumAlgorithm::sha1, "gzip").front().value == "aws-chunked,gzip");
}

TEST_CASE("aws-chunked that a server kept in the stored encoding", "[s3][aws_chunked]") {
    CHECK(without_aws_chunked("aws-chunked").empty());
    CHECK(without_aws_chunked("aws-chunked,gzip") == "gzip");
    CHECK(without_aws_chunked(" gzip , AWS-Chunked , br,") == "gzip,br");
    CHECK(without_aws_chunked("gzip") == "gzip");
    CHECK(without_aws_chunked("").empty());
    CHECK(without_aws_chunked("aws-chunkedx") == "aws-chunkedx");
}
