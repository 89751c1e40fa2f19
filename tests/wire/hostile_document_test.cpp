/// Documents of S3Client's operations that are malformed, cut off or hostile: none is a success, and none costs memory to speak of.

#include <catch2/catch.hpp>
#include <fstream>

#include "wire/operations.h"

using namespace filestore;
using namespace filestore::test;

namespace {

/// What the operation makes of these documents, one call after the other over one connection.
std::vector<Result<void>> outcomes_of(const Operation& operation, const std::vector<std::string>& documents) {
    std::vector<std::string> answers;
    for (const std::string& document : documents) {
        answers.insert(answers.end(), operation.before.begin(), operation.before.end());
        answers.push_back(answer("200 OK", operation.headers, document));
        answers.insert(answers.end(), operation.after_no_document.begin(), operation.after_no_document.end());
        answers.insert(answers.end(), operation.after.begin(), operation.after.end());
    }
    const ScriptedServer server({conversation(answers)});
    S3Client client = S3Client::open(plain_options(server)).value();
    std::vector<Result<void>> outcomes;
    for (std::size_t i = 0; i < documents.size(); ++i) {
        outcomes.push_back(operation.run(client, {}));
    }
    CHECK(server.requests().size() == answers.size());
    return outcomes;
}

void check_corrupt(const Operation& operation, const std::vector<std::string>& documents) {
    const auto outcomes = outcomes_of(operation, documents);
    for (std::size_t i = 0; i < documents.size(); ++i) {
        INFO(operation.name + ": " + documents[i].substr(0, 200));
        REQUIRE_FALSE(outcomes[i].ok());
        INFO(outcomes[i].error().message());
        CHECK(outcomes[i].error().code() == ErrorCode::corrupt);
        CHECK_FALSE(outcomes[i].error().retryable());
    }
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

/// Puts `inside` into the first text of the document.
std::string with_text(const Operation& operation, const std::string& inside) {
    return replaced(operation.document, "</", inside + "</");
}

std::string root_of(const std::string& document) {
    return document.substr(1, document.find('>') - 1);
}

std::string repeated(const std::string& text, std::size_t count) {
    std::string all;
    all.reserve(text.size() * count);
    for (std::size_t i = 0; i < count; ++i) {
        all += text;
    }
    return all;
}

std::string without(const std::string& document, const std::string& element) {
    const auto begin = document.find("<" + element + ">");
    const std::string end = "</" + element + ">";
    REQUIRE(begin != std::string::npos);
    std::string rest = document;
    return rest.erase(begin, document.find(end) + end.size() - begin);
}

std::vector<std::string> hostile_documents(const Operation& operation) {
    const std::string& right = operation.document;
    const std::string root = root_of(right);
    const std::string bomb =
        "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">"
        "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]>";
    return {
        "",
        "not a document",
        "<html><body>Welcome to the hotel's network</body></html>",
        "{\"json\": true}",
        bomb + right,
        bomb + with_text(operation, "&c;"),
        "<!DOCTYPE x SYSTEM \"file:///etc/passwd\">" + right,
        "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>" + with_text(operation, "&e;"),
        "<!DOCTYPE " + root + ">" + right,
        with_text(operation, std::string(1, '\0')),
        with_text(operation, "&#0;"),
        with_text(operation, "\xff\xfe"),
        with_text(operation, "\xc3"),
        with_text(operation, "\xed\xa0\x80"),
        std::string("\xff\xfe<\0r\0/\0>\0", 10),
        right + "trailing",
        right + right,
        "leading" + right,
        replaced(replaced(right, "<" + root, "<Other"), "</" + root, "</Other"),
        replaced(right, "</" + root + ">", ""),
        replaced(right, "</" + root + ">", "</Other>"),
        repeated("<a>", 1000) + right + repeated("</a>", 1000),
        replaced(right, "</" + root + ">", repeated("<a>", 40) + repeated("</a>", 40) + "</" + root + ">"),
        replaced(right, "</" + root + ">", repeated("<a/>", 500'001) + "</" + root + ">"),
    };
}

/// Forgets the largest size so far.
void forget_peak() {
    std::ofstream("/proc/self/clear_refs") << "5";
}

std::size_t kibibytes_of(const std::string& name) {
    std::ifstream status("/proc/self/status");
    std::string word;
    while (status >> word) {
        if (word == name + ":") {
            std::size_t kibibytes = 0;
            status >> kibibytes;
            return kibibytes;
        }
    }
    return 0;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool memory_is_ours = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool memory_is_ours = false;
#else
constexpr bool memory_is_ours = true;
#endif
#else
constexpr bool memory_is_ours = true;
#endif

}  // namespace

TEST_CASE("a document that is none is no success of any operation", "[wire][hostile]") {
    for (const Operation& operation : operations_with_documents()) {
        check_corrupt(operation, hostile_documents(operation));
    }
}

TEST_CASE("a document without one of its fields is no success of any operation", "[wire][hostile]") {
    for (const Operation& operation : operations_with_documents()) {
        std::vector<std::string> documents;
        for (const std::string& element : operation.required) {
            documents.push_back(without(operation.document, element));
        }
        check_corrupt(operation, documents);
    }
}

TEST_CASE("a document that breaks off at any byte is no success of any operation", "[wire][hostile]") {
    for (const Operation& operation : operations_with_documents()) {
        std::vector<std::string> documents;
        for (std::size_t size = 0; size < operation.document.size(); ++size) {
            documents.push_back(operation.document.substr(0, size));
        }
        check_corrupt(operation, documents);
    }
}

TEST_CASE("an error under status 200 is that error for every operation", "[wire][hostile]") {
    for (const Operation& operation : all_operations()) {
        // The body of a download is the object, whatever it looks like; an answer to HEAD has none.
        if (operation.name == "get" || operation.name == "head") {
            continue;
        }
        for (const char* blanks : {"", " \r\n\t\n \n"}) {
            INFO(operation.name);
            std::vector<std::string> answers = operation.before;
            answers.push_back(answer("200 OK", operation.headers, blanks + error_body("AccessDenied")));
            // A refusal leaves nothing to look for.
            for (const std::string& next : operation.after) {
                if (next != operations::no_object) {
                    answers.push_back(next);
                }
            }
            const ScriptedServer server({conversation(answers)});
            S3Client client = S3Client::open(plain_options(server)).value();
            const auto outcome = operation.run(client, {});
            REQUIRE_FALSE(outcome.ok());
            CHECK(outcome.error().code() == ErrorCode::permission_denied);
            CHECK(outcome.error().details().server_code == "AccessDenied");
            CHECK(server.requests().size() == answers.size());
        }
    }
}

TEST_CASE("an object that looks like an error is an object", "[wire][hostile]") {
    const std::string content = error_body("InternalError");
    const ScriptedServer server({conversation({answer("200 OK", operations::object_headers, content)})});
    S3Client client = S3Client::open(plain_options(server)).value();
    const auto sink = std::make_shared<BufferSink>();
    auto request = operations::request_on_object<S3GetRequest>();
    request.sink = sink;
    CHECK(client.get(std::move(request)).ok());
    CHECK(sink->bytes() == content);
}

TEST_CASE("a listing that names the page asked for as the next one is not followed", "[wire][hostile]") {
    const std::string page =
        "<ListBucketResult><IsTruncated>true</IsTruncated>"
        "<NextContinuationToken>again</NextContinuationToken></ListBucketResult>";
    const std::string versions =
        "<ListVersionsResult><IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker>"
        "<NextVersionIdMarker>v</NextVersionIdMarker></ListVersionsResult>";
    const std::string uploads =
        "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker>"
        "<NextUploadIdMarker>u</NextUploadIdMarker></ListMultipartUploadsResult>";
    std::vector<std::string> answers;
    for (const std::string& document : {page, page, versions, versions, uploads, uploads}) {
        answers.push_back(answer("200 OK", "", document));
    }
    const ScriptedServer server({conversation(answers)});
    S3Client client = S3Client::open(plain_options(server)).value();
    S3ListRequest request;
    request.bucket = "bucket";
    auto first = client.list(request);
    REQUIRE(first.ok());
    request.cursor = first->next.value();
    CHECK(client.list(request).error().code() == ErrorCode::corrupt);
    request.cursor.clear();
    auto first_versions = client.list_versions(request);
    REQUIRE(first_versions.ok());
    request.cursor = first_versions->next.value();
    CHECK(client.list_versions(request).error().code() == ErrorCode::corrupt);
    CHECK(operations::sweep(client).error().code() == ErrorCode::corrupt);
    CHECK(server.requests().size() == answers.size());
}

TEST_CASE("100 MiB of nesting cost a few MiB, whoever asked", "[wire][hostile]") {
    for (const Operation& operation : operations_with_documents()) {
        INFO(operation.name);
        Script script = conversation(operation.before);
        script.emplace_back(ExpectRequest{});
        script.emplace_back(Send{"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n"});
        script.emplace_back(Drip{repeated("<a>", 21'845), std::chrono::milliseconds(0)});
        const ScriptedServer server({script, conversation(operation.after)});
        S3Client client = S3Client::open(plain_options(server)).value();
        const std::size_t before = kibibytes_of("VmRSS");
        forget_peak();
        const auto outcome = operation.run(client, {});
        const std::size_t after = kibibytes_of("VmHWM");
        REQUIRE_FALSE(outcome.ok());
        CHECK(outcome.error().code() == ErrorCode::corrupt);
        if (memory_is_ours) {
            REQUIRE(before > 0);
            CHECK(after <= before + 8192);
        }
    }
}
