/// What a request learns from a refusal, and does better the second time: the region of its bucket, the server's time.

#include <catch2/catch.hpp>
#include <future>

#include "s3/protocol/signing.h"
#include "support/answers.h"
#include "support/code_of.h"
#include "support/eventually.h"
#include "support/settable_clock.h"
#include "wire/operations.h"

using namespace filestore;
using namespace filestore::test;
using namespace std::chrono_literals;

namespace {

const std::string stored = answer("200 OK", "ETag: \"e\"\r\n", "");

std::string wrong_region(const std::string& status, const std::string& code, const std::string& headers,
                         const std::string& region) {
    return answer(status, headers, "<Error><Code>" + code + "</Code>" + region + "</Error>");
}

bool is_signed_for(const HeardRequest& request, const std::string& region) {
    return request.header("authorization").find("/" + region + "/s3/aws4_request") != std::string::npos;
}

ErrorCode code_of_put(S3Client& client) {
    const auto outcome = operations::put(client, 1000);
    return outcome.ok() ? ErrorCode::ok : outcome.error().code();
}

/// Its clock goes on by ten minutes whenever it takes something.
class SlowSink final : public Sink {
public:
    explicit SlowSink(std::shared_ptr<SettableClock> clock) : clock_(std::move(clock)) {}
    Result<IoStep> write(std::span<const std::byte> bytes, const Wake&) override {
        clock_->advance(10min);
        return IoStep{bytes.size(), false};
    }

private:
    std::shared_ptr<SettableClock> clock_;
};

std::string skewed(const std::string& date) {
    return answer("403 Forbidden", date.empty() ? "" : "Date: " + date + "\r\n",
                  error_body("RequestTimeTooSkewed"));
}

}  // namespace

TEST_CASE("a bucket of another region is asked there, then and later", "[wire][mending]") {
    const std::string refusal = GENERATE(
        wrong_region("400 Bad Request", "AuthorizationHeaderMalformed", "", "<Region>eu-west-2</Region>"),
        wrong_region("301 Moved Permanently", "PermanentRedirect", "x-amz-bucket-region: eu-west-2\r\n", ""),
        wrong_region("307 Temporary Redirect", "TemporaryRedirect", "x-amz-bucket-region: eu-west-2\r\n",
                     ""));
    const ScriptedServer server({conversation({refusal, stored, stored})});
    S3Client client = S3Client::open(plain_options(server)).value();
    CHECK(code_of_put(client) == ErrorCode::ok);
    CHECK(code_of_put(client) == ErrorCode::ok);
    const auto requests = server.requests();
    REQUIRE(requests.size() == 3);
    CHECK(is_signed_for(requests[0], "us-east-1"));
    CHECK(is_signed_for(requests[1], "eu-west-2"));
    CHECK(is_signed_for(requests[2], "eu-west-2"));
    CHECK(requests[1].body == requests[0].body);
    CHECK(server.connections() == 1);
}

TEST_CASE("a host of AWS that was given is that of the bucket's region once a redirect told it",
          "[wire][mending]") {
    struct Row {
        const char* endpoint;
        S3Addressing addressing;
        const char* asked;
        const char* then;
    };
    using enum S3Addressing;
    const Row row =
        GENERATE(Row{"http://s3.us-east-1.amazonaws.com", path, "s3.us-east-1.amazonaws.com",
                     "s3.eu-west-2.amazonaws.com"},
                 Row{"http://s3.amazonaws.com", virtual_host, "bucket.s3.amazonaws.com",
                     "bucket.s3.eu-west-2.amazonaws.com"},
                 Row{"http://s3.dualstack.us-east-1.amazonaws.com", path,
                     "s3.dualstack.us-east-1.amazonaws.com", "s3.dualstack.eu-west-2.amazonaws.com"});
    const ScriptedServer proxy({conversation(
        {wrong_region("301 Moved Permanently", "PermanentRedirect", "x-amz-bucket-region: eu-west-2\r\n", ""),
         stored, stored})});
    S3ClientOptions options = plain_options(proxy);
    options.endpoint = row.endpoint;
    options.addressing = row.addressing;
    options.proxy = proxy.endpoint();
    S3Client client = S3Client::open(options).value();
    CHECK(code_of_put(client) == ErrorCode::ok);
    CHECK(code_of_put(client) == ErrorCode::ok);
    const auto requests = proxy.requests();
    REQUIRE(requests.size() == 3);
    CHECK(requests[0].header("host") == row.asked);
    CHECK(requests[1].header("host") == row.then);
    CHECK(requests[2].header("host") == row.then);
    CHECK(requests[1].line().starts_with("PUT http://" + std::string(row.then) + "/"));
    CHECK(is_signed_for(requests[1], "eu-west-2"));
}

