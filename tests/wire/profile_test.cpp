/// What the profile of a server changes in what is sent to it.

#include <catch2/catch.hpp>
#include <functional>
#include <future>

#include "core/checksum/checksum.h"
#include "core/digest.h"
#include "core/encoding.h"
#include "filestore/s3_client.h"
#include "support/answers.h"
#include "support/code_of.h"
#include "support/eventually.h"
#include "support/random_bytes.h"
#include "support/test_streams.h"
#include "wire/s3_client.h"

using namespace filestore;
using namespace filestore::test;

namespace {

const std::string stored = answer("200 OK", "ETag: \"x\"\r\n", "");
const std::string gone = answer("204 No Content", "", "");
const std::string refused = answer("412 Precondition Failed", "", error_body("PreconditionFailed"));
const std::string unknown_upload = answer("404 Not Found", "", error_body("NoSuchUpload"));

std::string listing(const std::vector<std::string>& keys, const std::string& more) {
    std::string text = "<ListBucketResult><Name>bucket</Name>" + more;
    for (const std::string& key : keys) {
        text += "<Contents><Key>" + key + "</Key><Size>1</Size>" +
                "<LastModified>2026-01-31T11:00:00.000Z</LastModified><ETag>\"x\"</ETag></Contents>";
    }
    return answer("200 OK", "", text + "</ListBucketResult>");
}

const std::string cut_short = "<IsTruncated>true</IsTruncated>";
const std::string complete = "<IsTruncated>false</IsTruncated>";

S3Client open_client(const ScriptedServer& server, const std::string& profile) {
    S3Options options = options_for(server);
    options.profile = profile;
    return S3Client::open(options).value();
}

S3PutRequest put_of(std::shared_ptr<Source> source) {
    S3PutRequest request;
    request.bucket = "bucket";
    request.key = "key";
    request.source = std::move(source);
    return request;
}

S3ListRequest list_of(const std::string& start_after = {}) {
    S3ListRequest request;
    request.bucket = "bucket";
    request.start_after = start_after;
    request.limit = 2;
    return request;
}

std::vector<std::string> lines_of(const ScriptedServer& server) {
    std::vector<std::string> lines;
    for (const HeardRequest& request : server.requests()) {
        const std::string line = request.line();
        lines.push_back(line.substr(0, line.find(" HTTP/")));
    }
    return lines;
}

using Lines = std::vector<std::string>;

S3RemoveBatchRequest batch_of(std::size_t count) {
    S3RemoveBatchRequest request;
    request.bucket = "bucket";
    for (std::size_t i = 0; i < count; ++i) {
        request.objects.push_back({"k" + std::to_string(i), ""});
    }
    return request;
}

std::string deleted(const std::vector<std::string>& keys) {
    std::string text = "<DeleteResult>";
    for (const std::string& key : keys) {
        text += "<Deleted><Key>" + key + "</Key></Deleted>";
    }
    return answer("200 OK", "", text + "</DeleteResult>");
}

std::string pending(const std::string& key) {
    return "<Upload><Key>" + key + "</Key><UploadId>u-" + key +
           "</UploadId><Initiated>2026-01-01T00:00:00.000Z</Initiated></Upload>";
}

}  // namespace

TEST_CASE("a server without the second listing gets the first, and its markers", "[wire][profile]") {
    const ScriptedServer server({conversation({listing({"a", "b"}, cut_short), listing({"c"}, complete)})});
    S3Client client = open_client(server, "generic,list_v2=no,list_encoding_url=no");
    S3ListRequest request = list_of("0");
    const auto first = client.list(request);
    REQUIRE(first.ok());
    REQUIRE(first->next.has_value());
    request.cursor = *first->next;
    const auto second = client.list(request);
    REQUIRE(second.ok());
    CHECK(second->objects.size() == 1);
    CHECK_FALSE(second->next.has_value());
    CHECK(lines_of(server) == Lines{"GET /bucket?marker=0&max-keys=2", "GET /bucket?marker=b&max-keys=2"});
}

TEST_CASE("the second listing is asked for with encoded keys", "[wire][profile]") {
    const ScriptedServer server({conversation({listing({"a"}, complete)})});
    CHECK(open_client(server, "generic").list(list_of("0")).ok());
    CHECK(lines_of(server) == Lines{"GET /bucket?encoding-type=url&list-type=2&max-keys=2&start-after=0"});
}

TEST_CASE("files are listed by markers, too", "[wire][profile]") {
    const std::string id(id_text);
    const ScriptedServer server({conversation({listing({id}, cut_short), listing({}, complete)})});
    S3Options options = options_for(server);
    options.profile = "generic,list_v2=no";
    const auto backend = open_s3_backend(options).value();
    ListRequest request;
    const auto page = backend->list(request);
    REQUIRE(page.ok());
    REQUIRE(page->next.has_value());
    request.cursor = *page->next;
    CHECK(backend->list(request).ok());
    CHECK(lines_of(server) == Lines{"GET /bucket?encoding-type=url&max-keys=1000",
                                    "GET /bucket?encoding-type=url&marker=" + id + "&max-keys=1000"});
}

