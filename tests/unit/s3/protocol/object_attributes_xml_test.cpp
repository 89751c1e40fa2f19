#include "s3/protocol/object_attributes_xml.h"

#include <catch2/catch.hpp>

#include "support/code_of.h"

using filestore::ChecksumAlgorithm;
using filestore::ChecksumType;
using filestore::ErrorCode;
using namespace filestore::s3;

namespace {

std::string answer(const std::string& fields, const std::string& root = "GetObjectAttributesResponse") {
    return "<?xml version=\"1.0\"?><" + root + ">" + fields + "</" + root + ">";
}

const std::string part_fields =
    "<PartsCount>3</PartsCount><MaxParts>2</MaxParts>"
    "<Part><PartNumber>1</PartNumber><Size>5242880</Size><ChecksumCRC32C>sOO8/Q==</ChecksumCRC32C></Part>"
    "<Part><PartNumber>2</PartNumber><Size>7</Size></Part>";

}  // namespace

TEST_CASE("attributes of an object in parts", "[s3][object_attributes]") {
    const std::string xml = answer(
        "<ETag>abc-3</ETag><Checksum><ChecksumCRC32C>sOO8/Q==-3</ChecksumCRC32C><ChecksumType>COMPOSITE</"
        "ChecksumType>"
        "</Checksum><ObjectParts>" +
        part_fields +
        "<IsTruncated>true</IsTruncated><NextPartNumberMarker>2</NextPartNumberMarker></ObjectParts>"
        "<StorageClass>STANDARD</StorageClass><ObjectSize>10485767</ObjectSize>");
    const auto attributes = parse_object_attributes(xml);
    REQUIRE(attributes.ok());
    CHECK(attributes->etag == "abc-3");
    CHECK(attributes->size == 10'485'767);
    CHECK(attributes->storage_class == "STANDARD");
    CHECK(attributes->checksums.at(0) == EncodedChecksum{ChecksumAlgorithm::crc32c, "sOO8/Q==", 3});
    CHECK(attributes->checksum_type == ChecksumType::composite);
    CHECK(attributes->part_count == 3);
    CHECK(attributes->truncated);
    CHECK(attributes->next_part_marker == 2);
    REQUIRE(attributes->parts.size() == 2);
    CHECK(attributes->parts[0].number == 1);
    CHECK(attributes->parts[0].size == 5'242'880);
    CHECK(attributes->parts[0].checksums.size() == 1);
    CHECK(attributes->parts[1].checksums.empty());
    for (std::size_t size = 0; size < xml.size(); ++size) {
        REQUIRE_FALSE(parse_object_attributes(xml.substr(0, size)).ok());
    }
}

TEST_CASE("attributes of a plain object", "[s3][object_attributes]") {
    for (const std::string root : {"GetObjectAttributesResponse", "GetObjectAttributesOutput"}) {
        const auto attributes =
            parse_object_attributes(answer("<ETag>\"e\"</ETag><ObjectSize>0</ObjectSize>", root));
        REQUIRE(attributes.ok());
        CHECK(attributes->etag == "e");
        CHECK(attributes->size == 0);
        CHECK(attributes->part_count == 0);
        CHECK_FALSE(attributes->checksum_type);
        CHECK_FALSE(attributes->truncated);
    }
    CHECK_FALSE(parse_object_attributes(answer("")).value().size);
}

TEST_CASE("an answer with attributes that is none", "[s3][object_attributes]") {
    for (const std::string& xml :
         {std::string(), answer("", "Other"), answer("<ObjectSize>x</ObjectSize>"),
          answer("<ObjectParts>" + part_fields + "<IsTruncated>true</IsTruncated></ObjectParts>"),
          answer("<ObjectParts><PartsCount>0</PartsCount></ObjectParts>"),
          answer("<ObjectParts><Part><Size>1</Size></Part></ObjectParts>")}) {
        INFO(xml);
        CHECK(code_of(parse_object_attributes(xml)) == ErrorCode::corrupt);
    }
    CHECK(code_of(parse_object_attributes("<Error><Code>NotImplemented</Code></Error>")) ==
          ErrorCode::unsupported);
}
