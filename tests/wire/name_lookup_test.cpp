/// Names are looked up on a few threads, and nothing waits for them that has another reason to end.

#include <netdb.h>

#include <catch2/catch.hpp>
#include <functional>
#include <future>
#include <numeric>

#include "filestore/service.h"
#include "support/answers.h"
#include "support/eventually.h"
#include "support/temporary_directory.h"
#include "support/test_streams.h"
#include "wire/fake_names.h"
#include "wire/http_client.h"
#include "wire/s3_client.h"

using namespace filestore;
using namespace filestore::test;
using namespace std::chrono_literals;

namespace {

const std::string fine = answer("200 OK", "", "fine");

/// No limit ends an exchange before the test's own watchdog.
http::TransportOptions patient() {
    http::TransportOptions options;
    options.connect_timeout = 100s;
    return options;
}

std::string url_of(const std::string& name, const ScriptedServer& server) {
    return "http://" + name + ":" + std::to_string(server.port()) + "/";
}

std::vector<Script> many_conversations(std::size_t count, const std::string& reply) {
    return std::vector<Script>(count, conversation(std::vector<std::string>(count, reply)));
}

/// Names on this machine whose lookups do not answer yet.
class SlowNames {
public:
    explicit SlowNames(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            names_.push_back(std::make_unique<FakeName>(name(i), std::vector<std::string>{"127.0.0.1"}));
            names_.back()->hang();
        }
    }

    [[nodiscard]] static std::string name(std::size_t i) { return "slow" + std::to_string(i) + ".test"; }

    void go_on() const {
        for (const auto& name : names_) {
            name->go_on();
        }
    }

    [[nodiscard]] std::vector<std::size_t> lookups() const {
        std::vector<std::size_t> counts;
        for (const auto& name : names_) {
            counts.push_back(name->lookups());
        }
        return counts;
    }

    [[nodiscard]] std::size_t lookups_in_all() const {
        const auto counts = lookups();
        return std::accumulate(counts.begin(), counts.end(), std::size_t{0});
    }

private:
    std::vector<std::unique_ptr<FakeName>> names_;
};

/// The most threads beside those of this program and the server.
class MostThreads {
public:
    explicit MostThreads(const ScriptedServer& server) : server_(server) {}

    void look() {
        const std::size_t now = thread_count();
        // The server has one for each connection.
        const std::size_t others = before_ + server_.connections();
        most_ = std::max(most_, now - std::min(now, others));
    }

    [[nodiscard]] std::size_t value() const noexcept { return most_; }

private:
    const ScriptedServer& server_;
    std::size_t before_ = thread_count();
    std::size_t most_ = 0;
};

constexpr std::size_t most_lookups = 4;
constexpr std::size_t two_loops_and_most_lookups = 2 + most_lookups;

}  // namespace

TEST_CASE("a slow resolver takes four threads, however many exchanges wait for it", "[transport][names]") {
    constexpr std::size_t count = 200;
    constexpr std::size_t name_count = 10;
    const SlowNames names(name_count);
    const ScriptedServer server(many_conversations(count + 10, fine));
    MostThreads threads(server);
    http::TransportOptions options = patient();
    options.max_connections = 2 * count;
    const HttpClient client(options);
    std::vector<std::shared_ptr<KeepingReceiver>> exchanges;
    for (std::size_t i = 0; i < count; ++i) {
        http::Request request = HttpClient::get_of(url_of(SlowNames::name(i % name_count), server));
        // Those go to the other loop.
        request.bulk = i % name_count < 2;
        exchanges.push_back(client.send(std::move(request)));
        threads.look();
    }
    // Whoever comes later is served: every exchange has begun to wait.
    for (const bool bulk : {false, true}) {
        http::Request request = HttpClient::get_of(server.endpoint());
        request.bulk = bulk;
        CHECK(client.send(std::move(request))->wait().outcome.ok());
    }
    threads.look();
    CHECK(eventually([&] { return names.lookups_in_all() == most_lookups; }));

    std::stop_source stop;
    http::Request cancelled = HttpClient::get_of(url_of(SlowNames::name(0), server));
    cancelled.cancel = stop.get_token();
    const auto to_cancel = client.send(std::move(cancelled));
    http::Request late = HttpClient::get_of(url_of(SlowNames::name(1), server));
    late.deadline = deadline_in(50ms);
    CHECK(client.send(std::move(late))->wait().outcome.error().code() == ErrorCode::timeout);
    stop.request_stop();
    CHECK(to_cancel->wait().outcome.error().code() == ErrorCode::cancelled);

    CHECK(names.lookups_in_all() == most_lookups);
    CHECK(std::none_of(exchanges.begin(), exchanges.end(),
                       [](const auto& exchange) { return exchange->ended.load(); }));
    names.go_on();
    for (const auto& exchange : exchanges) {
        CHECK(exchange->wait().body == "fine");
        threads.look();
    }
    CHECK(names.lookups() == std::vector<std::size_t>(name_count, 1));
    CHECK(threads.value() <= two_loops_and_most_lookups);
}