TEST_CASE("files are listed past keys that no document can hold", "[wire][profile]") {
    const std::string page =
        answer("200 OK", "",
               "<ListBucketResult><EncodingType>url</EncodingType>" + cut_short +
                   "<NextContinuationToken>t</NextContinuationToken><Contents><Key>a%00b%01</Key>"
                   "<LastModified>2026-01-31T11:00:00.000Z</LastModified><Size>3</Size></Contents>"
                   "</ListBucketResult>");
    const ScriptedServer server({conversation({page, page})});
    const auto backend = open_on(server);
    ListRequest request;
    request.limit = 1;
    const auto first = backend->list(request);
    REQUIRE(first.ok());
    CHECK(first->files.empty());
    request.cursor = first->next.value();
    // It comes again: a walk would not end.
    CHECK(code_of(backend->list(request)) == ErrorCode::corrupt);
    CHECK(lines_of(server) == Lines{"GET /bucket?encoding-type=url&list-type=2&max-keys=1",
                                    "GET /bucket?encoding-type=url&list-type=2&max-keys=1"
                                    "&start-after=a%20"});
}

TEST_CASE("an object whose key is the prefix does not begin a listing again", "[wire][profile]") {
    const std::string page =
        answer("200 OK", "",
               "<ListBucketResult>" + cut_short +
                   "<NextContinuationToken>t</NextContinuationToken><Contents><Key>files/</Key>"
                   "<LastModified>2026-01-31T11:00:00.000Z</LastModified><Size>0</Size></Contents>"
                   "</ListBucketResult>");
    const ScriptedServer server({conversation({page, listing({}, complete)})});
    S3Options options = options_for(server);
    options.key_prefix = "files/";
    const auto backend = open_s3_backend(options).value();
    ListRequest request;
    request.limit = 1;
    const auto first = backend->list(request);
    REQUIRE(first.ok());
    request.cursor = first->next.value();
    CHECK(backend->list(request).ok());
    CHECK(
        lines_of(server) ==
        Lines{
            "GET /bucket?encoding-type=url&list-type=2&max-keys=1&prefix=files%2F",
            "GET /bucket?encoding-type=url&list-type=2&max-keys=1&prefix=files%2F&start-after=files%2F%20"});
}

TEST_CASE("a server without batches deletes one by one", "[wire][profile]") {
    const ScriptedServer server({conversation({gone, gone, gone})});
    const auto results = open_client(server, "generic,batch_delete=no").remove_batch(batch_of(3));
    REQUIRE(results.ok());
    CHECK(results->size() == 3);
    CHECK(lines_of(server) == Lines{"DELETE /bucket/k0", "DELETE /bucket/k1", "DELETE /bucket/k2"});
}

TEST_CASE("a batch of known ETags is compared in one request where the server does that", "[wire][profile]") {
    const std::string outcomes =
        "<DeleteResult><Deleted><Key>k0</Key></Deleted>"
        "<Error><Key>k1</Key><Code>PreconditionFailed</Code></Error>"
        "<Error><Key>k2</Key><Code>NoSuchKey</Code></Error></DeleteResult>";
    const ScriptedServer server({conversation({answer("200 OK", "", outcomes)})});
    S3RemoveBatchRequest request = batch_of(3);
    for (S3ObjectName& object : request.objects) {
        object.if_match = "e" + object.key;
    }
    const auto results = open_client(server, "generic,batch_delete_if_match=yes").remove_batch(request);
    REQUIRE(results.ok());
    CHECK((*results)[0].result.ok());
    CHECK(code_of((*results)[1].result) == ErrorCode::precondition_failed);
    CHECK(code_of((*results)[2].result) == ErrorCode::precondition_failed);
    REQUIRE(lines_of(server) == Lines{"POST /bucket?delete="});
    CHECK(server.requests()[0].body.find("<Key>k1</Key><ETag>&quot;ek1&quot;</ETag>") != std::string::npos);
}

TEST_CASE("where batches are not compared, a known ETag takes a request of its own", "[wire][profile]") {
    const ScriptedServer server({conversation({deleted({"k0"}), refused, deleted({"k2"})})});
    S3RemoveBatchRequest request = batch_of(3);
    request.objects[1].if_match = "etag";
    const auto results = open_client(server, "generic").remove_batch(request);
    REQUIRE(results.ok());
    CHECK((*results)[0].result.ok());
    CHECK(code_of((*results)[1].result) == ErrorCode::precondition_failed);
    CHECK((*results)[2].result.ok());
    CHECK(lines_of(server) == Lines{"POST /bucket?delete=", "DELETE /bucket/k1", "POST /bucket?delete="});
    CHECK(server.requests()[1].header("if-match") == "\"etag\"");
}

TEST_CASE("a known ETag is refused where the server passes over it", "[wire][profile]") {
    const ScriptedServer server({conversation({deleted({"k1"})})});
    S3RemoveBatchRequest request = batch_of(2);
    request.objects[0].if_match = "etag";
    const auto results = open_client(server, "minio").remove_batch(request);
    REQUIRE(results.ok());
    CHECK(code_of((*results)[0].result) == ErrorCode::unsupported);
    CHECK((*results)[1].result.ok());
    request.objects[0].version_id = "v";
    CHECK(
        code_of(
            open_client(server, "generic").remove_batch({"bucket", {request.objects[0]}})->front().result) ==
        ErrorCode::invalid_argument);
}

