/// What the requests of S3Client say beyond those of the backend.

#include <catch2/catch.hpp>

#include "filestore/s3_client.h"
#include "support/code_of.h"
#include "support/random_bytes.h"
#include "support/test_streams.h"
#include "wire/s3_client.h"

using namespace filestore;
using namespace filestore::test;

namespace {

constexpr std::size_t part = std::size_t{5} << 20U;

const std::string stored = answer("200 OK", "ETag: \"e\"\r\n", "");
const std::string found = answer("200 OK", std::string(date_line) + "ETag: \"e\"\r\n", "");
const std::string gone = answer("204 No Content", "", "");
const std::string not_there = answer("404 Not Found", "", error_body("NoSuchUpload"));

std::string document(const std::string& root, const std::string& inner) {
    return answer("200 OK", "", "<" + root + ">" + inner + "</" + root + ">");
}

const std::string begun = document("InitiateMultipartUploadResult", "<UploadId>u</UploadId>");
const std::string completed = document("CompleteMultipartUploadResult", "<ETag>\"e-2\"</ETag>");
const std::string copied =
    document("CopyObjectResult", "<LastModified>2026-01-31T11:00:00Z</LastModified><ETag>\"e\"</ETag>");
const std::string copied_part =
    document("CopyPartResult", "<LastModified>2026-01-31T11:00:00Z</LastModified><ETag>\"e\"</ETag>");
const std::string no_tags = document("Tagging", "<TagSet></TagSet>");

/// Its requests come one after the other, on one connection.
S3Client open_client(const ScriptedServer& server, const std::function<void(S3ClientOptions&)>& change = {}) {
    S3ClientOptions options = options_for(server);
    options.parallel_parts = 1;
    options.max_connections = 1;
    options.expect_threshold.reset();
    if (change) {
        change(options);
    }
    return S3Client::open(std::move(options)).value();
}

template <class Request>
Request at_the_requesters_cost(const std::string& key = "key") {
    Request request;
    request.bucket = "bucket";
    request.key = key;
    request.requester_pays = true;
    return request;
}

std::string parameter(const std::string& url, const std::string& name) {
    std::size_t begin = url.find_first_of('?');
    while (begin != std::string::npos && !url.substr(begin + 1).starts_with(name + "=")) {
        begin = url.find('&', begin + 1);
    }
    if (begin == std::string::npos) {
        return "(none)";
    }
    const std::size_t value = begin + name.size() + 2;
    return url.substr(value, url.find('&', value) - value);
}

void check_who_pays(const ScriptedServer& server, std::size_t count) {
    const auto requests = server.requests();
    CHECK(requests.size() == count);
    for (const HeardRequest& request : requests) {
        INFO(request.head);
        CHECK(request.header("x-amz-request-payer") == "requester");
        CHECK(request.header("Authorization").find(";x-amz-request-payer") != std::string::npos);
    }
}

}  // namespace

TEST_CASE("every request on an object says who pays", "[wire][payer]") {
    const ScriptedServer server({conversation({stored, found, found, gone, found, copied})});
    S3Client client = open_client(server);
    auto put = at_the_requesters_cost<S3PutRequest>();
    put.source = source_from_string("bytes");
    CHECK(client.put(put).ok());
    auto get = at_the_requesters_cost<S3GetRequest>();
    get.sink = std::make_shared<BufferSink>();
    CHECK(client.get(get).ok());
    CHECK(client.head(at_the_requesters_cost<S3ObjectRequest>()).ok());
    CHECK(client.remove(at_the_requesters_cost<S3ObjectRequest>()).ok());
    auto copy = at_the_requesters_cost<S3CopyRequest>();
    copy.source_bucket = "bucket";
    copy.source_key = "source";
    CHECK(client.copy(copy).ok());
    check_who_pays(server, 6);
}

TEST_CASE("every request on many objects says who pays", "[wire][payer]") {
    const ScriptedServer server({conversation({
        document("DeleteResult", "<Deleted><Key>key</Key></Deleted>"),
        document("ListBucketResult", "<IsTruncated>false</IsTruncated>"),
        document("ListVersionsResult", "<IsTruncated>false</IsTruncated>"),
    })});
    S3Client client = open_client(server);
    S3RemoveBatchRequest batch;
    batch.bucket = "bucket";
    batch.objects = {{"key", ""}};
    batch.requester_pays = true;
    CHECK(client.remove_batch(batch).ok());
    S3ListRequest list;
    list.bucket = "bucket";
    list.requester_pays = true;
    CHECK(client.list(list).ok());
    CHECK(client.list_versions(list).ok());
    check_who_pays(server, 3);
}

