#include "s3/protocol/xml.h"

#include <catch2/catch.hpp>
#include <string>
#include <string_view>

#include "s3/protocol/listing_xml.h"

using filestore::ErrorCode;
using filestore::parse_timestamp;
using filestore::s3::may_begin_document;
using filestore::s3::parse_error;
using filestore::s3::parse_listing;

namespace {

const std::string listing_xml =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
    "<Name>bucket</Name><Prefix>files/</Prefix><KeyCount>2</KeyCount><MaxKeys>2</MaxKeys>"
    "<IsTruncated>true</IsTruncated>"
    "<Contents><Key>files/a &amp; b</Key><LastModified>2026-01-31T23:59:59.000Z</LastModified>"
    "<ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>0</Size><StorageClass>STANDARD</"
    "StorageClass></Contents>"
    "<Contents><Key>files/\xE6\x9B\xB8</Key><LastModified>2026-02-01T00:00:00Z</LastModified>"
    "<Size>18446744073709551615</Size><Owner><ID>me</ID></Owner></Contents>"
    "<CommonPrefixes><Prefix>files/sub/</Prefix></CommonPrefixes>"
    "<NextContinuationToken>1/a+b==</NextContinuationToken>"
    "</ListBucketResult>";

const std::string error_xml =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
    "<Error><Code>AuthorizationHeaderMalformed</Code><Message>expecting 'eu-west-1' &lt;here&gt;</Message>"
    "<Region>eu-west-1</Region><RequestId>R1</RequestId><HostId>h</HostId></Error>";

std::string listing_of(const std::string& fields) {
    return "<ListBucketResult>" + fields + "</ListBucketResult>";
}

std::string object_xml(const std::string& key) {
    return "<Contents><Key>" + key +
           "</Key><LastModified>2026-01-31T23:59:59Z</LastModified><Size>1</Size></Contents>";
}

/// A complete listing of one object with this key, as the server writes it.
std::string listing_with_key(const std::string& key, const std::string& more = {}) {
    return listing_of("<IsTruncated>false</IsTruncated>" + more + object_xml(key));
}

std::string key_read_from(const std::string& xml) {
    const auto listing = parse_listing(xml);
    REQUIRE(listing.ok());
    REQUIRE(listing->objects.size() == 1);
    return listing->objects[0].key;
}

void check_corrupt(std::string_view xml) {
    INFO(xml.substr(0, 400));
    const auto listing = parse_listing(xml);
    REQUIRE_FALSE(listing.ok());
    CHECK(listing.error().code() == ErrorCode::corrupt);
}

std::string nested(std::size_t levels) {
    std::string xml;
    for (std::size_t level = 0; level < levels; ++level) {
        xml += "<a>";
    }
    for (std::size_t level = 0; level < levels; ++level) {
        xml += "</a>";
    }
    return xml;
}

}  // namespace

TEST_CASE("parse_listing reads objects, truncation and token", "[s3][xml]") {
    const auto listing = parse_listing(listing_xml);
    REQUIRE(listing.ok());
    CHECK(listing->truncated);
    CHECK(listing->next_continuation_token == "1/a+b==");
    REQUIRE(listing->objects.size() == 2);
    CHECK(listing->objects[0].key == "files/a & b");
    CHECK(listing->objects[0].size == 0);
    CHECK(listing->objects[0].last_modified == *parse_timestamp("2026-01-31T23:59:59Z"));
    CHECK(listing->objects[1].key == "files/\xE6\x9B\xB8");
    CHECK(listing->objects[1].size == UINT64_MAX);
}

TEST_CASE("parse_listing reads the end of a listing and an empty one", "[s3][xml]") {
    const auto empty = parse_listing(listing_of("<IsTruncated>false</IsTruncated>"));
    REQUIRE(empty.ok());
    CHECK_FALSE(empty->truncated);
    CHECK(empty->objects.empty());
    CHECK(empty->next_continuation_token.empty());

    const auto page_without_objects = parse_listing(
        listing_of("<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>"));
    REQUIRE(page_without_objects.ok());
    CHECK(page_without_objects->truncated);
}

TEST_CASE("a listing cut at any byte is corrupt", "[s3][xml]") {
    for (std::size_t size = 0; size < listing_xml.size(); ++size) {
        if (parse_listing(std::string_view(listing_xml).substr(0, size)).ok()) {
            FAIL("taken for whole after " << size << " of " << listing_xml.size() << " bytes");
        }
    }
    CHECK(parse_listing(listing_xml).ok());
}

