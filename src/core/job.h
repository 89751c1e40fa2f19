#pragma once

/// Work in steps that never holds a thread while it waits.

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>

#include "core/pending_calls.h"
#include "core/reactor.h"
#include "filestore/call.h"
#include "filestore/executor.h"
#include "filestore/stream.h"

namespace filestore {

/// What jobs run on. A value (shared handles).
struct Runtime {
    std::shared_ptr<Executor> executor;
    std::shared_ptr<Reactor> reactor;
};

/// Runs step() on the executor until it is done. A step that answers `park` is run again after wake(), which a stop request and the
/// deadline also cause. Steps of one job never overlap. A resource held by std::shared_ptr; wake() is thread-safe.
class Job : public Wake::Target {
public:
    /// Queues the first step; once.
    void start();

    void wake() noexcept override;
    void wake_when_ready(int descriptor, bool for_writing) noexcept override;

protected:
    enum class Next { park, done };

    Job(Runtime runtime, std::shared_ptr<PendingCalls::Call> call,
        std::optional<std::chrono::steady_clock::time_point> deadline);
    ~Job() override = default;

    [[nodiscard]] virtual Next step() = 0;

    /// `cancelled` or `timeout` once the job has to end; to be asked at the start of each step and between bytes.
    [[nodiscard]] Result<void> check_limits() const;

    /// For streams: wakes this job.
    [[nodiscard]] Wake waker() { return Wake(self()); }

    [[nodiscard]] const Runtime& runtime() const noexcept { return runtime_; }

    /// Lets the call end: after its completion has run. The job must not touch the caller's things afterwards.
    void release_call() noexcept;

private:
    enum class State : int { parked, queued, running, woken };
    struct WakeOnStop {
        std::weak_ptr<Job> job;
        void operator()() noexcept;
    };

    [[nodiscard]] std::shared_ptr<Job> self() { return self_.lock(); }
    void queue();
    void run();

    template <class T, class... Arguments>
    friend std::shared_ptr<T> make_job(Arguments&&... arguments);

    Runtime runtime_;
    std::shared_ptr<PendingCalls::Call> call_;
    std::stop_token stop_;
    std::optional<std::chrono::steady_clock::time_point> deadline_;
    std::atomic<State> state_{State::queued};
    std::weak_ptr<Job> self_;
    /// Until the job is done: while it is parked nobody else may hold it.
    std::shared_ptr<Job> alive_;
    std::optional<std::stop_callback<WakeOnStop>> on_stop_;
    bool deadline_armed_ = false;
};

/// The way to make a job.
template <class T, class... Arguments>
[[nodiscard]] std::shared_ptr<T> make_job(Arguments&&... arguments) {
    auto job = std::make_shared<T>(std::forward<Arguments>(arguments)...);
    static_cast<Job&>(*job).self_ = job;
    return job;
}

/// `cancelled` or `timeout`, where a call has to end for one of them.
[[nodiscard]] Result<void> check_call_limits(
    const std::stop_token& stop, const std::optional<std::chrono::steady_clock::time_point>& deadline);

}  // namespace filestore
