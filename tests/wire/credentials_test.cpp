/// What the providers of keys send, and what they make of answers.

#include "support/credentials.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "s3/credentials/assume_role.h"
#include "s3/credentials/chain.h"
#include "s3/credentials/container.h"
#include "s3/credentials/fetch.h"
#include "s3/credentials/given.h"
#include "s3/credentials/instance_metadata.h"
#include "s3/credentials/refreshing.h"
#include "s3/credentials/web_identity.h"
#include "support/eventually.h"
#include "support/files.h"
#include "support/temporary_directory.h"
#include "wire/scripted_server.h"

using namespace filestore;
using namespace filestore::test;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view canary = "canarysecretcanarysecret";

const std::string keys_json = R"({"Code": "Success", "AccessKeyId": "key", "SecretAccessKey": ")" +
                              std::string(canary) + R"(", "Token": ")" + std::string(canary) +
                              R"(", "Expiration": "2026-01-31T18:00:00Z"})";

std::string sts_xml(const std::string& action) {
    return "<" + action + "Response><" + action +
           "Result><Credentials><AccessKeyId>key</AccessKeyId><SecretAccessKey>" + std::string(canary) +
           "</SecretAccessKey><SessionToken>" + std::string(canary) +
           "</SessionToken><Expiration>2026-01-31T18:00:00Z</Expiration></Credentials></" + action +
           "Result></" + action + "Response>";
}

/// The access key; the code's name where it fails, whose message must be one line without a secret.
std::string said(const Result<s3::ResolvedCredentials>& result) {
    if (result.ok()) {
        return result->keys.access_key;
    }
    const std::string message(result.error().message());
    INFO(message);
    CHECK(message.find(canary) == std::string::npos);
    CHECK(message.find('\n') == std::string::npos);
    return std::string(to_string(result.error().code()));
}

/// What a container's agent that answers so gives, and the requests that it took.
struct Talk {
    std::string keys;
    std::size_t requests = 0;
};

/// Each connection gets one of the scripts.
template <class MakeProvider>
Talk talk(std::vector<Script> scripts, MakeProvider make_provider,
          std::chrono::milliseconds attempt_time = 60s) {
    const ScriptedServer server(std::move(scripts));
    const auto provider = make_provider(server, attempt_time);
    Talk done;
    done.keys = said(keys_from(*provider));
    done.requests = server.requests().size();
    return done;
}

s3::CredentialsProviderPtr container_of(const ScriptedServer& server,
                                        std::chrono::milliseconds attempt_time) {
    auto context = context_with({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", server.endpoint() + "/keys?of=it"},
                                 {"AWS_CONTAINER_AUTHORIZATION_TOKEN", std::string(canary)}});
    context.attempt_time = attempt_time;
    return s3::make_container_provider(context);
}

s3::CredentialsProviderPtr metadata_of(const ScriptedServer& server, std::chrono::milliseconds attempt_time) {
    auto context = context_with();
    context.attempt_time = attempt_time;
    return s3::make_instance_metadata_provider(context, server.endpoint());
}

s3::RoleRequest some_role() {
    s3::RoleRequest role;
    role.role_arn = "arn:aws:iam::123456789012:role/reader";
    role.session_name = "me";
    return role;
}

s3::CredentialsProviderPtr role_of(const ScriptedServer& server, std::chrono::milliseconds attempt_time) {
    auto context = context_with();
    context.attempt_time = attempt_time;
    return s3::make_assume_role_provider(context,
                                         s3::make_given_provider(s3::Credentials{"source", canary, canary}),
                                         some_role(), server.endpoint());
}

