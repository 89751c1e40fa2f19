/// Keys that change between the attempts of one request: each attempt is signed anew, with the keys and the time of its own.

#include <atomic>
#include <catch2/catch.hpp>

#include "support/answers.h"
#include "support/eventually.h"
#include "wire/environment_variable.h"
#include "wire/operations.h"

using namespace filestore;
using namespace filestore::test;
using namespace std::chrono_literals;

namespace {

/// A second later each time it is asked. Thread-safe.
class RunningClock final : public Clock {
public:
    [[nodiscard]] Timestamp now() const noexcept override {
        return Timestamp(std::chrono::sys_days(std::chrono::year(2026) / 1 / 31) + 12h) +
               std::chrono::seconds(asked_++);
    }

private:
    mutable std::atomic<int> asked_{0};
};

std::string keys_of(const std::string& name, const std::string& end = "18:00:00") {
    return answer("200 OK", "",
                  R"({"AccessKeyId":")" + name + R"(","SecretAccessKey":"secret","Token":"token-of-)" + name +
                      R"(","Expiration":"2026-01-31T)" + end + R"(Z"})");
}

std::string signature_of(const HeardRequest& request) {
    const std::string authorization = request.header("authorization");
    return authorization.substr(authorization.rfind("Signature=") + 10);
}

bool is_signed_by(const HeardRequest& request, const std::string& name) {
    return request.header("authorization").find("Credential=" + name + "/") != std::string::npos &&
           request.header("x-amz-security-token") == "token-of-" + name;
}

/// A client that gets its keys from an agent, and sends again.
S3ClientOptions options_with_agent(const ScriptedServer& server) {
    S3ClientOptions options = plain_options(server);
    options.credentials = {};
    options.credentials.allowed = {false, false, false, true, false};
    options.clock = std::make_shared<RunningClock>();
    options.retry.max_attempts = 4;
    options.retry.first_delay = 1ms;
    options.retry.longest_delay = 1ms;
    return options;
}

}  // namespace

TEST_CASE("a request whose keys have ended is signed again with new ones", "[wire][renewal]") {
    const std::string code = GENERATE("ExpiredToken", "InvalidToken", "TokenRefreshRequired");
    const std::string status = GENERATE("400 Bad Request", "403 Forbidden");
    const ScriptedServer agent({conversation({keys_of("first"), keys_of("second")})});
    const EnvironmentVariable where("AWS_CONTAINER_CREDENTIALS_FULL_URI", agent.endpoint().c_str());
    const ScriptedServer server(
        {conversation({answer(status, "", error_body(code)), answer("200 OK", "ETag: \"e\"\r\n", "")})});
    S3Client client = S3Client::open(options_with_agent(server)).value();
    REQUIRE(operations::put(client, 1000).ok());
    const auto requests = server.requests();
    REQUIRE(requests.size() == 2);
    CHECK(is_signed_by(requests[0], "first"));
    CHECK(is_signed_by(requests[1], "second"));
    CHECK(requests[1].body == requests[0].body);
    CHECK(agent.requests().size() == 2);
}

TEST_CASE("a HEAD whose keys have ended is signed again with new ones", "[wire][renewal]") {
    const ScriptedServer agent({conversation({keys_of("first"), keys_of("second")})});
    const EnvironmentVariable where("AWS_CONTAINER_CREDENTIALS_FULL_URI", agent.endpoint().c_str());
    const ScriptedServer server(
        {conversation({"HTTP/1.1 400 Bad Request\r\nContent-Length: 200\r\n\r\n",
                       answer("400 Bad Request", "", error_body("ExpiredToken")),
                       "HTTP/1.1 200 OK\r\n" + operations::object_headers + "Content-Length: 5\r\n\r\n"})});
    S3Client client = S3Client::open(options_with_agent(server)).value();
    CHECK(client.head(operations::request_on_object<S3ObjectRequest>()).ok());
    const auto requests = server.requests();
    REQUIRE(requests.size() == 3);
    CHECK(is_signed_by(requests[1], "first"));
    CHECK(is_signed_by(requests[2], "second"));
}

TEST_CASE("new keys are judged by the server's time", "[wire][renewal]") {
    const ScriptedServer agent({conversation({keys_of("first"), keys_of("second", "11:00:00")})});
    const EnvironmentVariable where("AWS_CONTAINER_CREDENTIALS_FULL_URI", agent.endpoint().c_str());
    const ScriptedServer server({conversation(
        {answer("403 Forbidden", "Date: Sat, 31 Jan 2026 10:00:00 GMT\r\n",
                error_body("RequestTimeTooSkewed")),
         answer("403 Forbidden", "", error_body("ExpiredToken")), answer("200 OK", "ETag: \"e\"\r\n", "")})});
    S3Client client = S3Client::open(options_with_agent(server)).value();
    REQUIRE(operations::put(client, 1000).ok());
    CHECK(is_signed_by(server.requests().back(), "second"));
}

