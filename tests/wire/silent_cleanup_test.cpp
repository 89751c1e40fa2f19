/// Servers that fall silent, so that what a call leaves behind cannot be removed: the call ends all the same.

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <future>
#include <optional>
#include <thread>

#include "support/answers.h"
#include "support/code_of.h"
#include "support/eventually.h"
#include "support/test_streams.h"
#include "wire/operations.h"

using namespace filestore;
using namespace filestore::test;
using namespace std::chrono_literals;

namespace {

/// Comes long after a call that is past its limits has to have ended: another server's silence is over only then.
class LaterEvent {
public:
    LaterEvent() {
        S3ClientOptions options = plain_options(silent_);
        options.first_byte_timeout = 8s;
        client_.emplace(S3Client::open(std::move(options)).value());
        client_->head_async(operations::request_on_object<S3ObjectRequest>(), answers_.next());
    }

    [[nodiscard]] bool has_come() const { return answers_.count() > 0; }

private:
    ScriptedServer silent_{{{ExpectRequest{}, Stall{}}}};
    Answers<S3ObjectInfo> answers_;
    std::optional<S3Client> client_;
};

const Script silence = {ExpectRequest{}, Stall{}};

/// Answers `answers`, and nothing to the request after them, nor to any that comes later.
void fall_silent(ScriptedServer& server, const std::vector<std::string>& answers,
                 std::promise<void>& last_came) {
    Script script = conversation(answers);
    script.insert(script.end(), {ExpectRequest{}, Signal{&last_came}, Stall{}});
    server.add(std::move(script));
    server.repeat(silence);
}

std::size_t removals(const ScriptedServer& server) {
    const auto requests = server.requests();
    return static_cast<std::size_t>(
        std::count_if(requests.begin(), requests.end(),
                      [](const HeardRequest& request) { return request.head.starts_with("DELETE "); }));
}

/// An upload or a copy in parts, and what a server answers until its first part.
struct Transfer {
    std::vector<std::string> before;
    std::function<Result<void>(S3Client&, const CallOptions&)> run;
};

Transfer upload_in_parts() {
    return {{operations::created}, [](S3Client& client, const CallOptions& call) {
                return operations::put(client, 6'000'000, call);
            }};
}

Transfer copy_in_parts() {
    return {{operations::large_head, operations::created}, operations::copy_in_parts};
}

void check_left_behind(const Result<void>& outcome, ErrorCode code) {
    REQUIRE(code_of(outcome) == code);
    CHECK(outcome.error().message().find("parts of upload 'u' may be left") != std::string_view::npos);
}

}  // namespace

TEST_CASE("a transfer in parts that is cancelled does not wait for a server that keeps silent",
          "[wire][client][cancel]") {
    const Transfer transfer = GENERATE(upload_in_parts(), copy_in_parts());
    std::promise<void> part_came;
    ScriptedServer server;
    fall_silent(server, transfer.before, part_came);
    S3Client client = S3Client::open(plain_options(server)).value();
    std::stop_source stop;
    CallOptions call;
    call.cancel = stop.get_token();
    auto running = std::async(std::launch::async, [&] { return transfer.run(client, call); });
    part_came.get_future().wait();
    const LaterEvent later;
    stop.request_stop();
    check_left_behind(running.get(), ErrorCode::cancelled);
    CHECK_FALSE(later.has_come());
    CHECK(removals(server) == 1);
}

TEST_CASE("a transfer in parts ends soon after its deadline though the server keeps silent",
          "[wire][client][deadline]") {
    const Transfer transfer = GENERATE(upload_in_parts(), copy_in_parts());
    std::promise<void> part_came;
    ScriptedServer server;
    fall_silent(server, transfer.before, part_came);
    S3Client client = S3Client::open(plain_options(server)).value();
    CallOptions call;
    call.deadline = deadline_in(3s);
    auto running = std::async(std::launch::async, [&] { return transfer.run(client, call); });
    std::this_thread::sleep_until(*call.deadline);
    const LaterEvent later;
    check_left_behind(running.get(), ErrorCode::timeout);
    CHECK_FALSE(later.has_come());
    CHECK(removals(server) == 1);
}

TEST_CASE("closing does not wait for a server that keeps silent", "[wire][client]") {
    std::promise<void> part_came;
    ScriptedServer server;
    fall_silent(server, {operations::created}, part_came);
    S3Client client = S3Client::open(plain_options(server)).value();
    auto running = std::async(std::launch::async, [&] { return operations::put(client, 6'000'000); });
    part_came.get_future().wait();
    const LaterEvent later;
    client.close();
    CHECK_FALSE(later.has_come());
    check_left_behind(running.get(), ErrorCode::cancelled);
}

