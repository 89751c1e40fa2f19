#include "local/commit.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <span>
#include <string>
#include <utility>

#include "core/file_size_signal.h"
#include "core/try.h"
#include "local/places.h"

namespace filestore::local {

namespace {

constexpr std::string_view data_suffix = ".data";
constexpr std::string_view sidecar_suffix = ".json";
constexpr std::string_view draft_suffix = ".draft";

std::string record_of(const FileId& id, std::string_view suffix) {
    return name_of(id, suffix);
}

/// The names of one file, and the directories that they are in. A value; outlives neither its store nor its ID.
struct Names {
    const Store& store;
    /// Below 0 where there is none.
    int staging;
    const FileId& id;
    Place data_place;
    Place sidecar_place;
    std::string data;
    std::string sidecar;
    std::string data_record;
    std::string sidecar_record;

    static Result<Names> of(const Store& store, int staging, const FileId& id) {
        FILESTORE_TRY_ASSIGN(Place data, home_of(store, id, Part::data));
        FILESTORE_TRY_ASSIGN(Place sidecar, home_of(store, id, Part::sidecar));
        return Names(store, staging, id, std::move(data), std::move(sidecar));
    }

    Names(const Store& its_store, int its_staging, const FileId& its_id, Place its_data, Place its_sidecar)
        : store(its_store),
          staging(its_staging),
          id(its_id),
          data_place(std::move(its_data)),
          sidecar_place(std::move(its_sidecar)),
          data(data_place.name()),
          sidecar(sidecar_place.name()),
          data_record(record_of(id, data_suffix)),
          sidecar_record(record_of(id, sidecar_suffix)) {}

