#include "local/partial_uploads.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <set>

#include "core/staged_file.h"
#include "core/try.h"
#include "local/commit.h"
#include "local/directory.h"
#include "local/paths.h"
#include "local/places.h"
#include "local/stored_file.h"

namespace filestore::local {

namespace {

constexpr const char* uploads_name = "uploads";
constexpr std::string_view record_suffix = ".json";
constexpr std::string_view bytes_suffix = ".data";
constexpr std::string_view mark_suffix = ".mark";

/// Bytes without a record are of an upload that is just being made, or was not made to the end.
constexpr std::chrono::hours longest_making{24};

constexpr std::size_t most_of_a_record = std::size_t{8} << 20U;

std::string doing(const Store& store, std::string_view what, const FileId& id) {
    return "cannot " + std::string(what) + " upload " + id.str() + " " + store.place();
}

Descriptor open_directory_if_there(const Store& store) {
    return open_beneath(store.base.get(), ".filestore/uploads", O_RDONLY | O_DIRECTORY);
}

/// Not open where there is none.
Result<Descriptor> directory_if_there(const Store& store) {
    Descriptor directory = open_directory_if_there(store);
    if (!directory.is_open() && errno != ENOENT) {
        return open_file_error(errno, "cannot open directory '.filestore/uploads' " + store.place());
    }
    return directory;
}

Result<Descriptor> directory_of_uploads(const Store& store) {
    // It makes the directory above, too.
    FILESTORE_TRY(store.staging());
    const Descriptor own = open_beneath(store.base.get(), ".filestore", O_RDONLY | O_DIRECTORY);
    if (!own.is_open()) {
        return open_file_error(errno, "cannot open directory '.filestore' " + store.place());
    }
    return open_or_make_again(store, own.get(), uploads_name);
}

Result<void> flush_names(const Store& store, const Descriptor& directory) {
    return store.durability == Durability::full
               ? flush_to_disk(directory.get(),
                               "cannot flush directory '.filestore/uploads' " + store.place())
               : Result<void>();
}

Result<void> flush_bytes(const Store& store, int descriptor, const std::string& what) {
    return store.durability == Durability::none ? Result<void>() : flush_to_disk(descriptor, what);
}

/// A small file, in place of the one that may be there.
Result<void> write_small(const Store& store, const Descriptor& directory, const std::string& name,
                         std::string_view text, const std::string& what) {
    FILESTORE_TRY_ASSIGN(StagedFile file, stage(store));
    FILESTORE_TRY(write_all(file.descriptor(), std::as_bytes(std::span(text)), what));
    // Else the recovery of a process that opens the store could take its hidden name for an abandoned one; without locks, none does.
    static_cast<void>(::flock(file.descriptor(), LOCK_EX | LOCK_NB));
    FILESTORE_TRY(file.prepare_replacing());
    FILESTORE_TRY(flush_bytes(store, file.descriptor(), what));
    FILESTORE_TRY(file.publish_replacing_in(directory.get(), name));
    return flush_names(store, directory);
}

/// Nothing where there is none.
Result<std::optional<std::string>> read_small(const Descriptor& directory, const std::string& name,
                                              const std::string& what) {
    const Descriptor file = open_beneath(directory.get(), name.c_str(), O_RDONLY | O_NONBLOCK);
    if (!file.is_open()) {
        return errno == ENOENT ? Result<std::optional<std::string>>(std::nullopt)
                               : open_file_error(errno, what);
    }
    std::string text;
    std::size_t used = 0;
    while (used < most_of_a_record) {
        text.resize(std::max<std::size_t>(4096, 2 * used));
        const ssize_t got = ::read(file.get(), text.data() + used, text.size() - used);
        if (got < 0 && errno != EINTR) {
            return open_file_error(errno, what);
        }
        if (got == 0) {
            break;
        }
        used += got > 0 ? static_cast<std::size_t>(got) : 0;
    }
    text.resize(used);
    return std::optional(std::move(text));
}

/// `not_found` where there is no upload.
Result<UploadRecord> read_record(const Store& store, const Descriptor& directory, const FileId& id) {
    if (!directory.is_open()) {
        return no_such_upload(id);
    }
    FILESTORE_TRY_ASSIGN(const auto text, read_small(directory, name_of(id, record_suffix),
                                                     doing(store, "read the record of", id)));
    return text ? read_upload_record(id, *text) : no_such_upload(id);
}

Result<std::optional<std::uint64_t>> read_mark(const Store& store, const Descriptor& directory,
                                               const FileId& id) {
    FILESTORE_TRY_ASSIGN(const auto text,
                         read_small(directory, name_of(id, mark_suffix), doing(store, "look at", id)));
    std::uint64_t mark = 0;
    if (text) {
        // What cannot be read counts for nothing that is there.
        std::from_chars(text->data(), text->data() + text->size(), mark);
    }
    return text ? std::optional(mark) : std::nullopt;
}

Descriptor open_data(const Descriptor& directory, const FileId& id) {
    return open_beneath(directory.get(), name_of(id, bytes_suffix).c_str(), O_RDWR | O_NONBLOCK);
}

Result<Descriptor> open_data_of(const Store& store, const Descriptor& directory, const FileId& id) {
    Descriptor data = open_data(directory, id);
    if (!data.is_open()) {
        return errno == ENOENT ? no_such_upload(id) : open_file_error(errno, doing(store, "open", id));
    }
    return data;
}

Result<struct ::stat> state_of(const Store& store, const Descriptor& data, const FileId& id) {
    struct ::stat status {};
    return ::fstat(data.get(), &status) == 0 ? Result<struct ::stat>(status)
                                             : open_file_error(errno, doing(store, "look at", id));
}

bool is_over(const UploadRecord& record, Timestamp last_byte, Timestamp now) noexcept {
    return last_byte + record.lifetime <= now;
}

void remove_name(const Descriptor& directory, const FileId& id, std::string_view suffix) {
    ::unlinkat(directory.get(), name_of(id, suffix).c_str(), 0);
}

/// The record goes first, so that what a crash leaves is no upload.
Result<bool> remove_names(const Store& store, const Descriptor& directory, const FileId& id) {
    const bool was_there = ::unlinkat(directory.get(), name_of(id, record_suffix).c_str(), 0) == 0;
    if (!was_there && errno != ENOENT) {
        return open_file_error(errno, doing(store, "end", id));
    }
    remove_name(directory, id, mark_suffix);
    remove_name(directory, id, bytes_suffix);
    FILESTORE_TRY(flush_names(store, directory));
    return was_there;
}

/// Whether what a look found is to be removed now. The lock is held.
Result<bool> is_due(const Store& store, const Descriptor& directory, const FileId& id,
                    const struct ::stat& status, Timestamp now) {
    const auto record = read_record(store, directory, id);
    const Timestamp last_byte = modification_time(status);
    if (record.ok()) {
        return is_over(*record, last_byte, now);
    }
    const ErrorCode code = record.error().code();
    // Nobody can go on with one whose record is damaged.
    const bool is_useless = code == ErrorCode::not_found || code == ErrorCode::corrupt;
    return is_useless ? Result<bool>(last_byte + longest_making <= now) : record.error();
}

Result<std::set<FileId>> all_in(const Store& store, const Descriptor& directory) {
    const std::string what = "cannot look through '.filestore/uploads' " + store.place();
    FILESTORE_TRY_ASSIGN(const Directory names, open_directory(directory.get(), what));
    std::set<FileId> found;
    errno = 0;
    while (const dirent* entry = ::readdir(names.get())) {
        const auto id = FileId::parse(std::string_view(entry->d_name).substr(0, FileId::text_size));
        if (id.ok()) {
            found.insert(*id);
        }
        errno = 0;
    }
    return errno == 0 ? Result<std::set<FileId>>(std::move(found)) : open_file_error(errno, what);
}

/// True where it was ended.
Result<bool> sweep_one(const Store& store, const Descriptor& directory, const FileId& id, Timestamp now) {
    const Descriptor data = open_data(directory, id);
    if (!data.is_open() && errno == ENOENT) {
        // Without bytes it is none, whatever its record says.
        return remove_names(store, directory, id);
    }
    if (!data.is_open() || ::flock(data.get(), LOCK_EX | LOCK_NB) != 0) {
        return false;
    }
    FILESTORE_TRY_ASSIGN(const struct ::stat status, state_of(store, data, id));
    FILESTORE_TRY_ASSIGN(const bool due, is_due(store, directory, id, status, now));
    return due ? remove_names(store, directory, id) : Result<bool>(false);
}

}  // namespace

Result<PartialUpload> begin_partial(const Store& store, const BeginUploadRequest& request) {
    FILESTORE_TRY_ASSIGN(const UploadRecord record, upload_record_of(request));
    FILESTORE_TRY_ASSIGN(const Descriptor directory, directory_of_uploads(store));
    FILESTORE_TRY_ASSIGN(const StagedFile data, stage(store));
    FILESTORE_TRY(data.publish_new_in(directory.get(), name_of(request.id, bytes_suffix)));
    const auto written = write_record(store, record);
    if (!written.ok()) {
        static_cast<void>(remove_names(store, directory, request.id));
        return written.error();
    }
    return look_at_partial(store, request.id, Timestamp::min());
}

Result<HeldUpload> hold_partial(const Store& store, const FileId& id, Timestamp now) {
    FILESTORE_TRY_ASSIGN(const Descriptor directory, directory_if_there(store));
    HeldUpload upload;
    FILESTORE_TRY_ASSIGN(upload.record, read_record(store, directory, id));
    FILESTORE_TRY_ASSIGN(upload.data, open_data_of(store, directory, id));
    if (::flock(upload.data.get(), LOCK_EX | LOCK_NB) != 0) {
        return errno == EWOULDBLOCK ? upload_in_use(id) : open_file_error(errno, doing(store, "lock", id));
    }
    // Who held the lock before may have ended the upload, or told its length.
    FILESTORE_TRY_ASSIGN(upload.record, read_record(store, directory, id));
    FILESTORE_TRY_ASSIGN(const struct ::stat status, state_of(store, upload.data, id));
    upload.last_byte = modification_time(status);
    if (status.st_nlink == 0 || is_over(upload.record, upload.last_byte, now)) {
        return status.st_nlink == 0 ? no_such_upload(id) : upload_expired(id);
    }
    upload.offset = static_cast<std::uint64_t>(status.st_size);
    FILESTORE_TRY_ASSIGN(const auto mark, read_mark(store, directory, id));
    if (mark) {
        upload.offset = std::min(upload.offset, *mark);
        FILESTORE_TRY(cut_partial(store, upload));
        FILESTORE_TRY(remove_mark(store, id));
    }
    return upload;
}

Result<PartialUpload> look_at_partial(const Store& store, const FileId& id, Timestamp now) {
    FILESTORE_TRY_ASSIGN(const Descriptor directory, directory_if_there(store));
    FILESTORE_TRY_ASSIGN(const UploadRecord record, read_record(store, directory, id));
    FILESTORE_TRY_ASSIGN(const Descriptor data, open_data_of(store, directory, id));
    FILESTORE_TRY_ASSIGN(const auto mark_before, read_mark(store, directory, id));
    FILESTORE_TRY_ASSIGN(const struct ::stat status, state_of(store, data, id));
    FILESTORE_TRY_ASSIGN(const auto mark, read_mark(store, directory, id));
    const Timestamp last_byte = modification_time(status);
    if (is_over(record, last_byte, now)) {
        return upload_expired(id);
    }
    auto offset = static_cast<std::uint64_t>(status.st_size);
    offset = std::min({offset, mark_before.value_or(offset), mark.value_or(offset)});
    FILESTORE_TRY(flush_bytes(store, data.get(), doing(store, "flush", id)));
    return partial_upload_of(record, offset, last_byte);
}

Result<void> write_record(const Store& store, const UploadRecord& record) {
    FILESTORE_TRY_ASSIGN(const Descriptor directory, directory_of_uploads(store));
    return write_small(store, directory, name_of(record.id, record_suffix), write_upload_record(record),
                       doing(store, "write the record of", record.id));
}

Result<void> set_mark(const Store& store, const HeldUpload& upload) {
    FILESTORE_TRY_ASSIGN(const Descriptor directory, directory_of_uploads(store));
    return write_small(store, directory, name_of(upload.record.id, mark_suffix),
                       std::to_string(upload.offset), doing(store, "mark", upload.record.id));
}

Result<void> remove_mark(const Store& store, const FileId& id) {
    FILESTORE_TRY_ASSIGN(const Descriptor directory, directory_of_uploads(store));
    remove_name(directory, id, mark_suffix);
    return flush_names(store, directory);
}

Result<void> cut_partial(const Store& store, const HeldUpload& upload) {
    const FileId& id = upload.record.id;
    while (::ftruncate(upload.data.get(), static_cast<off_t>(upload.offset)) != 0) {
        if (errno != EINTR) {
            return open_file_error(errno, doing(store, "take back bytes of", id));
        }
    }
    return flush_bytes(store, upload.data.get(), doing(store, "flush", id));
}

Result<void> flush_partial(const Store& store, const HeldUpload& upload) {
    const FileId& id = upload.record.id;
    FILESTORE_TRY(flush_bytes(store, upload.data.get(), doing(store, "flush", id)));
    FILESTORE_TRY_ASSIGN(const struct ::stat status, state_of(store, upload.data, id));
    return status.st_nlink == 0 ? no_such_upload(id) : Result<void>();
}

Result<void> check_not_ended(const Store& store, const FileId& id) {
    FILESTORE_TRY_ASSIGN(const Descriptor directory, directory_if_there(store));
    const bool is_there =
        directory.is_open() && ::faccessat(directory.get(), name_of(id, record_suffix).c_str(), F_OK, 0) == 0;
    if (is_there || (directory.is_open() && errno != ENOENT)) {
        return is_there ? Result<void>() : open_file_error(errno, doing(store, "look at", id));
    }
    return no_such_upload(id);
}

Result<bool> end_partial(const Store& store, const FileId& id, const CallOptions& limits) {
    FILESTORE_TRY_ASSIGN(const Descriptor directory, directory_if_there(store));
    if (!directory.is_open()) {
        return false;
    }
    FILESTORE_TRY_ASSIGN(const FileLock lock, FileLock::take(store, id, limits));
    FILESTORE_TRY_ASSIGN(const auto file, find_file(store, id));
    FILESTORE_TRY_ASSIGN(const bool was_there, remove_names(store, directory, id));
    return was_there && !file;
}

Result<std::vector<FileId>> sweep_partials(const Store& store, Timestamp now) {
    std::vector<FileId> ended;
    FILESTORE_TRY_ASSIGN(const Descriptor directory, directory_if_there(store));
    if (!directory.is_open()) {
        return ended;
    }
    FILESTORE_TRY_ASSIGN(const std::set<FileId> all, all_in(store, directory));
    for (const FileId& id : all) {
        FILESTORE_TRY_ASSIGN(const bool is_ended, sweep_one(store, directory, id, now));
        if (is_ended) {
            ended.push_back(id);
        }
    }
    return ended;
}

}  // namespace filestore::local
