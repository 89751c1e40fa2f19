#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <utility>

#include "commands.h"
#include "core/text.h"
#include "json_line.h"
#include "running_call.h"
#include "service/audit_json.h"

namespace filestore::tool {

namespace {

constexpr std::uint64_t largest_page = 1000;

std::string as_column(std::uint64_t size) {
    std::array<char, 32> column{};
    std::snprintf(column.data(), column.size(), "%15llu", static_cast<unsigned long long>(size));
    return column.data();
}

std::string as_text(const ListEntry& entry) {
    return entry.id.str() + " " + as_column(entry.size) + " " + format_timestamp(entry.last_modified) + "\n";
}

std::string as_text(const DeletedFile& file) {
    return file.id.str() + " " + as_column(file.size) + " " + format_timestamp(file.deleted_at) + " " +
           format_timestamp(file.until) + " " + filestore::quoted(file.original_path) + "\n";
}

std::string as_json(const ListEntry& entry) {
    return JsonLine()
        .text("file_id", entry.id.text())
        .number("size", entry.size)
        .text("last_modified", format_timestamp(entry.last_modified))
        .str();
}

std::string as_json(const DeletedFile& file) {
    return to_json(file) + "\n";
}

template <class Page>
std::string lines_of(const Page& page, bool json) {
    std::string lines;
    for (const auto& file : page.files) {
        lines += json ? as_json(file) : as_text(file);
    }
    return lines;
}

Result<ListPage> fetch_page(const Session& session, std::string cursor, std::uint64_t most) {
    ListRequest request;
    request.cursor = std::move(cursor);
    request.limit = static_cast<std::size_t>(std::min(most, largest_page));
    request.call = session.call_options();
    return finish_call<ListPage>(session.signals, nullptr, [&](Completion<ListPage> done) {
        session.service.list_async(std::move(request), std::move(done));
    });
}

Result<DeletedFilesPage> fetch_deleted(const Session& session, std::string cursor, std::uint64_t most) {
    DeletedFilesRequest request;
    request.cursor = std::move(cursor);
    request.limit = static_cast<std::uint32_t>(std::min(most, largest_page));
    request.call = session.call_options();
    return finish_call<DeletedFilesPage>(session.signals, nullptr, [&](Completion<DeletedFilesPage> done) {
        session.service.deleted_files_async(std::move(request), std::move(done));
    });
}

template <class Fetch>
ExitCode print_pages(const Session& session, Fetch fetch) {
    std::uint64_t left = session.options.limit.value_or(UINT64_MAX);
    std::string cursor;
    for (;;) {
        const auto page = fetch(session, cursor, left);
        if (!page) {
            return session.fail(page.error());
        }
        if (const ExitCode printed = session.print(lines_of(*page, session.options.json));
            printed != ExitCode::ok) {
            return printed;
        }
        left -= std::min<std::uint64_t>(left, page->files.size());
        if (!page->next || left == 0) {
            return ExitCode::ok;
        }
        cursor = *page->next;
    }
}

}  // namespace

ExitCode list(const Session& session) {
    return session.options.deleted ? print_pages(session, fetch_deleted) : print_pages(session, fetch_page);
}

}  // namespace filestore::tool
