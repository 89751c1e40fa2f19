#include "core/pump.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "core/library_thread.h"
#include "core/stream_calls.h"
#include "core/try.h"

namespace filestore {

namespace {

constexpr std::size_t pump_buffer_size = std::size_t{512} * 1024;
constexpr std::size_t buffer_count = 2;

/// Takes up no memory beyond what has been written to.
struct Buffer {
    explicit Buffer(std::size_t size)
        : memory(std::make_unique_for_overwrite<std::byte[]>(size)), limit(size) {}

    std::unique_ptr<std::byte[]> memory;
    std::size_t limit;
    std::size_t begin = 0;
    std::size_t end = 0;

    [[nodiscard]] std::span<std::byte> room() const noexcept { return {memory.get() + end, limit - end}; }
    [[nodiscard]] std::span<const std::byte> content() const noexcept {
        return {memory.get() + begin, end - begin};
    }
};

Error blocked_in_spite(ErrorCode code) {
    return {code, "a stream that is declared blocking answered would_block"};
}

/// A wake for streams that never use it.
Wake no_wake() {
    class Nobody final : public Wake::Target {
        void wake() noexcept override {}
        void wake_when_ready(int, bool) noexcept override {}
    };
    return Wake(std::make_shared<Nobody>());
}

}  // namespace

struct PumpedSource::State : std::enable_shared_from_this<State> {
    State(std::shared_ptr<Source> source, std::shared_ptr<Executor> runs_on)
        : inner(std::move(source)),
          executor(std::move(runs_on)),
          size(inner->size()),
          can_rewind(inner->can_rewind()) {
        full.reserve(buffer_count);
        free.reserve(buffer_count);
    }

    Result<IoStep> read(std::span<std::byte> into, const Wake& wake) {
        const std::lock_guard lock(mutex);
        if (full.empty()) {
            if (failure) {
                return *failure;
            }
            if (ended) {
                return IoStep{};
            }
            waiting = wake;
            ensure_filling();
            return failure ? Result<IoStep>(*failure) : IoStep{0, true};
        }
        Buffer& front = full.front();
        const std::span<const std::byte> content = front.content();
        const std::size_t count = std::min(into.size(), content.size());
        std::memcpy(into.data(), content.data(), count);
        front.begin += count;
        if (front.begin == front.end) {
            free.push_back(std::move(front));
            full.erase(full.begin());
            ensure_filling();
        }
        return IoStep{count, false};
    }

    void rewind() {
        const std::lock_guard lock(mutex);
        rewind_first = true;
        ended = false;
        if (!on_released) {
            failure.reset();
        }
        drop_content();
    }

    void when_released(std::function<void()> done) {
        std::unique_lock lock(mutex);
        on_released = std::move(done);
        failure = Error(ErrorCode::cancelled);
        drop_content();
        if (!filling && !start_filling()) {
            release_if_asked(lock);
        }
    }

    void drop_content() {
        for (Buffer& buffer : full) {
            free.push_back(std::move(buffer));
        }
        full.clear();
    }

    void ensure_filling() {
        if (!filling && !ended && !failure && (!free.empty() || made < buffer_count)) {
            start_filling();
        }
    }

    /// False, with a failure set, where the executor can take no task.
    bool start_filling() {
        try {
            executor->post([self = shared_from_this()] {
                const LibraryThreadScope scope;
                self->fill();
            });
            filling = true;
        } catch (const std::bad_alloc&) {
            failure = Error(ErrorCode::no_memory);
        }
        return filling;
    }