TEST_CASE("what fails one removal and all that follow ends them", "[wire][profile]") {
    const std::string refusal =
        GENERATE(answer("404 Not Found", "", error_body("NoSuchBucket")),
                 answer("403 Forbidden", "", error_body("InvalidAccessKeyId")),
                 answer("503 Service Unavailable", "", error_body("ServiceUnavailable")));
    const ScriptedServer server({conversation({gone, refusal, gone})});
    const auto results = open_client(server, "generic,batch_delete=no").remove_batch(batch_of(4));
    REQUIRE(results.ok());
    REQUIRE(results->size() == 4);
    CHECK(results->front().result.ok());
    CHECK_FALSE((*results)[1].result.ok());
    CHECK(code_of((*results)[3].result) == code_of((*results)[1].result));
    CHECK(server.requests().size() == 2);
}

TEST_CASE("what fails one removal alone leaves the others theirs", "[wire][profile]") {
    const ScriptedServer server(
        {conversation({answer("403 Forbidden", "", error_body("AccessDenied")), gone})});
    const auto results = open_client(server, "generic,batch_delete=no").remove_batch(batch_of(2));
    REQUIRE(results.ok());
    CHECK(code_of(results->front().result) == ErrorCode::permission_denied);
    CHECK(results->back().result.ok());
}

