#include "filestore/stream.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/memory_source.h"
#include "core/stream_calls.h"

namespace filestore {

Wake::Target::~Target() = default;
Source::~Source() = default;
Sink::~Sink() = default;

std::optional<std::uint64_t> Source::size() const noexcept {
    return std::nullopt;
}
bool Source::can_rewind() const noexcept {
    return false;
}
Result<void> Source::rewind() {
    return Error(ErrorCode::unsupported, "this source cannot rewind");
}
bool Source::blocking() const noexcept {
    return false;
}

Result<void> Sink::finish() {
    return {};
}
bool Sink::blocking() const noexcept {
    return false;
}

namespace {

class SpanSource final : public MemorySource {
public:
    explicit SpanSource(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}

    Result<IoStep> read(std::span<std::byte> into, const Wake&) override {
        const std::size_t count = std::min(into.size(), bytes_.size() - position_);
        if (count > 0) {
            std::memcpy(into.data(), bytes_.data() + position_, count);
        }
        position_ += count;
        return IoStep{count, false};
    }
    std::optional<std::uint64_t> size() const noexcept override { return bytes_.size(); }
    bool can_rewind() const noexcept override { return true; }
    Result<void> rewind() override {
        position_ = 0;
        return {};
    }
    std::span<const std::byte> bytes() const noexcept override { return bytes_; }

private:
    std::span<const std::byte> bytes_;
    std::size_t position_ = 0;
};

/// A SpanSource over text that it keeps.
class StringSource final : public MemorySource {
public:
    explicit StringSource(std::string bytes)
        : bytes_(std::move(bytes)), span_(std::as_bytes(std::span(bytes_))) {}

    Result<IoStep> read(std::span<std::byte> into, const Wake& wake) override {
        return span_.read(into, wake);
    }
    std::optional<std::uint64_t> size() const noexcept override { return span_.size(); }
    bool can_rewind() const noexcept override { return true; }
    Result<void> rewind() override { return span_.rewind(); }
    std::span<const std::byte> bytes() const noexcept override { return span_.bytes(); }

private:
    std::string bytes_;
    SpanSource span_;
};

class CallbackSourceAdapter final : public Source {
public:
    explicit CallbackSourceAdapter(CallbackSource callbacks) : callbacks_(std::move(callbacks)) {}

    Result<IoStep> read(std::span<std::byte> into, const Wake& wake) override {
        return callbacks_.read(into, wake);
    }
    std::optional<std::uint64_t> size() const noexcept override { return callbacks_.size; }
    bool can_rewind() const noexcept override { return callbacks_.rewind != nullptr; }
    Result<void> rewind() override { return can_rewind() ? callbacks_.rewind() : Source::rewind(); }
    bool blocking() const noexcept override { return callbacks_.blocking; }

private:
    CallbackSource callbacks_;
};

class CallbackSinkAdapter final : public Sink {
public:
    explicit CallbackSinkAdapter(CallbackSink callbacks) : callbacks_(std::move(callbacks)) {}

    Result<IoStep> write(std::span<const std::byte> bytes, const Wake& wake) override {
        return callbacks_.write(bytes, wake);
    }
    Result<void> finish() override { return callbacks_.finish ? callbacks_.finish() : Result<void>(); }
    bool blocking() const noexcept override { return callbacks_.blocking; }

private:
    CallbackSink callbacks_;
};

}  // namespace

std::shared_ptr<Source> source_from_span(std::span<const std::byte> bytes) {
    return std::make_shared<SpanSource>(bytes);
}

std::shared_ptr<Source> source_from_string(std::string bytes) {
    return std::make_shared<StringSource>(std::move(bytes));
}

std::shared_ptr<Source> source_from_callback(CallbackSource callbacks) {
    return std::make_shared<CallbackSourceAdapter>(std::move(callbacks));
}

std::shared_ptr<Sink> sink_to_callback(CallbackSink callbacks) {
    return std::make_shared<CallbackSinkAdapter>(std::move(callbacks));
}

Result<IoStep> BufferSink::write(std::span<const std::byte> bytes, const Wake&) {
    if (bytes.size() > max_bytes_ - bytes_.size()) {
        return Error(ErrorCode::sink_failed, "the file is larger than the " + std::to_string(max_bytes_) +
                                                 " bytes that the buffer may hold");
    }
    bytes_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return IoStep{bytes.size(), false};
}

}  // namespace filestore