TEST_CASE("two servers that name each other are asked once each", "[wire][mending]") {
    const auto refusal = [](const std::string& region) {
        return wrong_region("400 Bad Request", "AuthorizationHeaderMalformed", "",
                            "<Region>" + region + "</Region>");
    };
    const ScriptedServer server(
        {conversation({refusal("eu-west-2"), refusal("us-east-1"), refusal("eu-west-2")})});
    S3Client client = S3Client::open(plain_options(server)).value();
    CHECK(code_of_put(client) == ErrorCode::configuration);
    CHECK(server.requests().size() == 2);
}

TEST_CASE("a clock that the server finds wrong is corrected, then and later", "[wire][mending]") {
    struct Row {
        const char* date;
        const char* signed_at;
    };
    const Row row = GENERATE(Row{"Sat, 31 Jan 2026 12:10:00 GMT", "20260131T121000Z"},
                             Row{"Sat, 31 Jan 2026 10:00:00 GMT", "20260131T100000Z"});
    const ScriptedServer server({conversation({skewed(row.date), stored, stored})});
    S3Client client = S3Client::open(plain_options(server)).value();
    CHECK(code_of_put(client) == ErrorCode::ok);
    CHECK(code_of_put(client) == ErrorCode::ok);
    const auto requests = server.requests();
    REQUIRE(requests.size() == 3);
    CHECK(requests[0].header("x-amz-date") == "20260131T120000Z");
    CHECK(requests[1].header("x-amz-date") == row.signed_at);
    CHECK(requests[2].header("x-amz-date") == row.signed_at);
}

TEST_CASE("a body that takes long says nothing of the clock", "[wire][mending]") {
    const auto clock = std::make_shared<SettableClock>(FixedClock().now());
    const std::string there =
        answer("200 OK", operations::object_headers + "Date: Sat, 31 Jan 2026 13:00:00 GMT\r\n", "bytes");
    const ScriptedServer server({conversation({skewed("Sat, 31 Jan 2026 13:00:00 GMT"), there, stored})});
    S3ClientOptions options = plain_options(server);
    options.clock = clock;
    S3Client client = S3Client::open(options).value();
    auto request = operations::request_on_object<S3GetRequest>();
    request.sink = std::make_shared<SlowSink>(clock);
    REQUIRE(client.get(std::move(request)).ok());
    CHECK(code_of_put(client) == ErrorCode::ok);
    CHECK(server.requests().back().header("x-amz-date") == "20260131T131000Z");
}

TEST_CASE("when to come back is told by the server's time", "[wire][mending]") {
    const std::string busy =
        answer("503 Slow Down", "Retry-After: Sat, 31 Jan 2026 13:00:00 GMT\r\n", error_body("SlowDown"));
    const ScriptedServer server({conversation({skewed("Sat, 31 Jan 2026 13:00:00 GMT"), busy, stored})});
    S3ClientOptions options = plain_options(server);
    options.retry.max_attempts = 3;
    options.retry.first_delay = 1ms;
    options.retry.longest_time = 10s;
    S3Client client = S3Client::open(options).value();
    CHECK(code_of_put(client) == ErrorCode::ok);
}

TEST_CASE("of calls that were signed by a wrong clock at one time, each is sent again", "[wire][mending]") {
    constexpr std::size_t calls = 8;
    std::promise<void> all_there;
    const auto gate = all_there.get_future().share();
    const std::string gone = answer("204 No Content", "", "");
    const ScriptedServer server(std::vector<Script>(
        calls, {ExpectRequest{}, Await{gate}, Send{skewed("Sat, 31 Jan 2026 12:10:00 GMT")}, ExpectRequest{},
                Send{gone}, ExpectRequest{}, Send{gone}}));
    S3Client client = S3Client::open(plain_options(server)).value();
    Answers<S3RemoveResult> answers;
    for (std::size_t i = 0; i < calls; ++i) {
        client.remove_async(operations::request_on_object<S3ObjectRequest>(), answers.next());
    }
    CHECK(eventually([&] { return server.requests().size() == calls; }));
    all_there.set_value();
    for (const auto& removed : answers.wait_for(calls)) {
        CHECK(removed.ok());
    }
    CHECK(server.requests().size() == 2 * calls);
}

