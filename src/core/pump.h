#pragma once

/// Turns blocking streams into ones that an event loop can use: the executor reads or writes ahead, through two buffers.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "filestore/executor.h"
#include "filestore/stream.h"

namespace filestore {

/// A source that never blocks, over one that may. A resource; read() and rewind() are used by one thread at a time.
class PumpedSource final : public Source {
public:
    PumpedSource(std::shared_ptr<Source> blocking, std::shared_ptr<Executor> executor);
    ~PumpedSource() override;

    /// A failure of the source below comes back here.
    [[nodiscard]] Result<IoStep> read(std::span<std::byte> into, const Wake& wake) override;
    [[nodiscard]] std::optional<std::uint64_t> size() const noexcept override;
    [[nodiscard]] bool can_rewind() const noexcept override;
    /// Only notes it: the source below is rewound on the executor, before it is read again.
    [[nodiscard]] Result<void> rewind() override;

    /// Calls `done` on the executor, once the source below is no longer in use and never will be: a call must not end while its caller's
    /// source is being read. read() fails with `cancelled` from now on. At most once; from any thread.
    void when_released(std::function<void()> done);

private:
    struct State;
    std::shared_ptr<State> state_;
};

/// A sink that never blocks, over one that may. A resource; write() and when_written() are used by one thread at a time.
class PumpedSink {
public:
    PumpedSink(std::shared_ptr<Sink> blocking, std::shared_ptr<Executor> executor);
    PumpedSink(const PumpedSink&) = delete;
    PumpedSink& operator=(const PumpedSink&) = delete;
    ~PumpedSink();

    /// As Sink::write; a failure of the sink below comes back here or from when_written().
    [[nodiscard]] Result<IoStep> write(std::span<const std::byte> bytes, const Wake& wake);

    /// Calls `done` on the executor, once everything that was taken is with the sink below or that has failed; the sink below is no longer
    /// in use then. At most once, last.
    void when_written(std::function<void(Result<void>)> done);

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace filestore