TEST_CASE("every request on tags says who pays", "[wire][payer]") {
    const ScriptedServer server({conversation({no_tags, stored, gone})});
    S3Client client = open_client(server);
    auto tags = at_the_requesters_cost<S3TagsRequest>();
    CHECK(client.get_tags(tags).ok());
    tags.tags = {{"name", "value"}};
    CHECK(client.put_tags(tags).ok());
    tags.tags.clear();
    CHECK(client.put_tags(tags).ok());
    check_who_pays(server, 3);
}

TEST_CASE("every request of a sweep says who pays", "[wire][payer]") {
    const std::string left_behind =
        document("ListMultipartUploadsResult",
                 "<IsTruncated>false</IsTruncated><Upload><Key>key</Key><UploadId>u</UploadId>"
                 "<Initiated>2026-01-01T00:00:00Z</Initiated></Upload>");
    const ScriptedServer server({conversation({left_behind, gone})});
    S3SweepRequest sweep;
    sweep.bucket = "bucket";
    sweep.requester_pays = true;
    CHECK(open_client(server).sweep_uploads(sweep).ok());
    check_who_pays(server, 2);
}

TEST_CASE("every request of a probe says who pays", "[wire][payer]") {
    const std::string other_bytes = answer("200 OK", std::string(date_line) + "ETag: \"e\"\r\n", "other");
    const std::string nothing_left = document("ListBucketResult", "<IsTruncated>false</IsTruncated>");
    const ScriptedServer server({conversation({stored, other_bytes, gone, nothing_left})});
    S3ProbeRequest probe;
    probe.bucket = "bucket";
    probe.requester_pays = true;
    CHECK(code_of(open_client(server).probe(probe)) == ErrorCode::unsupported);
    check_who_pays(server, 4);
}

TEST_CASE("a presigned URL says who pays, and signs it", "[wire][payer][presign]") {
    const ScriptedServer server;
    S3Client client = open_client(server);
    auto request = at_the_requesters_cost<S3PresignRequest>();
    for (const auto method :
         {PresignMethod::get, PresignMethod::put, PresignMethod::head, PresignMethod::remove}) {
        request.method = method;
        request.requester_pays = true;
        const std::string url = client.presign(request).value().url;
        CHECK(parameter(url, "x-amz-request-payer") == "requester");
        CHECK(parameter(url, "X-Amz-SignedHeaders") == "host");
        request.requester_pays = false;
        const std::string other = client.presign(request).value().url;
        CHECK(parameter(other, "x-amz-request-payer") == "(none)");
        CHECK(parameter(other, "X-Amz-Signature") != parameter(url, "X-Amz-Signature"));
    }
}

TEST_CASE("every request of an upload in parts says who pays", "[wire][payer]") {
    auto put = at_the_requesters_cost<S3PutRequest>();
    SECTION("to its end") {
        const ScriptedServer server({conversation({begun, stored, stored, completed})});
        put.source = source_from_string(random_bytes(part + 1));
        CHECK(open_client(server, [](S3ClientOptions& options) { options.part_size = part; }).put(put).ok());
        check_who_pays(server, 4);
    }
    SECTION("when it is taken back") {
        const ScriptedServer server({conversation({begun, stored, gone, not_there})});
        put.source = failing_source(random_bytes(part + 1), 77);
        const auto result =
            open_client(server, [](S3ClientOptions& options) { options.part_size = part; }).put(put);
        CHECK(code_of(result) == ErrorCode::source_failed);
        check_who_pays(server, 4);
    }
}

TEST_CASE("every request of a copy in parts says who pays", "[wire][payer]") {
    const std::string large =
        "HTTP/1.1 200 OK\r\n" + std::string(date_line) +
        "ETag: \"e\"\r\nx-amz-tagging-count: 1\r\nContent-Length: " + std::to_string(part + 1) + "\r\n\r\n";
    const ScriptedServer server(
        {conversation({large, no_tags, begun, copied_part, copied_part, large, completed})});
    auto copy = at_the_requesters_cost<S3CopyRequest>();
    copy.source_bucket = "bucket";
    copy.source_key = "source";
    copy.multipart_threshold = part;
    const auto result = open_client(server).copy(copy);
    INFO((result.ok() ? "" : result.error().message()));
    CHECK(result.ok());
    check_who_pays(server, 7);
}

