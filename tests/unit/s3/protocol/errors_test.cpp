#include "s3/protocol/errors.h"

#include <catch2/catch.hpp>
#include <string>
#include <string_view>

using filestore::Error;
using filestore::ErrorCode;
using filestore::Secrets;
using filestore::s3::error_of_answer;
using filestore::s3::ErrorAnswer;

namespace {

constexpr std::string_view attempted = "GET 'key' in bucket 'b' at host";

std::string body_of(const std::string& code, const std::string& message = "the server's words",
                    const std::string& more = {}) {
    return "<Error><Code>" + code + "</Code><Message>" + message + "</Message>" + more + "</Error>";
}

Error error_for(int status, const std::string& body) {
    return error_of_answer({status, body, {}, attempted});
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

}  // namespace

TEST_CASE("server codes decide, whatever the status is", "[s3][errors]") {
    struct Row {
        int status;
        std::string server_code;
        ErrorCode code;
        bool retryable;
    };
    const Row rows[] = {
        {404, "NoSuchKey", ErrorCode::not_found, false},
        {404, "NoSuchBucket", ErrorCode::configuration, false},
        {404, "NoSuchUpload", ErrorCode::not_found, false},
        {404, "XAdminUserNotFound", ErrorCode::unauthenticated, false},
        {403, "AccessDenied", ErrorCode::permission_denied, false},
        {403, "InvalidAccessKeyId", ErrorCode::unauthenticated, false},
        {403, "SignatureDoesNotMatch", ErrorCode::unauthenticated, false},
        {403, "RequestTimeTooSkewed", ErrorCode::unauthenticated, false},
        {400, "ExpiredToken", ErrorCode::unauthenticated, false},
        {403, "ExpiredToken", ErrorCode::unauthenticated, false},
        {400, "InvalidToken", ErrorCode::unauthenticated, false},
        {400, "AuthorizationHeaderMalformed", ErrorCode::configuration, false},
        {301, "PermanentRedirect", ErrorCode::configuration, false},
        {307, "TemporaryRedirect", ErrorCode::unavailable, true},
        {400, "InvalidBucketName", ErrorCode::configuration, false},
        {416, "InvalidRange", ErrorCode::range_not_satisfiable, false},
        {412, "PreconditionFailed", ErrorCode::precondition_failed, false},
        {409, "ConditionalRequestConflict", ErrorCode::conflict, true},
        {409, "OperationAborted", ErrorCode::conflict, true},
        {503, "SlowDown", ErrorCode::rate_limited, true},
        {503, "ServiceUnavailable", ErrorCode::unavailable, true},
        {500, "InternalError", ErrorCode::unavailable, true},
        {200, "InternalError", ErrorCode::unavailable, true},
        {200, "SlowDown", ErrorCode::rate_limited, true},
        {400, "RequestTimeout", ErrorCode::unavailable, true},
        {400, "BadDigest", ErrorCode::corrupt, true},
        {400, "XAmzContentSHA256Mismatch", ErrorCode::corrupt, true},
        {400, "EntityTooLarge", ErrorCode::invalid_argument, false},
        {400, "MetadataTooLarge", ErrorCode::invalid_argument, false},
        {403, "QuotaExceeded", ErrorCode::no_space, false},
        {507, "XMinioStorageFull", ErrorCode::no_space, false},
        {403, "InvalidObjectState", ErrorCode::unsupported, false},
        {501, "NotImplemented", ErrorCode::unsupported, false},
        {405, "MethodNotAllowed", ErrorCode::unsupported, false},
    };
    for (const Row& row : rows) {
        INFO(row.status << ' ' << row.server_code);
        const Error error = error_for(row.status, body_of(row.server_code));
        CHECK(to_string(error.code()) == to_string(row.code));
        CHECK(error.retryable() == row.retryable);
        CHECK(error.details().http_status == row.status);
        CHECK(error.details().server_code == row.server_code);
    }
}

TEST_CASE("a conflict without a word may pass, and one that has another name than S3's stays",
          "[s3][errors]") {
    CHECK(error_for(409, "").retryable());
    for (const std::string& body : {std::string("<html>Bad Gateway</html>"), body_of("NobodyKnowsIt")}) {
        CHECK(to_string(error_for(409, body).code()) == to_string(ErrorCode::conflict));
    }
    CHECK_FALSE(error_for(409, body_of("NobodyKnowsIt")).retryable());
}

TEST_CASE("without a known server code the status decides", "[s3][errors]") {
    struct Row {
        int status;
        ErrorCode code;
        bool retryable;
    };
    const Row rows[] = {
        {301, ErrorCode::configuration, false},
        {304, ErrorCode::precondition_failed, false},
        {307, ErrorCode::unavailable, true},
        {400, ErrorCode::invalid_argument, false},
        {401, ErrorCode::unauthenticated, false},
        {403, ErrorCode::permission_denied, false},
        {404, ErrorCode::configuration, false},
        {405, ErrorCode::unsupported, false},
        {407, ErrorCode::configuration, false},
        {408, ErrorCode::unavailable, true},
        {412, ErrorCode::precondition_failed, false},
        {416, ErrorCode::range_not_satisfiable, false},
        {418, ErrorCode::invalid_argument, false},
        {425, ErrorCode::unavailable, true},
        {429, ErrorCode::rate_limited, true},
        {500, ErrorCode::unavailable, true},
        {501, ErrorCode::unsupported, false},
        {502, ErrorCode::unavailable, true},
        {503, ErrorCode::unavailable, true},
        {504, ErrorCode::unavailable, true},
        {505, ErrorCode::unsupported, false},
        {520, ErrorCode::unavailable, true},
        {507, ErrorCode::no_space, false},
        {200, ErrorCode::unavailable, false},
    };
    for (const Row& row : rows) {
        for (const std::string& body :
             {std::string(), std::string("<html>Bad Gateway</html>"), body_of("NobodyKnowsIt")}) {
            INFO(row.status << ' ' << body);
            const Error error = error_for(row.status, body);
            CHECK(to_string(error.code()) == to_string(row.code));
            CHECK(error.retryable() == row.retryable);
            CHECK(error.details().http_status == row.status);
        }
    }
    CHECK(error_for(400, body_of("NobodyKnowsIt")).details().server_code == "NobodyKnowsIt");
    CHECK(error_for(404, "").details().server_code.empty());
}

TEST_CASE("only of an answer that cannot have a body does a bare 404 mean a missing object", "[s3][errors]") {
    CHECK(error_of_answer({404, std::nullopt, {}, attempted}).code() == ErrorCode::not_found);
    CHECK(error_of_answer({403, std::nullopt, {}, attempted}).code() == ErrorCode::permission_denied);
}

TEST_CASE("the message says what was attempted, what came back and what to do", "[s3][errors]") {
    CHECK(error_for(404, body_of("NoSuchBucket", "The specified bucket does not exist")).message() ==
          "GET 'key' in bucket 'b' at host failed: status 404 NoSuchBucket, 'The specified bucket does not "
          "exist'; "
          "check the bucket's name and the endpoint");
    CHECK(error_of_answer({404, std::nullopt, {}, "HEAD 'key' in bucket 'b' at host"}).message() ==
          "HEAD 'key' in bucket 'b' at host failed: status 404; there is no such object");
    CHECK(contains(error_for(404, "<html>not here</html>").message(), "check the endpoint"));
    CHECK(contains(
        error_for(400, body_of("AuthorizationHeaderMalformed", "m", "<Region>eu-west-1</Region>")).message(),
        "set the region of the bucket: 'eu-west-1'"));
    CHECK(contains(error_for(403, body_of("RequestTimeTooSkewed")).message(), "clock"));
}

TEST_CASE("what a server writes stays one line of bounded length", "[s3][errors]") {
    const Error error =
        error_for(500, body_of("InternalError", "first\nsecond\t\x1b[31m" + std::string(100'000, 'x')));
    CHECK(error.message().size() < 1000);
    CHECK_FALSE(contains(error.message(), "\n"));
    CHECK_FALSE(contains(error.message(), "\x1b"));

    for (const std::string& code :
         {std::string(1000, 'x'), std::string("a b"), std::string("a\nb"), std::string("é")}) {
        const Error odd = error_for(404, body_of(code));
        CHECK(odd.code() == ErrorCode::configuration);
        CHECK(odd.details().server_code.empty());
        CHECK(odd.message().size() < 1000);
    }
}

TEST_CASE("the request id is the header's, else the body's", "[s3][errors]") {
    const std::string body = body_of("NoSuchKey", "m", "<RequestId>from-body</RequestId>");
    CHECK(error_of_answer({404, body, "from-header", attempted}).details().request_id == "from-header");
    CHECK(error_of_answer({404, body, "", attempted}).details().request_id == "from-body");
    CHECK(error_of_answer({404, "", "", attempted}).details().request_id.empty());
    CHECK(error_of_answer({404, "", "two words", attempted}).details().request_id.empty());
}

TEST_CASE("no secret that the answer repeats gets into the error", "[s3]") {
    const Secrets secrets{"canary", "Key"};
    const std::string body =
        "<Error><Code>Xcanary</Code><Message>with canary</Message><RequestId>canary</RequestId></Error>";
    const Error error = error_of_answer({403, body, {}, "GET 'canary'", secrets});
    CHECK(error.message().starts_with("GET 'canary' failed: status 403 X***, 'with ***'"));
    CHECK(error.details().server_code == "X***");
    CHECK(error.details().request_id == "***");
    CHECK(error_of_answer({403, body, "canary", attempted, secrets}).details().request_id == "***");
}

TEST_CASE("a code that is known stays, however short a key is", "[s3]") {
    const Secrets secrets{"Key"};
    const Error error =
        error_of_answer({404, "<Error><Code>NoSuchKey</Code></Error>", {}, attempted, secrets});
    CHECK(error.code() == ErrorCode::not_found);
    CHECK(error.details().server_code == "NoSuchKey");
}
