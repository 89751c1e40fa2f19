#include <unistd.h>

#include <string>

#include "caller_path.h"
#include "commands.h"
#include "core/text.h"
#include "core/try.h"
#include "json_line.h"
#include "running_call.h"

namespace filestore::tool {

namespace {

constexpr std::string_view standard_input = "-";

Result<Metadata> metadata_of(const Options& options) {
    Metadata metadata;
    for (const std::string& word : options.metadata) {
        const std::size_t equals = word.find('=');
        if (equals == std::string::npos || equals == 0) {
            return Error(ErrorCode::invalid_argument,
                         "--meta " + filestore::quoted(word) + ": give KEY=VALUE");
        }
        if (auto set = metadata.set(word.substr(0, equals), word.substr(equals + 1)); !set) {
            return set.error().within("--meta " + filestore::quoted(word));
        }
    }
    return metadata;
}

Result<std::string> recorded_name(const Options& options, const std::string& operand) {
    const std::string& name = options.name ? *options.name : operand;
    if (!is_utf8(name)) {
        return Error(ErrorCode::invalid_argument,
                     "the name " + filestore::quoted(name) +
                         " is not UTF-8 and cannot be recorded: give another by --name");
    }
    return name;
}

Result<std::shared_ptr<Source>> open_source(const Session& session, const std::string& operand) {
    if (operand == standard_input) {
        return source_from_descriptor(STDIN_FILENO);
    }
    // Opening a named pipe waits for its writer.
    const SignalWatch::LetThrough may_end_here(session.signals);
    auto source = source_from_path(operand);
    return source.ok() ? source : caller_path_error(source.error());
}

Result<FileUpload> prepare(const Session& session, const std::string& operand) {
    FileUpload file;
    FILESTORE_TRY_ASSIGN(file.path, recorded_name(session.options, operand));
    FILESTORE_TRY_ASSIGN(file.metadata, metadata_of(session.options));
    if (session.options.content_type) {
        file.content_type = *session.options.content_type;
    }
    FILESTORE_TRY_ASSIGN(file.source, open_source(session, operand));
    return file;
}

/// A stored file whose ID was not told is lost to the user, so this is said even where nobody reads standard output.
ExitCode print_id(const Session& session, const FileId& id, const std::string& name) {
    const std::string line = session.options.json
                                 ? JsonLine().text("file_id", id.text()).text("original_path", name).str()
                                 : id.str() + "\n";
    auto written = session.output.write(line);
    if (written) {
        return ExitCode::ok;
    }
    report(filestore::quoted(name) + " is stored as " + id.str() + ", but " +
           std::string(written.error().message()));
    return ExitCode::other;
}

ExitCode upload_one(const Session& session, const std::string& operand) {
    auto file = prepare(session, operand);
    if (!file) {
        return session.fail(file.error(), operand);
    }
    const std::string name = file->path;
    ProgressBar bar("upload");
    file->call = session.call_options(&bar);
    const auto id = finish_call<FileId>(session.signals, &bar, [&](Completion<FileId> done) {
        session.service.upload_async(std::move(*file), std::move(done));
    });
    bar.clear();
    return id ? print_id(session, *id, name)
              : session.fail(id.error(), operand == standard_input ? "standard input" : operand);
}

}  // namespace

ExitCode upload(const Session& session) {
    return session.for_each_operand(
        [&session](const std::string& operand) { return upload_one(session, operand); });
}

}  // namespace filestore::tool
