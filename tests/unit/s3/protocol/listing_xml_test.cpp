#include "s3/protocol/listing_xml.h"

#include <catch2/catch.hpp>
#include <string>

#include "support/code_of.h"

using filestore::ErrorCode;
using filestore::parse_timestamp;
using namespace filestore::s3;

namespace {

std::string listing_of(const std::string& fields) {
    return "<ListBucketResult>" + fields + "</ListBucketResult>";
}

std::string object_xml(const std::string& key) {
    return "<Contents><Key>" + key +
           "</Key><LastModified>2026-01-31T23:59:59Z</LastModified><ETag>\"e\"</ETag><Size>1</Size>"
           "<StorageClass>GLACIER</StorageClass><Owner><ID>me</ID></Owner></Contents>";
}

std::string prefix_xml(const std::string& prefix) {
    return "<CommonPrefixes><Prefix>" + prefix + "</Prefix></CommonPrefixes>";
}

const std::string of_s3 = " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";
const std::string truncated = "<IsTruncated>true</IsTruncated>";
const std::string whole = "<IsTruncated>false</IsTruncated>";
const std::string url = "<EncodingType>url</EncodingType>";

std::string next_marker_of(const std::string& fields) {
    const auto listing = parse_listing(listing_of(truncated + fields), ListVersion::v1);
    REQUIRE(listing.ok());
    return listing->next_marker;
}

std::string version_xml(const std::string& kind, const std::string& key, const std::string& id,
                        const std::string& more = {}) {
    return "<" + kind + "><Key>" + key + "</Key><VersionId>" + id +
           "</VersionId><IsLatest>true</IsLatest><LastModified>2026-01-31T23:59:59Z</LastModified>" + more +
           "</" + kind + ">";
}

std::string versions_xml(const std::string& fields) {
    return "<ListVersionsResult>" + fields + "</ListVersionsResult>";
}

}  // namespace

TEST_CASE("what a listing tells of an object", "[s3][listing_xml]") {
    const auto listing = parse_listing(listing_of(whole + object_xml("a")));
    REQUIRE(listing.ok());
    REQUIRE(listing->objects.size() == 1);
    CHECK(listing->objects[0].etag == "e");
    CHECK(listing->objects[0].storage_class == "GLACIER");
    CHECK(listing->common_prefixes.empty());
}

TEST_CASE("common prefixes, plain and encoded", "[s3][listing_xml]") {
    const auto listing =
        parse_listing(listing_of(whole + prefix_xml("a+b/") +
                                 "<CommonPrefixes><Prefix>c/</Prefix><Prefix>d/</Prefix></CommonPrefixes>"));
    REQUIRE(listing.ok());
    CHECK(listing->common_prefixes == std::vector<std::string>{"a+b/", "c/", "d/"});
    const auto encoded = parse_listing(listing_of(whole + url + prefix_xml("a+b%2B%2F")));
    REQUIRE(encoded.ok());
    CHECK(encoded->common_prefixes == std::vector<std::string>{"a b+/"});
    CHECK_FALSE(parse_listing(listing_of(whole + url + prefix_xml("%2"))).ok());
}

TEST_CASE("where a listing of version 1 goes on", "[s3][listing_xml]") {
    CHECK(next_marker_of(object_xml("a") + object_xml("b")) == "b");
    CHECK(next_marker_of("<NextMarker>b/</NextMarker>" + object_xml("a")) == "b/");
    CHECK(next_marker_of("<NextMarker/>" + object_xml("a") + prefix_xml("b/")) == "b/");
    CHECK(next_marker_of(object_xml("c") + prefix_xml("b/")) == "c");
    CHECK(next_marker_of(prefix_xml("b/")) == "b/");
    CHECK(next_marker_of(url + "<NextMarker>a+b%2B</NextMarker>") == "a b+");
    CHECK(next_marker_of(url + object_xml("a%0A")) == "a\n");

    CHECK(code_of(parse_listing(listing_of(truncated), ListVersion::v1)) == ErrorCode::corrupt);
    const auto last = parse_listing(listing_of(whole + object_xml("a")), ListVersion::v1);
    REQUIRE(last.ok());
    CHECK(last->next_marker.empty());
}

TEST_CASE("a listing of versions", "[s3][listing_xml]") {
    const auto listing = parse_version_listing(
        versions_xml(whole + url +
                     version_xml("Version", "a+b", "v2",
                                 "<Size>7</Size><ETag>\"e\"</ETag><StorageClass>S</StorageClass>") +
                     version_xml("DeleteMarker", "c", "null") + prefix_xml("d%2F") +
                     version_xml("Version", "e", "v1", "<Size>0</Size>")));
    REQUIRE(listing.ok());
    CHECK_FALSE(listing->truncated);
    REQUIRE(listing->versions.size() == 3);
    const ListedVersion& first = listing->versions[0];
    CHECK(first.key == "a b");
    CHECK(first.version_id == "v2");
    CHECK(first.is_latest);
    CHECK_FALSE(first.is_delete_marker);
    CHECK(first.size == 7);
    CHECK(first.etag == "e");
    CHECK(first.storage_class == "S");
    CHECK(first.last_modified == *parse_timestamp("2026-01-31T23:59:59Z"));
    CHECK(listing->versions[1].is_delete_marker);
    CHECK(listing->versions[1].version_id == "null");
    CHECK(listing->versions[2].key == "e");
    CHECK(listing->common_prefixes == std::vector<std::string>{"d/"});
}

