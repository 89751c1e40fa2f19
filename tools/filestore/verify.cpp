#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "commands.h"
#include "core/descriptor.h"
#include "running_call.h"
#include "service/verify_json.h"

namespace filestore::tool {

namespace {

std::string as_text(const VerifyFinding& finding) {
    return std::string(to_string(finding.damage)) + " " + finding.id.str() + ": " + finding.what +
           (finding.quarantined ? "; moved to the quarantine" : "") + "\n";
}

std::string as_text(const VerifyReport& report) {
    std::string text = std::to_string(report.files) + " files, " + std::to_string(report.bytes) +
                       " bytes read: " + std::to_string(report.corrupt) + " corrupt, " +
                       std::to_string(report.missing) + " missing, " + std::to_string(report.orphaned) +
                       " orphaned, " + std::to_string(report.unreadable) + " unreadable";
    if (report.unchecked > 0) {
        text += "; " + std::to_string(report.unchecked) + " have no checksum";
    }
    if (report.in_quarantine > 0) {
        text += "; " + std::to_string(report.in_quarantine) + " are in the quarantine since before";
    }
    return text + "\n";
}

/// Lines that the library's threads have for standard output, which the main thread writes. A resource; thread-safe.
class Feed {
public:
    Feed() : ready_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

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

    void end(Result<VerifyReport> report) {
        const std::lock_guard lock(mutex_);
        report_.emplace(std::move(report));
        announce(ready_.get());
    }

    /// What is to be written, and the report when there is nothing more.
    std::optional<Result<VerifyReport>> take(std::string& lines) {
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

private:
    static constexpr std::size_t most_unwritten = 65'536;

    Descriptor ready_;
    std::mutex mutex_;
    std::condition_variable written_;
    std::string lines_;
    bool is_closed_ = false;
    std::optional<Result<VerifyReport>> report_;
};

/// Writes the findings as they come; answers the report.
Result<VerifyReport> follow(const Session& session, Feed& feed, ProgressBar& bar) {
    std::string lines;
    while (true) {
        wait_while_watching(feed.descriptor(), session.signals, &bar);
        auto report = feed.take(lines);
        if (!lines.empty() && !session.output.has_failed()) {
            bar.clear();
            if (!session.output.write(lines)) {
                feed.close();
            }
        }
        if (report) {
            return std::move(*report);
        }
    }
}

VerifyRequest request_of(const Session& session, const std::shared_ptr<Feed>& feed, ProgressBar& bar) {
    VerifyRequest request;
    request.repair = session.options.repair;
    request.resume = session.options.resume;
    request.parallel = session.options.parallel;
    request.call = session.call_options();
    request.on_finding = [feed, json = session.options.json](const VerifyFinding& finding) {
        return feed->add(json ? to_json(finding) + "\n" : as_text(finding));
    };
    if (bar.is_shown()) {
        request.progress = [&bar](const VerifyProgress& progress) {
            const bool knows_total = progress.files_total > 0;
            bar.update({progress.files_done, progress.files_done,
                        knows_total ? std::optional(progress.files_total) : std::nullopt});
        };
    }
    return request;
}

}  // namespace

ExitCode verify(const Session& session) {
    ProgressBar bar("verify", ProgressUnit::files);
    const auto feed = std::make_shared<Feed>();
    if (feed->descriptor() < 0) {
        return session.fail(errno_error(errno, "cannot wait for the call"));
    }
    session.service.verify_async(request_of(session, feed, bar),
                                 [feed](Result<VerifyReport> report) { feed->end(std::move(report)); });
    const auto report = follow(session, *feed, bar);
    bar.clear();
    if (session.output.has_failed() && session.output.reader_is_gone()) {
        return ExitCode::other;
    }
    if (!report) {
        return session.fail(report.error());
    }
    const ExitCode printed = session.print(session.options.json ? to_json(*report) + "\n" : as_text(*report));
    return printed == ExitCode::ok && !report->sound() ? ExitCode::corrupt : printed;
}

}  // namespace filestore::tool