TEST_CASE("removals that cannot even be sent end, however many", "[wire][profile]") {
    const ScriptedServer server;
    S3RemoveBatchRequest request = batch_of(100'000);
    request.bucket = "no bucket";
    const auto results = open_client(server, "generic,batch_delete=no").remove_batch(std::move(request));
    REQUIRE(results.ok());
    CHECK(results->size() == 100'000);
    CHECK(code_of(results->back().result) == ErrorCode::invalid_argument);
}

TEST_CASE("a server that answers batches with an error gets no more of them", "[wire][profile]") {
    for (const auto& [status, code] :
         {std::pair("501 Not Implemented", "NotImplemented"), std::pair("400 Bad Request", "InvalidRequest"),
          std::pair("405 Method Not Allowed", "MethodNotAllowed")}) {
        INFO(status);
        const ScriptedServer server({conversation({answer(status, "", error_body(code)), gone, gone, gone})});
        S3Client client = open_client(server, "generic");
        const auto first = client.remove_batch(batch_of(2));
        REQUIRE(first.ok());
        CHECK(first->size() == 2);
        CHECK(client.remove_batch(batch_of(1)).ok());
        CHECK(lines_of(server) ==
              Lines{"POST /bucket?delete=", "DELETE /bucket/k0", "DELETE /bucket/k1", "DELETE /bucket/k0"});
    }
}

TEST_CASE("objects of a batch that fail for a passing reason are asked for once more", "[wire][profile]") {
    const auto failed = [](const std::string& key, const std::string& code) {
        return "<Error><Key>" + key + "</Key><Code>" + code + "</Code></Error>";
    };
    const std::string mixed =
        answer("200 OK", "",
               "<DeleteResult><Deleted><Key>k0</Key></Deleted>" + failed("k1", "InternalError") +
                   failed("k2", "AccessDenied") + failed("k3", "SlowDown") + "</DeleteResult>");
    const std::string second = answer(
        "200 OK", "",
        "<DeleteResult><Deleted><Key>k1</Key></Deleted>" + failed("k3", "SlowDown") + "</DeleteResult>");
    const ScriptedServer server({conversation({mixed, second})});
    S3Options options = options_for(server);
    options.profile = "generic";
    options.retry.max_attempts = 2;
    const auto results = S3Client::open(options).value().remove_batch(batch_of(4));
    REQUIRE(results.ok());
    REQUIRE(results->size() == 4);
    CHECK((*results)[0].result.ok());
    CHECK((*results)[1].result.ok());
    CHECK(code_of((*results)[2].result) == ErrorCode::permission_denied);
    CHECK(code_of((*results)[3].result) == ErrorCode::rate_limited);
    REQUIRE(server.requests().size() == 2);
    CHECK_THAT(server.requests()[1].body, Catch::Contains("k1") && Catch::Contains("k3") &&
                                              !Catch::Contains("k0") && !Catch::Contains("k2"));
}

TEST_CASE("a batch that fails for another reason says nothing of batches", "[wire][profile]") {
    const char* const code =
        GENERATE("RequestTimeout", "IncompleteBody", "InvalidBucketName", "RequestExpired");
    const ScriptedServer server(
        {conversation({answer("400 Bad Request", "", error_body(code)), deleted({"k0"})})});
    S3Client client = open_client(server, "generic");
    CHECK_FALSE(client.remove_batch(batch_of(1)).ok());
    CHECK(client.remove_batch(batch_of(1)).ok());
    CHECK(lines_of(server) == Lines(2, "POST /bucket?delete="));
}

TEST_CASE("a batch tells what its body is to have become", "[wire][profile]") {
    const ScriptedServer server({conversation({deleted({"k0"})})});
    REQUIRE(open_client(server, "generic").remove_batch(batch_of(1)).ok());
    const HeardRequest batch = server.requests()[0];
    CHECK(batch.header("x-amz-checksum-crc64nvme") == "(none)");
    const Md5::Bytes sum = md5(batch.body);
    CHECK(batch.header("content-md5") == to_base64({reinterpret_cast<const char*>(sum.data()), sum.size()}));
}

TEST_CASE("a batch has a checksum, too, where the profile takes one", "[wire][profile]") {
    const ScriptedServer server({conversation({deleted({"k0"})})});
    REQUIRE(open_client(server, "aws").remove_batch(batch_of(1)).ok());
    const HeardRequest batch = server.requests()[0];
    const auto sum = checksum_of(ChecksumAlgorithm::crc64nvme, std::as_bytes(std::span(batch.body)));
    CHECK(batch.header("x-amz-sdk-checksum-algorithm") == "CRC64NVME");
    CHECK(batch.header("x-amz-checksum-crc64nvme") == sum.text());
    CHECK(batch.header("content-md5") != "(none)");
}

TEST_CASE("a removal of one that was done by a lost request is done", "[wire][profile]") {
    const ScriptedServer server(
        {{ExpectRequest{}, Reset{}}, conversation({answer("404 Not Found", "", error_body("NoSuchKey"))})});
    S3Options options = options_for(server);
    options.profile = "generic,batch_delete=no";
    options.retry.max_attempts = 2;
    options.retry.first_delay = std::chrono::milliseconds(1);
    const auto results = S3Client::open(options).value().remove_batch(batch_of(1));
    REQUIRE(results.ok());
    CHECK(results->front().result.ok());
}

TEST_CASE("a batch is as large as the server takes it", "[wire][profile]") {
    const ScriptedServer server(
        {conversation({deleted({"k0", "k1"}), deleted({"k2", "k3"}), deleted({"k4"})})});
    const auto results = open_client(server, "supabase,most_keys_per_delete=2").remove_batch(batch_of(5));
    REQUIRE(results.ok());
    REQUIRE(results->size() == 5);
    CHECK(results->back().result.ok());
    CHECK(lines_of(server) == Lines(3, "POST /bucket?delete="));
    CHECK(server.requests()[1].body.find("k2") != std::string::npos);
}

TEST_CASE("a server that passes over a condition is not sent it", "[wire][profile]") {
    const ScriptedServer server;
    S3Client client = open_client(server, "garage");
    S3PutRequest create = put_of(source_from_string("bytes"));
    create.conditions.if_none_match = "*";
    CHECK(code_of(client.put(create)) == ErrorCode::unsupported);
    S3PutRequest swap = put_of(source_from_string("bytes"));
    swap.conditions.if_match = "etag";
    CHECK(code_of(client.put(swap)) == ErrorCode::unsupported);
    S3ObjectRequest removal;
    removal.bucket = "bucket";
    removal.key = "key";
    removal.conditions.if_match = "etag";
    CHECK(code_of(client.remove(removal)) == ErrorCode::unsupported);
    S3TagsRequest tags;
    tags.bucket = "bucket";
    tags.key = "key";
    CHECK(code_of(client.get_tags(tags)) == ErrorCode::unsupported);
    CHECK(code_of(client.list_versions(list_of())) == ErrorCode::unsupported);

    S3Options options = options_for(server);
    options.profile = "garage";
    UploadRequest upload = upload_of("bytes");
    upload.create_only = true;
    CHECK(code_of(open_s3_backend(options).value()->upload(std::move(upload))) == ErrorCode::unsupported);
    CHECK(server.connections() == 0);
}

TEST_CASE("what is encrypted only by name is not stored", "[wire][profile]") {
    const ScriptedServer server;
    S3PutRequest put = put_of(source_from_string("bytes"));
    put.encryption.kind = S3Encryption::Kind::s3;
    CHECK(code_of(open_client(server, "versitygw").put(put)) == ErrorCode::unsupported);
    CHECK(server.connections() == 0);
}

TEST_CASE("a condition holds for the whole upload or it is not begun", "[wire][profile]") {
    const ScriptedServer server({conversation({stored})});
    S3Client client = open_client(server, "ceph");
    S3PutRequest small = put_of(source_from_string("bytes"));
    small.conditions.if_none_match = "*";
    CHECK(client.put(small).ok());
    CHECK(server.requests().front().header("If-None-Match") == "*");

    S3PutRequest large = put_of(source_from_string(std::string((std::size_t{8} << 20U) + 1, 'x')));
    large.conditions.if_none_match = "*";
    CHECK(code_of(client.put(large)) == ErrorCode::unsupported);
    CHECK(server.requests().size() == 1);
}

TEST_CASE("a checksum travels as the server takes it", "[wire][profile]") {
    struct Row {
        const char* profile;
        S3ChecksumMode mode;
        bool in_header;
        bool in_trailer;
    };
    const Row rows[] = {
        {"generic", S3ChecksumMode::automatic, false, false},
        {"generic", S3ChecksumMode::trailer, false, true},
        {"generic", S3ChecksumMode::header, true, false},
        {"minio", S3ChecksumMode::automatic, true, false},
        {"minio,auto_checksum=none", S3ChecksumMode::automatic, false, false},
        {"r2", S3ChecksumMode::trailer, true, false},
        {"ceph", S3ChecksumMode::trailer, false, false},
        {"ceph", S3ChecksumMode::header, false, false},
    };
    for (const Row& row : rows) {
        INFO(row.profile);
        const ScriptedServer server({conversation({stored})});
        S3PutRequest put = put_of(source_from_string("bytes"));
        put.checksum_mode = row.mode;
        const auto result = open_client(server, row.profile).put(put);
        REQUIRE(result.ok());
        CHECK(result->checksum.has_value() == (row.in_header || row.in_trailer));
        const HeardRequest heard = server.requests().front();
        CHECK((heard.header("x-amz-checksum-crc64nvme") != "(none)") == row.in_header);
        CHECK((heard.header("x-amz-trailer") != "(none)") == row.in_trailer);
    }
}

TEST_CASE("downloads ask for checksums where there are some", "[wire][profile]") {
    for (const auto& [profile, asked] : {std::pair("minio", "ENABLED"), std::pair("generic", "(none)"),
                                         std::pair("generic,returns_checksums=yes", "ENABLED")}) {
        INFO(profile);
        const ScriptedServer server(
            {conversation({answer("200 OK", "ETag: \"x\"\r\n" + std::string(date_line), "bytes")})});
        S3GetRequest get;
        get.bucket = "bucket";
        get.key = "key";
        get.sink = std::make_shared<BufferSink>();
        CHECK(open_client(server, profile).get(get).ok());
        CHECK(server.requests().front().header("x-amz-checksum-mode") == asked);
    }
}

TEST_CASE("a server with one region is signed for that", "[wire][profile]") {
    const ScriptedServer server({conversation({stored})});
    CHECK(open_client(server, "r2").put(put_of(source_from_string("bytes"))).ok());
    CHECK(server.requests().front().header("Authorization").find("/auto/s3/aws4_request") !=
          std::string::npos);
}

TEST_CASE("a server that never answers Expect is not asked to", "[wire][profile]") {
    const std::string bytes(std::size_t{2} << 20U, 'x');
    for (const auto& [profile, expect] : {std::pair("r2", "(none)"), std::pair("generic", "100-continue")}) {
        INFO(profile);
        const ScriptedServer server(
            {{ExpectHead{}, Send{"HTTP/1.1 100 Continue\r\n\r\n"}, ExpectBody{bytes.size()}, Send{stored}}});
        static_cast<void>(open_client(server, profile).put(put_of(source_from_string(bytes))));
        REQUIRE_FALSE(server.requests().empty());
        CHECK(server.requests().front().header("Expect") == expect);
    }
}

TEST_CASE("a server without copies in parts copies whole, however large", "[wire][profile]") {
    const std::string head =
        "HTTP/1.1 200 OK\r\nETag: \"x\"\r\n" + std::string(date_line) + "Content-Length: 6442450944\r\n\r\n";
    const std::string copied =
        answer("200 OK", "",
               "<CopyObjectResult><ETag>\"y\"</ETag>"
               "<LastModified>2026-01-31T11:00:00.000Z</LastModified></CopyObjectResult>");
    const ScriptedServer server({conversation({head, copied})});
    S3CopyRequest copy;
    copy.source_bucket = "bucket";
    copy.source_key = "from";
    copy.bucket = "bucket";
    copy.key = "to";
    const auto result = open_client(server, "gcs").copy(copy);
    REQUIRE(result.ok());
    CHECK(result->etag == "y");
    CHECK(lines_of(server) == Lines{"HEAD /bucket/from", "PUT /bucket/to"});
}

TEST_CASE("uploads are looked through where a prefix is taken for a key", "[wire][profile]") {
    const std::string uploads = answer("200 OK", "",
                                       "<ListMultipartUploadsResult>" + complete + pending("other") +
                                           pending("mine") + "</ListMultipartUploadsResult>");
    S3SweepRequest sweep;
    sweep.bucket = "bucket";
    sweep.prefix = "mi";
    for (const auto& [profile, line] :
         {std::pair("minio", "GET /bucket?uploads="), std::pair("aws", "GET /bucket?prefix=mi&uploads=")}) {
        INFO(profile);
        const ScriptedServer server({conversation({uploads, gone})});
        const auto swept = open_client(server, profile).sweep_uploads(sweep);
        REQUIRE(swept.ok());
        CHECK(swept->size() == 1);
        CHECK(lines_of(server) == Lines{line, "DELETE /bucket/mine?uploadId=u-mine"});
    }
}

TEST_CASE("a sweep of an age that no upload can have is refused", "[wire]") {
    const ScriptedServer server;
    S3Client client = open_client(server, "generic");
    S3SweepRequest request;
    request.bucket = "bucket";
    for (const std::chrono::seconds age :
         {std::chrono::seconds(-1), std::chrono::seconds(std::chrono::years(101)),
          std::chrono::seconds::max(), std::chrono::seconds::min(), std::chrono::seconds(-3600)}) {
        request.older_than = age;
        CHECK(code_of(client.sweep_uploads(request)) == ErrorCode::invalid_argument);
    }
    CHECK(server.connections() == 0);
}

TEST_CASE("an upload that somebody else ends is none that the sweep ended", "[wire]") {
    const std::string uploads = answer("200 OK", "",
                                       "<ListMultipartUploadsResult>" + complete + pending("one") +
                                           pending("two") + "</ListMultipartUploadsResult>");
    S3SweepRequest sweep;
    sweep.bucket = "bucket";
    SECTION("without a word of it") {
        const ScriptedServer server(
            {conversation({uploads, answer("404 Not Found", "", error_body("NoSuchUpload")), gone})});
        const auto swept = open_client(server, "aws").sweep_uploads(sweep);
        REQUIRE(swept.ok());
        REQUIRE(swept->size() == 1);
        CHECK(swept->front().key == "two");
    }
    SECTION("unless it was an abort of ours whose answer was lost") {
        const ScriptedServer server(
            {{ExpectRequest{}, Send{uploads}, ExpectRequest{}},
             conversation({answer("404 Not Found", "", error_body("NoSuchUpload")), gone})});
        S3ClientOptions options = options_for(server);
        options.retry.max_attempts = 2;
        options.retry.first_delay = std::chrono::milliseconds(1);
        const auto swept = S3Client::open(options).value().sweep_uploads(sweep);
        REQUIRE(swept.ok());
        CHECK(swept->size() == 2);
    }
    SECTION("and another 404 is a failure") {
        const std::string code = GENERATE("NoSuchKey", "NoSuchBucket");
        const ScriptedServer server(
            {conversation({uploads, answer("404 Not Found", "", error_body(code)), gone})});
        CHECK_FALSE(open_client(server, "aws").sweep_uploads(sweep).ok());
    }
}

TEST_CASE("an ETag that is no MD5 proves nothing", "[wire][profile]") {
    const std::string other =
        "HTTP/1.1 200 OK\r\nETag: \"another\"\r\n" + std::string(date_line) + "Content-Length: 5\r\n\r\n";
    for (const auto& [profile, code] : {std::pair("aws", ErrorCode::already_exists),
                                        std::pair("generic,etag_is_md5=yes", ErrorCode::already_exists),
                                        std::pair("generic", ErrorCode::outcome_unknown)}) {
        INFO(profile);
        const ScriptedServer server({{ExpectRequest{}, Reset{}}, conversation({refused, other})});
        S3Options options = options_for(server);
        options.profile = profile;
        options.retry.max_attempts = 2;
        options.retry.first_delay = std::chrono::milliseconds(1);
        S3PutRequest create = put_of(source_from_string("bytes"));
        create.conditions.if_none_match = "*";
        CHECK(code_of(S3Client::open(options).value().put(create)) == code);
    }
}

TEST_CASE("an ETag that is the MD5 of the bytes proves that they are ours, in any case", "[wire][profile]") {
    for (const char* etag : {"4b3a6218bb3e3a7303e8a171a60fcf92", "4B3A6218BB3E3A7303E8A171A60FCF92"}) {
        const std::string ours = "HTTP/1.1 200 OK\r\nETag: \"" + std::string(etag) + "\"\r\n" +
                                 std::string(date_line) + "Content-Length: 5\r\n\r\n";
        const ScriptedServer server({{ExpectRequest{}, Reset{}}, conversation({refused, ours})});
        S3Options options = options_for(server);
        options.retry.max_attempts = 2;
        options.retry.first_delay = std::chrono::milliseconds(1);
        S3PutRequest create = put_of(source_from_string("bytes"));
        create.conditions.if_none_match = "*";
        CHECK(S3Client::open(options).value().put(create).ok());
    }
}

namespace {

constexpr std::size_t part_bytes = std::size_t{5} << 20U;

std::string put_answer(const std::string& etag, const std::string& headers = {}) {
    return answer("200 OK", "ETag: \"" + etag + "\"\r\n" + headers, "");
}

std::string md5_of(const std::string& bytes) {
    return to_hex(md5(bytes));
}

/// Nothing but ETags proves what it sends.
S3ClientOptions unproven(const ScriptedServer& server) {
    S3ClientOptions options = options_for(server);
    options.profile = "ceph";
    options.payload_signing = S3PayloadSigning::unsigned_payload;
    options.part_size = part_bytes;
    options.parallel_parts = 1;
    options.expect_threshold.reset();
    return options;
}

const std::string begun_upload = answer(
    "200 OK", "", "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>");
const std::string completed_upload = answer(
    "200 OK", "", "<CompleteMultipartUploadResult><ETag>\"c-2\"</ETag></CompleteMultipartUploadResult>");

}  // namespace

TEST_CASE("a part that the server has other bytes of is sent again", "[wire][profile]") {
    const std::string first(part_bytes, 'a');
    const std::string wrong = put_answer(std::string(32, '0'));
    const std::string right = put_answer(md5_of(first));
    const std::string last = put_answer(md5_of("b"));
    SECTION("and is well then") {
        const ScriptedServer server({conversation({begun_upload, wrong, right, last, completed_upload})});
        S3ClientOptions options = unproven(server);
        options.retry.max_attempts = 2;
        std::vector<Progress> reports;
        S3PutRequest put = put_of(source_from_string(first + "b"));
        put.call.progress = [&](const Progress& progress) { reports.push_back(progress); };
        REQUIRE(S3Client::open(options).value().put(std::move(put)).ok());
        const auto requests = server.requests();
        REQUIRE(requests.size() == 5);
        CHECK(requests[2].line() == requests[1].line());
        const bool equal = requests[2].body == first;
        CHECK(equal);
        CHECK(reports.back().bytes_done == part_bytes + 1);
    }
    SECTION("as often as other requests are") {
        const ScriptedServer server({conversation({begun_upload, wrong, wrong, gone, unknown_upload})});
        S3ClientOptions options = unproven(server);
        options.retry.max_attempts = 2;
        const auto result = S3Client::open(options).value().put(put_of(source_from_string(first + "b")));
        CHECK(code_of(result) == ErrorCode::corrupt);
        CHECK(result.error().retryable());
        CHECK(server.requests().size() == 5);
    }
}

TEST_CASE("an object of which the server has other bytes is corrupt", "[wire][profile]") {
    const auto put_with = [](const std::string& reply, auto change) {
        const ScriptedServer server({conversation({reply})});
        S3ClientOptions options = unproven(server);
        change(options);
        return S3Client::open(options).value().put(put_of(source_from_string("bytes")));
    };
    const auto same = [](S3ClientOptions&) {};
    const std::string wrong = put_answer(std::string(32, '0'));
    CHECK(code_of(put_with(wrong, same)) == ErrorCode::corrupt);
    CHECK(put_with(put_answer(md5_of("bytes")), same).ok());
    CHECK(put_with(put_answer("4B3A6218BB3E3A7303E8A171A60FCF92"), same).ok());
    // What is no MD5 proves nothing.
    CHECK(put_with(put_answer("x"), same).ok());
    CHECK(put_with(put_answer(std::string(32, '0'), "x-amz-server-side-encryption: aws:kms\r\n"), same).ok());
    CHECK(put_with(wrong, [](S3ClientOptions& options) { options.profile = "generic"; }).ok());
    // Off means off, and what is proven needs no other proof.
    CHECK(
        put_with(wrong, [](S3ClientOptions& options) { options.checksum_mode = S3ChecksumMode::off; }).ok());
    CHECK(put_with(wrong, [](S3ClientOptions& options) { options.profile = "aws"; }).ok());
    CHECK(put_with(wrong, [](S3ClientOptions& options) {
              options.payload_signing = S3PayloadSigning::signed_payload;
          }).ok());
}

TEST_CASE("a profile that cannot be right opens nothing", "[wire][profile]") {
    const ScriptedServer server;
    S3Options options = options_for(server);
    options.profile = "minoi";
    const auto unknown = S3Client::open(options);
    REQUIRE_FALSE(unknown.ok());
    CHECK(unknown.error().message().find("did you mean minio?") != std::string_view::npos);
    options.profile = "supabase";
    options.addressing = S3Addressing::virtual_host;
    CHECK(code_of(S3Client::open(options)) == ErrorCode::invalid_argument);
    options.profile = "minio";
    CHECK(S3Client::open(options).ok());
}

namespace {

S3ProbeRequest probe_of() {
    S3ProbeRequest request;
    request.bucket = "bucket";
    request.prefix = "pre/";
    return request;
}

/// Every request on an object is on one of the probe's own.
void check_own_objects_only(const ScriptedServer& server) {
    for (const std::string& line : lines_of(server)) {
        INFO(line);
        const bool on_bucket = line.starts_with("GET /bucket?");
        CHECK((on_bucket || line.find(" /bucket/pre/filestore-probe-") != std::string::npos));
    }
}

std::size_t removals(const ScriptedServer& server) {
    const Lines lines = lines_of(server);
    return static_cast<std::size_t>(std::count_if(
        lines.begin(), lines.end(), [](const std::string& line) { return line.starts_with("DELETE "); }));
}

const std::string nothing_left = listing({}, complete);

}  // namespace

TEST_CASE("a probe that cannot store ends with the server's reason", "[wire][probe]") {
    const ScriptedServer server(
        {conversation({answer("403 Forbidden", "", error_body("AccessDenied")), nothing_left})});
    const auto result = open_client(server, "").probe(probe_of());
    CHECK(code_of(result) == ErrorCode::permission_denied);
    CHECK(removals(server) == 0);
    check_own_objects_only(server);
}

TEST_CASE("a probe removes what it may have stored when the answer is lost", "[wire][probe]") {
    const ScriptedServer server({{ExpectRequest{}, Reset{}}, conversation({gone, nothing_left})});
    CHECK(code_of(open_client(server, "").probe(probe_of())) == ErrorCode::unavailable);
    CHECK(removals(server) == 1);
    check_own_objects_only(server);
}

TEST_CASE("a probe removes what it stored when it fails", "[wire][probe]") {
    const ScriptedServer server(
        {conversation({stored, answer("200 OK", "ETag: \"x\"\r\n" + std::string(date_line), "other bytes"),
                       gone, nothing_left})});
    const auto result = open_client(server, "").probe(probe_of());
    CHECK(code_of(result) == ErrorCode::unsupported);
    CHECK(removals(server) == 1);
    CHECK(server.requests()[2].line().find("/object ") != std::string::npos);
    check_own_objects_only(server);
}

TEST_CASE("a probe removes what it stored when it is cancelled", "[wire][probe]") {
    std::promise<void> reached;
    auto waits = reached.get_future();
    ScriptedServer server;
    server.add({ExpectRequest{}, Send{stored}, ExpectRequest{}, Signal{&reached}, Stall{}});
    server.add(conversation({gone, nothing_left}));
    S3Client client = open_client(server, "");
    std::stop_source stop;
    S3ProbeRequest request = probe_of();
    request.call.cancel = stop.get_token();
    Answers<S3ProbeResult> answers;
    client.probe_async(std::move(request), answers.next());
    waits.wait();
    stop.request_stop();
    CHECK(code_of(answers.wait_for_one()) == ErrorCode::cancelled);
    CHECK(removals(server) == 1);
    check_own_objects_only(server);
}

TEST_CASE("closing the client ends a probe, and lets it clean up", "[wire][probe]") {
    std::promise<void> reached;
    auto waits = reached.get_future();
    ScriptedServer server;
    server.add({ExpectRequest{}, Send{stored}, ExpectRequest{}, Signal{&reached}, Stall{}});
    server.add(conversation({gone, nothing_left}));
    Answers<S3ProbeResult> answers;
    {
        S3Client client = open_client(server, "");
        client.probe_async(probe_of(), answers.next());
        waits.wait();
    }
    CHECK(answers.count() == 1);
    CHECK(code_of(answers.wait_for_one()) == ErrorCode::cancelled);
    CHECK(removals(server) == 1);
}

TEST_CASE("a probe that leaves something says what", "[wire][probe]") {
    const std::string denied = answer("403 Forbidden", "", error_body("AccessDenied"));
    const ScriptedServer server(
        {conversation({stored, answer("200 OK", "ETag: \"x\"\r\n" + std::string(date_line), "other bytes"),
                       denied, denied})});
    const auto result = open_client(server, "").probe(probe_of());
    REQUIRE(code_of(result) == ErrorCode::unsupported);
    CHECK(result.error().message().find("pre/filestore-probe-") != std::string_view::npos);
}

namespace {

const std::string stored_version = answer("200 OK", "ETag: \"e\"\r\nx-amz-version-id: v1\r\n", "");
const std::string other_bytes = answer("200 OK", "ETag: \"x\"\r\n" + std::string(date_line), "other bytes");
const std::string access_denied = answer("403 Forbidden", "", error_body("AccessDenied"));

/// What comes of a probe whose first object has a version and which fails soon after, where the clean-up's requests behind the first removal are answered so:
/// `answers` is told the key of the object.
Result<S3ProbeResult> probe_of_versions(
    ScriptedServer& server, const std::function<std::vector<std::string>(const std::string& key)>& answers) {
    std::promise<void> removed;
    std::promise<void> ready;
    Script begin = conversation({stored_version, other_bytes});
    const std::string last = answer("204 No Content", "Connection: close\r\n", "");
    begin.insert(begin.end(),
                 {ExpectRequest{}, Signal{&removed}, Await{ready.get_future().share()}, Send{last}});
    server.add(std::move(begin));
    S3Client client = open_client(server, "");
    auto result = std::async(std::launch::async, [&] { return client.probe(probe_of()); });
    removed.get_future().wait();
    const std::string line = lines_of(server).front();
    server.add(conversation(answers(line.substr(std::string("PUT /bucket/").size()))));
    ready.set_value();
    return result.get();
}

std::string version_listing(const std::string& key, const std::string& end) {
    return answer(
        "200 OK", "",
        "<ListVersionsResult>" + end + "<Version><Key>" + key +
            "</Key><VersionId>v1</VersionId><IsLatest>true</IsLatest>"
            "<LastModified>2026-01-31T11:00:00Z</LastModified><Size>1</Size><ETag>\"e\"</ETag></Version>"
            "</ListVersionsResult>");
}

const std::string goes_on =
    cut_short + "<NextKeyMarker>k</NextKeyMarker><NextVersionIdMarker>v</NextVersionIdMarker>";

bool names(const Result<S3ProbeResult>& result, std::string_view what) {
    return !result.ok() && result.error().message().find(what) != std::string_view::npos;
}

}  // namespace

TEST_CASE("a probe removes the versions that it stored", "[wire][probe][versions]") {
    ScriptedServer server;
    const auto result = probe_of_versions(server, [](const std::string& key) {
        return Lines{version_listing(key, complete), gone, nothing_left};
    });
    CHECK(code_of(result) == ErrorCode::unsupported);
    CHECK_FALSE(names(result, "look for"));
    CHECK(removals(server) == 2);
    CHECK(lines_of(server)[4].ends_with("?versionId=v1"));
}

TEST_CASE("a probe says which versions it could not remove", "[wire][probe][versions]") {
    ScriptedServer server;
    const auto result = probe_of_versions(server, [](const std::string& key) {
        return Lines{version_listing(key, complete), access_denied, nothing_left};
    });
    CHECK(names(result, "look for 'version v1 of pre/filestore-probe-"));
}

TEST_CASE("a probe that cannot see its versions says so", "[wire][probe][versions]") {
    ScriptedServer server;
    const std::string unseen = "look for 'versions of objects under pre/filestore-probe-";
    SECTION("it may not list them") {
        const auto result = probe_of_versions(server, [](const std::string&) {
            return Lines{access_denied, nothing_left};
        });
        CHECK(names(result, unseen));
    }
    SECTION("their listing does not end") {
        const auto result = probe_of_versions(server, [](const std::string& key) {
            Lines answers;
            for (int page = 0; page < 20; ++page) {
                answers.insert(answers.end(), {version_listing(key, goes_on), gone});
            }
            answers.push_back(nothing_left);
            return answers;
        });
        CHECK(names(result, unseen));
    }
    SECTION("more follow those that stay") {
        const auto result = probe_of_versions(server, [](const std::string& key) {
            return Lines{version_listing(key, goes_on), access_denied, nothing_left};
        });
        CHECK(names(result, "and 1 more"));
        CHECK(removals(server) == 2);
    }
}

TEST_CASE("a server that knows no versions keeps none, though its answers name some",
          "[wire][probe][versions]") {
    ScriptedServer server;
    const auto result = probe_of_versions(server, [](const std::string&) {
        return Lines{answer("501 Not Implemented", "", error_body("NotImplemented")), nothing_left};
    });
    CHECK(code_of(result) == ErrorCode::unsupported);
    CHECK_FALSE(names(result, "look for"));
}

TEST_CASE("a marker of a removal is removed though versions have no names", "[wire][probe][versions]") {
    ScriptedServer server;
    const std::string marked =
        answer("204 No Content", "x-amz-delete-marker: true\r\nx-amz-version-id: null\r\n", "");
    server.add(conversation({stored, other_bytes, marked, access_denied, nothing_left}));
    const auto result = open_client(server, "").probe(probe_of());
    CHECK(names(result, "versions of objects under"));
}