TEST_CASE("conditions that servers pass over are not sent", "[wire]") {
    const ScriptedServer server;
    S3Client client = open_client(server);
    S3Conditions since;
    since.if_modified_since = system_clock()->now();
    S3Conditions until;
    until.if_unmodified_since = system_clock()->now();
    S3Conditions other;
    other.if_none_match = "*";
    for (const S3Conditions& conditions : {since, until, other}) {
        S3ObjectRequest remove;
        remove.bucket = "bucket";
        remove.key = "key";
        remove.conditions = conditions;
        CHECK(code_of(client.remove(remove)) == ErrorCode::invalid_argument);
    }
    for (const S3Conditions& conditions : {since, until}) {
        S3PutRequest put;
        put.bucket = "bucket";
        put.key = "key";
        put.source = source_from_string("x");
        put.conditions = conditions;
        CHECK(code_of(client.put(put)) == ErrorCode::invalid_argument);
    }
    CHECK(server.requests().empty());
}

TEST_CASE("a condition that something is there fails alike where nothing is", "[wire]") {
    const std::string missing = answer("404 Not Found", "", error_body("NoSuchKey"));
    S3ObjectRequest remove;
    S3PutRequest put;
    remove.bucket = put.bucket = "bucket";
    remove.key = put.key = "key";
    remove.conditions.if_match = put.conditions.if_match = "etag";
    SECTION("a removal") {
        const ScriptedServer server({conversation({missing})});
        CHECK(code_of(open_client(server).remove(remove)) == ErrorCode::precondition_failed);
    }
    SECTION("an upload in one PUT") {
        const ScriptedServer server({conversation({missing})});
        put.source = source_from_string("x");
        CHECK(code_of(open_client(server).put(put)) == ErrorCode::precondition_failed);
    }
    SECTION("an upload in parts") {
        const ScriptedServer server({conversation(
            {begun, answer("200 OK", "ETag: \"p\"\r\n", ""), answer("200 OK", "ETag: \"p\"\r\n", ""), missing,
             answer("204 No Content", "", ""), answer("404 Not Found", "", error_body("NoSuchUpload"))})});
        put.source = source_from_string(std::string((std::size_t{5} << 20U) + 1, 'x'));
        const auto result =
            open_client(server, [](S3ClientOptions& options) { options.part_size = part; }).put(put);
        CHECK(code_of(result) == ErrorCode::precondition_failed);
    }
    SECTION("a copy") {
        const ScriptedServer server(
            {conversation({"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", missing})});
        S3CopyRequest copy;
        copy.source_bucket = copy.bucket = "bucket";
        copy.source_key = "source";
        copy.key = "key";
        copy.source_conditions.if_match = "etag";
        CHECK(code_of(open_client(server).copy(copy)) == ErrorCode::precondition_failed);
    }
    SECTION("but not where the bucket is missing, or no condition was made") {
        const ScriptedServer server(
            {conversation({answer("404 Not Found", "", error_body("NoSuchBucket")), missing})});
        S3Client client = open_client(server);
        CHECK(code_of(client.remove(remove)) == ErrorCode::configuration);
        remove.conditions = {};
        CHECK(code_of(client.remove(remove)) == ErrorCode::not_found);
    }
}

TEST_CASE("nothing is written on two conditions that exclude each other", "[wire]") {
    const ScriptedServer server;
    S3PutRequest put;
    put.bucket = "bucket";
    put.key = "key";
    put.source = source_from_string("x");
    put.conditions.if_match = "etag";
    put.conditions.if_none_match = "*";
    CHECK(code_of(open_client(server).put(put)) == ErrorCode::invalid_argument);
    CHECK(server.connections() == 0);
}

TEST_CASE("a download may do without checksums", "[wire][checksum]") {
    const std::string bytes = answer("200 OK", std::string(date_line) + "ETag: \"e\"\r\n", "bytes");
    for (const auto mode : {std::optional<S3ChecksumMode>(), std::optional(S3ChecksumMode::off)}) {
        const ScriptedServer server({conversation({bytes})});
        S3GetRequest get;
        get.bucket = "bucket";
        get.key = "key";
        get.sink = std::make_shared<BufferSink>();
        get.checksum_mode = mode;
        S3Client client = open_client(server, [](S3ClientOptions& options) { options.profile = "aws"; });
        CHECK(client.get(get).ok());
        CHECK(server.requests()[0].header("x-amz-checksum-mode") == (mode ? "(none)" : "ENABLED"));
    }
}

TEST_CASE("an object tells its headers, without the coding of its upload", "[wire]") {
    const std::string headers =
        "ETag: \"e\"\r\nCache-Control: no-cache\r\nContent-Disposition: attachment\r\n"
        "Content-Encoding: aws-chunked, gzip\r\nContent-Language: de\r\n";
    const ScriptedServer server({conversation({answer("200 OK", std::string(date_line) + headers, "")})});
    S3ObjectRequest head;
    head.bucket = "bucket";
    head.key = "key";
    const auto info = open_client(server).head(head);
    REQUIRE(info.ok());
    CHECK(info->cache_control == "no-cache");
    CHECK(info->content_disposition == "attachment");
    CHECK(info->content_encoding == "gzip");
    CHECK(info->content_language == "de");
}

