/// Gives a store another layout, in steps of which each leaves a store that is whole:
///
///                                                                         after a crash
///     1. the store's lock is taken alone                                  it is of the old layout
///     2. "old to new" is recorded, and flushed; the lock is shared        files are looked for in both places, from here on
///     3. D and M of each file are renamed to their new place, under       each is in one of the two
///        the file's lock, until a look at the old place finds none
///     4. every directory of both layouts is flushed                       the same
///     5. "new" is recorded, and flushed                                   it is of the new layout
///
/// Nothing comes to the old place after 2: so the last look of 3 is true of whatever others do. A rename from one directory to another is made durable whole or not
/// at all by the file systems that keep a journal or a log.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <functional>
#include <new>
#include <string>

#include "core/call_limits.h"
#include "core/staged_file.h"
#include "core/text.h"
#include "core/try.h"
#include "filestore/local_backend.h"
#include "local/commit.h"
#include "local/directory.h"
#include "local/layout.h"
#include "local/places.h"
#include "local/store.h"

namespace filestore {

namespace local {

namespace {

constexpr std::chrono::milliseconds convert_progress_interval{100};
constexpr Part both_parts[] = {Part::data, Part::sidecar};
constexpr LocalLayout both_layouts[] = {LocalLayout::flat, LocalLayout::sharded};

/// A place that was meant for something else must not get directories of ours.
Result<void> check_is_store(const LocalOptions& options) {
    const std::string what = "there is no store in " + filestore::quoted(options.base_path);
    if (options.base_path.empty() || options.base_path.find('\0') != std::string::npos) {
        return Error(ErrorCode::configuration, what + ": check base_path");
    }
    struct ::stat status {};
    if (::lstat((options.base_path + "/metadata").c_str(), &status) != 0) {
        return place_error(errno, what, "check base_path");
    }
    return {};
}

Error is_open_elsewhere(const Store& store) {
    return {ErrorCode::conflict,
            "somebody has the store open " + store.place() +
                ": end that, and begin again; once it has begun, others may use the store"};
}

/// Steps 1 and 2.
Result<void> begin(Store& store, LocalLayout wanted) {
    FILESTORE_TRY_ASSIGN(const bool alone, take_layout_alone(store.base.get(), store.place()));
    if (!alone) {
        return is_open_elsewhere(store);
    }
    FILESTORE_TRY_ASSIGN(const auto recorded, read_layout(store.base.get(), store.place()));
    if (recorded.value_or(Layout()) != store.layout) {
        return is_open_elsewhere(store);
    }
    const Layout next{wanted, store.layout.current};
    FILESTORE_TRY(write_layout(store, next));
    FILESTORE_TRY(share_layout(store.base.get(), store.place()));
    FILESTORE_TRY_ASSIGN(const auto kept, read_layout(store.base.get(), store.place()));
    if (kept != next) {
        return is_open_elsewhere(store);
    }
    store.layout = next;
    return {};
}

/// Steps 3 to 5. A resource; one thread at a time.
class Conversion {
public:
    Conversion(const Store& store, const ConvertRequest& request)
        : store_(store), request_(request), old_(*store.layout.before) {}

    Result<ConvertReport> run();

private:
    /// What is done with each ID of the old places.
    using Visit = std::function<Result<void>(const FileId&)>;

    [[nodiscard]] Result<std::uint64_t> visit(Part part, const Visit& visit_one) const;
    [[nodiscard]] Result<std::uint64_t> visit(const Descriptor& directory, Part part,
                                              const Visit& visit_one) const;
    [[nodiscard]] Result<std::uint64_t> move_all();
    [[nodiscard]] Result<void> move(const FileId& id);
    [[nodiscard]] Result<void> flush_all() const;
    [[nodiscard]] Result<void> remove_shards() const;
    void show_progress_now_and_then();