    /// The directory that D is in.
    [[nodiscard]] int base() const noexcept { return data_place.directory(); }
    /// The one that M is in.
    [[nodiscard]] int metadata() const noexcept { return sidecar_place.directory(); }
    [[nodiscard]] Error failure(int number, std::string_view what) const {
        Error error = open_file_error(number, std::string(what) + " of file " + data + " " + store.place());
        constexpr std::string_view advice = "a directory of the store was removed, open the store again";
        return number == ENOENT ? error.within(advice) : error;
    }
};

Result<void> flush(const Store& store, int directory) {
    if (store.durability != Durability::full) {
        return {};
    }
    const int number = flush_descriptor(directory);
    return number == 0 ? Result<void>()
                       : open_file_error(number, "cannot flush a directory " + store.place());
}

/// False where there was nothing to remove.
Result<bool> unlink_name(const Names& names, int directory, const std::string& name) {
    if (::unlinkat(directory, name.c_str(), 0) == 0) {
        return true;
    }
    return errno == ENOENT ? Result<bool>(false) : names.failure(errno, "cannot remove " + name);
}

Result<void> rename_over(const Names& names, const std::string& record, int directory,
                         const std::string& name) {
    if (::renameat(names.staging, record.c_str(), directory, name.c_str()) == 0) {
        return {};
    }
    return names.failure(errno, "cannot rename to " + name);
}

/// `already_exists` where the name is taken.
Result<void> rename_to_new(const Names& names) {
    const char* record = names.data_record.c_str();
    if (::renameat2(names.staging, record, names.base(), names.data.c_str(), RENAME_NOREPLACE) == 0) {
        return {};
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return names.failure(errno, "cannot rename to the name");
    }
    // A file system that cannot do it in one step: until the second one, d is beside D and means nothing.
    if (::linkat(names.staging, record, names.base(), names.data.c_str(), 0) != 0) {
        return names.failure(errno, "cannot link to the name");
    }
    static_cast<void>(unlink_name(names, names.staging, names.data_record));
    return {};
}

/// The umask took from a mode that lets others in.
Result<void> let_others_in(const Store& store, int descriptor) {
    if ((store.modes.file & 0077U) != 0 && ::fchmod(descriptor, store.modes.file) != 0) {
        return open_file_error(errno, "cannot set the mode of a file " + store.place());
    }
    return {};
}

Result<void> flush_file(const Store& store, int descriptor) {
    if (store.durability == Durability::none) {
        return {};
    }
    const int number = flush_descriptor(descriptor);
    return number == 0 ? Result<void>() : open_file_error(number, "cannot flush a file " + store.place());
}

Result<void> write_whole(const Store& store, int descriptor, std::string_view bytes) {
    const int number = write_to_descriptor(descriptor, std::as_bytes(std::span(bytes)));
    return number == 0 ? Result<void>() : open_file_error(number, "cannot write a file " + store.place());
}

/// Makes a file of its own name, with all its bytes, which are not flushed. `already_exists` where the name is taken.
Result<Descriptor> make_whole(const Names& names, int directory, const std::string& name,
                              std::string_view bytes) {
    Descriptor file =
        open_at(directory, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, names.store.modes.file);
    if (!file.is_open()) {
        return names.failure(errno, "cannot make " + name);
    }
    FILESTORE_TRY(let_others_in(names.store, file.get()));
    FILESTORE_TRY(write_whole(names.store, file.get(), bytes));
    return file;
}

/// Answers the file where it is made here; else one that is not open.
Result<Descriptor> make_data(const Names& names, const NewContent& content) {
    if (content.staged) {
        FILESTORE_TRY(content.staged->publish_new_in(names.staging, names.data_record));
        return Descriptor();
    }
    return make_whole(names, names.staging, names.data_record, content.small);
}

/// A crash may have left one.
Result<Descriptor> record_data(const Names& names, const NewContent& content) {
    auto made = make_data(names, content);
    if (made.ok() || made.error().code() != ErrorCode::already_exists) {
        return made;
    }
    FILESTORE_TRY(settle(names.store, names.id));
    return make_data(names, content);
}

/// The sidecar is on its way to the disk before the data is waited for, so that one commit of the journal or log carries both.
Result<void> flush_both(const Store& store, int data, int sidecar) {
    if (store.durability == Durability::none) {
        return {};
    }
    FILESTORE_TRY(begin_write_out(sidecar, "cannot write out a file " + store.place()));
    FILESTORE_TRY(flush_file(store, data));
    return flush_file(store, sidecar);
}

/// A sidecar may stand in the way, of a file that is gone.
Result<Descriptor> make_sidecar(const Names& names, int directory, const std::string& name,
                                std::string_view sidecar) {
    auto made = make_whole(names, directory, name, sidecar);
    if (made.ok() || made.error().code() != ErrorCode::already_exists) {
        return made;
    }
    FILESTORE_TRY(unlink_name(names, directory, name));
    return make_whole(names, directory, name, sidecar);
}

/// The bytes under d and the sidecar under `name`, both flushed.
Result<void> record_content(const Names& names, const NewContent& content, int directory,
                            const std::string& name) {
    const FileSizeSignalBlock block;
    FILESTORE_TRY_ASSIGN(const Descriptor made, record_data(names, content));
    FILESTORE_TRY_ASSIGN(const Descriptor sidecar, make_sidecar(names, directory, name, content.sidecar));
    const int data = content.staged ? content.staged->descriptor() : made.get();
    return flush_both(names.store, data, sidecar.get());
}

/// The file is not there: neither may be what else has its name. The record of it goes last. A directory that has the sidecar's name is not ours.
Result<void> remove_rest(const Names& names, bool has_sidecar_record) {
    const bool removed = ::unlinkat(names.metadata(), names.sidecar.c_str(), 0) == 0;
    if (!removed && errno != ENOENT && errno != EISDIR) {
        return names.failure(errno, "cannot remove " + names.sidecar);
    }
    if (removed) {
        FILESTORE_TRY(flush(names.store, names.metadata()));
    }
    if (has_sidecar_record) {
        FILESTORE_TRY(unlink_name(names, names.staging, names.sidecar_record));
    }
    if (names.staging >= 0) {
        FILESTORE_TRY(unlink_name(names, names.staging, names.data_record));
    }
    return {};
}

/// Fails where the file may be there all the same, or come back after power loss. What else remains is settled later.
Result<void> take_back_new(const Names& names, bool has_its_name) {
    if (has_its_name) {
        if (::renameat(names.base(), names.data.c_str(), names.staging, names.data_record.c_str()) != 0) {
            return names.failure(errno, "cannot take back the name");
        }
        FILESTORE_TRY(flush(names.store, names.base()));
    }
    static_cast<void>(settle(names.store, names.id));
    return {};
}

/// Fails where the replacement may be carried out all the same. The sidecar's record goes first: without it the other one means nothing, and is removed where it is a file.
Result<void> take_back_replacement(const Names& names, bool is_recorded) {
    if (is_recorded) {
        FILESTORE_TRY(unlink_name(names, names.staging, names.sidecar_record));
        FILESTORE_TRY(flush(names.store, names.staging));
    }
    static_cast<void>(settle(names.store, names.id));
    return {};
}

Error outcome_unknown(std::string_view what, const Error& why) {
    return {ErrorCode::outcome_unknown, std::string(what) + ": " + std::string(why.message())};
}

/// A replacement once the bytes have their name.
Result<void> finish_replacement(const Names& names) {
    const auto flushed = flush(names.store, names.base());
    FILESTORE_TRY(rename_over(names, names.sidecar_record, names.metadata(), names.sidecar));
    FILESTORE_TRY(flushed);
    return flush(names.store, names.metadata());
}

Result<bool> is_there(const Store& store, int directory, const std::string& name) {
    struct ::stat status {};
    if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT ? Result<bool>(false)
                               : open_file_error(errno, "cannot look at " + name + " " + store.place());
    }
    if (!S_ISREG(status.st_mode)) {
        return Error(ErrorCode::corrupt, name + " " + store.place() + " is not a regular file");
    }
    return true;
}

/// What no rename could replace, so that a replacement could not be carried out to its end.
Result<void> check_sidecar_is_no_directory(const Names& names) {
    struct ::stat status {};
    const bool found = ::fstatat(names.metadata(), names.sidecar.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
    if (found && S_ISDIR(status.st_mode)) {
        return Error(ErrorCode::corrupt, "the metadata of file " + names.data + " " + names.store.place() +
                                             " is a directory: move it away");
    }
    return {};
}

}  // namespace

Result<StagedFile> stage(const Store& store) {
    FILESTORE_TRY_ASSIGN(const int staging, store.staging());
    auto first = StagedFile::create(staging, store.modes.file);
    auto file = first.ok() || !store.renew_staging() ? std::move(first)
                                                     : StagedFile::create(staging, store.modes.file);
    if (!file) {
        return file.error().within(store.place());
    }
    FILESTORE_TRY(let_others_in(store, file->descriptor()));
    return file;
}

Result<void> write_out_staged(const Store& store, const StagedFile& file) {
    if (store.durability == Durability::none) {
        return {};
    }
    return write_out(file.descriptor(), "cannot write out a file " + store.place());
}

Result<void> publish_new(const Store& store, const FileId& id, const NewContent& content) {
    FILESTORE_TRY_ASSIGN(const int staging, store.staging());
    FILESTORE_TRY_ASSIGN(const Names names, Names::of(store, staging, id));
    bool has_its_name = false;
    const auto publish = [&]() -> Result<void> {
        FILESTORE_TRY(record_content(names, content, names.metadata(), names.sidecar));
        FILESTORE_TRY(flush(store, names.metadata()));
        FILESTORE_TRY(rename_to_new(names));
        has_its_name = true;
        return flush(store, names.base());
    };
    auto published = publish();
    if (!published.ok()) {
        store.renew_staging();
    }
    if (!published.ok() && !take_back_new(names, has_its_name).ok()) {
        return outcome_unknown("the file could not be taken back, and may not survive power loss",
                               published.error());
    }
    return published;
}

Result<void> replace(const Store& store, const FileId& id, const NewContent& content) {
    FILESTORE_TRY_ASSIGN(const int staging, store.staging());
    FILESTORE_TRY_ASSIGN(const Names names, Names::of(store, staging, id));
    FILESTORE_TRY(check_sidecar_is_no_directory(names));
    bool is_recorded = false;
    const auto begin = [&]() -> Result<void> {
        const std::string draft = record_of(id, draft_suffix);
        FILESTORE_TRY(record_content(names, content, staging, draft));
        FILESTORE_TRY(rename_over(names, draft, staging, names.sidecar_record));
        is_recorded = true;
        FILESTORE_TRY(flush(store, staging));
        return rename_over(names, names.data_record, names.base(), names.data);
    };
    if (auto begun = begin(); !begun.ok()) {
        store.renew_staging();
        if (!take_back_replacement(names, is_recorded).ok()) {
            return outcome_unknown("the old file is there, and may still be replaced", begun.error());
        }
        return begun;
    }
    if (const auto finished = finish_replacement(names); !finished.ok()) {
        return outcome_unknown("the file is replaced, but may not survive power loss", finished.error());
    }
    return {};
}

Result<bool> take_away(const Store& store, const FileId& id) {
    const auto staging = store.staging();
    FILESTORE_TRY_ASSIGN(const Names names, Names::of(store, staging.ok() ? *staging : -1, id));
    const bool recorded = staging.ok() && ::renameat(names.base(), names.data.c_str(), names.staging,
                                                     names.data_record.c_str()) == 0;
    bool had_data = recorded;
    if (!recorded) {
        FILESTORE_TRY_ASSIGN(had_data, unlink_name(names, names.base(), names.data));
    }
    Result<void> finished;
    if (had_data) {
        finished = flush(store, names.base());
    }
    if (finished.ok()) {
        finished = remove_rest(names, false);
    }
    if (had_data && !finished.ok()) {
        return Error(ErrorCode::outcome_unknown,
                     std::string(finished.error().message()) +
                         "; the file is gone, which may not survive power loss: remove it again");
    }
    FILESTORE_TRY(finished);
    return had_data;
}

Result<void> settle(const Store& store, const FileId& id) {
    FILESTORE_TRY(bring_home(store, id));
    FILESTORE_TRY_ASSIGN(const std::optional<int> staging, store.staging_if_there());
    if (!staging) {
        return {};
    }
    FILESTORE_TRY_ASSIGN(const bool data_recorded, is_there(store, *staging, record_of(id, data_suffix)));
    FILESTORE_TRY_ASSIGN(const bool sidecar_recorded,
                         is_there(store, *staging, record_of(id, sidecar_suffix)));
    if (!data_recorded && !sidecar_recorded) {
        return {};
    }
    FILESTORE_TRY_ASSIGN(const Names names, Names::of(store, *staging, id));
    if (data_recorded && sidecar_recorded) {
        FILESTORE_TRY(rename_over(names, names.data_record, names.base(), names.data));
        return finish_replacement(names);
    }
    if (data_recorded) {
        FILESTORE_TRY(unlink_name(names, *staging, record_of(id, draft_suffix)));
    }
    FILESTORE_TRY_ASSIGN(const bool file_there, is_there(store, names.base(), names.data));
    if (!file_there) {
        return remove_rest(names, sidecar_recorded);
    }
    if (sidecar_recorded) {
        return finish_replacement(names);
    }
    FILESTORE_TRY(unlink_name(names, *staging, names.data_record));
    return {};
}

Result<void> settle_replacement(const Store& store, const FileId& id) {
    FILESTORE_TRY(bring_home(store, id));
    FILESTORE_TRY_ASSIGN(const bool is_replaced, is_being_replaced(store, id));
    return is_replaced ? settle(store, id) : Result<void>();
}

Result<bool> is_being_replaced(const Store& store, const FileId& id) {
    FILESTORE_TRY_ASSIGN(const std::optional<int> staging, store.staging_if_there());
    if (!staging) {
        return false;
    }
    return is_there(store, *staging, record_of(id, sidecar_suffix));
}

std::optional<FileId> id_of_record(std::string_view name) {
    for (const std::string_view suffix : {data_suffix, sidecar_suffix, draft_suffix}) {
        if (name.ends_with(suffix)) {
            const auto id = FileId::parse(name.substr(0, name.size() - suffix.size()));
            return id.ok() ? std::optional(*id) : std::nullopt;
        }
    }
    return std::nullopt;
}

}  // namespace filestore::local
