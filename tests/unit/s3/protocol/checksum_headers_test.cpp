#include "s3/protocol/checksum_headers.h"

#include <catch2/catch.hpp>

using filestore::checksum_size;
using filestore::ChecksumAlgorithm;
using filestore::ChecksumType;
using filestore::to_string;
using namespace filestore::s3;

TEST_CASE("names of checksums", "[s3][checksum_headers]") {
    struct Row {
        ChecksumAlgorithm algorithm;
        std::string_view name;
        std::string_view header;
        std::string_view element;
        std::size_t size;
        std::size_t encoded_size;
    };
    const Row rows[] = {
        {ChecksumAlgorithm::crc32, "CRC32", "x-amz-checksum-crc32", "ChecksumCRC32", 4, 8},
        {ChecksumAlgorithm::crc32c, "CRC32C", "x-amz-checksum-crc32c", "ChecksumCRC32C", 4, 8},
        {ChecksumAlgorithm::crc64nvme, "CRC64NVME", "x-amz-checksum-crc64nvme", "ChecksumCRC64NVME", 8, 12},
        {ChecksumAlgorithm::sha1, "SHA1", "x-amz-checksum-sha1", "ChecksumSHA1", 20, 28},
        {ChecksumAlgorithm::sha256, "SHA256", "x-amz-checksum-sha256", "ChecksumSHA256", 32, 44},
    };
    for (const Row& row : rows) {
        INFO(row.name);
        CHECK(to_string(row.algorithm) == row.name);
        CHECK(checksum_header(row.algorithm) == row.header);
        CHECK(checksum_element(row.algorithm) == row.element);
        CHECK(checksum_size(row.algorithm) == row.size);
        CHECK(encoded_checksum_size(row.algorithm) == row.encoded_size);
        CHECK(checksum_of_name(row.name) == row.algorithm);
    }
    CHECK(checksum_of_name("crc64nvme") == ChecksumAlgorithm::crc64nvme);
    CHECK_FALSE(checksum_of_name("MD5"));
    CHECK_FALSE(checksum_of_name(""));
    CHECK(checksum_type_of_name(to_string(ChecksumType::composite)) == ChecksumType::composite);
    CHECK(checksum_type_of_name(to_string(ChecksumType::full_object)) == ChecksumType::full_object);
    CHECK_FALSE(checksum_type_of_name("full_object"));
}

TEST_CASE("the value of a checksum header", "[s3][checksum_headers]") {
    const auto plain = parse_checksum(ChecksumAlgorithm::crc32c, "sOO8/Q==");
    REQUIRE(plain);
    CHECK(plain->base64 == "sOO8/Q==");
    CHECK(plain->part_count == 0);
    CHECK(format_checksum(*plain) == "sOO8/Q==");

    const auto composite = parse_checksum(ChecksumAlgorithm::crc32c, "sOO8/Q==-10000");
    REQUIRE(composite);
    CHECK(composite->base64 == "sOO8/Q==");
    CHECK(composite->part_count == 10'000);
    CHECK(format_checksum(*composite) == "sOO8/Q==-10000");

    for (const char* const text :
         {"", "-", "-1", "sOO8/Q", "sOO8/Q==-", "sOO8/Q==-0", "sOO8/Q==-x", "sOO8/Q==-1-1",
          "sOO8/Q== ", "AAAAAAAAAAA=", "!!!!!!==", "sOO8/Q==-4294967296"}) {
        INFO(text);
        CHECK_FALSE(parse_checksum(ChecksumAlgorithm::crc32c, text));
    }
}

TEST_CASE("the checksums of an answer", "[s3][checksum_headers]") {
    const std::vector<NameValue> headers{{"x-amz-checksum-sha1", "98O8HYCOBHMq32eZZczDTKeuNEE="},
                                         {"x-amz-checksum-crc32", "broken"},
                                         {"x-amz-checksum-crc64nvme", "rosUhgp5mIg="},
                                         {"x-amz-checksum-type", "FULL_OBJECT"},
                                         {"etag", "\"x\""}};
    const auto checksums = checksums_of(headers);
    REQUIRE(checksums.size() == 2);
    CHECK(checksums[0] == EncodedChecksum{ChecksumAlgorithm::crc64nvme, "rosUhgp5mIg=", 0});
    CHECK(checksums[1] == EncodedChecksum{ChecksumAlgorithm::sha1, "98O8HYCOBHMq32eZZczDTKeuNEE=", 0});
    CHECK(checksums_of({}).empty());

    CHECK(checksum_type_of(headers, checksums[0]) == ChecksumType::full_object);
    CHECK(checksum_type_of({}, checksums[0]) == ChecksumType::full_object);
    CHECK(checksum_type_of({{"x-amz-checksum-type", "COMPOSITE"}}, checksums[0]) == ChecksumType::composite);
    CHECK(checksum_type_of(headers, {ChecksumAlgorithm::crc32c, "sOO8/Q==", 2}) == ChecksumType::composite);
}
