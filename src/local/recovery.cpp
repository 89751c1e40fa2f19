#include "local/recovery.h"

#include <cerrno>
#include <set>
#include <string>
#include <vector>

#include "core/staged_file.h"
#include "core/try.h"
#include "local/commit.h"
#include "local/directory.h"

namespace filestore::local {

namespace {

/// A value.
struct Leftovers {
    std::set<FileId> unfinished;
    std::vector<std::string> hidden;
};

Result<Leftovers> look_through(const Store& store, int staging) {
    const std::string what = "cannot look through '.filestore/staging' " + store.place();
    FILESTORE_TRY_ASSIGN(const Directory directory, open_directory(staging, what));
    Leftovers found;
    errno = 0;
    while (const dirent* entry = ::readdir(directory.get())) {
        const std::string_view name = entry->d_name;
        if (const auto id = id_of_record(name)) {
            found.unfinished.insert(*id);
        } else if (StagedFile::is_hidden_name(name)) {
            found.hidden.emplace_back(name);
        }
        errno = 0;
    }
    if (errno != 0) {
        return open_file_error(errno, what);
    }
    return found;
}

}  // namespace

Result<void> recover(const Store& store) {
    const auto staging = store.staging_if_there();
    if (!staging.ok()) {
        return staging.error().code() == ErrorCode::permission_denied ? Result<void>() : staging.error();
    }
    if (!*staging) {
        return {};
    }
    FILESTORE_TRY_ASSIGN(const Leftovers found, look_through(store, **staging));
    for (const FileId& id : found.unfinished) {
        const auto lock = FileLock::try_take(store, id);
        if (lock.ok() && *lock) {
            static_cast<void>(settle(store, id));
        }
    }
    for (const std::string& name : found.hidden) {
        StagedFile::remove_if_abandoned(**staging, name);
    }
    return {};
}

}  // namespace filestore::local
