#include "s3/policy/retry_policy.h"

#include <catch2/catch.hpp>

#include "s3/protocol/errors.h"

using filestore::Error;
using filestore::ErrorCode;
using filestore::ErrorDetails;
using filestore::parse_timestamp;
using filestore::S3RetryOptions;
using namespace filestore::s3;
using namespace std::chrono_literals;

namespace {

Error answer(int status, const std::string& code = {}) {
    const std::string body = code.empty() ? std::string() : "<Error><Code>" + code + "</Code></Error>";
    return error_of_answer({status, body, {}, "GET 'k'"});
}

Error reset_by_peer() {
    ErrorDetails details;
    details.retryable = true;
    return {ErrorCode::unavailable, "the connection was reset", details};
}

}  // namespace

TEST_CASE("which errors are retried", "[s3][retry_policy]") {
    for (const int status : {409, 425, 429, 500, 502, 503, 504, 509, 520, 524, 529, 599}) {
        INFO(status);
        CHECK(answer(status).retryable());
    }
    for (const char* const code :
         {"SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable", "ConditionalRequestConflict",
          "OperationAborted", "BadDigest", "Throttling"}) {
        INFO(code);
        CHECK(answer(400, code).retryable());
    }
    CHECK(answer(200, "InternalError").retryable());
    CHECK(reset_by_peer().retryable());
    for (const int status : {400, 401, 403, 404, 405, 412, 416, 501, 505, 507}) {
        INFO(status);
        CHECK_FALSE(answer(status).retryable());
    }
    for (const char* const code :
         {"AccessDenied", "NoSuchKey", "PreconditionFailed", "InvalidPart", "QuotaExceeded"}) {
        INFO(code);
        CHECK_FALSE(answer(400, code).retryable());
    }
    CHECK_FALSE(answer(409, "ObjectParentIsFile").retryable());
    CHECK_FALSE(Error(ErrorCode::cancelled).retryable());
}

TEST_CASE("which errors slow the sender down", "[s3][retry_policy]") {
    CHECK(is_throttle(answer(429)));
    CHECK(is_throttle(answer(503)));
    CHECK(is_throttle(answer(503, "SlowDown")));
    CHECK(is_throttle(answer(200, "SlowDown")));
    CHECK_FALSE(is_throttle(answer(500, "InternalError")));
    CHECK_FALSE(is_throttle(reset_by_peer()));
    CHECK_FALSE(is_throttle(answer(404)));
}

TEST_CASE("the wait before a retry is spread over all of its bound", "[s3][retry_policy]") {
    const S3RetryOptions options;
    struct Row {
        unsigned attempt;
        std::chrono::milliseconds most;
    };
    const Row rows[] = {{0, 100ms},     {1, 100ms},     {2, 100ms},
                        {3, 200ms},     {4, 400ms},     {9, 12'800ms},
                        {10, 20'000ms}, {50, 20'000ms}, {4'000'000'000U, 20'000ms}};
    for (const Row& row : rows) {
        INFO(row.attempt);
        CHECK(backoff(options, row.attempt, 0) == 0ms);
        CHECK(backoff(options, row.attempt, UINT64_MAX) == row.most);
        CHECK(backoff(options, row.attempt, UINT64_MAX / 2) / 1ms == row.most / 2ms);
    }
    CHECK(backoff({5, 0ms, 0ms}, 9, UINT64_MAX) == 0ms);
    CHECK(backoff({5, -1ms, -1ms}, 9, UINT64_MAX) == 0ms);
    CHECK(backoff({5, std::chrono::milliseconds::max(), std::chrono::milliseconds::max()}, 9, UINT64_MAX) ==
          1h);
}

TEST_CASE("the server's own wish is the least wait", "[s3][retry_policy]") {
    const S3RetryOptions options;
    CHECK(backoff(options, 2, 0, 5s) == 5s);
    CHECK(backoff(options, 9, UINT64_MAX, 5s) == 12'800ms);
    CHECK(backoff(options, 2, 0, 1h) == 60s);
    CHECK(backoff(options, 2, UINT64_MAX, -5s) == 100ms);
}

TEST_CASE("Retry-After", "[s3][retry_policy]") {
    const auto now = parse_timestamp("2026-01-31T12:00:00.25Z").value();
    struct Row {
        const char* text;
        std::chrono::milliseconds wait;
    };
    const Row rows[] = {
        {"0", 0ms},
        {"1", 1s},
        {"59", 59s},
        {"61", 60s},
        {"99999999999999999999", 60s},
        {"Sat, 31 Jan 2026 12:00:10 GMT", 9'750ms},
        {"Sat, 31 Jan 2026 11:00:00 GMT", 0ms},
        {"Sat, 31 Jan 2026 13:00:00 GMT", 60s},
        {"Fri, 31 Dec 9999 23:59:59 GMT", 60s},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        CHECK(parse_retry_after(row.text, now) == row.wait);
    }
    for (const char* const text : {"", "-1", "+1", "1.5", " 1", "1 ", "soon", "Sat, 31 Jan 2026"}) {
        INFO(text);
        CHECK_FALSE(parse_retry_after(text, now));
    }
}
