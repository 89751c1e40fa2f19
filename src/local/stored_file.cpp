#include "local/stored_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "core/try.h"
#include "local/paths.h"
#include "local/places.h"
#include "local/sidecar.h"

namespace filestore::local {

namespace {

constexpr off_t largest_sidecar = off_t{4} * 1024 * 1024;

/// Reads to the end of `text`, or to that of the file, where `text` then ends too. False, and errno, on failure.
bool read_into(int descriptor, std::string& text) {
    std::size_t size = 0;
    while (size < text.size()) {
        const ssize_t got = ::read(descriptor, text.data() + size, text.size() - size);
        if (got == 0) {
            break;
        }
        if (got < 0 && errno != EINTR) {
            return false;
        }
        size += got < 0 ? 0 : static_cast<std::size_t>(got);
    }
    text.resize(size);
    return true;
}

std::string cannot_read_metadata(const Store& store, const FileId& id) {
    return "cannot read the metadata of file " + id.str() + " " + store.place();
}

/// Of a file that another program wrote, in place: any change of it changes that.
std::string version_of(const struct ::stat& status) {
    return std::to_string(status.st_ino) + "-" + std::to_string(status.st_mtim.tv_sec) + "." +
           std::to_string(status.st_mtim.tv_nsec) + "-" + std::to_string(status.st_size);
}

}  // namespace

Error reading_error(int number, const std::string& what) {
    Error error = open_file_error(number, what);
    if (number != EMFILE && number != ENFILE) {
        return error;
    }
    ErrorDetails details;
    details.retryable = true;
    return {error.code(), std::string(error.message()), std::move(details)};
}

Error no_such_file(const Store& store, const FileId& id) {
    return {ErrorCode::not_found, "no file " + id.str() + " " + store.place()};
}

Error no_metadata(const Store& store, const FileId& id) {
    return {ErrorCode::not_found, "file " + id.str() + " " + store.place() + " has no metadata"};
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
        return reading_error(errno, "cannot look at file " + id.str() + " " + store.place());
    }
    if (!S_ISREG(status.st_mode)) {
        return not_regular(store, id);
    }
    return std::optional(status);
}

Result<OpenFile> open_file(const Store& store, const FileId& id) {
    OpenFile file;
    file.descriptor = open_part(store, id, Part::data);
    if (!file.descriptor.is_open()) {
        switch (errno) {
            case ENOENT:
                return no_such_file(store, id);
            case ELOOP:
                return not_regular(store, id);
            default:
                return reading_error(errno, "cannot open file " + id.str() + " " + store.place());
        }
    }
    if (::fstat(file.descriptor.get(), &file.status) != 0) {
        return reading_error(errno, "cannot look at file " + id.str() + " " + store.place());
    }
    return S_ISREG(file.status.st_mode) ? Result<OpenFile>(std::move(file)) : not_regular(store, id);
}

bool is_still_there(const Store& store, const FileId& id, const OpenFile& file) {
    struct ::stat now {};
    return state_by_name(store, id, Part::data, now) && is_same_file(file.status, now);
}

bool is_same_file(const struct ::stat& first, const struct ::stat& second) noexcept {
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino &&
           first.st_size == second.st_size && first.st_ctim.tv_sec == second.st_ctim.tv_sec &&
           first.st_ctim.tv_nsec == second.st_ctim.tv_nsec;
}

FileInfo bare_info_of(const FileId& id, const struct ::stat& status) {
    FileInfo info;
    info.id = id;
    info.size = static_cast<std::uint64_t>(status.st_size);
    info.last_modified = modification_time(status);
    info.version = version_of(status);
    return info;
}

Result<std::string> read_sidecar_text(const Store& store, const FileId& id) {
    const Descriptor file = open_part(store, id, Part::sidecar);
    if (!file.is_open() && errno == ENOENT) {
        return no_metadata(store, id);
    }
    struct ::stat status {};
    const bool opened = file.is_open() && ::fstat(file.get(), &status) == 0;
    if (opened ? !S_ISREG(status.st_mode) : errno == ELOOP) {
        return Error(ErrorCode::corrupt, cannot_read_metadata(store, id) + ": it is not a regular file");
    }
    if (!opened) {
        return reading_error(errno, cannot_read_metadata(store, id));
    }
    if (status.st_size > largest_sidecar) {
        return Error(ErrorCode::corrupt, cannot_read_metadata(store, id) + ": it is larger than 4 MiB");
    }
    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    if (!read_into(file.get(), text)) {
        return reading_error(errno, cannot_read_metadata(store, id));
    }
    return text;
}

Result<StoredFile> read_stored_file(const Store& store, const FileId& id) {
    FILESTORE_TRY_ASSIGN(const std::optional<struct ::stat> status, find_file(store, id));
    if (!status) {
        return no_such_file(store, id);
    }
    return read_stored_file(store, id, *status);
}

Result<StoredFile> stored_file_of(const Store& store, const FileId& id, const struct ::stat& status,
                                  std::string_view json) {
    FILESTORE_TRY_ASSIGN(Sidecar sidecar, read_sidecar(id, json));
    StoredFile file;
    file.checksum = std::move(sidecar.checksum);
    FileInfo& info = file.info;
    info.id = id;
    info.original_path = std::move(sidecar.original_path);
    info.size = static_cast<std::uint64_t>(status.st_size);
    info.last_modified = modification_time(status);
    info.content_type = std::move(sidecar.content_type);
    info.metadata = std::move(sidecar.metadata);
    info.version = sidecar.version.empty() ? version_of(status) : std::move(sidecar.version);
    if (sidecar.size && *sidecar.size != info.size) {
        return Error(ErrorCode::corrupt,
                     "file " + id.str() + " " + store.place() + " has " + std::to_string(info.size) +
                         " bytes where its metadata tells of " + std::to_string(*sidecar.size));
    }
    return file;
}

Result<StoredFile> read_stored_file(const Store& store, const FileId& id, const struct ::stat& status) {
    FILESTORE_TRY_ASSIGN(const std::string json, read_sidecar_text(store, id));
    return stored_file_of(store, id, status, json);
}

}  // namespace filestore::local
