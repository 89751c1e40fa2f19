#include <string>
#include <utility>

#include "commands.h"
#include "json_line.h"
#include "running_call.h"

namespace filestore::tool {

namespace {

ExitCode exists_one(const Session& session, const std::string& operand) {
    auto id = FileId::parse(operand);
    if (!id) {
        return session.fail(id.error(), operand);
    }
    const auto found = finish_call<bool>(session.signals, nullptr, [&](Completion<bool> done) {
        session.service.exists_async({*id, session.call_options()}, std::move(done));
    });
    if (!found) {
        return session.fail(found.error(), operand);
    }
    if (session.options.json) {
        const ExitCode printed =
            session.print(JsonLine().text("file_id", id->text()).boolean("exists", *found).str());
        if (printed != ExitCode::ok) {
            return printed;
        }
    }
    return *found ? ExitCode::ok : ExitCode::not_found;
}

}  // namespace

ExitCode exists(const Session& session) {
    return session.for_each_operand(
        [&session](const std::string& operand) { return exists_one(session, operand); });
}

}  // namespace filestore::tool
