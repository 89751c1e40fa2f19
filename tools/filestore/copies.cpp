#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "core/text.h"
#include "export/copies_json.h"
#include "filestore/file_exporter.h"
#include "open_exporter.h"
#include "running_call.h"

namespace filestore::tool {

namespace {

constexpr std::size_t page_size = 1000;
/// So long a command that deletes waits for providers at its end.
constexpr std::chrono::seconds longest_removal{30};

std::string as_line(const ProviderCopy& copy) {
    std::string line = (copy.provider_id.empty() ? "-" : copy.provider_id) + " " +
                       std::string(to_string(copy.state)) + " " + copy.target.profile + " " +
                       copy.target.base_url;
    line += copy.sent_at ? " " + format_timestamp(*copy.sent_at) : " -";
    line += copy.expires_at ? " " + format_timestamp(*copy.expires_at) : " -";
    if (!copy.reason.empty()) {
        line += " " + filestore::quoted(copy.reason);
    }
    return line + "\n";
}

Result<std::vector<ProviderCopy>> read_copies(const Session& session, FileExporter& exporter,
                                              CopiesRequest request) {
    using Copies = std::vector<ProviderCopy>;
    return finish_call<Copies>(session.signals, nullptr, [&](Completion<Copies> done) {
        exporter.copies_async(std::move(request), std::move(done));
    });
}

ExitCode print_copies(const Session& session, const std::vector<ProviderCopy>& copies) {
    std::string text;
    for (const ProviderCopy& copy : copies) {
        text += session.options.json ? to_json(copy) + "\n" : copy.id.str() + " " + as_line(copy);
    }
    return session.print(text);
}

ExitCode sent_of(const Session& session, FileExporter& exporter, const std::string& operand) {
    const auto id = FileId::parse(operand);
    if (!id) {
        return session.fail(id.error(), operand);
    }
    CopiesRequest request;
    request.id = *id;
    request.call = session.call_options();
    const auto copies = read_copies(session, exporter, std::move(request));
    return copies ? print_copies(session, *copies) : session.fail(copies.error(), operand);
}

ExitCode all_sent(const Session& session, FileExporter& exporter) {
    std::int64_t after = 0;
    for (;;) {
        CopiesRequest request;
        request.after = after;
        request.limit = page_size;
        request.call = session.call_options();
        const auto copies = read_copies(session, exporter, std::move(request));
        if (!copies) {
            return session.fail(copies.error());
        }
        const ExitCode printed = print_copies(session, *copies);
        if (printed != ExitCode::ok || copies->size() < page_size) {
            return printed;
        }
        after = copies->back().number;
    }
}

void report_dropped(const SettleReport& settled) {
    for (const ProviderCopy& copy : settled.dropped) {
        report("a damaged row is forgotten; what it says, and what may be wrong: " + named_place(copy) +
               " has a copy of file " + copy.id.str() + ", named " + filestore::quoted(copy.sent_name) +
               ", with the ID " + filestore::quoted(copy.provider_id) +
               ": look for it there, and remove it by hand");
    }
}

ExitCode print_settled(const Session& session, const SettleReport& settled) {
    if (session.options.json) {
        std::string text;
        for (const ProviderCopy& copy : settled.removed) {
            text += to_json(copy, "removed", true) + "\n";
        }
        for (const ProviderCopy& copy : settled.found) {
            text += to_json(copy, "found", true) + "\n";
        }
        for (const ProviderCopy& copy : settled.dropped) {
            text += to_json(copy, "dropped", true) + "\n";
        }
        for (const ProviderCopy& copy : settled.waiting) {
            text += to_json(copy, "removed", false) + "\n";
        }
        const ExitCode printed = session.print(text);
        if (printed != ExitCode::ok) {
            return printed;
        }
    }
    report_dropped(settled);
    report_waiting(settled);
    return settled.failure ? exit_code_of(settled.failure->code()) : ExitCode::ok;
}

Result<SettleReport> unsend_files(const Session& session, FileExporter& exporter, const FileId& id) {
    UnsendRequest request;
    request.id = id;
    request.target = {session.options.profile, session.options.base_url, {}};
    request.forget_damaged = session.options.forget_damaged;
    request.call = session.call_options();
    return finish_call<SettleReport>(session.signals, nullptr, [&](Completion<SettleReport> done) {
        exporter.unsend_async(std::move(request), std::move(done));
    });
}

ExitCode unsend_one(const Session& session, FileExporter& exporter, const std::string& operand) {
    const auto id = FileId::parse(operand);
    if (!id) {
        return session.fail(id.error(), operand);
    }
    const auto settled = unsend_files(session, exporter, *id);
    if (!settled) {
        return session.fail(settled.error(), operand);
    }
    if (settled->removed.empty() && settled->waiting.empty() && settled->dropped.empty() &&
        settled->forgotten == 0) {
        return session.fail(Error(ErrorCode::not_found, "file " + id->str() + " has no such copy"));
    }
    return print_settled(session, *settled);
}

Result<SettleReport> settle(const Session& session, FileExporter& exporter, SettleRequest request) {
    return finish_call<SettleReport>(session.signals, nullptr, [&](Completion<SettleReport> done) {
        exporter.settle_async(std::move(request), std::move(done));
    });
}

ExitCode unsend_what_waits(const Session& session, FileExporter& exporter) {
    const auto settled = session.options.forget_damaged
                             ? unsend_files(session, exporter, FileId())
                             : settle(session, exporter, {{}, session.call_options()});
    return settled ? print_settled(session, *settled) : session.fail(settled.error());
}

/// Of these files; of all where there is none.
void settle_for_a_while(const Session& session, std::vector<FileId> deleted) {
    if (session.service.catalogue_path().empty()) {
        return;
    }
    auto exporter = open_exporter(session);
    if (!exporter) {
        report(exporter.error());
        return;
    }
    CallOptions limits = session.call_options();
    const auto limit = std::chrono::steady_clock::now() + longest_removal;
    limits.deadline = std::min(limits.deadline.value_or(limit), limit);
    const auto settled = settle(session, *exporter, {std::move(deleted), limits});
    if (!settled) {
        report(settled.error().within("copies at providers"));
        return;
    }
    report_waiting(*settled);
}

}  // namespace

Result<FileExporter> open_exporter(const Session& session) {
    ExporterOptions options;
    options.backend = session.service.backend();
    options.catalogue_path = session.service.catalogue_path();
    options.part_threshold = session.options.parts_above.value_or(options.part_threshold);
    return FileExporter::open(std::move(options));
}

std::string named_place(const ProviderCopy& copy) {
    return copy.target.profile + " (" + copy.target.base_url + ")";
}

void report_waiting(const SettleReport& settled) {
    for (const ProviderCopy& copy : settled.waiting) {
        const std::string what =
            copy.provider_id.empty() ? " may have a copy of file " : " still has a copy of file ";
        std::string line = named_place(copy) + what + copy.id.str() + ": " + copy.reason;
        line += copy.state == CopyState::damaged ? " (`filestore unsend --forget-damaged`)"
                                                 : "; `filestore unsend` tries that again";
        report(line);
    }
}

ExitCode sent(const Session& session) {
    auto exporter = open_exporter(session);
    if (!exporter) {
        return session.fail(exporter.error());
    }
    if (session.options.operands.empty()) {
        return all_sent(session, *exporter);
    }
    return session.for_each_operand(
        [&](const std::string& operand) { return sent_of(session, *exporter, operand); });
}

ExitCode unsend(const Session& session) {
    auto exporter = open_exporter(session);
    if (!exporter) {
        return session.fail(exporter.error());
    }
    if (session.options.operands.empty()) {
        return unsend_what_waits(session, *exporter);
    }
    return session.for_each_operand(
        [&](const std::string& operand) { return unsend_one(session, *exporter, operand); });
}

void remove_copies_of(const Session& session, std::vector<FileId> deleted) {
    if (!deleted.empty()) {
        settle_for_a_while(session, std::move(deleted));
    }
}

void remove_waiting_copies(const Session& session) {
    settle_for_a_while(session, {});
}

}  // namespace filestore::tool
