#include "export/file_sending.h"

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "filestore/blocking_backend.h"
#include "filestore/file_id.h"
#include "support/executors.h"
#include "support/memory_backend.h"

using namespace filestore;

namespace {

/// A store that takes its time before each file.
class LateExecutor final : public Executor {
public:
    void post(std::function<void()> task) override {
        thread_.post([task = std::move(task)] {
            std::this_thread::sleep_for(std::chrono::milliseconds(500));
            task();
        });
    }

private:
    test::ThreadExecutor thread_;
};

/// Of what there is to read of a body without waiting.
std::size_t read_ready(Source& body, const Wake& wake) {
    std::array<std::byte, 4096> piece{};
    std::size_t count = 0;
    for (;;) {
        const auto step = body.read(piece, wake);
        if (!step.ok() || step->bytes == 0) {
            return count;
        }
        count += step->bytes;
    }
}

struct Unwoken final : Wake::Target {
    void wake() noexcept override {}
    void wake_when_ready(int, bool) noexcept override {}
};

/// A provider that takes files in parts, and fails once with the second one. Notes of each part how long its bytes took.
class FailingOnce final : public http::Transport {
public:
    void send(http::Request request, std::shared_ptr<http::Receiver> receiver) noexcept override {
        receiver->on_sending();
        const auto begun = std::chrono::steady_clock::now();
        for (std::size_t come = 0; come < request.body_size;) {
            come += read_ready(*request.body, wake_);
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        const bool is_part = request.url.ends_with("/parts");
        if (is_part) {
            waits.push_back(std::chrono::steady_clock::now() - begun);
        }
        http::ResponseHead head;
        head.status = is_part && waits.size() == 2 ? 500 : 200;
        constexpr std::string_view answer = R"({"id":"x","file":{"id":"f"}})";
        static_cast<void>(receiver->on_head(head));
        static_cast<void>(receiver->on_body(std::as_bytes(std::span(answer)), wake_));
        receiver->on_done({});
    }
    void close() noexcept override {}

    std::vector<std::chrono::steady_clock::duration> waits;

private:
    const Wake wake_{std::make_shared<Unwoken>()};
};

FileInfo stored(StorageBackend& backend, const std::string& content) {
    UploadRequest upload;
    upload.id = FileId::generate().value();
    upload.source = source_from_string(content);
    REQUIRE(backend.upload(upload).ok());
    return backend.metadata({upload.id, {}}).value();
}

}  // namespace

TEST_CASE("a part that is sent again waits until the store has come to its bytes", "[export]") {
    const auto store = std::make_shared<test::MemoryBackend>(std::make_shared<LateExecutor>());
    const FileInfo info = stored(*store, "abcdefghijkl");
    const auto provider = std::make_shared<FailingOnce>();
    const provider::Profile* const profile = provider::find_profile("openai").value();
    ExportRetryOptions retry;
    retry.first_delay = std::chrono::milliseconds(0);
    const ProviderClient client(
        {provider, {profile, "https://api.example/v1"}, {"authorization", "key"}, {}, {}},
        {retry, system_clock()}, "user_data");
    const provider::OutgoingFile file{
        provider::sent_name(info.id, "mark", "a.txt"), "text/plain", info.size, "user_data", {}};
    FileSending sending(client, *store, {info, file, {}, false, [] { return Result<void>(); }}, {});
    const auto outcome = sending.run({1, 4});
    REQUIRE(outcome.file.ok());
    REQUIRE(provider->waits.size() == 4);
    CHECK(provider->waits[2] < std::chrono::milliseconds(250));
}
