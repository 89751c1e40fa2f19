#include "local/quarantine.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>

#include "core/staged_file.h"
#include "core/try.h"
#include "local/paths.h"
#include "local/places.h"

namespace filestore::local {

namespace {

/// Flat, whatever the store is.
constexpr const char* directory_path = ".filestore/quarantine";
constexpr const char* metadata_path = ".filestore/quarantine/metadata";
constexpr const char* quarantine_name = "quarantine";
constexpr const char* metadata_name = "metadata";
constexpr unsigned most_slots = 10'000;

struct Directories {
    Descriptor data;
    Descriptor metadata;
};

/// A place of the store and one of the quarantine.
struct Move {
    const Place& from;
    const Descriptor& to;
    std::string new_name;
};

Error cannot_move(int number, const Store& store, const std::string& name) {
    return open_file_error(number, "cannot move " + name + " " + store.place() + " to the quarantine");
}

Result<void> flush_directory(const Store& store, int directory) {
    if (store.durability == Durability::none) {
        return {};
    }
    return flush_to_disk(directory, "cannot flush a directory " + store.place());
}

/// Flushed each time: a run that was killed may have made it without.
Result<Descriptor> make_directory(const Store& store, int above, const char* name) {
    FILESTORE_TRY_ASSIGN(Descriptor made, open_or_make_again(store, above, name));
    FILESTORE_TRY(flush_directory(store, above));
    return made;
}

Result<Directories> make_directories(const Store& store) {
    FILESTORE_TRY_ASSIGN(const Descriptor own, make_directory(store, store.base.get(), own_directory));
    Directories made;
    FILESTORE_TRY_ASSIGN(made.data, make_directory(store, own.get(), quarantine_name));
    FILESTORE_TRY_ASSIGN(made.metadata, make_directory(store, made.data.get(), metadata_name));
    return made;
}

Result<bool> is_any_there(const Store& store, int directory, const std::string& name) {
    struct ::stat status {};
    if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
        return true;
    }
    if (errno == ENOENT || errno == ENOTDIR) {
        return false;
    }
    return open_file_error(errno, "cannot look at " + name + " " + store.place());
}

/// Nothing is in a directory that is not there, or that a link stands for.
Result<bool> is_below(const Store& store, const char* path, const std::string& name) {
    const Descriptor directory = open_beneath(store.base.get(), path, O_PATH | O_DIRECTORY);
    if (directory.is_open()) {
        return is_any_there(store, directory.get(), name);
    }
    if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) {
        return false;
    }
    return open_file_error(errno, "cannot open the quarantine " + store.place());
}

/// The name replaces nothing, also where the file system cannot promise that: nobody else moves files of this ID.
Result<void> move(const Store& store, const Move& step) {
    const int from = step.from.directory();
    const char* name = step.from.name().c_str();
    int moved = ::renameat2(from, name, step.to.get(), step.new_name.c_str(), RENAME_NOREPLACE);
    if (moved != 0 && (errno == EINVAL || errno == ENOSYS)) {
        moved = ::renameat(from, name, step.to.get(), step.new_name.c_str());
    }
    if (moved != 0) {
        return cannot_move(errno, store, step.from.name());
    }
    FILESTORE_TRY(flush_directory(store, step.to.get()));
    return flush_directory(store, from);
}

std::string in_slot(const std::string& name, unsigned slot) {
    return slot == 0 ? name : name + "." + std::to_string(slot);
}

/// The first that is free: for metadata alone, also beside data that has none.
Result<unsigned> free_slot(const Store& store, const Directories& directories, const FileId& id,
                           bool with_data) {
    for (unsigned slot = 0; slot < most_slots; ++slot) {
        FILESTORE_TRY_ASSIGN(bool is_taken, is_any_there(store, directories.metadata.get(),
                                                         in_slot(name_of(id, Part::sidecar), slot)));
        if (!is_taken && with_data) {
            FILESTORE_TRY_ASSIGN(is_taken,
                                 is_any_there(store, directories.data.get(), in_slot(id.str(), slot)));
        }
        if (!is_taken) {
            return slot;
        }
    }
    return Error(ErrorCode::already_exists, "the quarantine " + store.place() + " has too many files of ID " +
                                                id.str() + ": take them out");
}

}  // namespace

Result<void> move_to_quarantine(const Store& store, const FileId& id) {
    FILESTORE_TRY_ASSIGN(const Directories directories, make_directories(store));
    FILESTORE_TRY_ASSIGN(const Place data, home_of(store, id, Part::data));
    FILESTORE_TRY_ASSIGN(const Place metadata, home_of(store, id, Part::sidecar));
    FILESTORE_TRY_ASSIGN(const bool has_data, is_any_there(store, data.directory(), data.name()));
    FILESTORE_TRY_ASSIGN(const bool has_metadata, is_any_there(store, metadata.directory(), metadata.name()));
    FILESTORE_TRY_ASSIGN(const unsigned slot, free_slot(store, directories, id, has_data));
    if (has_data) {
        FILESTORE_TRY(move(store, {data, directories.data, in_slot(data.name(), slot)}));
    }
    if (has_metadata) {
        FILESTORE_TRY(move(store, {metadata, directories.metadata, in_slot(metadata.name(), slot)}));
    }
    return {};
}

Result<bool> is_in_quarantine(const Store& store, const FileId& id) {
    FILESTORE_TRY_ASSIGN(const bool has_data, is_below(store, directory_path, id.str()));
    return has_data ? Result<bool>(true) : is_below(store, metadata_path, name_of(id, Part::sidecar));
}

}  // namespace filestore::local
