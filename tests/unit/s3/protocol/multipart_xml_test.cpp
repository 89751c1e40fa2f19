#include "s3/protocol/multipart_xml.h"

#include <catch2/catch.hpp>
#include <functional>

#include "support/code_of.h"

using filestore::ChecksumAlgorithm;
using filestore::ChecksumType;
using filestore::ErrorCode;
using filestore::parse_timestamp;
using namespace filestore::s3;

namespace {

const std::string prologue = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
const std::string xmlns = " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";

const std::string initiated = prologue + "<InitiateMultipartUploadResult" + xmlns +
                              "><Bucket>b</Bucket><Key>k</Key><UploadId>VXBs&amp;2</UploadId>"
                              "</InitiateMultipartUploadResult>";

const std::string completed =
    prologue + "<CompleteMultipartUploadResult" + xmlns +
    "><Location>http://b/k</Location><Bucket>b</Bucket><Key>k</Key>"
    "<ETag>&quot;3858f62230ac3c915f300c664312c11f-9&quot;</ETag>"
    "<ChecksumCRC32C>sOO8/Q==-9</ChecksumCRC32C><ChecksumType>COMPOSITE</ChecksumType>"
    "</CompleteMultipartUploadResult>";

const std::string error =
    prologue +
    "<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message>"
    "<RequestId>R1</RequestId></Error>";

std::string part_xml(int number, const std::string& more = {}) {
    return "<Part><PartNumber>" + std::to_string(number) +
           "</PartNumber><LastModified>2026-01-31T23:59:59.000Z</LastModified><ETag>\"e" +
           std::to_string(number) + "\"</ETag><Size>5242880</Size>" + more + "</Part>";
}

std::string parts_xml(const std::string& fields) {
    return "<ListPartsResult><UploadId>u</UploadId>" + fields + "</ListPartsResult>";
}

std::string upload_xml(const std::string& key, const std::string& id) {
    return "<Upload><Key>" + key + "</Key><UploadId>" + id +
           "</UploadId><Initiated>2026-01-31T23:59:59Z</Initiated></Upload>";
}

std::string uploads_xml(const std::string& fields) {
    return "<ListMultipartUploadsResult>" + fields + "</ListMultipartUploadsResult>";
}

/// Whether `parse` takes no true prefix of the document for the whole.
bool refuses_every_cut(const std::string& document,
                       const std::function<bool(std::string_view)>& is_accepted) {
    for (std::size_t size = 0; size < document.size(); ++size) {
        if (is_accepted(std::string_view(document).substr(0, size))) {
            return false;
        }
    }
    return is_accepted(document);
}

}  // namespace

TEST_CASE("the id of a multipart upload", "[s3][multipart_xml]") {
    CHECK(parse_upload_id(initiated).value() == "VXBs&2");
    CHECK(parse_upload_id("<InitiateMultipartUpload><UploadId>u</UploadId></InitiateMultipartUpload>")
              .value() == "u");
    CHECK(refuses_every_cut(initiated, [](std::string_view xml) { return parse_upload_id(xml).ok(); }));
    for (const std::string& xml :
         {std::string(), completed, std::string("<InitiateMultipartUploadResult/>"),
          std::string("<InitiateMultipartUploadResult><UploadId/></InitiateMultipartUploadResult>"),
          "<!DOCTYPE x>" + initiated.substr(prologue.size())}) {
        INFO(xml);
        CHECK(code_of(parse_upload_id(xml)) == ErrorCode::corrupt);
    }
}