TEST_CASE("a thousand downloads that wait for a name need eight threads at most", "[wire][names]") {
    constexpr std::size_t count = 1000;
    const SlowNames names(1);
    const TemporaryDirectory directory;
    const ScriptedServer server(std::vector<Script>(
        100,
        conversation(std::vector<std::string>(count, answer("200 OK", std::string(date_line), "content")))));
    MostThreads threads(server);
    ServiceOptions options;
    options.backend = "s3";
    options.s3 = options_for(server);
    options.s3.endpoint = "http://" + SlowNames::name(0) + ":" + std::to_string(server.port());
    options.s3.connect_timeout = 100s;
    options.catalogue_path = directory.file("catalogue.sqlite");
    FileService service = FileService::open(std::move(options)).value();
    Answers<DownloadReceipt> answers;
    for (std::size_t i = 0; i < count; ++i) {
        service.download_async(download_to(std::make_shared<BufferSink>()), answers.next());
        threads.look();
    }
    CHECK(eventually([&] { return names.lookups_in_all() == 1; }));
    threads.look();
    CHECK(answers.count() == 0);
    names.go_on();
    CHECK(eventually([&] {
        threads.look();
        return answers.count() == count;
    }));
    for (const auto& receipt : answers.wait_for(count)) {
        CHECK(receipt.ok());
    }
    CHECK(names.lookups_in_all() == 1);
    CHECK(threads.value() <= 8);
}

TEST_CASE("a transport ends while a lookup hangs", "[transport][names]") {
    const std::size_t threads_before = thread_count();
    {
        FakeName name("hanging.test", {"127.0.0.1"});
        name.hang();
        http::TransportOptions options = patient();
        options.reactor = std::make_shared<Reactor>();
        auto transport = http::make_curl_transport(options);
        const auto receiver = std::make_shared<KeepingReceiver>();
        transport->send(HttpClient::get_of("http://hanging.test/"), receiver);
        CHECK(eventually([&] { return name.lookups() == 1; }));
        const auto ends = [&](const std::function<void()>& end) {
            const auto ended = std::async(std::launch::async, end);
            const bool in_time = ended.wait_for(1min) == std::future_status::ready;
            CHECK(in_time);
            if (!in_time) {
                name.go_on();
            }
        };
        SECTION("closed") {
            ends([&] { transport->close(); });
            CHECK(receiver->wait().outcome.error().code() == ErrorCode::cancelled);
            const auto late = std::make_shared<KeepingReceiver>();
            transport->send(HttpClient::get_of("http://hanging.test/"), late);
            CHECK(late->wait().outcome.error().code() == ErrorCode::cancelled);
        }
        SECTION("destroyed") {
            ends([&] { transport.reset(); });
            CHECK(receiver->wait().outcome.error().code() == ErrorCode::cancelled);
        }
        SECTION("destroyed, and the lookup answers after all") {
            ends([&] { transport.reset(); });
            name.go_on();
            CHECK(eventually([&] { return thread_count() <= threads_before; }));
        }
        CHECK(name.lookups() == 1);
    }
    CHECK(eventually([&] { return thread_count() <= threads_before; }));
}