/// The failures that every endpoint may show, with what they come to.
template <class MakeProvider>
void check_failures(MakeProvider make_provider, const std::vector<std::string>& before) {
    const auto after = [&](const Script& steps) {
        Script script = conversation(before);
        script.insert(script.end(), steps.begin(), steps.end());
        return script;
    };
    const std::string garbage = "<html>" + std::string(canary) + "</html>";
    CHECK(talk({after({ExpectRequest{}, Send{answer("200 OK", "", garbage)}})}, make_provider).keys ==
          "corrupt");
    CHECK(
        talk({after({ExpectRequest{}, Send{answer("200 OK", "", std::string(70'000, 'x'))}})}, make_provider)
            .keys == "corrupt");
    CHECK(talk({after({ExpectRequest{}, Send{"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + garbage}}),
                {ExpectRequest{}, Reset{}},
                {ExpectRequest{}, Reset{}}},
               make_provider)
              .keys == "unavailable");
    const std::string down = answer("503 Service Unavailable", "", garbage);
    CHECK(
        talk({after({ExpectRequest{}, Send{down}, ExpectRequest{}, Send{down}, ExpectRequest{}, Send{down}})},
             make_provider)
            .keys == "unavailable");
    CHECK(talk({after({ExpectRequest{}, Stall{}}), {ExpectRequest{}, Stall{}}, {ExpectRequest{}, Stall{}}},
               make_provider, 1s)
              .keys == "timeout");
}

}  // namespace

TEST_CASE("a container's agent is asked with the token", "[wire][credentials]") {
    const ScriptedServer server({conversation({answer("200 OK", "", keys_json)})});
    const auto keys = keys_from(*container_of(server, 60s));
    REQUIRE(said(keys) == "key");
    CHECK(keys->keys.secret_key == canary);
    CHECK(keys->keys.session_token == canary);
    CHECK(format_timestamp(*keys->expires_at) == "2026-01-31T18:00:00.000000Z");
    const HeardRequest request = server.requests().at(0);
    CHECK(request.line() == "GET /keys?of=it HTTP/1.1");
    CHECK(request.header("authorization") == canary);
}

TEST_CASE("a container's token file is read each time, without the line break at its end",
          "[wire][credentials]") {
    const TemporaryDirectory directory;
    const std::string file = directory.file("token");
    const std::string granted = answer("200 OK", "", keys_json);
    const ScriptedServer server({conversation({granted, granted})});
    const auto provider =
        s3::make_container_provider(context_with({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", server.endpoint()},
                                                  {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file},
                                                  {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "not this one"}}));
    CHECK(said(keys_from(*provider)) == "configuration");
    write_file(file, "first\n");
    CHECK(said(keys_from(*provider)) == "key");
    write_file(file, "second\r\n");
    CHECK(said(keys_from(*provider)) == "key");
    REQUIRE(server.requests().size() == 2);
    CHECK(server.requests()[0].header("authorization") == "first");
    CHECK(server.requests()[1].header("authorization") == "second");

    write_file(file, std::string(canary) + "\r\nx-other: header");
    CHECK(said(keys_from(*provider)) == "configuration");
    write_file(file, "\n");
    CHECK(said(keys_from(*provider)) == "configuration");
    CHECK(server.requests().size() == 2);
}

TEST_CASE("a container's token is the whole header, blanks included", "[wire][credentials]") {
    const TemporaryDirectory directory;
    const std::string file = directory.file("token");
    const std::string granted = answer("200 OK", "", keys_json);
    const ScriptedServer server({conversation({granted}), conversation({granted})});
    const auto said_with = [&](const std::string& name, const std::string& value) {
        return said(keys_from(*s3::make_container_provider(
            context_with({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", server.endpoint()}, {name, value}}))));
    };
    CHECK(said_with("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic abcd") == "key");
    write_file(file, "Bearer a b\n");
    CHECK(said_with("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file) == "key");
    REQUIRE(server.requests().size() == 2);
    CHECK(server.requests()[0].header("authorization") == "Basic abcd");
    CHECK(server.requests()[1].header("authorization") == "Bearer a b");

    for (const char* value : {"Basic abcd\r\nx-other: header", "Basic abcd ", " abcd", "ab\tcd", "\u00e9"}) {
        CHECK(said_with("AWS_CONTAINER_AUTHORIZATION_TOKEN", value) == "configuration");
    }
    CHECK(server.requests().size() == 2);
}

TEST_CASE("a container's agent that fails", "[wire][credentials]") {
    const std::string echo = R"({"code": "denied", "message": ")" + std::string(canary) + R"("})";
    const Talk refused = talk({conversation({answer("403 Forbidden", "", echo)})}, container_of);
    CHECK(refused.keys == "unauthenticated");
    CHECK(refused.requests == 1);
    const Talk recovered = talk({conversation({answer("500 Oh", "", ""), answer("429 Slow", "", ""),
                                               answer("200 OK", "", keys_json)})},
                                container_of);
    CHECK(recovered.keys == "key");
    CHECK(recovered.requests == 3);
    const Talk lost =
        talk({{ExpectRequest{}, Reset{}}, conversation({answer("200 OK", "", keys_json)})}, container_of);
    CHECK(lost.keys == "key");
    const Talk moved =
        talk({conversation({answer("302 Found", "Location: http://evil.example/\r\n", "")})}, container_of);
    CHECK(moved.keys == "unauthenticated");
    check_failures(container_of, {});
}

TEST_CASE("a hundred threads make one request for keys", "[wire][credentials]") {
    std::promise<void> gate;
    const ScriptedServer server(
        {{ExpectRequest{}, Await{gate.get_future().share()}, Send{answer("200 OK", "", keys_json)}}});
    const TemporaryDirectory home;
    const auto context =
        context_with({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", server.endpoint()}, {"HOME", home.path()}});
    const auto provider = s3::make_credentials_provider({}, context).value();
    Answers<s3::ResolvedCredentials> answers;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 100; ++i) {
            threads.emplace_back([&] { provider->get({}, answers.next()); });
        }
    }
    CHECK(answers.count() == 0);
    gate.set_value();
    for (const auto& keys : answers.wait_for(100)) {
        CHECK(said(keys) == "key");
    }
    CHECK(server.requests().size() == 1);
    CHECK(said(keys_from(*provider)) == "key");
    CHECK(server.requests().size() == 1);
}

TEST_CASE("a search that is cancelled lets go of a stalled endpoint", "[wire][credentials]") {
    const ScriptedServer server({{ExpectRequest{}, Stall{}}});
    const TemporaryDirectory home;
    const auto context =
        context_with({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", server.endpoint()}, {"HOME", home.path()}});
    const auto provider = s3::make_credentials_provider({}, context).value();
    Answers<s3::ResolvedCredentials> answers;
    std::stop_source stop;
    provider->get(stop.get_token(), answers.next());
    stop.request_stop();
    CHECK(said(answers.wait_for_one()) == "cancelled");
    provider->get({}, answers.next());
    provider->close();
    CHECK(said(answers.wait_for(2).back()) == "cancelled");
}

TEST_CASE("a stop request ends the pause between attempts", "[wire][credentials]") {
    const ScriptedServer server({conversation({answer("503 Service Unavailable", "", "")})});
    std::stop_source stop;
    Answers<s3::FetchedAnswer> answers;
    std::function<void(Result<s3::FetchedAnswer>)> done = answers.next();
    http::Request request;
    request.url = server.endpoint();
    s3::fetch(
        context_with(), stop.get_token(), {.attempts = 2, .pause = 1h}, [&] { return request; },
        s3::make_reply(done));
    REQUIRE(eventually([&] { return server.requests().size() == 1; }));
    stop.request_stop();
    const auto ended = answers.wait_for_one();
    CHECK((ended.ok() || ended.error().code() == ErrorCode::cancelled));
    CHECK(server.requests().size() == 1);
}

TEST_CASE("where nothing can end a pause, there is none", "[wire][credentials]") {
    const std::string down = answer("503 Service Unavailable", "", "");
    const ScriptedServer server({conversation({down, down, down})});
    const auto context = context_with({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", server.endpoint()}});
    context.reactor->join();
    CHECK(said(keys_from(*s3::make_container_provider(context))) == "unavailable");
    CHECK(server.requests().size() == 3);
}

TEST_CASE("instance metadata is asked by version 2", "[wire][credentials]") {
    const ScriptedServer server(
        {conversation({answer("200 OK", "", "session-token"), answer("200 OK", "", "the role\nanother"),
                       answer("200 OK", "", keys_json)})});
    CHECK(said(keys_from(*metadata_of(server, 60s))) == "key");
    REQUIRE(server.requests().size() == 3);
    const HeardRequest token = server.requests()[0];
    CHECK(token.line() == "PUT /latest/api/token HTTP/1.1");
    CHECK(token.header("x-aws-ec2-metadata-token-ttl-seconds") == "21600");
    CHECK(token.header("content-length") == "0");
    const HeardRequest role = server.requests()[1];
    CHECK(role.line() == "GET /latest/meta-data/iam/security-credentials/ HTTP/1.1");
    CHECK(role.header("x-aws-ec2-metadata-token") == "session-token");
    const HeardRequest keys = server.requests()[2];
    CHECK(keys.line() == "GET /latest/meta-data/iam/security-credentials/the%20role HTTP/1.1");
    CHECK(keys.header("x-aws-ec2-metadata-token") == "session-token");
}

TEST_CASE("instance metadata that fails", "[wire][credentials]") {
    const std::string token = answer("200 OK", "", "session-token");
    const std::string role = answer("200 OK", "", "role");
    CHECK(talk({conversation({answer("403 Forbidden", "", "")})}, metadata_of).keys == "unauthenticated");
    CHECK(talk({conversation({token, answer("404 Not Found", "", "")})}, metadata_of).keys == "not_found");
    CHECK(talk({conversation({token, role, answer("401 Unauthorized", "", "")})}, metadata_of).keys ==
          "unauthenticated");
    CHECK(talk({conversation({answer("200 OK", "", "bad token"), role})}, metadata_of).keys == "corrupt");
    const std::string refused =
        R"({"Code": "AssumeRoleUnauthorizedAccess", "SecretAccessKey": ")" + std::string(canary) + R"("})";
    CHECK(talk({conversation({token, role, answer("200 OK", "", refused)})}, metadata_of).keys ==
          "unauthenticated");
    const Talk recovered =
        talk({conversation({answer("500 Oh", "", ""), token, answer("503 Oh", "", ""), role,
                            answer("500 Oh", "", ""), answer("200 OK", "", keys_json)})},
             metadata_of);
    CHECK(recovered.keys == "key");
    CHECK(recovered.requests == 6);
    check_failures(metadata_of, {token, role});
    // Nobody there: this machine is no instance.
    CHECK(talk({}, metadata_of).keys == "not_found");
    const Talk stalled = talk({{ExpectRequest{}, Stall{}}, {ExpectRequest{}, Stall{}}}, metadata_of, 1s);
    CHECK(stalled.keys == "not_found");
    CHECK(stalled.requests == 2);
}

TEST_CASE("a metadata service that keeps silent is given up sooner than other endpoints",
          "[wire][credentials]") {
    class SilentTransport final : public http::Transport {
    public:
        void send(http::Request request, std::shared_ptr<http::Receiver> receiver) noexcept override {
            latest = std::max(latest, request.deadline.value());
            receiver->on_done(Error(ErrorCode::timeout, "nobody answers"));
        }
        void close() noexcept override {}

        std::chrono::steady_clock::time_point latest{};
    };
    const auto transport = std::make_shared<SilentTransport>();
    auto context = context_with({}, transport);
    context.attempt_time = std::chrono::hours(1);
    const auto provider = s3::make_instance_metadata_provider(context, "http://127.0.0.1:1");
    CHECK(said(keys_from(*provider)) == "not_found");
    CHECK(transport->latest > std::chrono::steady_clock::time_point());
    CHECK(transport->latest < std::chrono::steady_clock::now() + std::chrono::minutes(10));
}

TEST_CASE("a service of roles that repeats key and signature does not get them into messages",
          "[wire][credentials]") {
    const auto refusal = [](const std::string& message) {
        return answer("403 Forbidden", "Connection: close\r\n",
                      "<ErrorResponse><Error><Code>AccessDenied</Code><Message>" + message +
                          "</Message></Error></ErrorResponse>");
    };
    ScriptedServer server({conversation({refusal("no")})});
    const auto provider = role_of(server, 60s);
    REQUIRE_FALSE(keys_from(*provider).ok());
    const std::string authorization = server.requests()[0].header("authorization");
    const std::string signature = authorization.substr(authorization.rfind('=') + 1);
    // The clock stands: the same request has the same signature.
    server.add(conversation({refusal("not source, not " + signature)}));
    const auto refused = keys_from(*provider);
    REQUIRE_FALSE(refused.ok());
    CHECK_THAT(std::string(refused.error().message()), Catch::Contains("not ***, not ***"));
}

TEST_CASE("a clock that a service of roles finds wrong is corrected", "[wire][credentials]") {
    const auto refusal = [](const std::string& message) {
        return answer("403 Forbidden", "Date: Sat, 31 Jan 2026 14:00:00 GMT\r\n",
                      "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>" + message +
                          "</Message></Error></ErrorResponse>");
    };
    const auto skew = std::make_shared<s3::ClockSkew>();
    const auto server_time = std::make_shared<s3::CorrectedClock>(std::make_shared<FakeClock>(), skew);
    auto context = context_with({}, {}, server_time);
    context.server_time = server_time;
    const auto role_at = [&](const ScriptedServer& server) {
        return s3::make_assume_role_provider(
            context, s3::make_given_provider(s3::Credentials{"source", canary, canary}), some_role(),
            server.endpoint());
    };
    SECTION("and the request sent again") {
        const char* const message =
            GENERATE("Signature expired: 20260131T120000Z is now earlier than",
                     "Signature not yet current: 20260131T120000Z is still later than");
        const ScriptedServer server(
            {conversation({refusal(message), answer("200 OK", "", sts_xml("AssumeRole"))})});
        CHECK(said(keys_from(*role_at(server))) == "key");
        REQUIRE(server.requests().size() == 2);
        CHECK(server.requests()[0].header("x-amz-date") == "20260131T120000Z");
        CHECK(server.requests()[1].header("x-amz-date") == "20260131T140000Z");
        CHECK(skew->skew() == 2h);
    }
    SECTION("once") {
        const std::string expired = refusal("Signature expired: it is");
        const ScriptedServer server({conversation({expired, expired, expired})});
        CHECK(said(keys_from(*role_at(server))) == "unauthenticated");
        CHECK(server.requests().size() == 2);
    }
    SECTION("but not by another refusal") {
        const ScriptedServer server({conversation({refusal("The signature does not match")})});
        CHECK(said(keys_from(*role_at(server))) == "unauthenticated");
        CHECK(server.requests().size() == 1);
        CHECK(skew->skew() == 0s);
    }
}

TEST_CASE("keys that look ended when they come correct the clock", "[wire][credentials]") {
    const auto local = std::make_shared<FakeClock>();
    local->advance(10h);
    const auto skew = std::make_shared<s3::ClockSkew>();
    const auto server_time = std::make_shared<s3::CorrectedClock>(local, skew);
    const ScriptedServer server(
        {conversation({answer("200 OK", "Date: Sat, 31 Jan 2026 12:00:00 GMT\r\n", keys_json)})});
    auto context = context_with({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", server.endpoint()}}, {}, server_time);
    context.server_time = server_time;
    const auto provider = s3::make_refreshing_provider(s3::make_container_provider(context), server_time);
    CHECK(said(keys_from(*provider)) == "key");
    CHECK(skew->skew() == -10h);
}

TEST_CASE("a role is assumed with signed requests, each attempt with its own time", "[wire][credentials]") {
    class TickingClock final : public Clock {
    public:
        [[nodiscard]] Timestamp now() const noexcept override {
            return Timestamp(std::chrono::sys_days(std::chrono::year(2026) / 1 / 31)) +
                   std::chrono::seconds(ticks_++);
        }

    private:
        mutable std::atomic<int> ticks_{0};
    };
    const ScriptedServer server(
        {conversation({answer("500 Oh", "", ""), answer("200 OK", "", sts_xml("AssumeRole"))})});
    auto context = context_with({{"AWS_REGION", "eu-west-1"}}, {}, std::make_shared<TickingClock>());
    const auto provider = s3::make_assume_role_provider(
        context, s3::make_given_provider(s3::Credentials{"source", canary, "token"}), some_role(),
        server.endpoint());
    CHECK(said(keys_from(*provider)) == "key");
    REQUIRE(server.requests().size() == 2);
    for (const HeardRequest& request : server.requests()) {
        CHECK(request.line() == "POST / HTTP/1.1");
        CHECK(request.header("content-type") == "application/x-www-form-urlencoded");
        CHECK(request.header("x-amz-security-token") == "token");
        CHECK(request.header("authorization")
                  .starts_with(
                      "AWS4-HMAC-SHA256 Credential=source/20260131/eu-west-1/sts/aws4_request, SignedHeaders="
                      "content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature="));
        CHECK(
            request.body ==
            "Action=AssumeRole&DurationSeconds=3600&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Freader"
            "&RoleSessionName=me&Version=2011-06-15");
    }
    CHECK(server.requests()[0].header("x-amz-date") != server.requests()[1].header("x-amz-date"));
    CHECK(server.requests()[0].header("authorization") != server.requests()[1].header("authorization"));
}

TEST_CASE("an STS that fails", "[wire][credentials]") {
    const std::string denied = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not with " +
                               std::string(canary) + "</Message></Error></ErrorResponse>";
    const Talk refused = talk({conversation({answer("403 Forbidden", "", denied)})}, role_of);
    CHECK(refused.keys == "permission_denied");
    CHECK(refused.requests == 1);
    check_failures(role_of, {});
}

TEST_CASE("a web identity's token file is read each time and sent unsigned", "[wire][credentials]") {
    const TemporaryDirectory directory;
    const std::string file = directory.file("token");
    const std::string granted = answer("200 OK", "", sts_xml("AssumeRoleWithWebIdentity"));
    const std::string denied = "<ErrorResponse><Error><Code>ExpiredTokenException</Code><Message>" +
                               std::string(canary) + " has expired</Message></Error></ErrorResponse>";
    const ScriptedServer server({conversation({granted, granted, answer("400 Bad Request", "", denied)})});
    const auto provider = s3::make_web_identity_provider(
        context_with({{"AWS_WEB_IDENTITY_TOKEN_FILE", file},
                      {"AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/reader"},
                      {"AWS_ENDPOINT_URL_STS", server.endpoint()}}),
        std::nullopt, "");
    CHECK(said(keys_from(*provider)) == "configuration");
    write_file(file, "first\n");
    CHECK(said(keys_from(*provider)) == "key");
    write_file(file, "second\n");
    CHECK(said(keys_from(*provider)) == "key");
    write_file(file, canary);
    CHECK(said(keys_from(*provider)) == "unauthenticated");
    REQUIRE(server.requests().size() == 3);
    const HeardRequest first = server.requests()[0];
    CHECK(first.body.starts_with("Action=AssumeRoleWithWebIdentity&"));
    CHECK(first.body.find("RoleSessionName=filestore-1769860800000000&") != std::string::npos);
    CHECK(first.body.ends_with("&WebIdentityToken=first"));
    CHECK(first.header("authorization") == "(none)");
    CHECK(server.requests()[1].body.ends_with("&WebIdentityToken=second"));
}

TEST_CASE("a profile's chain of roles is assumed one with the other", "[wire][credentials]") {
    const TemporaryDirectory home;
    const ScriptedServer server({conversation(
        {answer("200 OK", "", sts_xml("AssumeRole")), answer("200 OK", "", sts_xml("AssumeRole"))})});
    write_file(home.file("config"),
               "[profile a]\nrole_arn = A\nsource_profile = b\nregion = eu-south-2\n"
               "[profile b]\nrole_arn = B\nsource_profile = c\nregion = eu-west-3\n"
               "[profile c]\ncredential_process = printf "
               R"('{"Version": 1, "AccessKeyId": "base", "SecretAccessKey": "s"}')"
               "\n");
    S3Credentials options;
    options.profile = "a";
    options.sts_endpoint = server.endpoint();
    const auto context = context_with({{"AWS_CONFIG_FILE", home.file("config")}});
    CHECK(said(keys_from(*s3::make_credentials_provider(options, context).value())) == "key");
    REQUIRE(server.requests().size() == 2);
    CHECK(server.requests()[0].body.find("RoleArn=B&") != std::string::npos);
    CHECK(server.requests()[0].header("authorization").find("Credential=base/") != std::string::npos);
    CHECK(server.requests()[1].body.find("RoleArn=A&") != std::string::npos);
    CHECK(server.requests()[1].header("authorization").find("Credential=key/") != std::string::npos);
    for (const HeardRequest& request : server.requests()) {
        CHECK(request.header("authorization").find("/eu-south-2/sts/") != std::string::npos);
    }
}

TEST_CASE("the role of the options is assumed with the keys that are found", "[wire][credentials]") {
    const ScriptedServer server({conversation({answer("200 OK", "", sts_xml("AssumeRole"))})});
    S3Credentials options;
    options.role.role_arn = "R";
    options.role.external_id = "E";
    options.sts_endpoint = server.endpoint();
    const auto context = context_with({{"AWS_ACCESS_KEY_ID", "env"}, {"AWS_SECRET_ACCESS_KEY", "s"}});
    CHECK(said(keys_from(*s3::make_credentials_provider(options, context).value())) == "key");
    CHECK(server.requests().at(0).body.find("ExternalId=E") != std::string::npos);
    CHECK(server.requests().at(0).header("authorization").find("Credential=env/") != std::string::npos);
}
