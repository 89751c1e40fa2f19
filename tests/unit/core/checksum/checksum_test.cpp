#include "core/checksum/checksum.h"

#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

using filestore::Checksum;
using filestore::checksum_header_suffix;
using filestore::checksum_of;
using filestore::checksum_size;
using filestore::ChecksumAlgorithm;
using filestore::ChecksumType;
using filestore::ChecksumValue;
using filestore::ErrorCode;
using filestore::is_multipart_checksum;
using filestore::multipart_checksum;
using filestore::parse_checksum_algorithm;
using filestore::PartChecksum;
using filestore::to_string;

namespace {

struct Case {
    ChecksumAlgorithm algorithm;
    std::string_view name;
    std::string_view header_suffix;
    std::string_view of_nothing;
    /// Of "123456789".
    std::string_view of_digits;
};

constexpr std::array<Case, 5> cases{
    {{ChecksumAlgorithm::crc32, "CRC32", "crc32", "AAAAAA==", "y/Q5Jg=="},
     {ChecksumAlgorithm::crc32c, "CRC32C", "crc32c", "AAAAAA==", "4waSgw=="},
     {ChecksumAlgorithm::crc64nvme, "CRC64NVME", "crc64nvme", "AAAAAAAAAAA=", "rosUhgp5mIg="},
     {ChecksumAlgorithm::sha1, "SHA1", "sha1",
      "2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "98O8HYCOBHMq32eZZczDTKeuNEE="},
     {ChecksumAlgorithm::sha256, "SHA256", "sha256",
      "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="}}};

std::span<const std::byte> bytes(std::string_view text) {
    return std::as_bytes(std::span(text));
}

PartChecksum part(ChecksumAlgorithm algorithm, std::string_view text) {
    return {checksum_of(algorithm, bytes(text)), text.size()};
}

/// "aaaaaaa", "bb" and an empty part.
std::vector<PartChecksum> three_parts(ChecksumAlgorithm algorithm) {
    return {part(algorithm, "aaaaaaa"), part(algorithm, "bb"), part(algorithm, "")};
}

}  // namespace

TEST_CASE("checksum algorithms have the names and headers of S3", "[checksum]") {
    for (const Case& each : cases) {
        CHECK(to_string(each.algorithm) == each.name);
        CHECK(checksum_header_suffix(each.algorithm) == each.header_suffix);
        CHECK(parse_checksum_algorithm(each.name).value() == each.algorithm);
        CHECK(parse_checksum_algorithm(each.header_suffix).value() == each.algorithm);
    }
    CHECK(to_string(ChecksumType::full_object) == "FULL_OBJECT");
    CHECK(to_string(ChecksumType::composite) == "COMPOSITE");
}

TEST_CASE("a name of no checksum algorithm is refused with those that there are", "[checksum]") {
    for (const std::string_view name : {"", "MD5", "CRC", "CRC32 ", "CRC-32", "SHA-256", "SHA2566"}) {
        const auto parsed = parse_checksum_algorithm(name);
        CAPTURE(name);
        REQUIRE_FALSE(parsed.ok());
        CHECK(parsed.error().code() == ErrorCode::invalid_argument);
        CHECK(parsed.error().message().find("CRC32, CRC32C, CRC64NVME, SHA1 and SHA256") !=
              std::string_view::npos);
    }
}

TEST_CASE("checksums of known bytes, as the text of a header", "[checksum]") {
    for (const Case& each : cases) {
        CAPTURE(each.name);
        CHECK(checksum_of(each.algorithm, {}).text() == each.of_nothing);
        CHECK(checksum_of(each.algorithm, bytes("123456789")).text() == each.of_digits);
        CHECK(checksum_of(each.algorithm, {}).bytes.size() == checksum_size(each.algorithm));
    }
}

TEST_CASE("a running checksum does not depend on where the bytes are cut, and starts anew", "[checksum]") {
    constexpr std::string_view digits = "123456789";
    for (const Case& each : cases) {
        CAPTURE(each.name);
        Checksum running(each.algorithm);
        CHECK(running.algorithm() == each.algorithm);
        for (std::size_t cut = 0; cut <= digits.size(); ++cut) {
            running.update(bytes(digits.substr(0, cut)));
            running.update(bytes(digits.substr(cut)));
            const ChecksumValue value = running.finish();
            CHECK(value.algorithm == each.algorithm);
            CHECK(value.type() == ChecksumType::full_object);
            CHECK(value.text() == each.of_digits);
        }
        CHECK(running.finish().text() == each.of_nothing);
    }
}

TEST_CASE("a running checksum can be moved", "[checksum]") {
    for (const Case& each : cases) {
        Checksum first(each.algorithm);
        first.update(bytes("1234"));
        Checksum second = std::move(first);
        second.update(bytes("56789"));
        CHECK(second.finish().text() == each.of_digits);
    }
}

TEST_CASE("a checksum is read from the text of a header and written as it was", "[checksum]") {
    for (const Case& each : cases) {
        CAPTURE(each.name);
        const auto value = ChecksumValue::parse(each.algorithm, each.of_digits);
        REQUIRE(value.ok());
        CHECK(*value == checksum_of(each.algorithm, bytes("123456789")));
        CHECK(value->text() == each.of_digits);
    }
}

TEST_CASE("a composite checksum is read with its number of parts", "[checksum]") {
    const auto value = ChecksumValue::parse(ChecksumAlgorithm::crc32, "y/Q5Jg==-10000");
    REQUIRE(value.ok());
    CHECK(value->parts == 10'000);
    CHECK(value->type() == ChecksumType::composite);
    CHECK(value->text() == "y/Q5Jg==-10000");
    CHECK_FALSE(*value == checksum_of(ChecksumAlgorithm::crc32, bytes("123456789")));
}

TEST_CASE("a text that is no checksum is refused", "[checksum]") {
    for (const std::string_view text : {"",
                                        "-",
                                        "-3",
                                        "y/Q5Jg",
                                        "y/Q5Jg=",
                                        "y/Q5J===",
                                        "y/Q5Jh==",
                                        "y_Q5Jg==",
                                        " y/Q5Jg==",
                                        "y/Q5Jg== ",
                                        "y/Q5Jg==-",
                                        "y/Q5Jg==-0",
                                        "y/Q5Jg==-03",
                                        "y/Q5Jg==-+3",
                                        "y/Q5Jg==--3",
                                        "y/Q5Jg==-3 ",
                                        "y/Q5Jg==-3-4",
                                        "y/Q5Jg==-4294967296",
                                        "y/Q5Jg==-x",
                                        "rosUhgp5mIg=",
                                        "cbf43926"}) {
        const auto value = ChecksumValue::parse(ChecksumAlgorithm::crc32, text);
        CAPTURE(text);
        REQUIRE_FALSE(value.ok());
        CHECK(value.error().code() == ErrorCode::invalid_argument);
        CHECK(value.error().message().find("CRC32") != std::string_view::npos);
    }
}

TEST_CASE("which checksums S3 keeps of an object in parts", "[checksum]") {
    for (const Case& each : cases) {
        CAPTURE(each.name);
        const bool is_crc = each.name.starts_with("CRC");
        CHECK(is_multipart_checksum(each.algorithm, ChecksumType::full_object) == is_crc);
        CHECK(is_multipart_checksum(each.algorithm, ChecksumType::composite) == (each.name != "CRC64NVME"));
    }
}

TEST_CASE("the CRC of an object in parts is that of its bytes", "[checksum]") {
    for (const ChecksumAlgorithm algorithm :
         {ChecksumAlgorithm::crc32, ChecksumAlgorithm::crc32c, ChecksumAlgorithm::crc64nvme}) {
        CAPTURE(to_string(algorithm));
        const auto value = multipart_checksum(algorithm, ChecksumType::full_object, three_parts(algorithm));
        REQUIRE(value.ok());
        CHECK(*value == checksum_of(algorithm, bytes("aaaaaaabb")));
    }
}

TEST_CASE("the composite checksum of an object is that of its parts' values, and their number",
          "[checksum]") {
    // By Python's hashlib and zlib, and by a CRC-32C bit by bit.
    constexpr std::array<std::pair<ChecksumAlgorithm, std::string_view>, 4> composites{
        {{ChecksumAlgorithm::crc32, "r2q44A==-3"},
         {ChecksumAlgorithm::crc32c, "9WFlZQ==-3"},
         {ChecksumAlgorithm::sha1, "rNgY0SprF5/s5FVWneJkD68ZnWs=-3"},
         {ChecksumAlgorithm::sha256, "YU7TjicmDW/NNQg6i8yLZXhG590sCU9/NDZObFSJCaM=-3"}}};
    for (const auto& [algorithm, text] : composites) {
        CAPTURE(to_string(algorithm));
        const auto value = multipart_checksum(algorithm, ChecksumType::composite, three_parts(algorithm));
        REQUIRE(value.ok());
        CHECK(value->text() == text);
        CHECK(*value == ChecksumValue::parse(algorithm, text).value());
    }
}

TEST_CASE("a checksum of one part is composite all the same", "[checksum]") {
    const std::vector parts{part(ChecksumAlgorithm::crc32, "aaaaaaa")};
    CHECK(
        multipart_checksum(ChecksumAlgorithm::crc32, ChecksumType::composite, parts)->text().ends_with("-1"));
    CHECK(*multipart_checksum(ChecksumAlgorithm::crc32, ChecksumType::full_object, parts) ==
          parts.front().value);
}

TEST_CASE("a checksum that S3 does not keep of an object in parts is unsupported", "[checksum]") {
    constexpr std::array<std::pair<ChecksumAlgorithm, ChecksumType>, 3> unsupported{
        {{ChecksumAlgorithm::sha1, ChecksumType::full_object},
         {ChecksumAlgorithm::sha256, ChecksumType::full_object},
         {ChecksumAlgorithm::crc64nvme, ChecksumType::composite}}};
    for (const auto& [algorithm, type] : unsupported) {
        const auto value = multipart_checksum(algorithm, type, three_parts(algorithm));
        REQUIRE_FALSE(value.ok());
        CHECK(value.error().code() == ErrorCode::unsupported);
    }
}

TEST_CASE("parts that make no checksum are refused", "[checksum]") {
    const auto refused = [](const std::vector<PartChecksum>& parts) {
        for (const ChecksumType type : {ChecksumType::full_object, ChecksumType::composite}) {
            const auto value = multipart_checksum(ChecksumAlgorithm::crc32, type, parts);
            CHECK_FALSE(value.ok());
            if (value.ok() || value.error().code() != ErrorCode::invalid_argument) {
                return false;
            }
        }
        return true;
    };
    const PartChecksum good = part(ChecksumAlgorithm::crc32, "aaaaaaa");
    PartChecksum composite = good;
    composite.value.parts = 2;
    PartChecksum cut = good;
    cut.value.bytes.pop_back();
    CHECK(refused({}));
    CHECK(refused({good, part(ChecksumAlgorithm::crc32c, "bb")}));
    CHECK(refused({good, composite}));
    CHECK(refused({good, cut}));
    CHECK(refused({good, {}}));
}
