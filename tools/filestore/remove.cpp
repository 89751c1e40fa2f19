#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "json_line.h"
#include "running_call.h"

namespace filestore::tool {

namespace {

/// A file that was not there counts: its copies may have stayed.
ExitCode remove_one(const Session& session, const std::string& operand, std::vector<FileId>& removed_ids) {
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
    removed_ids.push_back(*id);
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
    std::vector<FileId> removed;
    const ExitCode code = session.for_each_operand(
        [&](const std::string& operand) { return remove_one(session, operand, removed); });
    remove_copies_of(session, std::move(removed));
    return code;
}

}  // namespace filestore::tool
