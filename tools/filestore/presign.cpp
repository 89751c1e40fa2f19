#include <string>
#include <utility>

#include "commands.h"
#include "json_line.h"
#include "output.h"
#include "running_call.h"

namespace filestore::tool {

ExitCode presign(const Session& session) {
    const std::string& operand = session.options.operands.front();
    auto id = FileId::parse(operand);
    if (!id) {
        return session.fail(id.error(), operand);
    }
    const Options& options = session.options;
    const auto url = finish_call<PresignedUrl>(session.signals, nullptr, [&](Completion<PresignedUrl> done) {
        session.service.presign_async(
            {*id, options.method, options.expires, !options.whole_time, session.call_options()},
            std::move(done));
    });
    if (!url) {
        return session.fail(url.error(), operand);
    }
    if (url->ends_early) {
        report("warning: the URL ends at " + format_timestamp(url->expires_at) +
               ", before the time that was asked for: the credentials end then");
    }
    if (!options.json) {
        return session.print(url->url + "\n");
    }
    return session.print(JsonLine()
                             .text("file_id", id->text())
                             .text("url", url->url)
                             .text("expires_at", format_timestamp(url->expires_at))
                             .str());
}

}  // namespace filestore::tool
