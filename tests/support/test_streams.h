#pragma once

/// Streams that misbehave or take their time.

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "filestore/stream.h"

namespace filestore::test {

/// Gives its bytes a few at a time; before each piece it answers would_block and wakes from another thread.
class HesitantSource final : public Source {
public:
    HesitantSource(std::string bytes, std::size_t piece, std::optional<std::uint64_t> size = std::nullopt)
        : bytes_(std::move(bytes)), piece_(piece), size_(size) {}

    ~HesitantSource() override {
        if (waker_.joinable()) {
            waker_.join();
        }
    }

    Result<IoStep> read(std::span<std::byte> into, const Wake& wake) override {
        if (!std::exchange(ready_, false)) {
            ready_ = true;
            if (waker_.joinable()) {
                waker_.join();
            }
            waker_ = std::thread([wake] { wake(); });
            return IoStep{0, true};
        }
        const std::size_t count = std::min({into.size(), piece_, bytes_.size() - position_});
        std::memcpy(into.data(), bytes_.data() + position_, count);
        position_ += count;
        return IoStep{count, false};
    }
    std::optional<std::uint64_t> size() const noexcept override { return size_; }

private:
    std::string bytes_;
    std::size_t piece_;
    std::optional<std::uint64_t> size_;
    std::size_t position_ = 0;
    bool ready_ = false;
    std::thread waker_;
};

/// Gives some bytes, then waits for ever without a wake.
class StalledSource final : public Source {
public:
    explicit StalledSource(std::string bytes, std::function<void()> on_stall = {})
        : bytes_(std::move(bytes)), on_stall_(std::move(on_stall)) {}

    Result<IoStep> read(std::span<std::byte> into, const Wake&) override {
        const std::size_t count = std::min(into.size(), bytes_.size() - position_);
        std::memcpy(into.data(), bytes_.data() + position_, count);
        position_ += count;
        if (count == 0 && on_stall_) {
            std::exchange(on_stall_, nullptr)();
        }
        return IoStep{count, count == 0};
    }

private:
    std::string bytes_;
    std::function<void()> on_stall_;
    std::size_t position_ = 0;
};

/// Gives some bytes, then fails with a number of the caller's.
[[nodiscard]] inline std::shared_ptr<Source> failing_source(
    std::string bytes, std::int32_t caller_code, std::optional<std::uint64_t> size = std::nullopt) {
    auto inner = source_from_string(std::move(bytes));
    CallbackSource callbacks;
    callbacks.size = size;
    callbacks.read = [inner, caller_code](std::span<std::byte> into, const Wake& wake) -> Result<IoStep> {
        auto step = inner->read(into, wake);
        if (step.ok() && step->bytes > 0) {
            return step;
        }
        ErrorDetails details;
        details.caller_code = caller_code;
        return Error(ErrorCode::source_failed, "the test's source failed", details);
    };
    return source_from_callback(std::move(callbacks));
}

/// A source with a wrong idea of its size.
[[nodiscard]] inline std::shared_ptr<Source> mislabelled_source(std::string bytes, std::uint64_t declared,
                                                                bool rewinds) {
    auto inner = source_from_string(std::move(bytes));
    CallbackSource callbacks;
    callbacks.size = declared;
    callbacks.read = [inner](std::span<std::byte> into, const Wake& wake) { return inner->read(into, wake); };
    if (rewinds) {
        callbacks.rewind = [inner] { return inner->rewind(); };
    }
    return source_from_callback(std::move(callbacks));
}

/// Takes a few bytes at a time, and waits before each piece until another thread wakes it.
class HesitantSink final : public Sink {
public:
    explicit HesitantSink(std::size_t piece) : piece_(piece) {}
    ~HesitantSink() override {
        if (waker_.joinable()) {
            waker_.join();
        }
    }

    Result<IoStep> write(std::span<const std::byte> bytes, const Wake& wake) override {
        if (!std::exchange(ready_, false)) {
            ready_ = true;
            if (waker_.joinable()) {
                waker_.join();
            }
            waker_ = std::thread([wake] { wake(); });
            return IoStep{0, true};
        }
        const std::size_t count = std::min(bytes.size(), piece_);
        bytes_.append(reinterpret_cast<const char*>(bytes.data()), count);
        return IoStep{count, false};
    }
    Result<void> finish() override {
        finished_ = true;
        return {};
    }

    [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }
    [[nodiscard]] bool finished() const noexcept { return finished_; }

private:
    std::size_t piece_;
    std::string bytes_;
    bool ready_ = false;
    bool finished_ = false;
    std::thread waker_;
};

/// Takes `room` bytes, then fails with a number of the caller's.
class FailingSink final : public Sink {
public:
    FailingSink(std::size_t room, std::int32_t caller_code) : room_(room), caller_code_(caller_code) {}

    Result<IoStep> write(std::span<const std::byte> bytes, const Wake&) override {
        if (room_ == 0) {
            ErrorDetails details;
            details.caller_code = caller_code_;
            return Error(ErrorCode::sink_failed, "the test's sink failed", details);
        }
        const std::size_t count = std::min(room_, bytes.size());
        room_ -= count;
        return IoStep{count, false};
    }
    Result<void> finish() override {
        finished_ = true;
        return {};
    }
    [[nodiscard]] bool finished() const noexcept { return finished_; }

private:
    std::size_t room_;
    std::int32_t caller_code_;
    bool finished_ = false;
};

}  // namespace filestore::test
