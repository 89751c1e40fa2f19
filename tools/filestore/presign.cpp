#include <string>
#include <utility>

#include "commands.h"
#include "json_line.h"
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
        session.service.presign_async({*id, options.method, options.expires, session.call_options()},
                                      std::move(done));
    });
    if (!url) {
        return session.fail(url.error(), operand);
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
