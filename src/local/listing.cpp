#include "local/listing.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <string_view>

#include "core/text.h"
#include "core/try.h"
#include "local/places.h"

namespace filestore::local {

namespace {

/// `<last ID>`, and where something was read ahead `<last ID>.<reading>`.
std::string cursor_after(const IdWindow& window) {
    const std::string last = window.ids.back().str();
    return window.reading.is_nil() ? last : last + "." + window.reading.str();
}

Result<WalkPosition> position_of(std::string_view cursor) {
    if (cursor.empty()) {
        return WalkPosition{};
    }
    const std::size_t dot = cursor.find('.');
    const bool has_reading = dot != std::string_view::npos;
    const auto after = FileId::parse(cursor.substr(0, dot));
    const auto reading = has_reading ? FileId::parse(cursor.substr(dot + 1)) : Result<FileId>(FileId());
    if (!after.ok() || !reading.ok()) {
        return Error(ErrorCode::invalid_argument,
                     "the cursor " + quoted(cursor) + " is of no page of this store");
    }
    return WalkPosition{*after, *reading};
}

}  // namespace

Result<ListPage> list_files(const Store& store, ReadAhead& ahead, const ListRequest& request) {
    FILESTORE_TRY_ASSIGN(const WalkPosition from, position_of(request.cursor));
    FILESTORE_TRY_ASSIGN(const IdWindow window,
                         read_id_window(store, ahead, Part::data, from, request.limit));
    ListPage page;
    if (!window.is_last) {
        page.next = cursor_after(window);
    }
    for (const FileId& id : window.ids) {
        struct ::stat status {};
        const bool found = look_for(store, id, Part::data, [&](int directory, const char* name) {
            return ::fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
        });
        // A file that was removed meanwhile is left out, and no other.
        if (!found && errno != ENOENT) {
            return open_file_error(errno, "cannot look at file " + id.str() + " " + store.place());
        }
        if (found && S_ISREG(status.st_mode)) {
            page.files.push_back({id, static_cast<std::uint64_t>(status.st_size), modification_time(status)});
        }
    }
    return page;
}

}  // namespace filestore::local
