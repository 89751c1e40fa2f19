#include "filestore/local_backend.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <type_traits>
#include <utility>

#include "core/backend_handle.h"
#include "core/staged_file.h"
#include "core/try.h"
#include "filestore/blocking_backend.h"
#include "local/commit.h"
#include "local/listing.h"
#include "local/paths.h"
#include "local/sidecar.h"
#include "local/store.h"

namespace filestore {

namespace {

using local::FileLock;
using local::modification_time;
using local::open_beneath;
using local::Sidecar;
using local::sidecar_name;
using local::Store;

constexpr int attempts_without_lock = 3;
constexpr std::size_t largest_sidecar = std::size_t{4} * 1024 * 1024;

Error no_such_file(const Store& store, const FileId& id) {
    return {ErrorCode::not_found, "no file " + id.str() + " " + store.place()};
}

Error not_regular(const Store& store, const FileId& id) {
    return {ErrorCode::corrupt, id.str() + " " + store.place() + " is not a regular file"};
}

/// The state of a stored file; nothing where there is none. `corrupt` for what is no regular file: nothing of ours.
Result<std::optional<struct ::stat>> find_file(const Store& store, const FileId& id) {
    struct ::stat status {};
    if (::fstatat(store.base.get(), id.str().c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
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

Result<std::string> read_sidecar_text(const Store& store, const FileId& id) {
    const Descriptor file =
        open_beneath(store.metadata.get(), sidecar_name(id).c_str(), O_RDONLY | O_NONBLOCK);
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

Result<FileInfo> read_info(const Store& store, const FileId& id) {
    FILESTORE_TRY_ASSIGN(const std::optional<struct ::stat> status, find_file(store, id));
    if (!status) {
        return no_such_file(store, id);
    }
    FILESTORE_TRY_ASSIGN(const std::string json, read_sidecar_text(store, id));
    FILESTORE_TRY_ASSIGN(Sidecar sidecar, local::read_sidecar(id, json));
    FileInfo info;
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
    return info;
}

/// Whether two looks saw the same file, untouched.
bool same_file(const std::optional<struct ::stat>& first, const std::optional<struct ::stat>& second) {
    if (!first || !second) {
        return !first && !second;
    }
    return first->st_ino == second->st_ino && first->st_size == second->st_size &&
           first->st_ctim.tv_sec == second->st_ctim.tv_sec &&
           first->st_ctim.tv_nsec == second->st_ctim.tv_nsec;
}

/// Stages the bytes, then commits them with their sidecar (see commit.h).
class LocalWriter final : public BlockingBackend::Writer {
public:
    LocalWriter(std::shared_ptr<const Store> store, StagedFile data, const UploadRequest& request)
        : store_(std::move(store)),
          data_(std::move(data)),
          create_only_(request.create_only),
          if_version_(request.if_version),
          limits_(request.call) {
        sidecar_.id = request.id;
        sidecar_.original_path = request.original_path;
        sidecar_.content_type = request.content_type;
        sidecar_.metadata = request.metadata;
    }

    Result<void> write(std::span<const std::byte> bytes) override {
        return write_all(data_.descriptor(), bytes, "cannot write a file " + store_->place());
    }

    Result<void> commit(std::uint64_t size) override {
        sidecar_.size = size;
        FILESTORE_TRY_ASSIGN(StagedFile sidecar_file, stage_sidecar());
        FILESTORE_TRY(local::flush_staged(*store_, data_));
        FILESTORE_TRY_ASSIGN(const FileLock lock, FileLock::take(*store_, sidecar_.id, limits_));
        FILESTORE_TRY(local::settle(*store_, sidecar_.id));
        FILESTORE_TRY_ASSIGN(const auto existing, find_file(*store_, sidecar_.id));
        if (!if_version_.empty()) {
            FILESTORE_TRY(check_version());
        }
        if (!existing) {
            return publish_new(sidecar_file);
        }
        if (create_only_) {
            return Error(ErrorCode::already_exists,
                         "file " + sidecar_.id.str() + " is already there " + store_->place());
        }
        return local::replace(*store_, sidecar_.id, data_, sidecar_file);
    }

private:
    /// Only a program that takes no lock can have made the file meanwhile.
    Result<void> publish_new(StagedFile& sidecar_file) {
        auto published = local::publish_new(*store_, sidecar_.id, data_, sidecar_file);
        if (!create_only_ && !published.ok() && published.error().code() == ErrorCode::already_exists) {
            return Error(ErrorCode::conflict, std::string(published.error().message()));
        }
        return published;
    }

    /// A file without metadata has no version that anybody was told.
    Result<void> check_version() const {
        const auto info = read_info(*store_, sidecar_.id);
        if (!info.ok() && info.error().code() != ErrorCode::not_found) {
            return info.error();
        }
        if (!info.ok() || info->version != if_version_) {
            return Error(ErrorCode::precondition_failed,
                         "file " + sidecar_.id.str() + " " + store_->place() +
                             (info.ok() ? " is of another version" : " is not there to be replaced"));
        }
        return {};
    }

    Result<StagedFile> stage_sidecar() {
        FILESTORE_TRY_ASSIGN(const FileId version, FileId::generate());
        sidecar_.version = version.str();
        FILESTORE_TRY_ASSIGN(const std::string json, local::write_sidecar(sidecar_));
        FILESTORE_TRY_ASSIGN(StagedFile file, local::stage(*store_));
        FILESTORE_TRY(write_all(file.descriptor(), std::as_bytes(std::span(json)),
                                "cannot write metadata " + store_->place()));
        FILESTORE_TRY(local::flush_staged(*store_, file));
        return file;
    }

    std::shared_ptr<const Store> store_;
    StagedFile data_;
    Sidecar sidecar_;
    bool create_only_;
    std::string if_version_;
    CallOptions limits_;
};

class LocalReader final : public BlockingBackend::Reader {
public:
    LocalReader(std::shared_ptr<const Store> store, const FileId& id, Descriptor file, std::uint64_t size,
                Result<FileInfo> info)
        : store_(std::move(store)), id_(id), file_(std::move(file)), size_(size), info_(std::move(info)) {}

    std::uint64_t size() const noexcept override { return size_; }

    Result<FileInfo> info() override { return info_; }

    Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> into) override {
        ssize_t got = 0;
        do {
            got = ::pread(file_.get(), into.data(), into.size(), static_cast<off_t>(offset));
        } while (got < 0 && errno == EINTR);
        if (got < 0) {
            return open_file_error(errno, "cannot read file " + id_.str() + " " + store_->place());
        }
        return static_cast<std::size_t>(got);
    }

private:
    std::shared_ptr<const Store> store_;
    FileId id_;
    Descriptor file_;
    std::uint64_t size_;
    Result<FileInfo> info_;
};

class LocalBackend final : public BlockingBackend {
public:
    LocalBackend(Store store, std::shared_ptr<Executor> executor)
        : BlockingBackend(std::move(executor)), store_(std::make_shared<const Store>(std::move(store))) {}

    Capabilities capabilities() const noexcept override {
        return {.remove_tells_existence = true, .presign = false, .compare_and_swap = true};
    }
    std::string_view name() const noexcept override { return "local"; }

protected:
    Result<std::unique_ptr<Writer>> open_writer(const UploadRequest& request) override {
        FILESTORE_TRY_ASSIGN(StagedFile data, local::stage(*store_));
        return std::unique_ptr<Writer>(std::make_unique<LocalWriter>(store_, std::move(data), request));
    }

    Result<std::unique_ptr<Reader>> open_reader(const DownloadRequest& request) override {
        return in_one_piece(request.id, request.call, [&] { return open_with_info(request.id); });
    }

    Result<bool> remove_now(const FileRequest& request) override {
        const FileId& id = request.id;
        FILESTORE_TRY_ASSIGN(const auto seen, find_file(*store_, id));
        if (!seen &&
            ::faccessat(store_->metadata.get(), sidecar_name(id).c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0) {
            return false;
        }
        FILESTORE_TRY_ASSIGN(const FileLock lock, FileLock::take(*store_, id, request.call));
        FILESTORE_TRY(local::settle(*store_, id));
        FILESTORE_TRY(find_file(*store_, id));
        return local::take_away(*store_, id);
    }

    Result<bool> exists_now(const FileRequest& request) override {
        FILESTORE_TRY_ASSIGN(const auto existing, find_file(*store_, request.id));
        return existing.has_value();
    }

    Result<FileInfo> metadata_now(const FileRequest& request) override {
        return in_one_piece(request.id, request.call, [&] { return read_info(*store_, request.id); });
    }

    Result<ListPage> list_now(const ListRequest& request) override {
        return local::list_files(*store_, request);
    }

private:
    /// What `read` makes of a file, whose data and metadata are of one upload: a replacement that was under way meanwhile is waited for, or finished
    /// where its process has died. A replacement renames first the data, then the sidecar, and its record is there in between.
    template <class Read>
    std::invoke_result_t<Read> in_one_piece(const FileId& id, const CallOptions& call, Read read) const {
        for (int attempt = 0; attempt < attempts_without_lock; ++attempt) {
            FILESTORE_TRY_ASSIGN(const auto before, find_file(*store_, id));
            FILESTORE_TRY_ASSIGN(const bool is_replaced, local::is_being_replaced(*store_, id));
            if (is_replaced) {
                break;
            }
            auto result = read();
            FILESTORE_TRY_ASSIGN(const auto after, find_file(*store_, id));
            if (same_file(before, after)) {
                return result;
            }
        }
        FILESTORE_TRY_ASSIGN(const FileLock lock, FileLock::take(*store_, id, call));
        FILESTORE_TRY(local::settle(*store_, id));
        return read();
    }

    /// `corrupt` where the metadata is damaged or tells of another size. A file without metadata can be read.
    [[nodiscard]] Result<std::unique_ptr<Reader>> open_with_info(const FileId& id) const {
        FILESTORE_TRY_ASSIGN(Descriptor file, open_file(id));
        struct ::stat status {};
        if (::fstat(file.get(), &status) != 0) {
            return open_file_error(errno, "cannot look at file " + id.str() + " " + store_->place());
        }
        if (!S_ISREG(status.st_mode)) {
            return not_regular(*store_, id);
        }
        auto info = read_info(*store_, id);
        if (!info.ok() && info.error().code() == ErrorCode::corrupt) {
            return info.error();
        }
        return std::unique_ptr<Reader>(std::make_unique<LocalReader>(
            store_, id, std::move(file), static_cast<std::uint64_t>(status.st_size), std::move(info)));
    }

    [[nodiscard]] Result<Descriptor> open_file(const FileId& id) const {
        Descriptor file = open_beneath(store_->base.get(), id.str().c_str(), O_RDONLY | O_NONBLOCK);
        if (file.is_open()) {
            return file;
        }
        switch (errno) {
            case ENOENT:
                return no_such_file(*store_, id);
            case ELOOP:
                return not_regular(*store_, id);
            default:
                return open_file_error(errno, "cannot open file " + id.str() + " " + store_->place());
        }
    }

    std::shared_ptr<const Store> store_;
};

Result<void> check_modes(const LocalOptions& options) {
    const auto is_between = [](unsigned mode, unsigned least, unsigned most) {
        return (mode & least) == least && (mode & ~most) == 0;
    };
    if (!is_between(options.file_mode, 0600, 0666) || !is_between(options.directory_mode, 0700, 02777)) {
        return Error(ErrorCode::invalid_argument,
                     "file_mode must be 0600 to 0666, and directory_mode 0700 to 0777 or 02700 to 02777");
    }
    return {};
}

}  // namespace

Result<std::shared_ptr<StorageBackend>> open_local_backend(LocalOptions options) {
    FILESTORE_TRY(check_modes(options));
    FILESTORE_TRY_ASSIGN(Store store, Store::open(options.base_path, options.durability,
                                                  {options.file_mode, options.directory_mode}));
    return make_backend_handle(std::make_shared<LocalBackend>(std::move(store), std::move(options.executor)));
}

}  // namespace filestore
