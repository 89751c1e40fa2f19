#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "core/text.h"
#include "feed.h"
#include "filestore/salvage.h"
#include "json_line.h"
#include "running_call.h"
#include "service/audit_json.h"

namespace filestore::tool {

namespace {

Result<void> flush(const Session& session, const CallOptions& call) {
    return finish_call<void>(session.signals, nullptr, [&](Completion<void> done) {
        session.service.flush_async({call}, std::move(done));
    });
}

std::string as_text(const AuditStatus& status) {
    std::string text = std::to_string(status.pending) + " pending, " + std::to_string(status.parked) +
                       " parked, " + std::to_string(status.delivered) + " delivered";
    text += status.oldest ? "; waiting since " + format_timestamp(*status.oldest) : "";
    return text + "\n";
}

ExitCode show_status(const Session& session) {
    const auto status = finish_call<AuditStatus>(session.signals, nullptr, [&](auto done) {
        session.service.audit_status_async(session.call_options(), std::move(done));
    });
    if (!status) {
        return session.fail(status.error());
    }
    return session.print(session.options.json ? to_json(*status) + "\n" : as_text(*status));
}

ExitCode wait_for_delivery(const Session& session) {
    const auto flushed = flush(session, session.call_options());
    return flushed ? show_status(session) : session.fail(flushed.error());
}

std::string as_text(const ParkedFile& file) {
    return file.file_id + " " + format_timestamp(file.parked_at) + " " + file.reason + "\n";
}

ExitCode show_parked(const Session& session) {
    ParkedRequest request;
    request.call = session.call_options();
    for (;;) {
        const auto files = finish_call<std::vector<ParkedFile>>(session.signals, nullptr, [&](auto done) {
            session.service.parked_files_async(request, std::move(done));
        });
        if (!files) {
            return session.fail(files.error());
        }
        for (const ParkedFile& file : *files) {
            const ExitCode printed =
                session.print(session.options.json ? to_json(file) + "\n" : as_text(file));
            if (printed != ExitCode::ok) {
                return printed;
            }
        }
        if (files->size() < request.limit) {
            return ExitCode::ok;
        }
        request.after = files->back().file_id;
    }
}

Result<std::uint64_t> retry(const Session& session, const std::string& file_id) {
    return finish_call<std::uint64_t>(session.signals, nullptr, [&](auto done) {
        session.service.retry_parked_async({file_id, session.call_options()}, std::move(done));
    });
}

ExitCode retry_parked(const Session& session) {
    // Behind the word itself; all where no file is named.
    std::vector<std::string> file_ids(session.options.operands.begin() + 1, session.options.operands.end());
    const bool is_all = file_ids.empty();
    if (is_all) {
        file_ids.emplace_back();
    }
    ExitCode first_failure = ExitCode::ok;
    for (const std::string& file_id : file_ids) {
        const auto count = retry(session, file_id);
        ExitCode code = ExitCode::ok;
        if (!count) {
            code = session.fail(count.error(), file_id);
        } else if (*count == 0 && !is_all) {
            code = session.fail(Error(ErrorCode::not_found, "file " + filestore::quoted(file_id) +
                                                                " is not parked, or has no row any more"));
        }
        first_failure = first_failure == ExitCode::ok ? code : first_failure;
    }
    tell_audit_server(session);
    return first_failure == ExitCode::ok ? show_status(session) : first_failure;
}

std::string as_text(const FileHistory& file) {
    std::string text = file.id.str() + " ";
    text += file.uploaded_at ? format_timestamp(*file.uploaded_at) : "-";
    text += " " + (file.deleted_at ? format_timestamp(*file.deleted_at) : std::string("-"));
    return text + (file.file_path.empty() ? "" : " " + filestore::quoted(file.file_path)) + "\n";
}

ExitCode print_history(const Session& session, const FileHistory& file) {
    return session.print(session.options.json ? to_json(file) + "\n" : as_text(file));
}

ExitCode show_history_of(const Session& session, const std::string& file_id) {
    const auto id = FileId::parse(file_id);
    if (!id) {
        return session.fail(id.error());
    }
    const auto file = finish_call<FileHistory>(session.signals, nullptr, [&](auto done) {
        session.service.history_async({*id, session.call_options()}, std::move(done));
    });
    return file ? print_history(session, *file) : session.fail(file.error());
}

ExitCode show_history(const Session& session) {
    ExitCode first_failure = ExitCode::ok;
    for (auto id = session.options.operands.begin() + 1; id != session.options.operands.end(); ++id) {
        const ExitCode code = show_history_of(session, *id);
        first_failure = first_failure == ExitCode::ok ? code : first_failure;
    }
    return first_failure;
}

ExitCode show_files(const Session& session) {
    RecordedFilesRequest request;
    request.uploaded_before = session.options.before;
    request.call = session.call_options();
    for (;;) {
        const auto page = finish_call<RecordedFilesPage>(session.signals, nullptr, [&](auto done) {
            session.service.recorded_files_async(request, std::move(done));
        });
        if (!page) {
            return session.fail(page.error());
        }
        for (const FileHistory& file : page->files) {
            const ExitCode printed = print_history(session, file);
            if (printed != ExitCode::ok) {
                return printed;
            }
        }
        if (!page->next) {
            return ExitCode::ok;
        }
        request.cursor = *page->next;
    }
}

ExitCode forget(const Session& session) {
    const auto count = finish_call<std::uint64_t>(session.signals, nullptr, [&](auto done) {
        session.service.forget_audit_server_async(session.call_options(), std::move(done));
    });
    if (!count) {
        return session.fail(count.error());
    }
    return session.print(session.options.json ? JsonLine().number("dropped", *count).str()
                                              : std::to_string(*count) + " files will not be told of\n");
}

std::string as_text(const DriftFinding& finding) {
    std::string text = std::string(to_string(finding.drift)) + " " + finding.id.str() + ": " + finding.what;
    text += finding.repaired ? "; repaired" : "";
    return text + (finding.reason ? ": " + std::string(finding.reason->message()) : std::string()) + "\n";
}

std::string as_text(const ReconcileReport& report) {
    std::string text = std::to_string(report.files) + " files: " + std::to_string(report.unrecorded) +
                       " unrecorded, " + std::to_string(report.marked_deleted) + " marked deleted, " +
                       std::to_string(report.missing) + " missing, " + std::to_string(report.untold) +
                       " untold; " + std::to_string(report.repaired) + " repaired, " +
                       std::to_string(report.failed) + " failed";
    text += report.left_out > 0
                ? "; " + std::to_string(report.left_out) + " left out, as something of them waits"
                : "";
    return text + "\n";
}

ExitCode reconcile(const Session& session) {
    const auto feed = std::make_shared<Feed<ReconcileReport>>();
    if (feed->descriptor() < 0) {
        return session.fail(errno_error(errno, "cannot wait for the call"));
    }
    const auto first_failure = std::make_shared<std::optional<ErrorCode>>();
    ReconcileRequest request;
    request.repair = session.options.yes;
    request.call = session.call_options();
    request.on_finding = [feed, first_failure, json = session.options.json](const DriftFinding& finding) {
        if (finding.reason) {
            *first_failure = first_failure->value_or(finding.reason->code());
        }
        return feed->add(json ? to_json(finding) + "\n" : as_text(finding));
    };
    session.service.reconcile_async(std::move(request),
                                    [feed](Result<ReconcileReport> report) { feed->end(std::move(report)); });
    const auto report = feed->follow(session, nullptr);
    if (session.output.has_failed() && session.output.reader_is_gone()) {
        return ExitCode::other;
    }
    if (!report) {
        return session.fail(report.error());
    }
    tell_audit_server(session);
    const ExitCode printed = session.print(session.options.json ? to_json(*report) + "\n" : as_text(*report));
    if (printed != ExitCode::ok || report->agrees()) {
        return printed;
    }
    return *first_failure ? exit_code_of(**first_failure) : ExitCode::corrupt;
}

std::string as_text(const char* of, const SalvagedRows& rows) {
    return std::string(of) + ": " + std::to_string(rows.salvaged) + " salvaged, " +
           std::to_string(rows.unreadable) + " unreadable" +
           (rows.has_gap ? ", and perhaps more that nothing tells of" : "") + "\n";
}

std::string as_text(const SalvageReport& report) {
    if (!report.was_damaged) {
        return "the catalogue is not damaged\n";
    }
    return as_text("files", report.files) + as_text("operations under way", report.intents) +
           as_text("waiting for the audit server", report.outbox) + as_text("parked", report.parked) +
           as_text("deleted files that can be had back", report.soft_deleted) +
           as_text("copies at providers", report.provider_copies) + "what is damaged is kept in " +
           filestore::quoted(report.set_aside) + "; have `filestore audit reconcile` look at the rest\n";
}

bool is_complete(const SalvageReport& report) {
    const auto parts = {report.files,  report.intents,      report.outbox,
                        report.parked, report.soft_deleted, report.provider_copies};
    return std::none_of(parts.begin(), parts.end(),
                        [](const SalvagedRows& rows) { return rows.unreadable > 0 || rows.has_gap; });
}

ExitCode salvage(const Session& session) {
    SalvageRequest request;
    request.on_unreadable = [&](const UnreadableRow& row) -> Result<void> {
        return session.output.write(
            session.options.json ? JsonLine().text("unreadable", row.table).text("file_id", row.file_id).str()
                                 : "unreadable in " + row.table + ": " + row.file_id + "\n");
    };
    const auto report = salvage_catalogue(session.store, request);
    if (!report) {
        return session.fail(report.error());
    }
    const ExitCode printed = session.print(session.options.json ? to_json(*report) + "\n" : as_text(*report));
    return printed != ExitCode::ok || is_complete(*report) ? printed : ExitCode::corrupt;
}

}  // namespace

ExitCode audit(const Session& session) {
    const std::string& action = session.options.operands.front();
    if (action == "flush") {
        return wait_for_delivery(session);
    }
    if (action == "parked") {
        return show_parked(session);
    }
    if (action == "history") {
        return show_history(session);
    }
    if (action == "files") {
        return show_files(session);
    }
    if (action == "reconcile") {
        return reconcile(session);
    }
    if (action == "salvage") {
        return salvage(session);
    }
    if (action == "forget") {
        return forget(session);
    }
    return action == "retry" ? retry_parked(session) : show_status(session);
}

void tell_audit_server(const Session& session) {
    const bool waits = session.options.flush.count() > 0 && session.service.has_audit_server();
    if (!waits || session.signals.caught() != 0) {
        return;
    }
    CallOptions call = session.call_options();
    call.deadline = deadline_in(session.options.flush);
    if (session.options.timeout) {
        const auto files =
            static_cast<std::int64_t>(std::max<std::size_t>(session.options.operands.size(), 1));
        call.deadline = std::min<std::chrono::steady_clock::time_point>(
            *call.deadline, session.begun_at + *session.options.timeout * files);
    }
    const auto flushed = flush(session, call);
    if (!flushed && session.signals.caught() == 0) {
        report(flushed.error());
    }
}

}  // namespace filestore::tool