TEST_CASE("keys that are refused once more are not asked for again", "[wire][renewal]") {
    const std::string expired = answer("403 Forbidden", "", error_body("ExpiredToken"));
    const ScriptedServer agent({conversation({keys_of("first"), keys_of("second"), keys_of("third")})});
    const EnvironmentVariable where("AWS_CONTAINER_CREDENTIALS_FULL_URI", agent.endpoint().c_str());
    const ScriptedServer server({conversation({expired, expired, expired})});
    S3Client client = S3Client::open(options_with_agent(server)).value();
    CHECK(operations::put(client, 1000).error().code() == ErrorCode::unauthenticated);
    CHECK(server.requests().size() == 2);
    CHECK(agent.requests().size() == 2);
}

TEST_CASE("each attempt is signed for its own time", "[wire][renewal]") {
    const std::string down = answer("503 Slow Down", "", error_body("SlowDown"));
    const ScriptedServer agent({conversation({keys_of("first")})});
    const EnvironmentVariable where("AWS_CONTAINER_CREDENTIALS_FULL_URI", agent.endpoint().c_str());
    const ScriptedServer server({conversation({down, down, answer("200 OK", "ETag: \"e\"\r\n", "")})});
    S3Client client = S3Client::open(options_with_agent(server)).value();
    REQUIRE(operations::put(client, 1000).ok());
    const auto requests = server.requests();
    REQUIRE(requests.size() == 3);
    for (std::size_t i = 1; i < requests.size(); ++i) {
        CHECK(requests[i].header("x-amz-date") > requests[i - 1].header("x-amz-date"));
        CHECK(signature_of(requests[i]) != signature_of(requests[i - 1]));
        CHECK(is_signed_by(requests[i], "first"));
    }
    CHECK(agent.requests().size() == 1);
}

TEST_CASE("calls whose keys have ended ask for new ones once, together", "[wire][renewal]") {
    constexpr std::size_t calls = 8;
    const ScriptedServer agent({conversation({keys_of("first"), keys_of("second"), keys_of("third")})});
    const EnvironmentVariable where("AWS_CONTAINER_CREDENTIALS_FULL_URI", agent.endpoint().c_str());
    std::promise<void> all_there;
    const auto gate = all_there.get_future().share();
    const ScriptedServer server(std::vector<Script>(
        calls, {ExpectRequest{}, Await{gate}, Send{answer("403 Forbidden", "", error_body("ExpiredToken"))},
                ExpectRequest{}, Send{answer("204 No Content", "", "")}, ExpectRequest{},
                Send{answer("204 No Content", "", "")}}));
    S3Client client = S3Client::open(options_with_agent(server)).value();
    Answers<S3RemoveResult> answers;
    for (std::size_t i = 0; i < calls; ++i) {
        client.remove_async(operations::request_on_object<S3ObjectRequest>(), answers.next());
    }
    CHECK(eventually([&] { return server.requests().size() == calls; }));
    all_there.set_value();
    for (const auto& removed : answers.wait_for(calls)) {
        CHECK(removed.ok());
    }
    const auto requests = server.requests();
    REQUIRE(requests.size() == 2 * calls);
    for (std::size_t i = 0; i < requests.size(); ++i) {
        CHECK(is_signed_by(requests[i], i < calls ? "first" : "second"));
    }
    CHECK(agent.requests().size() == 2);
}

TEST_CASE("a call whose keys do not come ends at its deadline", "[wire][renewal][deadline]") {
    const bool presigned = GENERATE(false, true);
    const ScriptedServer agent({{ExpectRequest{}, Stall{}}});
    const EnvironmentVariable where("AWS_CONTAINER_CREDENTIALS_FULL_URI", agent.endpoint().c_str());
    const ScriptedServer server;
    S3Client client = S3Client::open(options_with_agent(server)).value();
    CallOptions call;
    call.deadline = deadline_in(300ms);
    if (presigned) {
        auto request = operations::request_on_object<S3PresignRequest>(call);
        request.expires = 1h;
        CHECK(client.presign(std::move(request)).error().code() == ErrorCode::timeout);
    } else {
        CHECK(client.remove(operations::request_on_object<S3ObjectRequest>(call)).error().code() ==
              ErrorCode::timeout);
    }
    // The agent had five seconds a time; nobody has asked it again.
    CHECK(agent.connections() == 1);
    CHECK(std::chrono::steady_clock::now() < *call.deadline + 2s);
}