TEST_CASE("an upload that cleans up after a failure is cancelled", "[wire][client][cancel]") {
    std::promise<void> abort_came;
    ScriptedServer server;
    fall_silent(server, {operations::created, answer("403 Forbidden", "", error_body("AccessDenied"))},
                abort_came);
    S3Client client = S3Client::open(plain_options(server)).value();
    std::stop_source stop;
    CallOptions call;
    call.cancel = stop.get_token();
    auto running = std::async(std::launch::async, [&] { return operations::put(client, 6'000'000, call); });
    abort_came.get_future().wait();
    const LaterEvent later;
    stop.request_stop();
    check_left_behind(running.get(), ErrorCode::permission_denied);
    CHECK_FALSE(later.has_come());
    CHECK(removals(server) == 1);
}

TEST_CASE("an upload whose abort cannot be looked after says so", "[wire][client][cancel]") {
    std::promise<void> question_came;
    ScriptedServer server;
    fall_silent(server,
                {operations::created, answer("403 Forbidden", "", error_body("AccessDenied")),
                 answer("204 No Content", "", "")},
                question_came);
    S3Client client = S3Client::open(plain_options(server)).value();
    std::stop_source stop;
    CallOptions call;
    call.cancel = stop.get_token();
    auto running = std::async(std::launch::async, [&] { return operations::put(client, 6'000'000, call); });
    question_came.get_future().wait();
    stop.request_stop();
    check_left_behind(running.get(), ErrorCode::permission_denied);
}

TEST_CASE("whoever may not list the parts of an upload relies on its abort", "[wire][client]") {
    const std::string refused = answer("403 Forbidden", "", error_body("AccessDenied"));
    const ScriptedServer server(
        {conversation({operations::created, refused, answer("204 No Content", "", ""), refused})});
    S3Client client = S3Client::open(plain_options(server)).value();
    const auto outcome = operations::put(client, 6'000'000);
    REQUIRE(code_of(outcome) == ErrorCode::permission_denied);
    CHECK(outcome.error().message().find("may be left") == std::string_view::npos);
    CHECK(server.requests().size() == 4);
}

TEST_CASE("what became of a completion is not waited for when the server keeps silent",
          "[wire][client][cancel]") {
    std::promise<void> completion_came;
    ScriptedServer server;
    const std::string stored = answer("200 OK", "ETag: \"p\"\r\n", "");
    fall_silent(server, {operations::created, stored, stored}, completion_came);
    S3Client client = S3Client::open(plain_options(server)).value();
    std::stop_source stop;
    CallOptions call;
    call.cancel = stop.get_token();
    auto running = std::async(std::launch::async, [&] { return operations::put(client, 6'000'000, call); });
    completion_came.get_future().wait();
    const LaterEvent later;
    stop.request_stop();
    CHECK(code_of(running.get()) == ErrorCode::outcome_unknown);
    CHECK_FALSE(later.has_come());
}

TEST_CASE("a probe past its limits does not wait for a server that keeps silent", "[wire][probe]") {
    enum class End { cancelled, late, closed };
    const End end = GENERATE(End::cancelled, End::late, End::closed);
    std::promise<void> second_came;
    ScriptedServer server;
    fall_silent(server, {answer("200 OK", "ETag: \"x\"\r\n", "")}, second_came);
    S3Client client = S3Client::open(plain_options(server)).value();
    std::stop_source stop;
    S3ProbeRequest request;
    request.bucket = "bucket";
    request.call.cancel = stop.get_token();
    if (end == End::late) {
        request.call.deadline = deadline_in(1s);
    }
    Answers<S3ProbeResult> answers;
    client.probe_async(request, answers.next());
    second_came.get_future().wait();
    if (end == End::late) {
        std::this_thread::sleep_until(*request.call.deadline);
    }
    const LaterEvent later;
    if (end == End::cancelled) {
        stop.request_stop();
    } else if (end == End::closed) {
        client.close();
    }
    const auto result = answers.wait_for_one();
    CHECK_FALSE(later.has_come());
    REQUIRE(code_of(result) == (end == End::late ? ErrorCode::timeout : ErrorCode::cancelled));
    CHECK(result.error().message().find("could not all be removed") != std::string_view::npos);
    CHECK(removals(server) == 1);
}

TEST_CASE("a probe that cleans up is cancelled", "[wire][probe]") {
    std::promise<void> removal_came;
    ScriptedServer server;
    fall_silent(server,
                {answer("200 OK", "ETag: \"x\"\r\n", ""),
                 answer("200 OK", "ETag: \"x\"\r\n" + std::string(date_line), "other bytes")},
                removal_came);
    S3Client client = S3Client::open(plain_options(server)).value();
    std::stop_source stop;
    S3ProbeRequest request;
    request.bucket = "bucket";
    request.call.cancel = stop.get_token();
    Answers<S3ProbeResult> answers;
    client.probe_async(request, answers.next());
    removal_came.get_future().wait();
    const LaterEvent later;
    stop.request_stop();
    CHECK(code_of(answers.wait_for_one()) == ErrorCode::unsupported);
    CHECK_FALSE(later.has_come());
    CHECK(removals(server) == 1);
}
