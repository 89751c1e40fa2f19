#include "local/listing.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "core/text.h"
#include "core/try.h"
#include "local/places.h"

namespace filestore::local {

Result<ListPage> list_files(const Store& store, ReadAhead& ahead, const ListRequest& request) {
    FileId after;
    if (!request.cursor.empty()) {
        auto cursor = FileId::parse(request.cursor);
        if (!cursor) {
            return Error(ErrorCode::invalid_argument,
                         "the cursor " + quoted(request.cursor) + " is of no page of this store");
        }
        after = *cursor;
    }
    FILESTORE_TRY_ASSIGN(const IdWindow window,
                         read_id_window(store, ahead, Part::data, after, request.limit));
    ListPage page;
    if (!window.is_last) {
        page.next = window.ids.back().str();
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
