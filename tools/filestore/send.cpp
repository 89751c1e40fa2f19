#include <string>
#include <utility>

#include "commands.h"
#include "export/copies_json.h"
#include "open_exporter.h"
#include "running_call.h"

namespace filestore::tool {

namespace {

ExitCode print_sent(const Session& session, const ExportReceipt& receipt) {
    if (!session.options.json) {
        return session.print(receipt.copy.provider_id + "\n");
    }
    return session.print(to_json(receipt) + "\n");
}

/// Some services that are compatible pass over it.
void warn_of_no_end(const ProviderCopy& copy) {
    report("warning: " + named_place(copy) + " does not say when its copy of file " + copy.id.str() +
           " expires: it may stay until `filestore unsend` removes it");
}

ExitCode send_one(const Session& session, FileExporter& exporter, const std::string& operand) {
    const auto id = FileId::parse(operand);
    if (!id) {
        return session.fail(id.error(), operand);
    }
    const Options& options = session.options;
    ProgressBar bar("send");
    ExportRequest request;
    request.id = *id;
    request.target = {options.profile, options.base_url, options.key_variable};
    request.purpose = options.purpose;
    request.expires_in = options.kept_for;
    request.again = options.again;
    request.call = session.call_options(&bar);
    const auto sent = finish_call<ExportReceipt>(session.signals, &bar, [&](Completion<ExportReceipt> done) {
        exporter.send_async(std::move(request), std::move(done));
    });
    bar.clear();
    if (sent && options.kept_for && !sent->copy.expires_at) {
        warn_of_no_end(sent->copy);
    }
    return sent ? print_sent(session, *sent) : session.fail(sent.error(), operand);
}

}  // namespace

ExitCode send(const Session& session) {
    auto exporter = open_exporter(session);
    if (!exporter) {
        return session.fail(exporter.error());
    }
    return session.for_each_operand(
        [&](const std::string& operand) { return send_one(session, *exporter, operand); });
}

}  // namespace filestore::tool
