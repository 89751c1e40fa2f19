/// What one call downloads is what another one of the same client uploads.

#include <algorithm>
#include <catch2/catch.hpp>
#include <mutex>
#include <optional>
#include <vector>

#include "support/answers.h"
#include "support/random_bytes.h"
#include "wire/model_client.h"

using namespace filestore;
using namespace filestore::test;

namespace {

/// A few bytes between a sink and a source, neither of which blocks. Thread-safe.
class Pipe {
public:
    [[nodiscard]] std::shared_ptr<Sink> sink() {
        CallbackSink callbacks;
        callbacks.blocking = false;
        callbacks.write = [this](std::span<const std::byte> bytes, const Wake& wake) -> Result<IoStep> {
            return write(bytes, wake);
        };
        callbacks.finish = [this]() -> Result<void> {
            end();
            return {};
        };
        return sink_to_callback(callbacks);
    }

    [[nodiscard]] std::shared_ptr<Source> source() {
        CallbackSource callbacks;
        callbacks.blocking = false;
        callbacks.read = [this](std::span<std::byte> into, const Wake& wake) { return read(into, wake); };
        return source_from_callback(std::move(callbacks));
    }

private:
    static constexpr std::size_t room = 100;

    Result<IoStep> write(std::span<const std::byte> bytes, const Wake& wake) {
        std::optional<Wake> reader;
        IoStep step{0, false};
        {
            const std::lock_guard lock(mutex_);
            step.bytes = std::min(bytes.size(), room - bytes_.size());
            bytes_.insert(bytes_.end(), bytes.begin(),
                          bytes.begin() + static_cast<std::ptrdiff_t>(step.bytes));
            step.would_block = step.bytes == 0;
            if (step.would_block) {
                writer_ = wake;
            }
            reader.swap(reader_);
        }
        wake_up(reader);
        return step;
    }

    Result<IoStep> read(std::span<std::byte> into, const Wake& wake) {
        std::optional<Wake> writer;
        IoStep step{0, false};
        {
            const std::lock_guard lock(mutex_);
            step.bytes = std::min(into.size(), bytes_.size());
            const auto end = bytes_.begin() + static_cast<std::ptrdiff_t>(step.bytes);
            std::copy(bytes_.begin(), end, into.begin());
            bytes_.erase(bytes_.begin(), end);
            step.would_block = step.bytes == 0 && !ended_;
            if (step.would_block) {
                reader_ = wake;
            }
            writer.swap(writer_);
        }
        wake_up(writer);
        return step;
    }

    void end() {
        std::optional<Wake> reader;
        {
            const std::lock_guard lock(mutex_);
            ended_ = true;
            reader.swap(reader_);
        }
        wake_up(reader);
    }

    static void wake_up(const std::optional<Wake>& waiting) {
        if (waiting) {
            (*waiting)();
        }
    }

    std::mutex mutex_;
    std::vector<std::byte> bytes_;
    bool ended_ = false;
    std::optional<Wake> reader_;
    std::optional<Wake> writer_;
};

}  // namespace

TEST_CASE("a download that feeds an upload of the same client ends", "[wire][faults][pipe]") {
    // In one GET and one PUT, and in parts of which there is memory for a few only.
    const std::size_t size =
        GENERATE(std::size_t{0}, std::size_t{50}, 3 * small_part + 1, 40 * small_part + 1);
    const unsigned connections = GENERATE(1U, 64U);
    const std::size_t copies = 3;
    ModelS3 server;
    const std::string content = random_bytes(size);
    server.store("from", content);
    S3ClientOptions options = options_for(server, Retries::off);
    options.executor = make_thread_pool({1, std::chrono::milliseconds(500)});
    options.event_loops = 1;
    options.max_connections = connections;
    options.part_memory = 4 * small_part;
    S3Client client = open_small(std::move(options));
    std::vector<Pipe> pipes(copies);
    Answers<S3GetResult> got;
    Answers<S3PutResult> stored;
    CallOptions call;
    // Ends a call that waits for ever.
    call.deadline = deadline_in(std::chrono::seconds(60));
    for (std::size_t i = 0; i < copies; ++i) {
        S3GetRequest get;
        get.bucket = "bucket";
        get.key = "from";
        get.sink = pipes[i].sink();
        get.call = call;
        client.get_async(std::move(get), got.next());
        S3PutRequest put = put_of("to" + std::to_string(i), pipes[i].source());
        put.call = call;
        client.put_async(std::move(put), stored.next());
    }
    for (const auto& result : stored.wait_for(copies)) {
        CHECK(result.ok());
    }
    for (const auto& result : got.wait_for(copies)) {
        CHECK(result.ok());
    }
    for (std::size_t i = 0; i < copies; ++i) {
        CHECK(server.object("to" + std::to_string(i)) == content);
    }
}