TEST_CASE("the body that completes a multipart upload", "[s3][multipart_xml]") {
    const std::vector<UploadedPart> parts{
        {1, "a&<b", {}},
        {3, "\"e3\"", EncodedChecksum{ChecksumAlgorithm::crc32c, "sOO8/Q==", 0}},
        {10'000, "z", EncodedChecksum{ChecksumAlgorithm::sha1, "x=", 0}}};
    CHECK(
        complete_multipart_body(parts).value() ==
        "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        "<Part><PartNumber>1</PartNumber><ETag>&quot;a&amp;&lt;b&quot;</ETag></Part>"
        "<Part><PartNumber>3</PartNumber><ETag>&quot;e3&quot;</ETag><ChecksumCRC32C>sOO8/Q==</"
        "ChecksumCRC32C></Part>"
        "<Part><PartNumber>10000</PartNumber><ETag>&quot;z&quot;</ETag><ChecksumSHA1>x=</ChecksumSHA1></Part>"
        "</CompleteMultipartUpload>");
}

TEST_CASE("a list of parts that is not ordered, each once, is a defect", "[s3][multipart_xml]") {
    using Parts = std::vector<UploadedPart>;
    for (const Parts& parts : {Parts{}, Parts{{0, "e", {}}}, Parts{{10'001, "e", {}}},
                               Parts{{1, "e", {}}, {1, "e", {}}}, Parts{{2, "e", {}}, {1, "e", {}}}}) {
        CHECK(code_of(complete_multipart_body(parts)) == ErrorCode::internal);
    }
}

TEST_CASE("the answer that completes a multipart upload", "[s3][multipart_xml]") {
    const auto result = parse_completed_upload(completed);
    REQUIRE(result.ok());
    CHECK(*result == "3858f62230ac3c915f300c664312c11f-9");
    CHECK(
        refuses_every_cut(completed, [](std::string_view xml) { return parse_completed_upload(xml).ok(); }));
}

TEST_CASE("blanks that kept the connection alive are no fault", "[s3][multipart_xml]") {
    CHECK(parse_completed_upload("  \r\n\n " + completed).value() == "3858f62230ac3c915f300c664312c11f-9");
    CHECK(
        parse_completed_upload(prologue + std::string(10'000, ' ') + completed.substr(prologue.size())).ok());
    CHECK(parse_completed_upload(std::string(10'000, ' ') + error).error().details().server_code ==
          "InternalError");
    CHECK(code_of(parse_completed_upload(std::string(10'000, ' '))) == ErrorCode::corrupt);
}

TEST_CASE("an error within status 200 is that error", "[s3][multipart_xml]") {
    const auto result = parse_completed_upload(error);
    REQUIRE_FALSE(result.ok());
    CHECK(code_of(result) == ErrorCode::unavailable);
    CHECK(result.error().retryable());
    CHECK(result.error().details().server_code == "InternalError");
    CHECK(result.error().details().request_id == "R1");
    CHECK(result.error().details().http_status == 200);

    const auto invalid = parse_completed_upload("<Error><Code>InvalidPart</Code></Error>");
    CHECK_FALSE(invalid.error().retryable());
    CHECK_FALSE(parse_upload_id(error).ok());
    CHECK_FALSE(parse_part_listing(error).ok());
    CHECK_FALSE(parse_upload_listing(error).ok());
}

TEST_CASE("a list of parts", "[s3][multipart_xml]") {
    const std::string page = parts_xml(
        "<PartNumberMarker>0</PartNumberMarker><NextPartNumberMarker>2</NextPartNumberMarker><MaxParts>2</"
        "MaxParts>"
        "<IsTruncated>true</IsTruncated>" +
        part_xml(2, "<ChecksumCRC32>y/Q5Jg==</ChecksumCRC32>") + part_xml(1));
    const auto listing = parse_part_listing(page);
    REQUIRE(listing.ok());
    CHECK(listing->truncated);
    CHECK(listing->next_marker == 2);
    REQUIRE(listing->parts.size() == 2);
    CHECK(listing->parts[0].number == 1);
    CHECK(listing->parts[0].etag == "e1");
    CHECK(listing->parts[0].size == 5'242'880);
    CHECK(listing->parts[1].number == 2);
    CHECK(listing->parts[1].checksums.at(0) == EncodedChecksum{ChecksumAlgorithm::crc32, "y/Q5Jg==", 0});
    CHECK(refuses_every_cut(page, [](std::string_view xml) { return parse_part_listing(xml).ok(); }));

    CHECK(parse_part_listing("<ListPartsResponse>" + part_xml(1) + "</ListPartsResponse>")->parts.size() ==
          1);
    const auto empty = parse_part_listing(parts_xml(""));
    REQUIRE(empty.ok());
    CHECK(empty->parts.empty());
    CHECK_FALSE(empty->truncated);
}

TEST_CASE("a list of parts must lead on", "[s3][multipart_xml]") {
    const std::string truncated = "<IsTruncated>true</IsTruncated>";
    CHECK(parse_part_listing(parts_xml(truncated + part_xml(7)), 6)->next_marker == 7);
    for (const std::string& fields :
         {truncated, truncated + "<NextPartNumberMarker>0</NextPartNumberMarker>",
          truncated + "<NextPartNumberMarker>5</NextPartNumberMarker>" + part_xml(7),
          truncated + "<NextPartNumberMarker>10001</NextPartNumberMarker>", truncated + part_xml(3)}) {
        INFO(fields);
        CHECK(code_of(parse_part_listing(parts_xml(fields), 5)) == ErrorCode::corrupt);
    }
    for (const std::string number : {"0", "10001", "-1", "x", ""}) {
        CHECK_FALSE(parse_part_listing(parts_xml("<Part><PartNumber>" + number +
                                                 "</PartNumber><ETag>e</ETag><Size>1</Size></Part>"))
                        .ok());
    }
}

TEST_CASE("a list of uploads", "[s3][multipart_xml]") {
    const std::string page = uploads_xml(
        "<EncodingType>url</EncodingType><NextKeyMarker>b+%2B</NextKeyMarker>"
        "<NextUploadIdMarker>u+2</NextUploadIdMarker><IsTruncated>true</IsTruncated>" +
        upload_xml("a%0A", "u+1") + upload_xml("b+%2B", "u+2") +
        "<CommonPrefixes><Prefix>c%2F</Prefix></CommonPrefixes>");
    const auto listing = parse_upload_listing(page);
    REQUIRE(listing.ok());
    CHECK(listing->truncated);
    REQUIRE(listing->uploads.size() == 2);
    CHECK(listing->uploads[0].key == "a\n");
    CHECK(listing->uploads[0].upload_id == "u+1");
    CHECK(listing->uploads[0].initiated == *parse_timestamp("2026-01-31T23:59:59Z"));
    CHECK(listing->next_key_marker == "b +");
    CHECK(listing->next_upload_id_marker == "u+2");
    CHECK(listing->common_prefixes == std::vector<std::string>{"c/"});
    CHECK(refuses_every_cut(page, [](std::string_view xml) { return parse_upload_listing(xml).ok(); }));
}

TEST_CASE("a list of uploads without markers goes on after its last", "[s3][multipart_xml]") {
    const auto listing = parse_upload_listing(
        uploads_xml("<IsTruncated>true</IsTruncated>" + upload_xml("a", "1") + upload_xml("b", "2")));
    REQUIRE(listing.ok());
    CHECK(listing->next_key_marker == "b");
    CHECK(listing->next_upload_id_marker == "2");
    CHECK(code_of(parse_upload_listing(uploads_xml("<IsTruncated>true</IsTruncated>"))) ==
          ErrorCode::corrupt);
    CHECK(parse_upload_listing(uploads_xml(""))->uploads.empty());
}
