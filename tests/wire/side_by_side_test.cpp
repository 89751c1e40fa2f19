/// Transfers of one client that share its memory.

#include <algorithm>
#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <mutex>
#include <optional>

#include "support/answers.h"
#include "support/eventually.h"
#include "support/random_bytes.h"
#include "wire/model_client.h"

using namespace filestore;
using namespace filestore::test;

namespace {

constexpr std::size_t part = std::size_t{5} << 20U;

/// Takes nothing until it is opened. Thread-safe.
class Valve {
public:
    [[nodiscard]] std::shared_ptr<Sink> sink() {
        CallbackSink callbacks;
        callbacks.blocking = false;
        callbacks.write = [this](std::span<const std::byte> bytes, const Wake& wake) -> Result<IoStep> {
            const std::lock_guard lock(mutex_);
            if (!open_) {
                waiting_ = wake;
                return IoStep{0, true};
            }
            taken_ += bytes.size();
            return IoStep{bytes.size(), false};
        };
        return sink_to_callback(callbacks);
    }
    [[nodiscard]] bool is_waited_for() const {
        const std::lock_guard lock(mutex_);
        return waiting_.has_value();
    }
    void open() {
        const std::lock_guard lock(mutex_);
        open_ = true;
        if (waiting_) {
            (*waiting_)();
        }
    }
    [[nodiscard]] std::size_t taken() const {
        const std::lock_guard lock(mutex_);
        return taken_;
    }

private:
    mutable std::mutex mutex_;
    bool open_ = false;
    std::optional<Wake> waiting_;
    std::size_t taken_ = 0;
};

}  // namespace

TEST_CASE("downloads whose sinks take nothing keep no upload waiting", "[wire][faults][memory]") {
    ModelS3 server;
    const std::string content = random_bytes(6 * part);
    server.store("large", content);
    S3ClientOptions options = options_for(server, Retries::off);
    options.part_size = part;
    options.part_memory = 4 * part;
    options.parallel_parts = 4;
    S3Client client = S3Client::open(std::move(options)).value();
    constexpr std::size_t downloads = 2;
    std::array<Valve, downloads> valves;
    std::array<Answers<S3GetResult>, downloads> got;
    for (std::size_t i = 0; i < downloads; ++i) {
        S3GetRequest request;
        request.bucket = "bucket";
        request.key = "large";
        request.sink = valves[i].sink();
        client.get_async(std::move(request), got[i].next());
        REQUIRE(eventually([&] { return valves[i].is_waited_for(); }));
    }
    Answers<S3PutResult> put;
    client.put_async(put_of("new", stream_of(content.substr(0, part + part / 2))), put.next());
    const bool is_stored = eventually([&] { return put.count() == 1; });
    for (Valve& valve : valves) {
        valve.open();
    }
    CHECK(is_stored);
    CHECK(put.wait_for_one().ok());
    for (std::size_t i = 0; i < downloads; ++i) {
        CHECK(got[i].wait_for_one().ok());
        CHECK(valves[i].taken() == content.size());
    }
}

TEST_CASE("a download that gets no memory hands its parts on as they come", "[wire][faults][memory]") {
    ModelS3 server;
    const std::string content = random_bytes(6 * part);
    server.store("large", content);
    S3ClientOptions options = options_for(server, Retries::on);
    options.part_size = part;
    options.part_memory = 4 * part;
    options.parallel_parts = 4;
    S3Client client = S3Client::open(std::move(options)).value();
    const auto get_into = [](std::shared_ptr<Sink> sink) {
        S3GetRequest request;
        request.bucket = "bucket";
        request.key = "large";
        request.sink = std::move(sink);
        return request;
    };
    Valve holder;
    Answers<S3GetResult> held;
    client.get_async(get_into(holder.sink()), held.next());
    REQUIRE(eventually([&] { return holder.is_waited_for(); }));
    FaultPlan cut;
    cut.cut_after_sent = 2 * part + part / 2;
    server.set(std::move(cut));
    const auto taken = std::make_shared<BufferSink>();
    REQUIRE(client.get(get_into(taken)).ok());
    CHECK(server.fired() == 1);
    CHECK(taken->bytes() == content);
    // For whole parts: of pieces of 1 MiB there would be 30.
    CHECK(server.operations().size() < 20);
    holder.open();
    CHECK(held.wait_for_one().ok());
    CHECK(holder.taken() == content.size());
}

TEST_CASE("an upload whose server is slow reads no more than the parts under way", "[wire][faults][memory]") {
    ModelS3 server;
    FaultPlan silent;
    silent.decide = [](const ModelRequest& request, std::size_t) {
        return request.operation() == "UploadPart" ? std::optional(RequestFault::no_answer) : std::nullopt;
    };
    server.set(std::move(silent));
    S3ClientOptions options = options_for(server, Retries::off);
    // What has been queued on the one thread is done when a later call is.
    options.executor = make_thread_pool({1, std::chrono::milliseconds(500)});
    S3Client client = open_small(std::move(options));
    const std::string content = random_bytes(100 * small_part);
    std::atomic<std::size_t> given{0};
    CallbackSource callbacks;
    callbacks.blocking = false;
    callbacks.read = [&, inner = source_from_string(content)](std::span<std::byte> into, const Wake& wake) {
        auto step = inner->read(into, wake);
        given += step.ok() ? step->bytes : 0;
        return step;
    };
    Answers<S3PutResult> answers;
    client.put_async(put_of("key", source_from_callback(std::move(callbacks))), answers.next());
    const auto parts_asked = [&] {
        const auto operations = server.operations();
        return std::count(operations.begin(), operations.end(), "UploadPart");
    };
    REQUIRE(eventually([&] { return parts_asked() == 2; }));
    for (int i = 0; i < 3; ++i) {
        REQUIRE(client.put(put_of("other", source_from_string("x"))).ok());
    }
    CHECK(parts_asked() == 2);
    // The next byte tells whether a part is the last.
    CHECK(given <= 3 * small_part + 1);
    client.close();
    CHECK_FALSE(answers.wait_for_one().ok());
}
