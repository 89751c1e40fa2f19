#include <string>
#include <utility>

#include "commands.h"
#include "json_line.h"
#include "running_call.h"

namespace filestore::tool {

namespace {

ExitCode undelete_one(const Session& session, const std::string& operand) {
    auto id = FileId::parse(operand);
    if (!id) {
        return session.fail(id.error(), operand);
    }
    const auto restored = finish_call<bool>(session.signals, nullptr, [&](Completion<bool> done) {
        session.service.undelete_async({*id, session.call_options()}, std::move(done));
    });
    if (!restored) {
        return session.fail(restored.error(), operand);
    }
    if (session.options.json) {
        return session.print(JsonLine().text("file_id", id->text()).boolean("restored", *restored).str());
    }
    return *restored ? ExitCode::ok : session.print("file " + id->str() + " is not deleted\n");
}

}  // namespace

ExitCode undelete(const Session& session) {
    return session.for_each_operand(
        [&session](const std::string& operand) { return undelete_one(session, operand); });
}

}  // namespace filestore::tool