TEST_CASE("where a listing of versions goes on", "[s3][listing_xml]") {
    const auto named = parse_version_listing(
        versions_xml(truncated + url +
                     "<NextKeyMarker>a+b</NextKeyMarker><NextVersionIdMarker>v+1</NextVersionIdMarker>"));
    REQUIRE(named.ok());
    CHECK(named->next_key_marker == "a b");
    CHECK(named->next_version_id_marker == "v+1");
    const auto plain = parse_version_listing(
        versions_xml(truncated + url + version_xml("DeleteMarker", "a%2Bb%25", "v9") +
                     "<NextKeyMarker>a+b%</NextKeyMarker><NextVersionIdMarker>v9</NextVersionIdMarker>"));
    REQUIRE(plain.ok());
    CHECK(plain->next_key_marker == "a+b%");
    const auto unnamed =
        parse_version_listing(versions_xml(truncated + version_xml("DeleteMarker", "k", "v9")));
    REQUIRE(unnamed.ok());
    CHECK(unnamed->next_key_marker == "k");
    CHECK(unnamed->next_version_id_marker == "v9");
    CHECK(code_of(parse_version_listing(versions_xml(truncated))) == ErrorCode::corrupt);
}

TEST_CASE("a listing of versions with a missing field is corrupt", "[s3][listing_xml]") {
    CHECK_FALSE(parse_version_listing(versions_xml("")).ok());
    CHECK_FALSE(parse_version_listing(versions_xml(whole + version_xml("Version", "k", "v"))).ok());
    CHECK_FALSE(parse_version_listing(versions_xml(whole + version_xml("DeleteMarker", "", "v"))).ok());
    CHECK_FALSE(parse_version_listing(versions_xml(whole + "<Version><Key>k</Key></Version>")).ok());
    CHECK_FALSE(parse_version_listing(listing_of(whole)).ok());
    const std::string good = versions_xml(whole + version_xml("Version", "k", "v", "<Size>1</Size>"));
    for (std::size_t size = 0; size < good.size(); ++size) {
        REQUIRE_FALSE(parse_version_listing(good.substr(0, size)).ok());
    }
    CHECK(parse_version_listing(good).ok());
}

TEST_CASE("a listing that does not move on is given up", "[s3][listing_xml]") {
    PageGuard guard;
    CHECK(guard.accept("a", false).ok());
    CHECK(guard.accept("b", true).ok());
    CHECK(code_of(guard.accept("b", false)) == ErrorCode::corrupt);
    CHECK(code_of(PageGuard().accept("", false)) == ErrorCode::corrupt);
}

TEST_CASE("a listing of nothing but empty pages is given up", "[s3][listing_xml]") {
    PageGuard guard;
    for (int page = 1; page < 1000; ++page) {
        REQUIRE(guard.accept(std::to_string(page), true).ok());
    }
    PageGuard other = guard;
    CHECK(code_of(guard.accept("1000", true)) == ErrorCode::corrupt);
    CHECK(other.accept("1000", false).ok());
    CHECK(other.accept("1001", true).ok());
}

TEST_CASE("hostile documents fail fast", "[s3][listing_xml]") {
    // 100 MiB of nesting, and a document of very many elements: refused before a tree is built.
    std::string nesting;
    nesting.reserve(100U << 20U);
    while (nesting.size() < (100U << 20U)) {
        nesting += "<a>";
    }
    CHECK(code_of(parse_listing(nesting)) == ErrorCode::corrupt);
    nesting.resize(10U << 20U);
    CHECK(code_of(parse_listing(nesting)) == ErrorCode::corrupt);

    std::string many = "<ListBucketResult>" + whole;
    while (many.size() < (8U << 20U)) {
        many += "<a/>";
    }
    CHECK(code_of(parse_listing(many + "</ListBucketResult>")) == ErrorCode::corrupt);

    const std::string blanks =
        "<ListBucketResult>" + whole + std::string(8U << 20U, ' ') + "</ListBucketResult>";
    CHECK(parse_listing(blanks).ok());
    CHECK_FALSE(
        parse_listing("<ListBucketResult>" + whole + std::string(16U << 20U, ' ') + "</ListBucketResult>")
            .ok());
}

TEST_CASE("a bucket keeps versions where it says so, or once did", "[listing_xml]") {
    const auto keeps = [](const std::string& fields) {
        return parse_versioning("<VersioningConfiguration" + of_s3 + ">" + fields +
                                "</VersioningConfiguration>");
    };
    CHECK(*keeps("<Status>Enabled</Status>"));
    CHECK(*keeps("<Status>Suspended</Status><MfaDelete>Disabled</MfaDelete>"));
    CHECK_FALSE(*keeps(""));
    CHECK(*parse_versioning(
        "<GetBucketVersioningResponse><Status>Enabled</Status></GetBucketVersioningResponse>"));
    CHECK(parse_versioning("<VersioningConfiguration>").error().code() == ErrorCode::corrupt);
    CHECK(parse_versioning("<ListBucketResult/>").error().code() == ErrorCode::corrupt);
}

TEST_CASE("depth is counted as a parser counts it", "[s3][listing_xml]") {
    const auto accepts = [](const std::string& inner) {
        return parse_listing(listing_of(whole + inner)).ok();
    };
    std::string openings;
    std::string closings;
    for (int level = 0; level < 31; ++level) {
        openings += "<a b=\"/>\" c='<'>";
        closings += "</a>";
    }
    CHECK(accepts(openings + closings));
    CHECK(accepts(openings + "<x/><x a='/'/>" + closings + openings + closings));
    CHECK_FALSE(accepts(openings + "<x></x>" + closings));
    CHECK(accepts("<!-- <a><a> -->" + openings + "<!-- <a> --><![CDATA[<a><a>]]><?p <a>?>" + closings));
    CHECK_FALSE(accepts("<!ELEMENT a>"));
    CHECK_FALSE(accepts("<a b='>"));
    CHECK_FALSE(accepts("<!-- "));
}
