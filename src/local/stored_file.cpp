#include "local/stored_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "core/try.h"
#include "local/paths.h"
#include "local/places.h"
#include "local/sidecar.h"

namespace filestore::local {

namespace {

constexpr std::size_t largest_sidecar = std::size_t{4} * 1024 * 1024;

/// Not open on failure, which errno tells.
Descriptor open_part(const Store& store, const FileId& id, Part part) {
    Descriptor file;
    static_cast<void>(look_for(store, id, part, [&file](int directory, const char* name) {
        file = open_beneath(directory, name, O_RDONLY | O_NONBLOCK);
        return file.is_open();
    }));
    return file;
}

Result<std::string> read_sidecar_text(const Store& store, const FileId& id) {
    const Descriptor file = open_part(store, id, Part::sidecar);
    if (!file.is_open() && errno == ENOENT) {
        return Error(ErrorCode::not_found, "file " + id.str() + " " + store.place() + " has no metadata");
    }
    const std::string what = "cannot read the metadata of file " + id.str() + " " + store.place();
    struct ::stat status {};
    const bool opened = file.is_open() && ::fstat(file.get(), &status) == 0;
    if (opened ? !S_ISREG(status.st_mode) : errno == ELOOP) {
        return Error(ErrorCode::corrupt, what + ": it is not a regular file");
    }
    if (!opened) {
        return open_file_error(errno, what);
    }
    std::string text;
    std::array<char, 4096> chunk{};
    while (text.size() <= largest_sidecar) {
        const ssize_t got = ::read(file.get(), chunk.data(), chunk.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return open_file_error(errno, what);
        }
        if (got == 0) {
            return text;
        }
        text.append(chunk.data(), static_cast<std::size_t>(got));
    }
    return Error(ErrorCode::corrupt, what + ": it is larger than 4 MiB");
}

/// Of a file that another program wrote, in place: any change of it changes that.
std::string version_of(const struct ::stat& status) {
    return std::to_string(status.st_ino) + "-" + std::to_string(status.st_mtim.tv_sec) + "." +
           std::to_string(status.st_mtim.tv_nsec) + "-" + std::to_string(status.st_size);
}

}  // namespace

Error no_such_file(const Store& store, const FileId& id) {
    return {ErrorCode::not_found, "no file " + id.str() + " " + store.place()};
}

Error not_regular(const Store& store, const FileId& id) {
    return {ErrorCode::corrupt, id.str() + " " + store.place() + " is not a regular file"};
}

Result<std::optional<struct ::stat>> find_file(const Store& store, const FileId& id) {
    struct ::stat status {};
    const bool found = look_for(store, id, Part::data, [&status](int directory, const char* name) {
        return ::fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
    });
    if (!found) {
        if (errno == ENOENT) {
            return std::optional<struct ::stat>();
        }
        return open_file_error(errno, "cannot look at file " + id.str() + " " + store.place());
    }
    if (!S_ISREG(status.st_mode)) {
        return not_regular(store, id);
    }
    return std::optional(status);
}

Result<Descriptor> open_file(const Store& store, const FileId& id) {
    Descriptor file = open_part(store, id, Part::data);
    if (file.is_open()) {
        return file;
    }
    switch (errno) {
        case ENOENT:
            return no_such_file(store, id);
        case ELOOP:
            return not_regular(store, id);
        default:
            return open_file_error(errno, "cannot open file " + id.str() + " " + store.place());
    }
}

Result<StoredFile> read_stored_file(const Store& store, const FileId& id) {
    FILESTORE_TRY_ASSIGN(const std::optional<struct ::stat> status, find_file(store, id));
    if (!status) {
        return no_such_file(store, id);
    }
    FILESTORE_TRY_ASSIGN(const std::string json, read_sidecar_text(store, id));
    FILESTORE_TRY_ASSIGN(Sidecar sidecar, read_sidecar(id, json));
    StoredFile file;
    file.checksum = std::move(sidecar.checksum);
    FileInfo& info = file.info;
    info.id = id;
    info.original_path = std::move(sidecar.original_path);
    info.size = static_cast<std::uint64_t>(status->st_size);
    info.last_modified = modification_time(*status);
    info.content_type = std::move(sidecar.content_type);
    info.metadata = std::move(sidecar.metadata);
    info.version = sidecar.version.empty() ? version_of(*status) : std::move(sidecar.version);
    if (sidecar.size && *sidecar.size != info.size) {
        return Error(ErrorCode::corrupt,
                     "file " + id.str() + " " + store.place() + " has " + std::to_string(info.size) +
                         " bytes where its metadata tells of " + std::to_string(*sidecar.size));
    }
    return file;
}

}  // namespace filestore::local
