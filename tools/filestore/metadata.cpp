#include <string>
#include <utility>

#include "commands.h"
#include "core/text.h"
#include "running_call.h"
#include "service/file_info_json.h"

namespace filestore::tool {

namespace {

/// As it is where that is safe on a terminal; else quoted, with control characters escaped.
std::string shown(const std::string& text) {
    for (const char character : text) {
        const auto byte = static_cast<unsigned char>(character);
        if (byte < 0x20 || byte == 0x7F) {
            return filestore::quoted(text);
        }
    }
    return text;
}

std::string as_lines(const FileInfo& info) {
    std::string lines = "file_id: " + info.id.str() + "\n" +                               //
                        "original_path: " + shown(info.original_path) + "\n" +             //
                        "size: " + std::to_string(info.size) + "\n" +                      //
                        "last_modified: " + format_timestamp(info.last_modified) + "\n" +  //
                        "content_type: " + shown(info.content_type) + "\n";
    for (const auto& [key, json] : info.metadata.members()) {
        lines += "metadata." + shown(key) + ": " + shown(info.metadata.text(key).value_or(json)) + "\n";
    }
    return lines;
}

ExitCode metadata_one(const Session& session, const std::string& operand) {
    auto id = FileId::parse(operand);
    if (!id) {
        return session.fail(id.error(), operand);
    }
    const auto info = finish_call<FileInfo>(session.signals, nullptr, [&](Completion<FileInfo> done) {
        session.service.metadata_async({*id, session.call_options()}, std::move(done));
    });
    if (!info) {
        return session.fail(info.error(), operand);
    }
    return session.print(session.options.json ? to_json(*info) + "\n" : as_lines(*info));
}

}  // namespace

ExitCode metadata(const Session& session) {
    return session.for_each_operand(
        [&session](const std::string& operand) { return metadata_one(session, operand); });
}

}  // namespace filestore::tool
