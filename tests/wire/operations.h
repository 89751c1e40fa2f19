#pragma once

/// The operations of S3Client that read an answer, each with one that is right: what the tests of wrong answers start from.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/s3_client.h"
#include "wire/s3_client.h"

namespace filestore::test {

/// One request at a time, on one loop, never sent again: an answer of the script belongs to one request.
[[nodiscard]] inline S3ClientOptions plain_options(const ScriptedServer& server) {
    S3ClientOptions options;
    options.endpoint = server.endpoint();
    options.credentials.access_key = access_key;
    options.credentials.secret_key = secret_key;
    options.clock = std::make_shared<FixedClock>();
    options.retry.max_attempts = 1;
    options.event_loops = 1;
    options.parallel_parts = 1;
    options.part_size = std::uint64_t{5} << 20U;
    options.expect_threshold.reset();
    return options;
}

/// An operation, and what a server answers to its requests. A value.
struct Operation {
    std::string name;
    /// Answers to the requests that come first.
    std::vector<std::string> before;
    /// Headers and body of the right answer to the one that is to be spoilt.
    std::string headers;
    std::string document;
    /// Elements without which the document is none.
    std::vector<std::string> required;
    /// Answers to what the client asks once the answer was spoilt.
    std::vector<std::string> after;
    /// Answers to what it asks once the answer was right.
    std::vector<std::string> rest;
    std::function<Result<void>(S3Client&, const CallOptions&)> run;
    /// Answers to what it asks, before all else, once the document was none.
    std::vector<std::string> after_no_document{};

