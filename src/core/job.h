#pragma once

/// Work in steps that never holds a thread while it waits.

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>

#include "core/reactor.h"
#include "filestore/executor.h"
#include "filestore/pause.h"
#include "filestore/result.h"
#include "filestore/stream.h"

namespace filestore {

/// What jobs run on. A value (shared handles).
struct Runtime {
    std::shared_ptr<Executor> executor;
    std::shared_ptr<Reactor> reactor;
};

/// Runs step() on the executor until it is done. A step that answers `park` is run again after wake(), which a stop request and the
/// deadline and each change of the pause switch also cause. Steps of one job never overlap. Where the executor cannot take a step, it runs on the thread that wanted to queue it,
/// with check_limits() answering `no_memory`. A resource held by std::shared_ptr; wake() is thread-safe.
class Job : public Wake::Target, public PauseSwitch::Listener {
public:
    /// Queues the first step; once.
    void start() noexcept;

    void wake() noexcept override;
    void wake_when_ready(int descriptor, bool for_writing) noexcept override;
    void pause_changed() noexcept override { wake(); }

protected:
    enum class Next { park, done };

    Job(Runtime runtime, std::stop_token stop, std::optional<std::chrono::steady_clock::time_point> deadline,
        std::shared_ptr<PauseSwitch> pause = nullptr);
    ~Job() override = default;

    /// Does not throw.
    [[nodiscard]] virtual Next step() = 0;

    /// `cancelled`, `timeout` or `no_memory` once the job has to end; to be asked at the start of each step and between bytes.
    [[nodiscard]] Result<void> check_limits() const;

    /// The caller's switch says pause: to be asked before bytes are moved.
    [[nodiscard]] bool is_paused() const noexcept { return pause_ && pause_->is_paused(); }

    /// For streams: wakes this job.
    [[nodiscard]] Wake waker() { return Wake(self()); }

    /// For others that wake this job.
    [[nodiscard]] const std::weak_ptr<Job>& weak_self() const noexcept { return self_; }

    [[nodiscard]] const Runtime& runtime() const noexcept { return runtime_; }

private:
    enum class State : int { parked, queued, running, woken };
    struct WakeOnStop {
        std::weak_ptr<Job> job;
        void operator()() noexcept;
    };

    [[nodiscard]] std::shared_ptr<Job> self() { return self_.lock(); }
    void follow_pause();
    void queue() noexcept;
    void run() noexcept;
    void stay_awakable() noexcept;

    template <class T, class... Arguments>
    friend std::shared_ptr<T> make_job(Arguments&&... arguments);

    Runtime runtime_;
    std::stop_token stop_;
    std::optional<std::chrono::steady_clock::time_point> deadline_;
    std::shared_ptr<PauseSwitch> pause_;
    std::atomic<State> state_{State::queued};
    std::weak_ptr<Job> self_;
    /// Until the job is done: while it is parked nobody else may hold it.
    std::shared_ptr<Job> alive_;
    std::optional<std::stop_callback<WakeOnStop>> on_stop_;
    bool deadline_armed_ = false;
    bool refused_by_executor_ = false;
};

/// The way to make a job. May throw std::bad_alloc.
template <class T, class... Arguments>
[[nodiscard]] std::shared_ptr<T> make_job(Arguments&&... arguments) {
    auto job = std::make_shared<T>(std::forward<Arguments>(arguments)...);
    static_cast<Job&>(*job).self_ = job;
    static_cast<Job&>(*job).follow_pause();
    return job;
}

}  // namespace filestore