TEST_CASE("the cursor of another listing begins no listing of versions", "[wire]") {
    const ScriptedServer server;
    S3ListRequest list;
    list.bucket = "bucket";
    list.cursor = "key";
    CHECK(code_of(open_client(server).list_versions(list)) == ErrorCode::invalid_argument);
    CHECK(server.requests().empty());
}

TEST_CASE("a scheme in capitals is no other scheme", "[wire]") {
    const ScriptedServer server({conversation({stored})});
    S3Client client =
        open_client(server, [&](S3ClientOptions& options) { options.endpoint.replace(0, 4, "HTTP"); });
    S3PutRequest put;
    put.bucket = "bucket";
    put.key = "key";
    put.source = source_from_string("bytes");
    CHECK(client.put(put).ok());
    REQUIRE(server.requests().size() == 1);
    CHECK(server.requests()[0].header("x-amz-content-sha256") != "UNSIGNED-PAYLOAD");

    put.source = source_from_string("bytes");
    put.encryption.kind = S3Encryption::Kind::customer;
    put.encryption.customer_key = std::string(32, 'k');
    CHECK(code_of(client.put(put)) == ErrorCode::invalid_argument);
    CHECK(server.requests().size() == 1);
}

TEST_CASE("no bytes are asked of no server", "[wire]") {
    const ScriptedServer server;
    S3Client client = open_client(server);
    S3GetRequest get;
    get.bucket = "bucket";
    get.key = "key";
    get.sink = std::make_shared<BufferSink>();
    for (const std::uint64_t offset : {0U, 5U}) {
        get.range = ByteRange{offset, 0};
        CHECK(code_of(client.get(get)) == ErrorCode::invalid_argument);
    }
    CHECK(server.requests().empty());
}

TEST_CASE("a client that was moved from can be closed", "[wire]") {
    const ScriptedServer server;
    S3Client client = open_client(server);
    const S3Client moved = std::move(client);
    client.close();
}

TEST_CASE("nobody's requests are not signed", "[wire]") {
    const ScriptedServer server({conversation({found})});
    S3Client client = open_client(server, [](S3ClientOptions& options) {
        options.credentials = {};
        options.credentials.anonymous = true;
    });
    S3ObjectRequest head;
    head.bucket = "bucket";
    head.key = "key";
    CHECK(client.head(head).ok());
    REQUIRE(server.requests().size() == 1);
    CHECK(server.requests()[0].header("Authorization") == "(none)");
    CHECK(server.requests()[0].header("x-amz-security-token") == "(none)");
    CHECK(server.requests()[0].line() == "HEAD /bucket/key HTTP/1.1");

    S3PresignRequest url;
    url.bucket = "bucket";
    url.key = "key";
    CHECK(code_of(client.presign(url)) == ErrorCode::unauthenticated);
    S3PresignPostRequest form;
    form.bucket = "bucket";
    form.key = "key";
    CHECK(code_of(client.presign_post(form)) == ErrorCode::unauthenticated);
}

TEST_CASE("the first version of a listing goes on behind its last key", "[wire]") {
    const auto page = [](const std::string& truncated, const std::string& key) {
        return document(
            "ListBucketResult",
            "<IsTruncated>" + truncated + "</IsTruncated><Contents><Key>" + key +
                "</Key><LastModified>2026-01-31T11:00:00Z</LastModified><Size>1</Size></Contents>");
    };
    const ScriptedServer server({conversation({page("true", "a b"), page("false", "c")})});
    S3Client client = open_client(server);
    S3ListRequest list;
    list.bucket = "bucket";
    list.limit = 1;
    list.version = S3ListVersion::v1;
    list.start_after = "a";
    const auto first = client.list(list);
    REQUIRE(first.ok());
    REQUIRE(first->next.has_value());
    list.cursor = *first->next;
    const auto second = client.list(list);
    REQUIRE(second.ok());
    CHECK_FALSE(second->next.has_value());
    const auto requests = server.requests();
    REQUIRE(requests.size() == 2);
    CHECK(requests[0].line() == "GET /bucket?encoding-type=url&marker=a&max-keys=1 HTTP/1.1");
    CHECK(requests[1].line() == "GET /bucket?encoding-type=url&marker=a%20b&max-keys=1 HTTP/1.1");
}