TEST_CASE("a name that nobody waits for any more is not looked up", "[transport][names]") {
    const SlowNames hanging(most_lookups);
    const FakeName abandoned("abandoned.test", {"127.0.0.1"});
    const FakeName wanted("wanted.test", {"127.0.0.1"});
    const ScriptedServer server({conversation({fine}), conversation({fine})});
    const HttpClient client(patient());
    std::stop_source stop;
    const auto send = [&](const std::string& url) {
        http::Request request = HttpClient::get_of(url);
        request.cancel = stop.get_token();
        return client.send(std::move(request));
    };
    std::vector<std::shared_ptr<KeepingReceiver>> unwanted;
    for (std::size_t i = 0; i < most_lookups; ++i) {
        unwanted.push_back(send("http://" + SlowNames::name(i) + "/"));
    }
    CHECK(eventually([&] { return hanging.lookups_in_all() == most_lookups; }));
    unwanted.push_back(send("http://abandoned.test/"));
    const auto wanted_one = client.send(HttpClient::get_of(url_of("wanted.test", server)));
    // It is behind the others in the same loop: they wait by now.
    CHECK(client.get(server.endpoint()).outcome.ok());
    stop.request_stop();
    for (const auto& exchange : unwanted) {
        CHECK(exchange->wait().outcome.error().code() == ErrorCode::cancelled);
    }
    hanging.go_on();
    CHECK(wanted_one->wait().body == "fine");
    CHECK(abandoned.lookups() == 0);
}

TEST_CASE("an exchange can be paused while its name is looked up", "[transport][names]") {
    FakeName name("slow.test", {"127.0.0.1"});
    name.hang();
    const ScriptedServer server({conversation({fine})});
    const ScriptedServer beside({conversation(std::vector<std::string>(100, fine))});
    http::TransportOptions options = patient();
    options.event_loops = 1;
    const HttpClient client(options);
    const auto turn = [&] {
        for (int i = 0; i < 10; ++i) {
            REQUIRE(client.get(beside.endpoint()).outcome.ok());
        }
    };
    http::Request request = HttpClient::get_of(url_of("slow.test", server));
    request.pause = std::make_shared<PauseSwitch>();
    const auto pause = request.pause;
    const auto exchange = client.send(std::move(request));
    CHECK(eventually([&] { return name.lookups() == 1; }));
    pause->pause();
    turn();
    name.go_on();
    turn();
    CHECK_FALSE(exchange->ended);
    CHECK(server.connections() == 0);
    pause->resume();
    CHECK(exchange->wait().body == "fine");
}

TEST_CASE("a name that cannot be resolved is asked for again by the next exchange", "[transport][names]") {
    FakeName name("missing.test", {});
    const ScriptedServer server({conversation({fine})});
    const HttpClient client(patient());
    const Exchanged exchanged = client.get(url_of("missing.test", server));
    REQUIRE_FALSE(exchanged.outcome.ok());
    CHECK(exchanged.outcome.error().code() == ErrorCode::unavailable);
    CHECK(exchanged.outcome.error().retryable());
    CHECK(exchanged.outcome.error().message() ==
          std::string("the host 'missing.test' could not be resolved: ") + ::gai_strerror(EAI_NONAME));
    name.set_addresses({"127.0.0.1"});
    CHECK(client.get(url_of("missing.test", server)).body == "fine");
    CHECK(name.lookups() == 2);
}

