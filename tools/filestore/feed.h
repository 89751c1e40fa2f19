#pragma once

/// Lines that a long call has for standard output while it runs: the library's threads add them, the main thread writes them.

#include <sys/eventfd.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "core/descriptor.h"
#include "filestore/result.h"
#include "progress_bar.h"
#include "running_call.h"
#include "session.h"

namespace filestore::tool {

/// `Report` is what the call ends with. A resource; thread-safe.
template <class Report>
class Feed {
public:
    Feed() : ready_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

    /// Negative where the system gave none; errno tells why.
    [[nodiscard]] int descriptor() const noexcept { return ready_.get(); }

    /// Waits while too much is unwritten. `cancelled` once nothing is written any more.
    Result<void> add(const std::string& line) {
        std::unique_lock lock(mutex_);
        written_.wait(lock, [this] { return lines_.size() < most_unwritten || is_closed_; });
        if (is_closed_) {
            return Error(ErrorCode::cancelled);
        }
        lines_ += line;
        announce(ready_.get());
        return {};
    }

    void end(Result<Report> report) {
        const std::lock_guard lock(mutex_);
        report_.emplace(std::move(report));
        announce(ready_.get());
    }

    /// Writes the lines as they come; answers the report. On the main thread.
    Result<Report> follow(const Session& session, ProgressBar* bar) {
        std::string lines;
        while (true) {
            wait_while_watching(descriptor(), session.signals, bar);
            auto report = take(lines);
            if (!lines.empty() && !session.output.has_failed()) {
                if (bar != nullptr) {
                    bar->clear();
                }
                if (!session.output.write(lines)) {
                    close();
                }
            }
            if (report) {
                return std::move(*report);
            }
        }
    }

private:
    static constexpr std::size_t most_unwritten = 65'536;

    /// What is to be written, and the report when there is nothing more.
    std::optional<Result<Report>> take(std::string& lines) {
        std::uint64_t ignored = 0;
        [[maybe_unused]] const ssize_t got = ::read(ready_.get(), &ignored, sizeof ignored);
        const std::lock_guard lock(mutex_);
        lines = std::exchange(lines_, {});
        written_.notify_all();
        return report_;
    }

    void close() {
        const std::lock_guard lock(mutex_);
        is_closed_ = true;
        written_.notify_all();
    }

    Descriptor ready_;
    std::mutex mutex_;
    std::condition_variable written_;
    std::string lines_;
    bool is_closed_ = false;
    std::optional<Result<Report>> report_;
};

}  // namespace filestore::tool
