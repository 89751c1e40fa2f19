#include "s3/transfer/stream_pace.h"

#include <catch2/catch.hpp>

using namespace filestore::s3;
using namespace std::chrono_literals;

namespace {

/// Of which a stretch takes 100 ms.
constexpr std::uint64_t rate = 10 * StreamPace::stretch;

/// Brings so many bytes after each wait.
class Stream {
public:
    explicit Stream(std::uint64_t rate_of_slow = rate) : pace_(rate_of_slow) { bring(1, 0ms); }

    void bring(std::uint64_t count, std::chrono::milliseconds after) {
        now_ += after;
        pace_.on_bytes(now_);
        pace_.on_taken(count, now_);
    }
    void bring_to_busy(std::uint64_t count, std::chrono::milliseconds busy) {
        pace_.on_bytes(now_);
        now_ += busy;
        pace_.on_taken(count, now_);
    }
    void refuse_for(std::chrono::milliseconds time) {
        pace_.on_bytes(now_);
        pace_.on_taken(0, std::nullopt);
        now_ += time;
    }
    [[nodiscard]] bool is_slow() const { return pace_.is_slow(); }

private:
    StreamPace pace_;
    StreamPace::Time now_{};
};

}  // namespace

TEST_CASE("a stream is slow as soon as a stretch has taken too long", "[s3][transfer]") {
    Stream stream;
    stream.bring(1, 100ms);
    CHECK_FALSE(stream.is_slow());
    stream.bring(1, 1ms);
    CHECK(stream.is_slow());
}

TEST_CASE("each stretch of a stream has its own time", "[s3][transfer]") {
    Stream stream;
    stream.bring(StreamPace::stretch, 0ms);
    for (int i = 0; i < 10; ++i) {
        stream.bring(StreamPace::stretch / 2, 50ms);
        CHECK_FALSE(stream.is_slow());
    }
    stream.bring(1, 101ms);
    CHECK(stream.is_slow());
    stream.bring(StreamPace::stretch, 0ms);
    CHECK_FALSE(stream.is_slow());
}

TEST_CASE("a receiver that is busy, or takes nothing, makes no stream slow", "[s3][transfer]") {
    Stream stream;
    stream.bring_to_busy(1, 1000ms);
    CHECK_FALSE(stream.is_slow());
    stream.refuse_for(1000ms);
    stream.bring(1, 0ms);
    CHECK_FALSE(stream.is_slow());
    stream.bring(1, 101ms);
    CHECK(stream.is_slow());
}

TEST_CASE("no stream is slower than nothing", "[s3][transfer]") {
    Stream stream(0);
    stream.bring(1, std::chrono::hours(24));
    CHECK_FALSE(stream.is_slow());
}
