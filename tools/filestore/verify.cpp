#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "commands.h"
#include "feed.h"
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
    if (report.under_way > 0) {
        text += "; " + std::to_string(report.under_way) + " are being stored, as far as can be told";
    }
    return text + "\n";
}

VerifyRequest request_of(const Session& session, const std::shared_ptr<Feed<VerifyReport>>& feed,
                         ProgressBar& bar) {
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
    const auto feed = std::make_shared<Feed<VerifyReport>>();
    if (feed->descriptor() < 0) {
        return session.fail(errno_error(errno, "cannot wait for the call"));
    }
    session.service.verify_async(request_of(session, feed, bar),
                                 [feed](Result<VerifyReport> report) { feed->end(std::move(report)); });
    const auto report = feed->follow(session, &bar);
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