TEST_CASE("blanks around a document are no fault", "[s3][xml]") {
    CHECK(parse_listing(" \r\n " + listing_with_key("k")).ok());
    CHECK(parse_listing(listing_xml + "\n").ok());
    CHECK(parse_listing("\xEF\xBB\xBF" + listing_xml).ok());
}

TEST_CASE("a listing with a missing or malformed field is corrupt", "[s3][xml]") {
    const std::string last = "<IsTruncated>false</IsTruncated>";
    const std::string key = "<Key>k</Key>";
    const std::string time = "<LastModified>2026-01-31T23:59:59Z</LastModified>";
    const std::string size = "<Size>1</Size>";
    const auto contents = [](const std::string& fields) { return "<Contents>" + fields + "</Contents>"; };
    REQUIRE(parse_listing(listing_of(last + contents(key + time + size))).ok());

    check_corrupt(listing_of(contents(key + time + size)));
    check_corrupt(listing_of("<IsTruncated>perhaps</IsTruncated>"));
    check_corrupt(listing_of("<IsTruncated></IsTruncated>"));
    check_corrupt(listing_of("<IsTruncated>true</IsTruncated>"));
    check_corrupt(listing_of(last + contents(time + size)));
    check_corrupt(listing_of(last + contents(key + size)));
    check_corrupt(listing_of(last + contents(key + time)));
    check_corrupt(listing_of(last + contents("<Key></Key>" + time + size)));
    check_corrupt(listing_of(last + contents("<Key><b>k</b></Key>" + time + size)));
    check_corrupt(listing_of(last + contents(key + "<LastModified>yesterday</LastModified>" + size)));
    for (const std::string number : {"", "-1", "+1", "1.5", "1x", " 1", "18446744073709551616"}) {
        check_corrupt(listing_of(last + contents(key + time + "<Size>" + number + "</Size>")));
    }
}

TEST_CASE("what is no listing is corrupt", "[s3][xml]") {
    check_corrupt("");
    check_corrupt("not xml");
    check_corrupt("<html><body>502 Bad Gateway</body></html>");
    check_corrupt("<ListAllMyBucketsResult/>");
    check_corrupt("<a>" + listing_xml + "</a>");
    check_corrupt(listing_with_key("k") + listing_with_key("k"));
    check_corrupt(listing_with_key("k") + "rest");
    check_corrupt("rest" + listing_with_key("k"));
    check_corrupt("<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult");
    check_corrupt("<ListBucketResult><IsTruncated>false</ListBucketResult></IsTruncated>");
    check_corrupt(listing_with_key("\xFF"));
}

TEST_CASE("an error in the place of a listing is that error", "[s3][xml]") {
    const auto listing = parse_listing(error_xml);
    REQUIRE_FALSE(listing.ok());
    CHECK(listing.error().code() == ErrorCode::configuration);
    CHECK(listing.error().details().server_code == "AuthorizationHeaderMalformed");
}

TEST_CASE("a document type is refused, whatever it defines", "[s3][xml]") {
    check_corrupt("<!DOCTYPE ListBucketResult>" + listing_with_key("k"));
    check_corrupt("<!DOCTYPE x SYSTEM \"file:///etc/passwd\">" + listing_with_key("k"));
    std::string bomb = "<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY lol0 \"lol\">";
    for (int level = 1; level < 10; ++level) {
        bomb += "<!ENTITY lol" + std::to_string(level) + " \"";
        for (int copy = 0; copy < 10; ++copy) {
            bomb += "&lol" + std::to_string(level - 1) + ";";
        }
        bomb += "\">";
    }
    check_corrupt(bomb + "]>" + listing_with_key("&lol9;"));
    CHECK_FALSE(parse_error("<!DOCTYPE Error>" + error_xml.substr(error_xml.find("<Error>"))));
}

TEST_CASE("a NUL, plain or as a reference, is refused", "[s3][xml]") {
    check_corrupt(listing_with_key(std::string("a\0b", 3)));
    check_corrupt(listing_xml + '\0' + "rest");
    for (const std::string reference : {"&#0;", "&#00;", "&#x0;", "&#x000;"}) {
        check_corrupt(listing_with_key("a" + reference + "b"));
    }
    CHECK(key_read_from(listing_with_key("a&#10;&#x9;b")) == "a\n\tb");
}