    void fill() {
        std::unique_lock lock(mutex);
        while (!ended && !failure && (!free.empty() || made < buffer_count)) {
            auto taken = call_user(ErrorCode::internal, [this]() -> Result<Buffer> { return take_free(); });
            if (!taken.ok()) {
                failure = taken.error();
                wake_reader(lock);
                break;
            }
            Buffer buffer = std::move(*taken);
            const bool rewinds = std::exchange(rewind_first, false);
            lock.unlock();
            const auto got = call_user(ErrorCode::internal, [&] { return read_ahead(buffer, rewinds); });
            lock.lock();
            if (rewind_first || on_released) {
                free.push_back(std::move(buffer));
                continue;
            }
            if (!got.ok()) {
                failure = got.error();
            } else if (*got) {
                ended = true;
            }
            if (buffer.end > 0) {
                full.push_back(std::move(buffer));
            }
            wake_reader(lock);
        }
        filling = false;
        release_if_asked(lock);
    }

    void release_if_asked(std::unique_lock<std::mutex>& lock) {
        if (const auto done = std::exchange(on_released, nullptr)) {
            std::shared_ptr<Source> released = std::move(inner);
            lock.unlock();
            released.reset();
            done();
        }
    }

    Buffer take_free() {
        if (free.empty()) {
            const std::uint64_t useful = std::max<std::uint64_t>(1, size.value_or(pump_buffer_size));
            Buffer fresh(static_cast<std::size_t>(std::min<std::uint64_t>(useful, pump_buffer_size)));
            ++made;
            return fresh;
        }
        Buffer buffer = std::move(free.back());
        free.pop_back();
        buffer.begin = buffer.end = 0;
        return buffer;
    }

    /// Fills the buffer; true at the end of the source.
    Result<bool> read_ahead(Buffer& buffer, bool rewinds) const {
        if (rewinds) {
            FILESTORE_TRY(inner->rewind());
        }
        while (buffer.end < buffer.limit) {
            FILESTORE_TRY_ASSIGN(const IoStep step, read_source(*inner, buffer.room(), unused_wake));
            if (step.would_block) {
                return blocked_in_spite(ErrorCode::source_failed);
            }
            if (step.bytes == 0) {
                return true;
            }
            buffer.end += step.bytes;
        }
        return false;
    }

    void wake_reader(std::unique_lock<std::mutex>& lock) {
        const auto wake = std::exchange(waiting, std::nullopt);
        if (wake) {
            lock.unlock();
            (*wake)();
            lock.lock();
        }
    }

    /// Empty once it is released.
    std::shared_ptr<Source> inner;
    const std::shared_ptr<Executor> executor;
    const std::optional<std::uint64_t> size;
    const bool can_rewind;
    const Wake unused_wake = no_wake();

    std::mutex mutex;
    std::vector<Buffer> full;
    std::vector<Buffer> free;
    std::size_t made = 0;
    std::optional<Wake> waiting;
    std::optional<Error> failure;
    std::function<void()> on_released;
    bool ended = false;
    bool filling = false;
    bool rewind_first = false;
};

PumpedSource::PumpedSource(std::shared_ptr<Source> blocking, std::shared_ptr<Executor> executor)
    : state_(std::make_shared<State>(std::move(blocking), std::move(executor))) {}

PumpedSource::~PumpedSource() = default;

Result<IoStep> PumpedSource::read(std::span<std::byte> into, const Wake& wake) {
    return state_->read(into, wake);
}

std::optional<std::uint64_t> PumpedSource::size() const noexcept {
    return state_->size;
}

bool PumpedSource::can_rewind() const noexcept {
    return state_->can_rewind;
}

Result<void> PumpedSource::rewind() {
    if (!state_->can_rewind) {
        return Source::rewind();
    }
    state_->rewind();
    return {};
}

void PumpedSource::when_released(std::function<void()> done) {
    state_->when_released(std::move(done));
}

struct PumpedSink::State : std::enable_shared_from_this<State> {
    State(std::shared_ptr<Sink> sink, std::shared_ptr<Executor> runs_on)
        : inner(std::move(sink)), executor(std::move(runs_on)) {
        full.reserve(buffer_count);
        free.reserve(buffer_count);
    }

