#include "local/listing.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "core/text.h"
#include "core/try.h"
#include "local/directory.h"

namespace filestore::local {

namespace {

/// The `count` smallest IDs after `after`, sorted.
Result<std::vector<FileId>> smallest_ids(const Store& store, const FileId& after, std::size_t count) {
    const std::string what = "cannot list the files " + store.place();
    FILESTORE_TRY_ASSIGN(const Directory directory, open_directory(store.base.get(), what));
    std::vector<FileId> heap;
    heap.reserve(count + 1);
    errno = 0;
    while (const dirent* entry = ::readdir(directory.get())) {
        const auto id = FileId::parse(entry->d_name);
        if (id.ok() && *id > after && (heap.size() < count || *id < heap.front())) {
            heap.push_back(*id);
            std::push_heap(heap.begin(), heap.end());
            if (heap.size() > count) {
                std::pop_heap(heap.begin(), heap.end());
                heap.pop_back();
            }
        }
        errno = 0;
    }
    if (errno != 0) {
        return open_file_error(errno, what);
    }
    std::sort_heap(heap.begin(), heap.end());
    return heap;
}

}  // namespace

Result<ListPage> list_files(const Store& store, const ListRequest& request) {
    FileId after;
    if (!request.cursor.empty()) {
        auto cursor = FileId::parse(request.cursor);
        if (!cursor) {
            return Error(ErrorCode::invalid_argument,
                         "the cursor " + quoted(request.cursor) + " is of no page of this store");
        }
        after = *cursor;
    }
    // One more than asked for tells whether another page follows.
    FILESTORE_TRY_ASSIGN(std::vector<FileId> ids, smallest_ids(store, after, request.limit + 1));
    ListPage page;
    if (ids.size() > request.limit) {
        ids.resize(request.limit);
        page.next = ids.back().str();
    }
    for (const FileId& id : ids) {
        struct ::stat status {};
        // A file that was removed meanwhile is left out.
        if (::fstatat(store.base.get(), id.str().c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(status.st_mode)) {
            page.files.push_back({id, static_cast<std::uint64_t>(status.st_size), modification_time(status)});
        }
    }
    return page;
}

}  // namespace filestore::local