TEST_CASE("nesting of any depth neither crashes nor passes for an answer", "[s3][xml]") {
    const std::string deep = nested(100'000);
    check_corrupt(deep);
    check_corrupt(deep.substr(0, deep.size() / 2));
    CHECK_FALSE(parse_error(deep));
    check_corrupt(listing_with_key("k", deep));
    CHECK(parse_listing(listing_with_key("k", nested(31))).ok());
    check_corrupt(listing_with_key("k", nested(32)));
    check_corrupt(listing_with_key(deep));
}

TEST_CASE("keys come back as they were, in whatever pieces they are written", "[s3][xml]") {
    CHECK(key_read_from(listing_with_key("&lt;a&gt;&amp;&quot;&apos;")) == "<a>&\"'");
    CHECK(key_read_from(listing_with_key("<![CDATA[<a>&amp;]]>")) == "<a>&amp;");
    CHECK(key_read_from(listing_with_key("a<![CDATA[b]]>c<!-- no -->d")) == "abcd");
    CHECK(key_read_from(listing_with_key("&#x1F4E6;&#26360;")) == "📦書");
    CHECK(key_read_from(listing_with_key("  a  b ")) == "  a  b ");
    CHECK(key_read_from(listing_with_key(" ")) == " ");
    CHECK(key_read_from(listing_with_key("a+b%20c")) == "a+b%20c");
}

TEST_CASE("keys are URL-decoded when the listing says so", "[s3][xml]") {
    const std::string url = "<EncodingType>url</EncodingType>";
    CHECK(key_read_from(listing_with_key("files/a+b%2Bc%25%0A%e6%9b%b8", url)) == "files/a b+c%\n書");
    CHECK(key_read_from(listing_with_key("a%00b", url)) == std::string("a\0b", 3));
    CHECK(key_read_from(listing_with_key("%", "<EncodingType>other</EncodingType>")) == "%");
    for (const std::string key : {"%", "a%2", "%zz", "%2g", "%-1", "% 1", "%%41"}) {
        check_corrupt(listing_with_key(key, url));
    }
    // Tokens are never encoded.
    const auto listing = parse_listing(listing_of(
        url + "<IsTruncated>true</IsTruncated><NextContinuationToken>a+b%20</NextContinuationToken>"));
    REQUIRE(listing.ok());
    CHECK(listing->next_continuation_token == "a+b%20");
}

TEST_CASE("parse_error reads the fields of an error body", "[s3][xml]") {
    const auto body = parse_error(error_xml);
    REQUIRE(body);
    CHECK(body->code == "AuthorizationHeaderMalformed");
    CHECK(body->message == "expecting 'eu-west-1' <here>");
    CHECK(body->request_id == "R1");
    CHECK(body->region == "eu-west-1");

    const auto bare = parse_error("<Error/>");
    REQUIRE(bare);
    CHECK(bare->code.empty());
    CHECK(bare->message.empty());
}

TEST_CASE("what is no whole error body gives nothing", "[s3][xml]") {
    for (std::size_t size = 0; size < error_xml.size(); ++size) {
        if (parse_error(std::string_view(error_xml).substr(0, size))) {
            FAIL("taken for whole after " << size << " bytes");
        }
    }
    CHECK_FALSE(parse_error("<html><Error><Code>x</Code></Error></html>"));
    CHECK_FALSE(parse_error("{\"message\": \"not found\"}"));
    CHECK_FALSE(parse_error(listing_xml));
}

TEST_CASE("what can never become a document is known by its beginning", "[s3][xml]") {
    const std::string fine =
        "<?xml version='1.0'?><!-- a > b --><a b='>'><![CDATA[<!DOCTYPE]]><c/><d>text</d></a>";
    for (std::size_t size = 0; size <= fine.size(); ++size) {
        CHECK(may_begin_document(fine.substr(0, size)));
    }
    CHECK(may_begin_document(" \r\n\t"));
    CHECK(may_begin_document("no document, but that is for the end to tell"));
    std::string deep;
    std::string many = "<a>";
    for (int i = 0; i < 33; ++i) {
        deep += "<a>";
    }
    for (int i = 0; i < 500'000; ++i) {
        many += "<b/>";
    }
    CHECK(may_begin_document(deep.substr(3)));
    CHECK_FALSE(may_begin_document(deep));
    CHECK(may_begin_document(many.substr(0, many.size() - 4)));
    CHECK_FALSE(may_begin_document(many));
    CHECK_FALSE(may_begin_document("<!DOCTYPE a"));
    CHECK_FALSE(may_begin_document("<a><!ELEMENT b"));
}
