#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "commands.h"
#include "disposition.h"
#include "json_line.h"
#include "output.h"
#include "running_call.h"

namespace filestore::tool {

namespace {

/// For so long a store is asked: URLs are also made where it cannot be reached.
constexpr std::chrono::seconds longest_look{5};

Result<FileInfo> ask_for(const Session& session, FileRequest request) {
    return finish_call<FileInfo>(session.signals, nullptr, [&](Completion<FileInfo> done) {
        session.service.metadata_async(std::move(request), std::move(done));
    });
}

/// Only the ID where the store does not tell more.
FileInfo known_of(const Session& session, const FileId& id) {
    FileRequest request{id, session.call_options()};
    const auto limit = std::chrono::steady_clock::now() + longest_look;
    request.call.deadline = std::min(request.call.deadline.value_or(limit), limit);
    const auto info = ask_for(session, std::move(request));
    FileInfo nothing_known;
    nothing_known.id = id;
    return info.ok() ? *info : nothing_known;
}

ExitCode print_url(const Session& session, PresignRequest request) {
    const Options& options = session.options;
    const FileId id = request.id;
    const auto url = finish_call<PresignedUrl>(session.signals, nullptr, [&](Completion<PresignedUrl> done) {
        session.service.presign_async(std::move(request), std::move(done));
    });
    if (!url) {
        return session.fail(url.error(), id.text());
    }
    if (url->ends_early) {
        report("warning: the URL ends at " + format_timestamp(url->expires_at) +
               ", before the time that was asked for: the credentials end then");
    }
    if (!options.json) {
        return session.print(url->url + "\n");
    }
    return session.print(JsonLine()
                             .text("file_id", id.text())
                             .text("url", url->url)
                             .text("expires_at", format_timestamp(url->expires_at))
                             .str());
}

}  // namespace

ExitCode presign(const Session& session) {
    const std::string& operand = session.options.operands.front();
    auto id = FileId::parse(operand);
    if (!id) {
        return session.fail(id.error(), operand);
    }
    const Options& options = session.options;
    PresignRequest request{*id, options.method, options.expires, !options.whole_time, session.call_options()};
    if (options.method == PresignMethod::get) {
        dispose_of(request, known_of(session, *id));
    }
    return print_url(session, std::move(request));
}

ExitCode link(const Session& session) {
    const std::string& operand = session.options.operands.front();
    const auto id = FileId::parse(operand);
    if (!id) {
        return session.fail(id.error(), operand);
    }
    const auto info = ask_for(session, {*id, session.call_options()});
    if (!info) {
        return session.fail(info.error(), operand);
    }
    const Options& options = session.options;
    PresignRequest request{*id, PresignMethod::get, options.expires, !options.whole_time,
                           session.call_options()};
    dispose_of(request, *info);
    return print_url(session, std::move(request));
}

}  // namespace filestore::tool