TEST_CASE("what does not tell the time corrects no clock", "[wire][mending]") {
    const std::string refusal = GENERATE(
        skewed(""), skewed("Sun, 31 Jan 2027 12:00:00 GMT"),
        answer("403 Forbidden", "Date: Sat, 31 Jan 2026 12:10:00 GMT\r\n", error_body("AccessDenied")),
        answer("503 Slow Down", "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n", error_body("SlowDown")));
    const ScriptedServer server({conversation({refusal, stored})});
    S3Client client = S3Client::open(plain_options(server)).value();
    CHECK(code_of_put(client) != ErrorCode::ok);
    CHECK(code_of_put(client) == ErrorCode::ok);
    const auto requests = server.requests();
    REQUIRE(requests.size() == 2);
    CHECK(requests[1].header("x-amz-date") == "20260131T120000Z");
}

TEST_CASE("a server that wants to be asked later than a call may last is not asked again",
          "[wire][mending]") {
    const std::string busy = answer("503 Slow Down", "Retry-After: 30\r\n", error_body("SlowDown"));
    const ScriptedServer server({conversation({busy, stored})});
    S3ClientOptions options = plain_options(server);
    options.retry.max_attempts = 2;
    options.retry.first_delay = 1ms;
    options.retry.longest_time = 10s;
    S3Client client = S3Client::open(options).value();
    CHECK(code_of_put(client) == ErrorCode::rate_limited);
    CHECK(server.requests().size() == 1);
}

TEST_CASE("with checksums off no request says anything of them", "[wire][mending]") {
    const std::string profile = GENERATE("aws", "generic");
    for (const Operation& operation : all_operations()) {
        INFO(operation.name);
        std::vector<std::string> answers = operation.before;
        answers.push_back(operation.name == "head"
                              ? "HTTP/1.1 200 OK\r\n" + operation.headers + "Content-Length: 5\r\n\r\n"
                              : operation.right());
        answers.insert(answers.end(), operation.rest.begin(), operation.rest.end());
        const ScriptedServer server({conversation(answers)});
        S3ClientOptions options = plain_options(server);
        options.profile = profile;
        options.checksum_mode = S3ChecksumMode::off;
        S3Client client = S3Client::open(options).value();
        REQUIRE(operation.run(client, {}).ok());
        for (const HeardRequest& request : server.requests()) {
            for (const char* word :
                 {"x-amz-checksum", "x-amz-sdk-checksum", "x-amz-trailer", "aws-chunked"}) {
                INFO(request.head);
                CHECK(request.head.find(word) == std::string::npos);
            }
        }
    }
}

TEST_CASE("what is stored compressed is delivered as it is stored", "[wire][mending]") {
    const std::string compressed = {'\x1f', '\x8b', '\x08', '\0', '\0', '\0', '\0', '\0', '\0', '\x03',
                                    '\x03', '\0',   '\0',   '\0', '\0', '\0', '\0', '\0', '\0', '\0'};
    const std::string headers = operations::object_headers + "Content-Encoding: gzip\r\n";
    const ScriptedServer server(
        {conversation({answer("200 OK", headers, compressed),
                       answer("206 Partial Content", headers + "Content-Range: bytes 2-5/20\r\n",
                              compressed.substr(2, 4))})});
    S3Client client = S3Client::open(plain_options(server)).value();
    for (const bool whole : {true, false}) {
        const auto sink = std::make_shared<BufferSink>();
        auto request = operations::request_on_object<S3GetRequest>();
        request.sink = sink;
        if (!whole) {
            request.range = ByteRange{2, 4};
        }
        REQUIRE(client.get(std::move(request)).ok());
        CHECK(sink->bytes() == (whole ? compressed : compressed.substr(2, 4)));
    }
    for (const HeardRequest& request : server.requests()) {
        CHECK(request.header("accept-encoding") == "identity");
    }
}

TEST_CASE("a HEAD that a wrong clock or region spoilt asks for the reason, and is sent again",
          "[wire][mending]") {
    const std::string status = GENERATE("400 Bad Request", "403 Forbidden");
    const bool clock = status[0] == '4' && status[2] == '3';
    const std::string reason =
        clock ? skewed("Sat, 31 Jan 2026 12:10:00 GMT")
              : wrong_region(status, "AuthorizationHeaderMalformed", "", "<Region>eu-west-2</Region>");
    const ScriptedServer server(
        {conversation({"HTTP/1.1 " + status + "\r\nContent-Length: 200\r\n\r\n", reason,
                       "HTTP/1.1 200 OK\r\n" + operations::object_headers + "Content-Length: 5\r\n\r\n"})});
    S3Client client = S3Client::open(plain_options(server)).value();
    CHECK(client.head(operations::request_on_object<S3ObjectRequest>()).ok());
    const auto requests = server.requests();
    REQUIRE(requests.size() == 3);
    CHECK(requests[1].line() == "GET /bucket/k HTTP/1.1");
    CHECK(requests[1].header("range") == "bytes=0-0");
    CHECK(requests[2].line() == "HEAD /bucket/k HTTP/1.1");
    CHECK(requests[2].header("range") == "(none)");
    CHECK((clock ? requests[2].header("x-amz-date") == "20260131T121000Z"
                 : is_signed_for(requests[2], "eu-west-2")));
}

