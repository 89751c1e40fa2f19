#include "s3/credentials/chain.h"

#include <catch2/catch.hpp>
#include <thread>

#include "s3/credentials/given.h"
#include "support/credentials.h"
#include "support/files.h"
#include "support/temporary_directory.h"

using namespace filestore;
using namespace std::chrono_literals;
using namespace filestore::test;

namespace {

using Variables = std::map<std::string, std::string>;

/// A client's search for keys, without a network.
struct Search {
    Result<s3::ResolvedCredentials> result = Error(ErrorCode::internal);
    int sent = 0;
};

Search search(const S3Credentials& options, const Variables& variables) {
    const auto transport = std::make_shared<NoTransport>();
    const auto context = context_with(variables, transport);
    const auto provider = s3::make_credentials_provider(options, context);
    REQUIRE(provider.ok());
    Search done;
    done.result = keys_from(**provider);
    done.sent = transport->sent;
    return done;
}

std::string access_key_of(const Search& done) {
    return done.result.ok() ? done.result->keys.access_key : "failed: " + failure_of(done.result);
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

/// Fails the test when a thread, the executor or the network is used.
class ForbiddenExecutor final : public Executor {
public:
    void post(std::function<void()>) override { FAIL("a task was posted"); }
};

const Variables environment_keys{{"AWS_ACCESS_KEY_ID", "env"}, {"AWS_SECRET_ACCESS_KEY", "secret"}};

}  // namespace

TEST_CASE("making a provider reads nothing, sends nothing and starts nothing", "[s3][credentials]") {
    const auto transport = std::make_shared<NoTransport>();
    s3::ProviderContext context = context_with({}, transport);
    context.executor = std::make_shared<ForbiddenExecutor>();
    context.environment = [](const char* name) -> std::optional<std::string> {
        FAIL("read " << name);
        return {};
    };
    S3Credentials options;
    options.role.role_arn = "arn:aws:iam::123456789012:role/reader";
    CHECK(s3::make_credentials_provider(options, context).ok());
    options.profile = "work";
    CHECK(s3::make_credentials_provider(options, context).ok());
    CHECK(transport->sent == 0);
}

TEST_CASE("given keys are used without asking anybody", "[s3][credentials]") {
    S3Credentials options;
    options.access_key = "given";
    options.secret_key = "secret";
    options.session_token = "token";
    const Search done = search(options, environment_keys);
    CHECK(access_key_of(done) == "given");
    CHECK(done.result->keys.session_token == "token");
    CHECK(done.sent == 0);
}

TEST_CASE("given keys that cannot be right are a mistake, not a reason to look further",
          "[s3][credentials]") {
    const auto failure = [](const char* access_key, const char* secret_key, const char* token) {
        S3Credentials options;
        options.access_key = access_key;
        options.secret_key = secret_key;
        options.session_token = token;
        const auto made = s3::make_credentials_provider(options, context_with());
        return made.ok()
                   ? std::string()
                   : std::string(to_string(made.error().code())) + ": " + std::string(made.error().message());
    };
    CHECK(failure("given", "secret", "token").empty());
    for (const auto& [keys, said] :
         {std::pair{failure("given", "", ""), "an access key without a secret key"},
          std::pair{failure("", "canary", ""), "a secret key without an access key"},
          std::pair{failure("", "", "canary"), "a session token without keys"},
          std::pair{failure("given\r\nx: y", "canary", ""), "a line break"},
          std::pair{failure("given", "canary\n", ""), "a line break"},
          std::pair{failure("given", "canary", "to ken"), "a blank"}}) {
        INFO(keys);
        CHECK(keys.starts_with("invalid_argument"));
        CHECK(contains(keys, said));
        CHECK_FALSE(contains(keys, "canary"));
    }
}

TEST_CASE("an anonymous client gets empty keys", "[s3][credentials]") {
    S3Credentials options;
    options.anonymous = true;
    const Search done = search(options, environment_keys);
    REQUIRE(done.result.ok());
    CHECK(done.result->keys == s3::Credentials());
}

TEST_CASE("options that contradict each other are refused", "[s3][credentials]") {
    const auto refused = [](const S3Credentials& options) {
        const auto made = s3::make_credentials_provider(options, context_with());
        return !made.ok() && made.error().code() == ErrorCode::invalid_argument;
    };
    S3Credentials options;
    options.anonymous = true;
    options.access_key = "given";
    options.secret_key = "secret";
    CHECK(refused(options));
    options = {};
    options.anonymous = true;
    options.role.role_arn = "arn";
    CHECK(refused(options));
    options = {};
    options.anonymous = true;
    options.profile = "work";
    CHECK(refused(options));
    options = {};
    options.access_key = "given";
    options.secret_key = "secret";
    options.profile = "work";
    CHECK(refused(options));
    options = {};
    options.sts_endpoint = "sts.example";
    CHECK(refused(options));
    options = {};
    options.instance_metadata_endpoint = "ftp://host";
    CHECK(refused(options));
}

TEST_CASE("a role is assumed for 15 minutes to 12 hours, and has a name", "[s3][credentials]") {
    const auto made = [](std::chrono::seconds duration) {
        S3Credentials options;
        options.role.role_arn = "arn:aws:iam::123456789012:role/reader";
        options.role.duration = duration;
        return s3::make_credentials_provider(options, context_with());
    };
    for (const std::chrono::seconds duration : {-1s, 0s, 899s, 43'201s, std::chrono::seconds::max()}) {
        INFO(duration.count());
        REQUIRE_FALSE(made(duration).ok());
        CHECK(made(duration).error().code() == ErrorCode::invalid_argument);
    }
    CHECK(made(900s).ok());
    CHECK(made(43'200s).ok());
    S3Credentials nameless;
    nameless.role.external_id = "id";
    CHECK_FALSE(s3::make_credentials_provider(nameless, context_with()).ok());
}

TEST_CASE("the environment is asked first, then the profile", "[s3][credentials]") {
    const TemporaryDirectory home;
    const std::string file = home.file("credentials");
    write_file(file, "[default]\naws_access_key_id = profile\naws_secret_access_key = secret\n");
    Variables variables = environment_keys;
    variables["AWS_SHARED_CREDENTIALS_FILE"] = file;
    variables["HOME"] = home.path();
    CHECK(access_key_of(search({}, variables)) == "env");
    variables.erase("AWS_ACCESS_KEY_ID");
    variables.erase("AWS_SECRET_ACCESS_KEY");
    const Search done = search({}, variables);
    CHECK(access_key_of(done) == "profile");
    CHECK(done.sent == 0);
}

TEST_CASE("a provider that is not allowed is not asked", "[s3][credentials]") {
    S3Credentials options;
    options.allowed = {.environment = false,
                       .web_identity = false,
                       .profile = false,
                       .container = false,
                       .instance_metadata = false};
    const Search done = search(options, environment_keys);
    CHECK(done.result.error().code() == ErrorCode::unauthenticated);
    CHECK(failure_of(done.result) == "no S3 credentials");
    CHECK(done.sent == 0);
}

TEST_CASE("a named profile alone is asked", "[s3][credentials]") {
    const TemporaryDirectory home;
    write_file(home.file("config"),
               "[profile work]\naws_access_key_id = work\naws_secret_access_key = secret\n");
    Variables variables = environment_keys;
    variables["AWS_CONFIG_FILE"] = home.file("config");
    variables["AWS_SHARED_CREDENTIALS_FILE"] = home.file("none");
    S3Credentials options;
    options.profile = "work";
    CHECK(access_key_of(search(options, variables)) == "work");
    options.profile = "play";
    const Search done = search(options, variables);
    CHECK(done.result.error().code() == ErrorCode::configuration);
    CHECK(failure_of(done.result) == "no S3 credentials: profile: there is no profile 'play'");
}

TEST_CASE("where nothing is set up, the error names each provider and why it gave nothing",
          "[s3][credentials]") {
    const TemporaryDirectory home;
    const Search done = search({}, {{"HOME", home.path()}});
    CHECK(done.result.error().code() == ErrorCode::unauthenticated);
    CHECK(failure_of(done.result) ==
          "no S3 credentials: environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set; "
          "web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set; "
          "profile: there is no profile 'default'; "
          "container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI are not "
          "set; "
          "instance metadata: http://169.254.169.254 does not answer: there is no network in this test");
}

TEST_CASE("a provider that is set up and fails ends the search", "[s3][credentials]") {
    const TemporaryDirectory home;
    Variables variables{{"HOME", home.path()}, {"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/"}};
    const Search container = search({}, variables);
    CHECK(container.result.error().code() == ErrorCode::unavailable);
    CHECK(contains(failure_of(container.result), "container: there is no network in this test"));
    CHECK(contains(failure_of(container.result), "instance metadata: not asked"));

    variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = home.file("missing");
    const Search identity = search({}, variables);
    CHECK(identity.result.error().code() == ErrorCode::configuration);
    CHECK(contains(failure_of(identity.result), "AWS_ROLE_ARN is not"));
    CHECK(contains(failure_of(identity.result), "container: not asked"));

    variables = {{"AWS_ACCESS_KEY_ID", "canary"}, {"HOME", home.path()}};
    const Search half = search({}, variables);
    CHECK(half.result.error().code() == ErrorCode::unauthenticated);
    CHECK(contains(failure_of(half.result), "AWS_SECRET_ACCESS_KEY is not set"));
    CHECK_FALSE(contains(failure_of(half.result), "canary"));
    CHECK(half.sent == 0);
}

TEST_CASE("instance metadata is not asked where it is disabled or another gave keys", "[s3][credentials]") {
    const TemporaryDirectory home;
    const Search done = search({}, {{"HOME", home.path()}, {"AWS_EC2_METADATA_DISABLED", "TRUE"}});
    CHECK(contains(failure_of(done.result), "instance metadata: AWS_EC2_METADATA_DISABLED is true"));
    CHECK(done.sent == 0);
    CHECK(search({}, environment_keys).sent == 0);
}

TEST_CASE("instance metadata gets two attempts", "[s3][credentials]") {
    const TemporaryDirectory home;
    class Flaky final : public http::Transport {
    public:
        void send(http::Request request, std::shared_ptr<http::Receiver> receiver) noexcept override {
            ++sent;
            direct = direct && request.direct;
            connect_timeout = request.connect_timeout.value_or(std::chrono::hours(1));
            ErrorDetails details;
            details.retryable = true;
            receiver->on_done(Error(ErrorCode::unavailable, "no route", details));
        }
        void close() noexcept override {}
        std::atomic<int> sent{0};
        std::atomic<bool> direct{true};
        std::atomic<std::chrono::milliseconds> connect_timeout{};
    };
    const auto flaky = std::make_shared<Flaky>();
    const auto context = context_with({{"HOME", home.path()}}, flaky);
    const auto provider = s3::make_credentials_provider({}, context);
    CHECK_FALSE(keys_from(**provider).ok());
    CHECK(flaky->sent == 2);
    CHECK(flaky->direct);
    CHECK(flaky->connect_timeout.load() == std::chrono::seconds(1));
}
