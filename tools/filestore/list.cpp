#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <utility>

#include "commands.h"
#include "json_line.h"
#include "running_call.h"

namespace filestore::tool {

namespace {

constexpr std::uint64_t largest_page = 1000;

std::string as_columns(const ListEntry& entry) {
    std::array<char, 32> size{};
    std::snprintf(size.data(), size.size(), "%15llu", static_cast<unsigned long long>(entry.size));
    return entry.id.str() + " " + size.data() + " " + format_timestamp(entry.last_modified) + "\n";
}

std::string as_json(const ListEntry& entry) {
    return JsonLine()
        .text("file_id", entry.id.text())
        .number("size", entry.size)
        .text("last_modified", format_timestamp(entry.last_modified))
        .str();
}

std::string lines_of(const ListPage& page, bool json) {
    std::string lines;
    for (const ListEntry& entry : page.files) {
        lines += json ? as_json(entry) : as_columns(entry);
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

}  // namespace

ExitCode list(const Session& session) {
    std::uint64_t left = session.options.limit.value_or(UINT64_MAX);
    std::string cursor;
    for (;;) {
        const auto page = fetch_page(session, cursor, left);
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

}  // namespace filestore::tool
