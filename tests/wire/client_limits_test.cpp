/// What S3Client needs of connections, threads and descriptors, and how its calls are paused, cancelled and reported.

#include <algorithm>
#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <future>
#include <mutex>
#include <optional>
#include <thread>

#include "support/answers.h"
#include "support/eventually.h"
#include "support/random_bytes.h"
#include "wire/operations.h"

using namespace filestore;
using namespace filestore::test;
using namespace std::chrono_literals;

namespace {

const std::string done = answer("204 No Content", "", "");

std::size_t descriptor_count() {
    const std::filesystem::directory_iterator open("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(open), end(open)));
}

/// As a user opens it.
S3ClientOptions default_options(const ScriptedServer& server) {
    S3ClientOptions options;
    options.endpoint = server.endpoint();
    options.credentials.access_key = access_key;
    options.credentials.secret_key = secret_key;
    return options;
}

/// Keeps what is reported. A resource; thread-safe.
class Reports {
public:
    [[nodiscard]] std::function<void(const Progress&)> hook() {
        return [this](const Progress& progress) {
            const std::lock_guard lock(mutex_);
            all_.push_back(progress);
        };
    }
    [[nodiscard]] std::vector<Progress> all() const {
        const std::lock_guard lock(mutex_);
        return all_;
    }

private:
    mutable std::mutex mutex_;
    std::vector<Progress> all_;
};

void check_reports(const std::vector<Progress>& reports, std::uint64_t total) {
    REQUIRE_FALSE(reports.empty());
    Progress last;
    for (const Progress& report : reports) {
        CHECK(report.bytes_done >= last.bytes_done);
        CHECK(report.bytes_acknowledged >= last.bytes_acknowledged);
        CHECK(report.bytes_acknowledged <= report.bytes_done);
        CHECK(report.bytes_done <= total);
        CHECK((!report.bytes_total || *report.bytes_total == total));
        last = report;
    }
    CHECK(last.bytes_done == total);
    CHECK(last.bytes_acknowledged == total);
    CHECK(last.bytes_total == total);
}

/// A sink that only counts. Thread-safe to look at.
struct CountingSink {
    std::atomic<std::size_t> taken{0};
    std::string bytes;

    [[nodiscard]] std::shared_ptr<Sink> sink() {
        CallbackSink callbacks;
        callbacks.blocking = false;
        callbacks.write = [this](std::span<const std::byte> more, const Wake&) -> Result<IoStep> {
            bytes.append(reinterpret_cast<const char*>(more.data()), more.size());
            taken += more.size();
            return IoStep{more.size(), false};
        };
        return sink_to_callback(callbacks);
    }
};

}  // namespace

TEST_CASE("a thousand calls one after the other, whatever their answers, use one connection",
          "[wire][client]") {
    const std::string denied = answer("403 Forbidden", "", error_body("AccessDenied"));
    struct Row {
        std::string answered;
        std::function<ErrorCode(S3Client&)> call;
        ErrorCode code;
        /// To the request that follows, if one does.
        std::string then{};
    };
    const auto code_of = [](const auto& result) {
        return result.ok() ? ErrorCode::ok : result.error().code();
    };
    const auto get = [&](S3Client& client) { return code_of(operations::get(client, {})); };
    const auto put = [&](S3Client& client) { return code_of(operations::put(client, 100)); };
    const auto remove = [&](S3Client& client) {
        return code_of(client.remove(operations::request_on_object<S3ObjectRequest>()));
    };
    const auto head = [&](S3Client& client) {
        return code_of(client.head(operations::request_on_object<S3ObjectRequest>()));
    };
    const auto tags = [&](S3Client& client) {
        return code_of(client.get_tags(operations::request_on_object<S3TagsRequest>()));
    };
    const Row rows[] = {
        {answer("200 OK", operations::object_headers, "hello"), get, ErrorCode::ok},
        {answer("404 Not Found", "", error_body("NoSuchKey")), get, ErrorCode::not_found},
        {answer("412 Precondition Failed", "", error_body("PreconditionFailed")), put,
         ErrorCode::precondition_failed},
        {denied, get, ErrorCode::permission_denied},
        {"HTTP/1.1 200 OK\r\n" + operations::object_headers + "Content-Length: 5\r\n\r\n", head,
         ErrorCode::ok},
        // It asks for the reason.
        {"HTTP/1.1 403 Forbidden\r\nContent-Length: 243\r\n\r\n", head, ErrorCode::permission_denied, denied},
        {answer("200 OK", "ETag: \"e\"\r\n", ""), put, ErrorCode::ok},
        {done, remove, ErrorCode::ok},
        {"HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n", tags,
         ErrorCode::permission_denied},
        {answer("416 Range Not Satisfiable", "", ""), get, ErrorCode::range_not_satisfiable},
    };
    constexpr std::size_t calls = 1000;
    std::vector<std::string> answers;
    for (std::size_t i = 0; i < calls; ++i) {
        const Row& row = rows[i % std::size(rows)];
        answers.push_back(row.answered);
        if (!row.then.empty()) {
            answers.push_back(row.then);
        }
    }
    const ScriptedServer server({conversation(answers)});
    S3Client client = S3Client::open(default_options(server)).value();
    for (std::size_t i = 0; i < calls; ++i) {
        const Row& row = rows[i % std::size(rows)];
        INFO(row.answered);
        REQUIRE(row.call(client) == row.code);
    }
    CHECK(server.requests().size() == answers.size());
    CHECK(server.connections() == 1);
}

TEST_CASE("five thousand downloads at once need few threads and leave no descriptor", "[wire][client]") {
    constexpr std::size_t calls = 5000;
    constexpr std::size_t connections = 16;
    const std::size_t threads_before = thread_count();
    const std::size_t descriptors_before = descriptor_count();
    {
        Script script = conversation(
            std::vector<std::string>(calls, answer("200 OK", operations::object_headers, "fine")));
        script.emplace_back(Stall{});
        const ScriptedServer server(std::vector<Script>(connections, script));
        S3ClientOptions options = default_options(server);
        options.max_connections = connections;
        S3Client client = S3Client::open(options).value();
        std::vector<std::shared_ptr<BufferSink>> sinks;
        std::vector<std::atomic<int>> answered(calls);
        std::atomic<std::size_t> all_answered{0};
        std::atomic<std::size_t> most_threads{0};
        for (std::size_t i = 0; i < calls; ++i) {
            sinks.push_back(std::make_shared<BufferSink>());
            auto request = operations::request_on_object<S3GetRequest>();
            request.sink = sinks.back();
            client.get_async(std::move(request), [&, i](const Result<S3GetResult>& result) {
                answered[i] += result.ok() ? 1 : 1000;
                std::size_t most = most_threads;
                const std::size_t now = thread_count();
                while (now > most && !most_threads.compare_exchange_weak(most, now)) {
                }
                ++all_answered;
            });
        }
        REQUIRE(eventually([&] { return all_answered == calls; }));
        for (std::size_t i = 0; i < calls; ++i) {
            REQUIRE(answered[i] == 1);
            REQUIRE(sinks[i]->bytes() == "fine");
        }
        CHECK(server.requests().size() == calls);
        // The server has a thread to accept, and one for each connection.
        CHECK(most_threads <= threads_before + 1 + server.connections() + 8);
        // Nobody is kept that has nothing to do.
        CHECK(eventually([&] { return thread_count() <= threads_before + 1 + server.connections(); }));
    }
    CHECK(eventually([&] { return descriptor_count() <= descriptors_before; }));
    CHECK(eventually([&] { return thread_count() <= threads_before; }));
}

TEST_CASE("every operation is cancelled before a slow server sends its next byte", "[wire][client][cancel]") {
    const bool paused = GENERATE(false, true);
    for (const Operation& operation : all_operations()) {
        INFO(operation.name << (paused ? ", paused" : ""));
        std::promise<void> begun;
        std::promise<void> next_byte;
        const std::string right = operation.right();
        Script script = conversation(operation.before);
        script.insert(script.end(),
                      {ExpectRequest{}, Send{right.substr(0, right.size() - 1)}, Signal{&begun},
                       Await{next_byte.get_future().share()}, Send{right.substr(right.size() - 1)}});
        // What came of a request that was broken off is looked for last.
        std::vector<std::string> after = operation.after;
        std::stable_partition(after.begin(), after.end(),
                              [](const std::string& next) { return next != operations::no_object; });
        const ScriptedServer server({script, conversation(after)});
        S3Client client = S3Client::open(plain_options(server)).value();
        std::stop_source stop;
        CallOptions call;
        call.cancel = stop.get_token();
        call.pause = std::make_shared<PauseSwitch>();
        auto running = std::async(std::launch::async, [&] { return operation.run(client, call); });
        begun.get_future().wait();
        if (paused) {
            call.pause->pause();
        }
        stop.request_stop();
        stop.request_stop();
        const bool ended = running.wait_for(60s) == std::future_status::ready;
        next_byte.set_value();
        call.pause->resume();
        const auto outcome = running.get();
        REQUIRE(ended);
        REQUIRE_FALSE(outcome.ok());
        CHECK(outcome.error().code() == ErrorCode::cancelled);
        CHECK(server.requests().size() == operation.before.size() + 1 + after.size());
        stop.request_stop();
    }
}

TEST_CASE("an upload that is cancelled while it begins is taken back when its ID is known",
          "[wire][client][cancel]") {
    std::promise<void> begun;
    std::promise<void> go_on;
    Script script = conversation({operations::large_head});
    script.insert(script.end(), {ExpectRequest{}, Signal{&begun}, Await{go_on.get_future().share()},
                                 Send{operations::created}});
    const Script rest = conversation({done, operations::gone});
    script.insert(script.end(), rest.begin(), rest.end());
    const ScriptedServer server({script});
    S3Client client = S3Client::open(plain_options(server)).value();
    std::stop_source stop;
    CallOptions call;
    call.cancel = stop.get_token();
    auto running = std::async(std::launch::async, [&] { return operations::copy_in_parts(client, call); });
    begun.get_future().wait();
    stop.request_stop();
    go_on.set_value();
    CHECK(running.get().error().code() == ErrorCode::cancelled);
    const auto requests = server.requests();
    REQUIRE(requests.size() == 4);
    CHECK(requests[2].line() == "DELETE /bucket/k?uploadId=u HTTP/1.1");
    CHECK(requests[3].line() == "GET /bucket/k?uploadId=u HTTP/1.1");
}

TEST_CASE("an upload whose begin is never answered is not waited for", "[wire][client][cancel]") {
    enum class End { cancelled, closed };
    for (const End end : {End::cancelled, End::closed}) {
        std::promise<void> begun;
        const ScriptedServer server(
            {{ExpectRequest{}, Send{operations::large_head}, ExpectRequest{}, Signal{&begun}, Stall{}}});
        S3ClientOptions options = plain_options(server);
        options.retry.max_attempts = 10;
        std::optional<S3Client> client = S3Client::open(options).value();
        std::stop_source stop;
        CallOptions call;
        call.cancel = stop.get_token();
        auto running = std::async(std::launch::async,
                                  [&, own = &*client] { return operations::copy_in_parts(*own, call); });
        begun.get_future().wait();
        const auto before = std::chrono::steady_clock::now();
        if (end == End::closed) {
            client->close();
        } else {
            stop.request_stop();
        }
        const auto outcome = running.get();
        // The limit for the first byte, after which it would be asked for again, is 30 s.
        CHECK(std::chrono::steady_clock::now() - before < 10s);
        REQUIRE_FALSE(outcome.ok());
        CHECK(outcome.error().code() == ErrorCode::cancelled);
        CHECK(outcome.error().message().find("sweep_uploads()") != std::string_view::npos);
        CHECK(server.requests().size() == 2);
    }
}

TEST_CASE("an upload that is cancelled while it begins is not begun again", "[wire][client][cancel]") {
    std::promise<void> begun;
    std::promise<void> go_on;
    Script script = conversation({operations::large_head});
    script.insert(script.end(), {ExpectRequest{}, Signal{&begun}, Await{go_on.get_future().share()},
                                 Send{answer("500 Internal Server Error", "", "")}});
    const Script rest = conversation({operations::created, done, operations::gone});
    script.insert(script.end(), rest.begin(), rest.end());
    const ScriptedServer server({script});
    S3ClientOptions options = plain_options(server);
    options.retry.max_attempts = 10;
    options.retry.first_delay = 1ms;
    options.retry.longest_delay = 1ms;
    S3Client client = S3Client::open(options).value();
    std::stop_source stop;
    CallOptions call;
    call.cancel = stop.get_token();
    auto running = std::async(std::launch::async, [&] { return operations::copy_in_parts(client, call); });
    begun.get_future().wait();
    stop.request_stop();
    // Until the job has heard of it.
    std::this_thread::sleep_for(100ms);
    go_on.set_value();
    CHECK(running.get().error().code() == ErrorCode::cancelled);
    CHECK(server.requests().size() == 2);
}

TEST_CASE("an upload that the server takes slowly is cancelled before it takes more",
          "[wire][client][cancel]") {
    std::promise<void> begun;
    std::promise<void> takes_more;
    const ScriptedServer server(
        {{ExpectHead{}, ExpectBody{1000}, Signal{&begun}, Await{takes_more.get_future().share()}}});
    S3ClientOptions options = plain_options(server);
    options.part_size = std::uint64_t{64} << 20U;
    S3Client client = S3Client::open(options).value();
    std::stop_source stop;
    Answers<S3PutResult> answers;
    auto request = operations::request_on_object<S3PutRequest>();
    // More than the system keeps for a server that takes nothing.
    request.source = source_from_string(std::string(40'000'000, 'x'));
    request.call.cancel = stop.get_token();
    client.put_async(std::move(request), answers.next());
    begun.get_future().wait();
    CHECK(answers.count() == 0);
    stop.request_stop();
    CHECK(eventually([&] { return answers.count() == 1; }));
    takes_more.set_value();
    CHECK(answers.wait_for_one().error().code() == ErrorCode::cancelled);
}

TEST_CASE("a paused download takes no byte, and goes on when any thread says so", "[wire][client][pause]") {
    const std::string content = random_bytes(20'000'000);
    const ScriptedServer server({conversation({answer("200 OK", std::string(date_line), content)}),
                                 conversation(std::vector<std::string>(1000, done)),
                                 conversation(std::vector<std::string>(1000, done))});
    S3ClientOptions options = plain_options(server);
    S3Client client = S3Client::open(options).value();
    // The loop has done the work of many turns.
    const auto turn = [&] {
        for (int i = 0; i < 30; ++i) {
            REQUIRE(client.remove(operations::request_on_object<S3ObjectRequest>()).ok());
        }
    };
    CountingSink counting;
    Answers<S3GetResult> answers;
    auto request = operations::request_on_object<S3GetRequest>();
    request.sink = counting.sink();
    request.call.pause = std::make_shared<PauseSwitch>();
    const auto pause = request.call.pause;
    client.get_async(std::move(request), answers.next());
    CHECK(eventually([&] { return counting.taken > 0; }));
    for (int i = 0; i < 3; ++i) {
        std::thread([&] { pause->pause(); }).join();
        turn();
        const std::size_t taken = counting.taken;
        turn();
        CHECK(counting.taken == taken);
        CHECK((answers.count() == 0 || taken == content.size()));
        std::thread([&] { pause->resume(); }).join();
        CHECK(eventually([&] { return counting.taken > taken || taken == content.size(); }));
    }
    REQUIRE(answers.wait_for_one().ok());
    CHECK(counting.bytes == content);
}

TEST_CASE("a call that is paused from the start asks nobody", "[wire][client][pause]") {
    for (const Operation& operation : all_operations()) {
        if (!operation.before.empty()) {
            continue;
        }
        INFO(operation.name);
        const ScriptedServer server({conversation({operation.right()})});
        S3Client client = S3Client::open(plain_options(server)).value();
        const ScriptedServer other({conversation(std::vector<std::string>(50, done))});
        CallOptions call;
        call.pause = std::make_shared<PauseSwitch>();
        call.pause->pause();
        auto running = std::async(std::launch::async, [&] { return operation.run(client, call); });
        S3Client beside = S3Client::open(plain_options(other)).value();
        for (int i = 0; i < 50; ++i) {
            REQUIRE(beside.remove(operations::request_on_object<S3ObjectRequest>()).ok());
        }
        CHECK(server.connections() == 0);
        call.pause->resume();
        CHECK((running.get().ok() || operation.name == "head"));
        CHECK(server.requests().size() == 1);
    }
}

TEST_CASE("progress of an upload in parts, one of which is sent twice", "[wire][client][progress]") {
    std::promise<void> answers_part;
    const auto gate = answers_part.get_future().share();
    std::promise<void> part_arrived;
    Script script = conversation({operations::created, answer("500 Internal Server Error", "", "")});
    script.insert(script.end(), {ExpectRequest{}, Signal{&part_arrived}, Await{gate},
                                 Send{answer("200 OK", "ETag: \"p\"\r\n", "")}});
    const Script rest = conversation({answer("200 OK", "ETag: \"p\"\r\n", ""), operations::completed});
    script.insert(script.end(), rest.begin(), rest.end());
    const ScriptedServer server({script});
    S3ClientOptions options = plain_options(server);
    options.retry.max_attempts = 3;
    options.retry.first_delay = 1ms;
    S3Client client = S3Client::open(options).value();
    const bool size_known = GENERATE(true, false);
    constexpr std::size_t total = 6'000'000;
    Reports reports;
    CallbackSource callbacks;
    callbacks.size = size_known ? std::optional<std::uint64_t>(total) : std::nullopt;
    auto inner = source_from_string(std::string(total, 'x'));
    callbacks.read = [inner](std::span<std::byte> into, const Wake& wake) { return inner->read(into, wake); };
    auto request = operations::request_on_object<S3PutRequest>();
    request.source = source_from_callback(callbacks);
    request.call.progress = reports.hook();
    Answers<S3PutResult> answers;
    client.put_async(std::move(request), answers.next());
    part_arrived.get_future().wait();
    // The first part has been sent twice, and no answer has said that it was taken.
    for (const Progress& report : reports.all()) {
        CHECK(report.bytes_acknowledged == 0);
        CHECK(report.bytes_done <= options.part_size);
        CHECK(report.bytes_total == callbacks.size);
    }
    answers_part.set_value();
    REQUIRE(answers.wait_for_one().ok());
    check_reports(reports.all(), total);
    CHECK(server.requests().size() == 5);
}

TEST_CASE("progress of a download that breaks off and goes on", "[wire][client][progress]") {
    constexpr std::size_t total = 1'000'000;
    const std::string content = random_bytes(total);
    const std::string headers = operations::object_headers;
    const auto rest_from = [&](std::size_t from) {
        return answer("206 Partial Content",
                      headers + "Content-Range: bytes " + std::to_string(from) + "-999999/1000000\r\n",
                      content.substr(from));
    };
    const std::string whole = answer("200 OK", headers, content);
    const std::string second = rest_from(400'000);
    const std::size_t head = whole.size() - total;
    const std::size_t second_head = second.size() - 600'000;
    const ScriptedServer server({{ExpectRequest{}, Send{whole.substr(0, head + 400'000)}},
                                 {ExpectRequest{}, Send{second.substr(0, second_head + 200'000)}},
                                 {ExpectRequest{}, Send{rest_from(600'000)}}});
    S3ClientOptions options = plain_options(server);
    options.retry.max_attempts = 5;
    options.retry.first_delay = 1ms;
    S3Client client = S3Client::open(options).value();
    Reports reports;
    CountingSink counting;
    auto request = operations::request_on_object<S3GetRequest>();
    request.sink = counting.sink();
    request.call.progress = reports.hook();
    const auto got = client.get(std::move(request));
    REQUIRE(got.ok());
    CHECK(counting.bytes == content);
    check_reports(reports.all(), total);
    CHECK(server.requests().at(1).header("range") == "bytes=400000-999999");
    CHECK(server.requests().at(2).header("range") == "bytes=600000-999999");
}

TEST_CASE("who waits behind others for a throttling server ends at its deadline, and leaves its place",
          "[wire][client][deadline]") {
    // The server takes ten a second, as far as anybody knows.
    const ScriptedServer server(
        {conversation({answer("503 Slow Down", "", error_body("SlowDown"))}), conversation({done, done})});
    S3Client client = S3Client::open(plain_options(server)).value();
    const auto request = [](const CallOptions& call) {
        return operations::request_on_object<S3ObjectRequest>(call);
    };
    REQUIRE_FALSE(client.remove(request({})).ok());
    std::stop_source stop;
    CallOptions patient;
    patient.cancel = stop.get_token();
    patient.pause = std::make_shared<PauseSwitch>();
    patient.pause->pause();
    Answers<S3RemoveResult> answers;
    for (int i = 0; i < 300; ++i) {
        client.remove_async(request(patient), answers.next());
    }
    CallOptions hurried;
    hurried.deadline = deadline_in(300ms);
    CHECK(client.remove(request(hurried)).error().code() == ErrorCode::timeout);
    CHECK(std::chrono::steady_clock::now() < *hurried.deadline + 2s);
    stop.request_stop();
    (void)answers.wait_for(300);
    CallOptions next;
    next.deadline = deadline_in(5s);
    CHECK(client.remove(request(next)).ok());
}