    const Store& store_;
    const ConvertRequest& request_;
    LocalLayout old_;
    ConvertProgress progress_;
    std::chrono::steady_clock::time_point next_progress_{};
};

Result<ConvertReport> Conversion::run() {
    if (request_.progress) {
        FILESTORE_TRY_ASSIGN(progress_.files_total,
                             visit(Part::data, [](const FileId&) { return Result<void>(); }));
    }
    while (true) {
        FILESTORE_TRY_ASSIGN(const std::uint64_t found, move_all());
        if (found == 0) {
            break;
        }
    }
    FILESTORE_TRY(flush_all());
    if (old_ == LocalLayout::sharded) {
        FILESTORE_TRY(remove_shards());
    }
    FILESTORE_TRY(write_layout(store_, {store_.layout.current}));
    if (request_.progress) {
        request_.progress({progress_.files_done, progress_.files_done});
    }
    return ConvertReport{progress_.files_done};
}

/// Of every name that there is in a directory from the beginning to the end of the look; also while names go. Answers how many.
Result<std::uint64_t> Conversion::visit(const Descriptor& directory, Part part,
                                        const Visit& visit_one) const {
    const std::string what = "cannot list the files " + store_.place();
    FILESTORE_TRY_ASSIGN(const Directory names, open_directory(directory.get(), what));
    std::uint64_t found = 0;
    errno = 0;
    while (const dirent* entry = ::readdir(names.get())) {
        const auto text = id_text(entry->d_name, part);
        const auto id = text ? FileId::parse(*text) : Result<FileId>(Error(ErrorCode::not_found));
        if (id.ok()) {
            ++found;
            FILESTORE_TRY(visit_one(*id));
        }
        errno = 0;
    }
    return errno == 0 ? Result<std::uint64_t>(found) : open_file_error(errno, what);
}

Result<std::uint64_t> Conversion::visit(Part part, const Visit& visit_one) const {
    std::uint64_t found = 0;
    FILESTORE_TRY_ASSIGN(const auto numbers, directories_there(store_, old_, part));
    for (const unsigned number : numbers) {
        const Descriptor directory = open_directory_of(store_, old_, part, number);
        if (!directory.is_open()) {
            return open_file_error(errno, "cannot list the files " + store_.place());
        }
        FILESTORE_TRY_ASSIGN(const std::uint64_t there, visit(directory, part, visit_one));
        found += there;
    }
    return found;
}

/// Metadata of no file comes last.
Result<std::uint64_t> Conversion::move_all() {
    std::uint64_t found = 0;
    for (const Part part : both_parts) {
        FILESTORE_TRY_ASSIGN(const std::uint64_t there,
                             visit(part, [this](const FileId& id) { return move(id); }));
        found += there;
    }
    return found;
}

Result<void> Conversion::move(const FileId& id) {
    FILESTORE_TRY(check_call_limits(request_.call.cancel, request_.call.deadline));
    {
        FILESTORE_TRY_ASSIGN(const FileLock lock, FileLock::take(store_, id, request_.call));
        FILESTORE_TRY(settle(store_, id));
    }
    ++progress_.files_done;
    show_progress_now_and_then();
    return {};
}

/// Also what others have moved, whose durability may be a lesser one.
Result<void> Conversion::flush_all() const {
    for (const LocalLayout layout : both_layouts) {
        for (const Part part : both_parts) {
            FILESTORE_TRY_ASSIGN(const auto numbers, directories_there(store_, layout, part));
            for (const unsigned number : numbers) {
                const Descriptor directory = open_directory_of(store_, layout, part, number);
                if (!directory.is_open()) {
                    return open_file_error(errno, "cannot open a directory " + store_.place());
                }
                FILESTORE_TRY(flush_to_disk(directory.get(), "cannot flush a directory " + store_.place()));
            }
        }
    }
    return {};
}

/// Those that are empty: what is not ours stays.
Result<void> Conversion::remove_shards() const {
    for (const Part part : both_parts) {
        FILESTORE_TRY_ASSIGN(const auto numbers, directories_there(store_, LocalLayout::sharded, part));
        for (const unsigned number : numbers) {
            remove_shard(store_, part, number);
        }
    }
    return {};
}

void Conversion::show_progress_now_and_then() {
    const auto now = std::chrono::steady_clock::now();
    if (request_.progress && now >= next_progress_) {
        next_progress_ = now + convert_progress_interval;
        request_.progress(progress_);
    }
}

Result<ConvertReport> convert(const LocalOptions& options, const ConvertRequest& request) {
    FILESTORE_TRY(check_is_store(options));
    FILESTORE_TRY_ASSIGN(Store store, Store::open(options.base_path, options.durability,
                                                  {options.file_mode, options.directory_mode}));
    if (store.layout == Layout{request.layout}) {
        return ConvertReport{};
    }
    if (store.layout.current != request.layout) {
        FILESTORE_TRY(begin(store, request.layout));
    }
    return Conversion(store, request).run();
}

}  // namespace

}  // namespace local

Result<ConvertReport> convert_local_store(const LocalOptions& options, const ConvertRequest& request) {
    try {
        return local::convert(options, request);
    } catch (const std::bad_alloc&) {
        return Error(ErrorCode::no_memory);
    }
}

}  // namespace filestore