    Result<IoStep> write(std::span<const std::byte> bytes, const Wake& wake) {
        const std::lock_guard lock(mutex);
        if (failure) {
            return *failure;
        }
        // What comes while the sink is busy is written together.
        if (full.empty() || full.back().room().empty()) {
            if (free.empty() && made == buffer_count) {
                waiting = wake;
                return IoStep{0, true};
            }
            full.push_back(take_free());
        }
        Buffer& last = full.back();
        const std::size_t count = std::min(bytes.size(), last.room().size());
        std::memcpy(last.room().data(), bytes.data(), count);
        last.end += count;
        if (!ensure_draining()) {
            return *failure;
        }
        return IoStep{count, false};
    }

    void when_written(std::function<void(Result<void>)> done) {
        std::unique_lock lock(mutex);
        on_written = std::move(done);
        if (!ensure_draining()) {
            answer_if_asked(lock);
        }
    }

    /// False, with a failure set, where the executor can take no task.
    bool ensure_draining() {
        if (draining) {
            return true;
        }
        try {
            executor->post([self = shared_from_this()] {
                const LibraryThreadScope scope;
                self->drain();
            });
            draining = true;
        } catch (const std::bad_alloc&) {
            failure = Error(ErrorCode::no_memory);
        }
        return draining;
    }

    void drain() {
        std::unique_lock lock(mutex);
        while (!full.empty() && !failure) {
            Buffer buffer = std::move(full.front());
            full.erase(full.begin());
            lock.unlock();
            const auto written = call_user(ErrorCode::internal, [&] { return write_out(buffer); });
            lock.lock();
            free.push_back(std::move(buffer));
            if (!written.ok()) {
                failure = written.error();
            }
            const auto wake = std::exchange(waiting, std::nullopt);
            if (wake) {
                lock.unlock();
                (*wake)();
                lock.lock();
            }
        }
        draining = false;
        answer_if_asked(lock);
    }

    void answer_if_asked(std::unique_lock<std::mutex>& lock) {
        if (const auto done = std::exchange(on_written, nullptr)) {
            const Result<void> outcome = failure ? Result<void>(*failure) : Result<void>();
            std::shared_ptr<Sink> released = std::move(inner);
            lock.unlock();
            released.reset();
            done(outcome);
        }
    }

    Result<void> write_out(Buffer& buffer) const {
        while (buffer.begin < buffer.end) {
            FILESTORE_TRY_ASSIGN(const IoStep step, write_sink(*inner, buffer.content(), unused_wake));
            if (step.would_block) {
                return blocked_in_spite(ErrorCode::sink_failed);
            }
            buffer.begin += step.bytes;
        }
        return {};
    }

    Buffer take_free() {
        if (free.empty()) {
            Buffer fresh(pump_buffer_size);
            ++made;
            return fresh;
        }
        Buffer buffer = std::move(free.back());
        free.pop_back();
        buffer.begin = buffer.end = 0;
        return buffer;
    }

    /// Empty once all is written.
    std::shared_ptr<Sink> inner;
    const std::shared_ptr<Executor> executor;
    const Wake unused_wake = no_wake();

    std::mutex mutex;
    std::vector<Buffer> full;
    std::vector<Buffer> free;
    std::size_t made = 0;
    std::optional<Wake> waiting;
    std::optional<Error> failure;
    std::function<void(Result<void>)> on_written;
    bool draining = false;
};

PumpedSink::PumpedSink(std::shared_ptr<Sink> blocking, std::shared_ptr<Executor> executor)
    : state_(std::make_shared<State>(std::move(blocking), std::move(executor))) {}

PumpedSink::~PumpedSink() = default;

Result<IoStep> PumpedSink::write(std::span<const std::byte> bytes, const Wake& wake) {
    return state_->write(bytes, wake);
}

void PumpedSink::when_written(std::function<void(Result<void>)> done) {
    state_->when_written(std::move(done));
}

}  // namespace filestore
