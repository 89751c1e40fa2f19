/// Each time that a request goes out, its receiver is told so, once: what was never sent cannot have been done, and what was sent may have been.

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <utility>

#include "http/curl_transport.h"
#include "s3/client/objects.h"
#include "s3/credentials/given.h"
#include "support/random_bytes.h"
#include "wire/model_client.h"

using namespace filestore;
using namespace filestore::test;

namespace {

/// Passes everything on. Thread-safe to look at.
class CountingTransport final : public http::Transport {
public:
    explicit CountingTransport(std::shared_ptr<http::Transport> inner) : inner_(std::move(inner)) {}

    void send(http::Request request, std::shared_ptr<http::Receiver> receiver) noexcept override {
        ++requests;
        inner_->send(std::move(request), std::make_shared<CountingReceiver>(*this, std::move(receiver)));
    }
    void close() noexcept override { inner_->close(); }

    std::atomic<std::size_t> requests{0};
    std::atomic<std::size_t> sendings{0};

private:
    class CountingReceiver final : public http::Receiver {
    public:
        CountingReceiver(CountingTransport& transport, std::shared_ptr<http::Receiver> inner)
            : transport_(transport), inner_(std::move(inner)) {}

        void on_sending() noexcept override {
            ++transport_.sendings;
            inner_->on_sending();
        }
        Result<void> on_head(const http::ResponseHead& head) override { return inner_->on_head(head); }
        Result<IoStep> on_body(std::span<const std::byte> bytes, const Wake& wake) override {
            return inner_->on_body(bytes, wake);
        }
        void on_done(Result<void> outcome) noexcept override { inner_->on_done(std::move(outcome)); }

    private:
        CountingTransport& transport_;
        const std::shared_ptr<http::Receiver> inner_;
    };

    const std::shared_ptr<http::Transport> inner_;
};

/// A client whose requests are counted where they go out, and the server that counts what arrives.
struct Fixture {
    ModelS3 server;
    std::shared_ptr<Reactor> reactor = std::make_shared<Reactor>();
    std::shared_ptr<CountingTransport> transport;

    Fixture() {
        http::TransportOptions options;
        options.reactor = reactor;
        transport = std::make_shared<CountingTransport>(http::make_curl_transport(options));
    }

    [[nodiscard]] Result<S3PutResult> upload(std::shared_ptr<Source> source,
                                             unsigned parallel_parts = 2) const {
        S3ClientOptions options = options_for(server, Retries::on);
        options.parallel_parts = parallel_parts;
        const ExecutorChoice executor(nullptr);
        s3::RequesterParts parts{
            {executor.executor, reactor},
            transport,
            s3::make_given_provider(s3::given_keys(std::string(access_key), std::string(secret_key), {})),
            {1, 1}};
        const auto core =
            std::make_shared<s3::ClientCore>(options, executor, std::move(parts), *s3::find_quirks("minio"));
        std::promise<Result<S3PutResult>> answer;
        s3::put(*core, put_of("key", std::move(source)),
                [&answer](Result<S3PutResult> result) { answer.set_value(std::move(result)); });
        auto result = answer.get_future().get();
        core->close();
        return result;
    }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "an upload in one request is told of once as it is sent", "[wire][sending]") {
    REQUIRE(upload(source_from_string("content")).ok());
    CHECK(server.operations().size() == 1);
    CHECK(transport->sendings == 1);
}

TEST_CASE_METHOD(Fixture, "every request of an upload in parts is told of once as it is sent",
                 "[wire][sending]") {
    const std::string bytes = random_bytes(10 * small_part + 7);
    const auto fault = GENERATE(as<std::optional<RequestFault>>(), std::nullopt, RequestFault::internal_error,
                                RequestFault::slow_down, RequestFault::error_in_success);
    FaultPlan plan;
    if (fault) {
        plan.requests = {{1, *fault}, {3, *fault}, {14, *fault}};
    }
    server.set(std::move(plan));
    REQUIRE(upload(stream_of(bytes)).ok());
    CHECK(server.object("key") == bytes);
    CHECK(server.operations().size() >= 13);
    CHECK(transport->requests == server.operations().size());
    CHECK(transport->sendings == server.operations().size());
}

TEST_CASE_METHOD(Fixture, "a request that goes out again over another connection is told of again",
                 "[wire][sending]") {
    const std::string bytes = random_bytes(10 * small_part + 7);
    FaultPlan plan;
    plan.requests = {{4, RequestFault::reset}, {7, RequestFault::reset}};
    server.set(std::move(plan));
    // One after the other, so that every connection has been used before: only of such a one is it known that the server may have closed it.
    REQUIRE(upload(stream_of(bytes), 1).ok());
    CHECK(server.object("key") == bytes);
    CHECK(server.fired() == 2);
    CHECK(transport->requests < server.operations().size());
    CHECK(transport->sendings == server.operations().size());
}