    [[nodiscard]] bool is_xml() const { return !required.empty(); }
    [[nodiscard]] std::string right() const { return answer("200 OK", headers, document); }
};

namespace operations {

inline const std::string time_element = "<LastModified>2026-01-31T11:00:00.000Z</LastModified>";
inline const std::string object_headers = std::string(date_line) + "ETag: \"e1\"\r\n";
inline const std::string gone = answer("404 Not Found", "", error_body("NoSuchUpload"));
inline const std::string no_object = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
inline const std::string created = answer(
    "200 OK", "", "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>");
inline const std::string copied_part =
    answer("200 OK", "", "<CopyPartResult><ETag>\"p\"</ETag></CopyPartResult>");
inline const std::string completed =
    answer("200 OK", "", "<CompleteMultipartUploadResult><ETag>\"c\"</ETag></CompleteMultipartUploadResult>");
/// Of an object of two parts.
inline const std::string large_head =
    "HTTP/1.1 200 OK\r\n" + object_headers + "Content-Length: 10000000\r\n\r\n";

template <class T>
Result<void> outcome_of(const Result<T>& result) {
    return result.ok() ? Result<void>() : Result<void>(result.error());
}

template <class Request>
Request request_on_object(const CallOptions& call = {}) {
    Request request;
    request.bucket = "bucket";
    request.key = "k";
    request.call = call;
    return request;
}

inline Result<void> put(S3Client& client, std::size_t size, const CallOptions& call = {}) {
    auto request = request_on_object<S3PutRequest>(call);
    request.source = source_from_string(std::string(size, 'x'));
    return outcome_of(client.put(std::move(request)));
}

inline Result<void> get(S3Client& client, const CallOptions& call) {
    auto request = request_on_object<S3GetRequest>(call);
    request.sink = std::make_shared<BufferSink>();
    return outcome_of(client.get(std::move(request)));
}

inline Result<void> copy(S3Client& client, std::uint64_t threshold, const CallOptions& call) {
    auto request = request_on_object<S3CopyRequest>(call);
    request.source_bucket = "bucket";
    request.source_key = "source";
    request.multipart_threshold = threshold;
    return outcome_of(client.copy(std::move(request)));
}

inline Result<void> copy_in_parts(S3Client& client, const CallOptions& call) {
    return copy(client, std::uint64_t{5} << 20U, call);
}

inline Result<void> remove_batch(S3Client& client, const CallOptions& call) {
    S3RemoveBatchRequest request;
    request.bucket = "bucket";
    request.call = call;
    request.objects = {{"k", ""}};
    const auto entries = client.remove_batch(std::move(request));
    return entries.ok() ? outcome_of(entries->front().result) : Result<void>(entries.error());
}

inline Result<void> list(S3Client& client, const CallOptions& call) {
    S3ListRequest request;
    request.bucket = "bucket";
    request.call = call;
    return outcome_of(client.list(std::move(request)));
}

inline Result<void> list_versions(S3Client& client, const CallOptions& call) {
    S3ListRequest request;
    request.bucket = "bucket";
    request.call = call;
    return outcome_of(client.list_versions(std::move(request)));
}

inline Result<void> sweep(S3Client& client, const CallOptions& call = {}) {
    S3SweepRequest request;
    request.bucket = "bucket";
    request.call = call;
    request.dry_run = true;
    return outcome_of(client.sweep_uploads(std::move(request)));
}

inline Result<void> put_tags(S3Client& client, const CallOptions& call) {
    auto request = request_on_object<S3TagsRequest>(call);
    request.tags = {{"a", "b"}};
    return client.put_tags(std::move(request));
}

}  // namespace operations

/// Those whose answer is a document.
[[nodiscard]] inline std::vector<Operation> operations_with_documents() {
    using namespace operations;
    const std::string abort_done = answer("204 No Content", "", "");
    return {
        {"list",
         {},
         "",
         "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>k</Key>" + time_element +
             "<Size>3</Size></Contents></ListBucketResult>",
         {"IsTruncated", "Key", "LastModified", "Size"},
         {},
         {},
         list},
        {"list_versions",
         {},
         "",
         "<ListVersionsResult><IsTruncated>false</IsTruncated><Version><Key>k</Key><VersionId>v</VersionId>"
         "<IsLatest>true</IsLatest>" +
             time_element + "<Size>3</Size></Version></ListVersionsResult>",
         {"IsTruncated", "Key", "VersionId", "IsLatest", "LastModified", "Size"},
         {},
         {},
         list_versions},
        {"remove_batch",
         {},
         "",
         "<DeleteResult><Deleted><Key>k</Key></Deleted></DeleteResult>",
         {"Key"},
         {},
         {},
         remove_batch},
        {"get_tags",
         {},
         "",
         "<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>",
         {"Key"},
         {},
         {},
         [](S3Client& client, const CallOptions& call) {
             return outcome_of(client.get_tags(request_on_object<S3TagsRequest>(call)));
         }},
        {"copy",
         {"HTTP/1.1 200 OK\r\n" + object_headers + "Content-Length: 3\r\n\r\n"},
         "",
         "<CopyObjectResult><ETag>\"e\"</ETag></CopyObjectResult>",
         {"ETag"},
         {},
         {},
         [](S3Client& client, const CallOptions& call) {
             return copy(client, std::uint64_t{5} << 30U, call);
         }},
        {"multipart create",
         {large_head},
         "",
         "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>",
         {"UploadId"},
         {},
         {copied_part, copied_part, large_head, completed},
         copy_in_parts},
        {"multipart copy of a part",
         {large_head, created, copied_part},
         "",
         "<CopyPartResult><ETag>\"p\"</ETag></CopyPartResult>",
         {"ETag"},
         {abort_done, gone},
         {large_head, completed},
         copy_in_parts},
        {"multipart complete",
         {large_head, created, copied_part, copied_part, large_head},
         "",
         "<CompleteMultipartUploadResult><ETag>\"c\"</ETag></CompleteMultipartUploadResult>",
         {"ETag"},
         // It looks at the object before it aborts.
         {no_object, abort_done, gone},
         {},
         copy_in_parts},
        {"sweep_uploads",
         {},
         "",
         "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated><Upload><Key>k</Key>"
         "<UploadId>u</UploadId><Initiated>2026-01-31T11:00:00.000Z</Initiated></Upload>"
         "</ListMultipartUploadsResult>",
         {"Key", "UploadId", "Initiated"},
         {},
         {},
         sweep,
         // It asks once more, for encoded keys.
         {answer("200 OK", "", "<html></html>")}},
    };
}

/// Those whose answer is told by its headers.
[[nodiscard]] inline std::vector<Operation> operations_with_headers() {
    using namespace operations;
    return {
        {"put",
         {},
         "ETag: \"e1\"\r\n",
         "",
         {},
         {},
         {},
         [](S3Client& client, const CallOptions& call) { return put(client, 5, call); }},
        {"multipart part",
         {created},
         "ETag: \"e1\"\r\n",
         "",
         {},
         {answer("204 No Content", "", ""), gone},
         {answer("200 OK", "ETag: \"e1\"\r\n", ""), completed},
         [](S3Client& client, const CallOptions& call) { return put(client, 6'000'000, call); }},
        {"get",
         {},
         object_headers,
         "hello",
         {},
         {},
         {},
         [](S3Client& client, const CallOptions& call) { return get(client, call); }},
        {"head",
         {},
         object_headers,
         "",
         {},
         {},
         {},
         [](S3Client& client, const CallOptions& call) {
             return outcome_of(client.head(request_on_object<S3ObjectRequest>(call)));
         }},
        {"remove",
         {},
         "",
         "",
         {},
         {},
         {},
         [](S3Client& client, const CallOptions& call) {
             return outcome_of(client.remove(request_on_object<S3ObjectRequest>(call)));
         }},
        {"put_tags", {}, "", "", {}, {}, {}, put_tags},
    };
}

[[nodiscard]] inline std::vector<Operation> all_operations() {
    std::vector<Operation> all = operations_with_documents();
    for (Operation& operation : operations_with_headers()) {
        all.push_back(std::move(operation));
    }
    return all;
}

}  // namespace filestore::test
