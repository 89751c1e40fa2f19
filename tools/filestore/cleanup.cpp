#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "commands.h"
#include "core/text.h"
#include "feed.h"
#include "filestore/schedule.h"
#include "json_line.h"
#include "service/cleanup_json.h"

namespace filestore::tool {

namespace {

std::string as_text(const CleanupFile& file, bool dry_run) {
    std::string text;
    switch (file.outcome) {
        case CleanupOutcome::removed:
            text = dry_run ? "would remove " : "removed ";
            break;
        case CleanupOutcome::already_gone:
            text = "already gone: ";
            break;
        case CleanupOutcome::kept:
            text = "kept ";
            break;
        case CleanupOutcome::failed:
            text = "failed: ";
            break;
        case CleanupOutcome::purged:
            text = dry_run ? "would purge " : "purged ";
            break;
    }
    text += file.id.str() + " " + std::to_string(file.size) + " " + format_timestamp(file.stored_at);
    if (!file.original_path.empty()) {
        text += " " + filestore::quoted(file.original_path);
    }
    if (file.reason) {
        text += ": " + std::string(file.reason->message());
    }
    return text + "\n";
}

std::string as_json(const CleanupFile& file) {
    JsonLine line;
    line.text("file_id", file.id.text())
        .text("outcome", to_string(file.outcome))
        .text("original_path", file.original_path)
        .number("size", file.size)
        .text("stored_at", format_timestamp(file.stored_at));
    if (file.reason) {
        line.text("reason", file.reason->message());
    }
    return line.str();
}

std::string as_text(const CleanupReport& report, bool dry_run) {
    std::string text = std::to_string(report.removed) + " files of " + std::to_string(report.bytes) +
                       " bytes " + (dry_run ? "would be removed" : "removed") + "; " +
                       std::to_string(report.already_gone) + " already gone, " + std::to_string(report.kept) +
                       " kept, " + std::to_string(report.failed) + " failed";
    if (report.bytes_in_versions > 0) {
        text += "; the store keeps " + std::to_string(report.bytes_in_versions) + " bytes as older versions";
    }
    if (report.purged > 0) {
        text += "; " + std::to_string(report.purged) + " deleted files of " +
                std::to_string(report.bytes_purged) + " bytes " + (dry_run ? "would be purged" : "purged");
    }
    if (report.stale_uploads > 0) {
        text += "; " + std::to_string(report.stale_uploads) + " uploads that never ended " +
                (dry_run ? "would be ended" : "ended");
    }
    if (report.kept_versions) {
        const KeptVersions& kept = *report.kept_versions;
        text += "; the store has " + std::to_string(kept.versions) + " older versions of " +
                std::to_string(kept.bytes) + " bytes, and " + std::to_string(kept.orphan_markers) +
                " markers of files of which nothing is left";
    }
    return text + "\n";
}

/// What a run came to. A value.
struct Run {
    ExitCode code = ExitCode::ok;
    CleanupReport report{};
};

Run run(const Session& session, bool dry_run) {
    const auto feed = std::make_shared<Feed<CleanupReport>>();
    if (feed->descriptor() < 0) {
        return {session.fail(errno_error(errno, "cannot wait for the call"))};
    }
    const auto first_failure = std::make_shared<std::optional<ErrorCode>>();
    CleanupRequest request;
    request.days = session.options.days.value_or(session.store.cleanup.retention_days);
    request.dry_run = dry_run;
    request.accept_missing = session.options.accept_missing;
    request.count_versions = session.options.count_versions;
    request.call = session.call_options();
    request.on_file = [feed, first_failure, dry_run, json = session.options.json](const CleanupFile& file) {
        if (file.outcome == CleanupOutcome::failed) {
            *first_failure = first_failure->value_or(file.reason->code());
            report(file.reason->within("file " + file.id.str()));
        }
        return feed->add(json ? as_json(file) : as_text(file, dry_run));
    };
    session.service.cleanup_async(std::move(request),
                                  [feed](Result<CleanupReport> report) { feed->end(std::move(report)); });
    const auto report = feed->follow(session, nullptr);
    if (session.output.has_failed() && session.output.reader_is_gone()) {
        return {ExitCode::other};
    }
    if (!report) {
        return {session.fail(report.error())};
    }
    const ExitCode printed =
        session.print(session.options.json ? to_json(*report, dry_run) + "\n" : as_text(*report, dry_run));
    const bool has_failures = printed == ExitCode::ok && *first_failure;
    return {has_failures ? exit_code_of(**first_failure) : printed, *report};
}

ExitCode run_with_copies(const Session& session) {
    const Run ended = run(session, false);
    if (ended.report.removed > 0 || ended.report.already_gone > 0) {
        remove_waiting_copies(session);
    }
    return ended.code;
}

/// Whether the user says yes. No where a signal comes, or the input ends.
bool agrees(const Session& session) {
    constexpr std::string_view question = "Remove them? [y/N] ";
    if (::write(STDERR_FILENO, question.data(), question.size()) < 0) {
        return false;
    }
    std::array<char, 256> line{};
    while (session.signals.caught() == 0) {
        wait_for_input_or_signal(STDIN_FILENO, session.signals);
        if (session.signals.caught() != 0) {
            break;
        }
        const ssize_t got = ::read(STDIN_FILENO, line.data(), line.size());
        return got > 0 && (line.front() == 'y' || line.front() == 'Y');
    }
    return false;
}

ExitCode print_next_times(const Session& session) {
    const CleanupOptions& cleanup = session.store.cleanup;
    const auto schedule = CronSchedule::parse(cleanup.schedule, cleanup.time_zone);
    if (!schedule) {
        return session.fail(schedule.error());
    }
    std::string text;
    auto time = schedule->next_after(system_clock()->now());
    for (unsigned i = 0; i < *session.options.next_times && time; ++i) {
        const std::string at = format_timestamp(*time);
        text += session.options.json ? JsonLine().text("at", at).boolean("enabled", cleanup.enabled).str()
                                     : at + "\n";
        time = schedule->next_after(*time);
    }
    return session.print(text);
}

}  // namespace

ExitCode cleanup(const Session& session) {
    if (session.options.next_times) {
        return print_next_times(session);
    }
    if (session.options.dry_run) {
        return run(session, true).code;
    }
    if (session.options.yes) {
        return run_with_copies(session);
    }
    if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDERR_FILENO) == 0) {
        return session.fail(Error(ErrorCode::invalid_argument,
                                  "cleanup deletes files: give --yes, or --dry-run to see which"));
    }
    const Run plan = run(session, true);
    const bool has_work = plan.report.removed + plan.report.already_gone + plan.report.purged > 0;
    if (!has_work || session.signals.caught() != 0 || !agrees(session)) {
        return plan.code;
    }
    return run_with_copies(session);
}

}  // namespace filestore::tool
