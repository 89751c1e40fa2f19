#include <string>
#include <utility>

#include "commands.h"
#include "json_line.h"
#include "running_call.h"

namespace filestore::tool {

namespace {

ExitCode remove_one(const Session& session, const std::string& operand) {
    auto id = FileId::parse(operand);
    if (!id) {
        return session.fail(id.error(), operand);
    }
    const auto removed = finish_call<bool>(session.signals, nullptr, [&](Completion<bool> done) {
        session.service.remove_async({*id, session.call_options()}, std::move(done));
    });
    if (!removed) {
        return session.fail(removed.error(), operand);
    }
    if (session.options.json) {
        const ExitCode printed =
            session.print(JsonLine().text("file_id", id->text()).boolean("deleted", *removed).str());
        if (printed != ExitCode::ok) {
            return printed;
        }
    }
    return *removed ? ExitCode::ok
                    : session.fail(Error(ErrorCode::not_found, "file " + id->str() + " is not in the store"));
}

}  // namespace

ExitCode remove(const Session& session) {
    return session.for_each_operand(
        [&session](const std::string& operand) { return remove_one(session, operand); });
}

}  // namespace filestore::tool