TEST_CASE("a HEAD that is refused for good is asked the reason of once", "[wire][mending]") {
    const std::string refused = "HTTP/1.1 403 Forbidden\r\nContent-Length: 200\r\n\r\n";
    const std::string range = "Content-Range: bytes 0-0/5\r\n";
    const auto [reason, code, count] = GENERATE_COPY(table<std::string, ErrorCode, std::size_t>(
        {{answer("403 Forbidden", "", error_body("InvalidAccessKeyId")), ErrorCode::unauthenticated, 2},
         {answer("206 Partial Content", range, "h"), ErrorCode::permission_denied, 3}}));
    const ScriptedServer server({conversation({refused, reason, refused, refused})});
    S3Client client = S3Client::open(plain_options(server)).value();
    const auto found = client.head(operations::request_on_object<S3ObjectRequest>());
    CHECK(found.error().code() == code);
    CHECK(server.requests().size() == count);
}

TEST_CASE("a conditional upload that meets another is made again, and then in conflict", "[wire][mending]") {
    constexpr unsigned attempts = 4;
    const std::string meets_another = answer("409 Conflict", "", error_body("ConditionalRequestConflict"));
    const bool creates = GENERATE(true, false);
    S3Conditions conditions;
    (creates ? conditions.if_none_match : conditions.if_match) = creates ? "*" : "e";
    ScriptedServer server;
    S3ClientOptions options = plain_options(server);
    options.retry.max_attempts = attempts;
    options.retry.first_delay = 1ms;
    S3Client client = S3Client::open(options).value();
    S3PutRequest put;
    put.bucket = "bucket";
    put.key = "key";
    put.source = source_from_string("bytes");
    put.conditions = conditions;
    std::size_t expected = attempts;
    SECTION("until it is stored") {
        server.add(conversation({meets_another, meets_another, stored}));
        CHECK(code_of(client.put(put)) == ErrorCode::ok);
        expected = 3;
    }
    SECTION("to the last attempt") {
        server.add(conversation(std::vector<std::string>(attempts + 1, meets_another)));
        CHECK(code_of(client.put(put)) == ErrorCode::conflict);
    }
    const auto requests = server.requests();
    CHECK(requests.size() == expected);
    for (const HeardRequest& request : requests) {
        CHECK(request.line() == "PUT /bucket/key HTTP/1.1");
        CHECK(request.header(creates ? "If-None-Match" : "If-Match") != "(none)");
        CHECK(request.body == "bytes");
    }
}

TEST_CASE("each request is signed with the key of its own day", "[wire][mending]") {
    const auto clock = std::make_shared<SettableClock>(FixedClock().now());
    const ScriptedServer server({conversation({stored, stored, stored})});
    S3ClientOptions options = plain_options(server);
    options.clock = clock;
    S3Client client = S3Client::open(options).value();
    for (int day = 0; day < 3; ++day) {
        CHECK(code_of_put(client) == ErrorCode::ok);
        clock->advance(24h);
    }
    const s3::Credentials keys{std::string(access_key), SecretString(std::string(secret_key)), {}};
    const auto requests = server.requests();
    REQUIRE(requests.size() == 3);
    for (std::size_t day = 0; day < requests.size(); ++day) {
        const HeardRequest& heard = requests[day];
        s3::SigningRequest signing{"PUT",
                                   heard.line().substr(4, heard.line().rfind(' ') - 4),
                                   {},
                                   {},
                                   heard.header("x-amz-content-sha256")};
        for (const char* name : {"content-type", "host"}) {
            signing.headers.push_back({name, heard.header(name)});
        }
        const s3::SigningScope scope{"us-east-1", "s3", FixedClock().now() + static_cast<int>(day) * 24h};
        CHECK(heard.header("authorization") == s3::sign_headers(signing, keys, scope).back().value);
    }
}
