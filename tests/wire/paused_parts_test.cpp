/// Transfers in parts that are paused: nothing is asked of the caller's streams meanwhile.

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <future>

#include "support/answers.h"
#include "support/random_bytes.h"
#include "wire/model_client.h"

using namespace filestore;
using namespace filestore::test;

namespace {

constexpr std::size_t piece = 16;
/// Nothing of an upload has been sent then: no answer wakes it.
constexpr int calls_before_pause = 2;

/// Moves the bytes of a stream a piece at a time, and pauses in the middle. Thread-safe to look at.
class PausingStream {
public:
    explicit PausingStream(std::string content = {}) : bytes_(std::move(content)) {}

    [[nodiscard]] std::shared_ptr<Source> source() {
        CallbackSource callbacks;
        callbacks.blocking = false;
        callbacks.read = [this](std::span<std::byte> into, const Wake&) -> Result<IoStep> {
            note_call();
            const std::size_t count = std::min({into.size(), piece, bytes_.size() - given_});
            std::copy_n(std::as_bytes(std::span(bytes_)).begin() + static_cast<std::ptrdiff_t>(given_), count,
                        into.begin());
            given_ += count;
            return IoStep{count, false};
        };
        return source_from_callback(std::move(callbacks));
    }

    [[nodiscard]] std::shared_ptr<Sink> sink() {
        CallbackSink callbacks;
        callbacks.blocking = false;
        callbacks.write = [this](std::span<const std::byte> bytes, const Wake&) -> Result<IoStep> {
            note_call();
            const std::size_t count = std::min(bytes.size(), piece);
            bytes_.append(reinterpret_cast<const char*>(bytes.data()), count);
            return IoStep{count, false};
        };
        return sink_to_callback(callbacks);
    }

    const std::shared_ptr<PauseSwitch> pause = std::make_shared<PauseSwitch>();
    std::promise<void> paused;
    std::atomic<int> calls{0};

    [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }

private:
    void note_call() {
        if (++calls == calls_before_pause) {
            pause->pause();
            paused.set_value();
        }
    }

    std::string bytes_;
    std::size_t given_ = 0;
};

/// One thread does everything: what has been queued before is done when the next call is.
S3Client open_on_one_thread(const ModelS3& server) {
    S3ClientOptions options = options_for(server, Retries::off);
    options.executor = make_thread_pool({1, std::chrono::milliseconds(500)});
    return open_small(std::move(options));
}

void do_something_else(S3Client& client) {
    for (int i = 0; i < 3; ++i) {
        REQUIRE(client.put(put_of("other", source_from_string("x"))).ok());
    }
}

}  // namespace

TEST_CASE("a paused upload reads nothing of its source", "[wire][faults][pause]") {
    ModelS3 server;
    S3Client client = open_on_one_thread(server);
    const std::string content = random_bytes(10 * small_part + 5);
    PausingStream stream(content);
    S3PutRequest request = put_of("key", stream.source());
    request.call.pause = stream.pause;
    // Ends a call that nobody wakes.
    request.call.deadline = deadline_in(std::chrono::seconds(30));
    Answers<S3PutResult> answers;
    client.put_async(std::move(request), answers.next());
    stream.paused.get_future().wait();
    do_something_else(client);
    CHECK(stream.calls == calls_before_pause);
    stream.pause->resume();
    REQUIRE(answers.wait_for_one().ok());
    CHECK(server.object("key") == content);
}

TEST_CASE("a paused download gives nothing to its sink", "[wire][faults][pause]") {
    ModelS3 server;
    const std::string content = random_bytes(10 * small_part + 5);
    server.store("key", content);
    S3Client client = open_on_one_thread(server);
    PausingStream stream;
    S3GetRequest request;
    request.bucket = "bucket";
    request.key = "key";
    request.sink = stream.sink();
    request.call.pause = stream.pause;
    // Ends a call that nobody wakes.
    request.call.deadline = deadline_in(std::chrono::seconds(30));
    Answers<S3GetResult> answers;
    client.get_async(std::move(request), answers.next());
    stream.paused.get_future().wait();
    do_something_else(client);
    CHECK(stream.calls == calls_before_pause);
    stream.pause->resume();
    REQUIRE(answers.wait_for_one().ok());
    CHECK(stream.bytes() == content);
}
