#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "caller_path.h"
#include "commands.h"
#include "core/text.h"
#include "core/try.h"
#include "download_name.h"
#include "json_line.h"
#include "running_call.h"

namespace filestore::tool {

namespace {

constexpr std::string_view standard_output = "-";

/// Where the bytes go. A value.
struct Target {
    /// Empty for standard output.
    std::string path;
    std::shared_ptr<Sink> sink;
};

/// A file may be there without metadata; it is then called by its ID.
Result<std::string> name_without_metadata(const Session& session, const FileId& id,
                                          const Error& no_metadata) {
    const auto exists = finish_call<bool>(session.signals, nullptr, [&](Completion<bool> done) {
        session.service.exists_async({id, session.call_options()}, std::move(done));
    });
    if (!exists) {
        return exists.error();
    }
    return *exists ? Result<std::string>(id.str()) : no_metadata;
}

Result<std::string> recorded_name(const Session& session, const FileId& id) {
    const auto info = finish_call<FileInfo>(session.signals, nullptr, [&](Completion<FileInfo> done) {
        session.service.metadata_async({id, session.call_options()}, std::move(done));
    });
    if (info) {
        return download_name(*info);
    }
    return info.error().code() == ErrorCode::not_found ? name_without_metadata(session, id, info.error())
                                                       : info.error();
}

Result<std::string> free_name(const Session& session, const FileId& id) {
    FILESTORE_TRY_ASSIGN(std::string name, recorded_name(session, id));
    struct ::stat status {};
    if (!session.options.force && ::lstat(name.c_str(), &status) == 0) {
        return Error(ErrorCode::already_exists,
                     filestore::quoted(name) + " is there already: give -o FILE, or --force to replace it");
    }
    return name;
}

Result<Target> open_target(const Session& session, const FileId& id) {
    Target target;
    if (session.options.output == standard_output) {
        FILESTORE_TRY_ASSIGN(target.sink, sink_to_descriptor(STDOUT_FILENO));
        return target;
    }
    if (session.options.output) {
        target.path = *session.options.output;
    } else {
        FILESTORE_TRY_ASSIGN(target.path, free_name(session, id));
    }
    auto sink = sink_to_path(target.path);
    if (!sink) {
        return caller_path_error(sink.error());
    }
    target.sink = *sink;
    return target;
}

/// The user who gave a path knows it; without one the name is told.
ExitCode print_saved(const Session& session, const FileId& id, const std::string& path, std::uint64_t size) {
    if (session.options.json) {
        return session.print(
            JsonLine().text("file_id", id.text()).text("path", path).number("size", size).str());
    }
    return session.options.output ? ExitCode::ok : session.print(path + "\n");
}

ExitCode download_one(const Session& session, const std::string& operand) {
    auto id = FileId::parse(operand);
    if (!id) {
        return session.fail(id.error(), operand);
    }
    auto target = open_target(session, *id);
    if (!target) {
        return session.fail(target.error(), operand);
    }
    ProgressBar bar("download");
    DownloadRequest request;
    request.id = *id;
    request.sink = std::move(target->sink);
    request.call = session.call_options(&bar);
    const auto receipt =
        finish_call<DownloadReceipt>(session.signals, &bar, [&](Completion<DownloadReceipt> done) {
            session.service.download_async(std::move(request), std::move(done));
        });
    bar.clear();
    const bool to_standard_output = target->path.empty();
    if (!receipt) {
        const bool nobody_reads = to_standard_output && session.output.reader_is_gone();
        return nobody_reads ? ExitCode::other : session.fail(receipt.error(), operand);
    }
    return to_standard_output ? ExitCode::ok : print_saved(session, *id, target->path, receipt->bytes);
}

}  // namespace

ExitCode download(const Session& session) {
    return session.for_each_operand(
        [&session](const std::string& operand) { return download_one(session, operand); });
}

}  // namespace filestore::tool