TEST_CASE("a name is resolved again when its addresses are old, and not before", "[transport][names]") {
    const FakeName name("store.test", {"127.0.0.1"});
    // A connection for each request.
    const ScriptedServer server(std::vector<Script>(5'000, conversation({fine})));
    http::TransportOptions options;
    SECTION("old") {
        options.dns_cache_time = 1s;
        const HttpClient client(options);
        CHECK(eventually(
            [&] { return client.get(url_of("store.test", server)).outcome.ok() && name.lookups() == 3; }));
    }
    SECTION("not old") {
        options.dns_cache_time = 24h;
        const HttpClient client(options);
        for (int i = 0; i < 50; ++i) {
            http::Request request = HttpClient::get_of(url_of("store.test", server));
            request.bulk = i % 2 == 0;
            CHECK(client.send(std::move(request))->wait().body == "fine");
        }
        CHECK(name.lookups() == 1);
    }
}

TEST_CASE("a name in use keeps its old addresses until others are found", "[transport][names]") {
    FakeName name("store.test", {"127.0.0.1"});
    // A connection for each request.
    const ScriptedServer server(std::vector<Script>(5'000, conversation({fine})));
    http::TransportOptions options = patient();
    options.dns_cache_time = 3s;
    const HttpClient client(options);
    const auto works = [&] {
        std::this_thread::sleep_for(10ms);
        return client.get(url_of("store.test", server)).body == "fine";
    };
    bool worked = works();
    // In use all the time.
    const auto works_until_lookup = [&](std::size_t lookups) {
        return eventually([&] {
            worked = worked && works();
            return !worked || name.lookups() >= lookups;
        });
    };
    SECTION("while the resolver does not answer") {
        name.hang();
        CHECK(works_until_lookup(2));
        for (int i = 0; i < 20; ++i) {
            worked = worked && works();
        }
        CHECK(worked);
        CHECK(name.lookups() == 2);
        // Nobody listens there.
        name.set_addresses({"127.0.0.2"});
        name.go_on();
        CHECK(eventually([&] { return !works(); }));
    }
    SECTION("while it finds none") {
        name.set_addresses({});
        CHECK(works_until_lookup(4));
        CHECK(worked);
        name.set_addresses({"127.0.0.2"});
        CHECK(eventually([&] { return !works(); }));
    }
}

TEST_CASE("names that come and go are each told to the connections", "[transport][names]") {
    const SlowNames names(20);
    names.go_on();
    const ScriptedServer server(std::vector<Script>(100, conversation({fine})));
    http::TransportOptions options;
    options.dns_cache_time = 0s;
    const HttpClient client(options);
    for (std::size_t i = 0; i < 60; ++i) {
        CHECK(client.get(url_of(SlowNames::name(i % 20), server)).body == "fine");
    }
    CHECK(names.lookups() == std::vector<std::size_t>(20, 3));
}

TEST_CASE("however a name is written, libcurl looks nothing up itself", "[transport][names]") {
    const FakeName name("store.test", {"::1", "127.0.0.1"});
    const FakeName with_dot("dotted.test.", {"127.0.0.1"});
    const ScriptedServer server(std::vector<Script>(10, conversation({fine})));
    const HttpClient client(patient());
    CHECK(client.get(url_of("store.test", server)).body == "fine");
    CHECK(client.get(url_of("STORE.Test", server)).body == "fine");
    CHECK(client.get(url_of("user:word@store.test", server)).body == "fine");
    CHECK(name.lookups() == 1);
    CHECK(client.get(url_of("dotted.test.", server)).body == "fine");
    CHECK(client.get(url_of("dotted.test.", server)).body == "fine");
    CHECK(with_dot.lookups() == 1);
    static_cast<void>(client.get("http://store.test/"));
    static_cast<void>(client.get("https://store.test/"));
    CHECK(name.lookups() == 1);
}

TEST_CASE("addresses and names of this machine need no lookup", "[transport][names]") {
    const FakeName name("localhost", {"127.0.0.1"});
    const FakeName below("store.localhost", {"127.0.0.1"});
    const ScriptedServer server(std::vector<Script>(10, conversation({fine})));
    const HttpClient client(patient());
    CHECK(client.get(url_of("localhost", server)).body == "fine");
    CHECK(client.get(url_of("store.localhost", server)).body == "fine");
    CHECK(client.get(server.endpoint()).body == "fine");
    CHECK(name.lookups() == 0);
    CHECK(below.lookups() == 0);
}

TEST_CASE("with a proxy its name is looked up, once", "[transport][proxy][names]") {
    const FakeName proxy_name("proxy.test", {"127.0.0.1"});
    const FakeName target("store.test", {"127.0.0.1"});
    ScriptedServer proxy;
    const std::string proxy_and_port = "proxy.test:" + std::to_string(proxy.port());
    http::TransportOptions options = patient();
    std::size_t lookups_of_target = 0;
    SECTION("http") {
        proxy.add(conversation({fine, fine}));
        options.proxy = "http://user:word@" + proxy_and_port;
        const HttpClient client(options);
        CHECK(client.get("http://store.test/").body == "fine");
        CHECK(client.get("http://store.test/").body == "fine");
        CHECK(proxy_name.lookups() == 1);
        CHECK(target.lookups() == 0);
        return;
    }
    SECTION("without a scheme, on the port that libcurl takes then") {
        options.proxy = "Proxy.test";
    }
    SECTION("https, without a port") {
        options.proxy = "https://proxy.test";
    }
    SECTION("SOCKS, which looks the host up itself") {
        options.proxy = "socks5h://" + proxy_and_port;
    }
    SECTION("SOCKS, which wants the host's address") {
        options.proxy = "socks5://" + proxy_and_port;
        // Accepts the client without a password: libcurl goes on to the address.
        proxy.add({Send{std::string("\x05\x00", 2)}, Pause{200ms}});
        lookups_of_target = 1;
    }
    const HttpClient client(options);
    for (int i = 0; i < 2; ++i) {
        CHECK_FALSE(client.get("http://store.test/").outcome.ok());
    }
    CHECK(proxy_name.lookups() == 1);
    CHECK(target.lookups() == lookups_of_target);
}
