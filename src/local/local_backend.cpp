#include "filestore/local_backend.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

#include "core/backend_handle.h"
#include "core/checksum/checksum.h"
#include "core/secret.h"
#include "core/staged_file.h"
#include "core/try.h"
#include "filestore/blocking_backend.h"
#include "local/commit.h"
#include "local/listing.h"
#include "local/places.h"
#include "local/read_check.h"
#include "local/sidecar.h"
#include "local/signed_url.h"
#include "local/store.h"
#include "local/stored_file.h"
#include "local/verify.h"

namespace filestore {

namespace {

using local::FileLock;
using local::find_file;
using local::read_stored_file;
using local::ReadCheck;
using local::Sidecar;
using local::Store;
using local::StoredFile;

constexpr int attempts_without_lock = 3;

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
    LocalWriter(std::shared_ptr<const Store> store, StagedFile data, const UploadRequest& request,
                std::optional<ChecksumAlgorithm> checksum)
        : store_(std::move(store)),
          data_(std::move(data)),
          create_only_(request.create_only),
          if_version_(request.if_version),
          limits_(request.call) {
        sidecar_.id = request.id;
        sidecar_.original_path = request.original_path;
        sidecar_.content_type = request.content_type;
        sidecar_.metadata = request.metadata;
        if (checksum) {
            checksum_.emplace(*checksum);
        }
    }

    Result<void> write(std::span<const std::byte> bytes) override {
        if (checksum_) {
            checksum_->update(bytes);
        }
        return write_all(data_.descriptor(), bytes, "cannot write a file " + store_->place());
    }

    Result<void> commit(std::uint64_t size) override {
        sidecar_.size = size;
        if (checksum_) {
            sidecar_.checksum = checksum_->finish();
        }
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
        const auto stored = read_stored_file(*store_, sidecar_.id);
        if (!stored.ok() && stored.error().code() != ErrorCode::not_found) {
            return stored.error();
        }
        if (!stored.ok() || stored->info.version != if_version_) {
            return Error(ErrorCode::precondition_failed,
                         "file " + sidecar_.id.str() + " " + store_->place() +
                             (stored.ok() ? " is of another version" : " is not there to be replaced"));
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
    /// Of what was written so far.
    std::optional<Checksum> checksum_;
    bool create_only_;
    std::string if_version_;
    CallOptions limits_;
};

class LocalReader final : public BlockingBackend::Reader {
public:
    LocalReader(std::shared_ptr<const Store> store, const FileId& id, Descriptor file, std::uint64_t size,
                Result<FileInfo> info, std::optional<ReadCheck> check)
        : store_(std::move(store)),
          id_(id),
          file_(std::move(file)),
          size_(size),
          info_(std::move(info)),
          check_(std::move(check)) {}

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
        const auto count = static_cast<std::size_t>(got);
        if (check_) {
            FILESTORE_TRY(check_->add(*store_, id_, offset, into.first(count)));
        }
        return count;
    }

private:
    std::shared_ptr<const Store> store_;
    FileId id_;
    Descriptor file_;
    std::uint64_t size_;
    Result<FileInfo> info_;
    /// Nothing where the file has no checksum, or it is not to be compared.
    std::optional<ReadCheck> check_;
};

class LocalBackend final : public BlockingBackend {
public:
    LocalBackend(Store store, LocalOptions options)
        : BlockingBackend(std::move(options.executor)),
          store_(std::make_shared<const Store>(std::move(store))),
          checksum_(options.checksum),
          verify_downloads_(options.verify_downloads),
          url_base_(std::move(options.url_base)),
          url_key_(std::move(options.url_key)),
          clock_(std::move(options.clock)) {}

    Capabilities capabilities() const noexcept override {
        return {.remove_tells_existence = true, .presign = !url_key_.empty(), .compare_and_swap = true};
    }
    std::string_view name() const noexcept override { return "local"; }

protected:
    Result<std::unique_ptr<Writer>> open_writer(const UploadRequest& request) override {
        FILESTORE_TRY_ASSIGN(StagedFile data, local::stage(*store_));
        return std::unique_ptr<Writer>(
            std::make_unique<LocalWriter>(store_, std::move(data), request, checksum_));
    }

    Result<std::unique_ptr<Reader>> open_reader(const DownloadRequest& request) override {
        return in_one_piece(request.id, request.call, [&] { return open_with_info(request.id); });
    }

    Result<bool> remove_now(const FileRequest& request) override {
        const FileId& id = request.id;
        FILESTORE_TRY_ASSIGN(const auto seen, find_file(*store_, id));
        if (!seen && !has_sidecar(id)) {
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
        return in_one_piece(request.id, request.call, [&] { return info_of(request.id); });
    }

    Result<ListPage> list_now(const ListRequest& request) override {
        return local::list_files(*store_, ahead_, request);
    }

    Result<PresignedUrl> presign_now(const PresignRequest& request) override {
        if (url_key_.empty()) {
            return Error(ErrorCode::unsupported,
                         "presigned URLs of a local store need the options url_base and url_key");
        }
        return local::sign_url(url_base_, url_key_, request, clock_->now());
    }

    Result<VerifyReport> verify_now(const VerifyRequest& request) override {
        return local::verify_store(*store_, request);
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

    [[nodiscard]] bool has_sidecar(const FileId& id) const {
        return local::look_for(*store_, id, local::Part::sidecar, [](int directory, const char* name) {
            return ::faccessat(directory, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
        });
    }

    [[nodiscard]] Result<FileInfo> info_of(const FileId& id) const {
        FILESTORE_TRY_ASSIGN(StoredFile file, read_stored_file(*store_, id));
        return std::move(file.info);
    }

    /// `corrupt` where the metadata is damaged or tells of another size, and for an empty file that should not be. A file without metadata can be read.
    [[nodiscard]] Result<std::unique_ptr<Reader>> open_with_info(const FileId& id) const {
        FILESTORE_TRY_ASSIGN(Descriptor file, local::open_file(*store_, id));
        struct ::stat status {};
        if (::fstat(file.get(), &status) != 0) {
            return open_file_error(errno, "cannot look at file " + id.str() + " " + store_->place());
        }
        if (!S_ISREG(status.st_mode)) {
            return local::not_regular(*store_, id);
        }
        auto stored = read_stored_file(*store_, id);
        if (!stored.ok() && stored.error().code() == ErrorCode::corrupt) {
            return stored.error();
        }
        const auto size = static_cast<std::uint64_t>(status.st_size);
        std::optional<ReadCheck> check;
        if (verify_downloads_ && stored.ok() && stored->checksum) {
            check.emplace(*stored->checksum, size);
            // Of an empty file nothing will be read.
            if (size == 0) {
                FILESTORE_TRY(check->add(*store_, id, 0, {}));
            }
        }
        auto info =
            stored.ok() ? Result<FileInfo>(std::move(stored->info)) : Result<FileInfo>(stored.error());
        return std::unique_ptr<Reader>(std::make_unique<LocalReader>(store_, id, std::move(file), size,
                                                                     std::move(info), std::move(check)));
    }

    std::shared_ptr<const Store> store_;
    std::optional<ChecksumAlgorithm> checksum_;
    bool verify_downloads_;
    std::string url_base_;
    SecretString url_key_;
    std::shared_ptr<Clock> clock_;
    local::ReadAhead ahead_;
};

}  // namespace

Result<std::shared_ptr<StorageBackend>> open_local_backend(LocalOptions options) {
    try {
        if (!options.url_base.empty() || !options.url_key.empty()) {
            FILESTORE_TRY(local::check_url_options(options.url_base, options.url_key));
        }
        FILESTORE_TRY_ASSIGN(Store store,
                             Store::open(options.base_path, options.durability,
                                         {options.file_mode, options.directory_mode}, options.layout));
        return make_backend_handle(std::make_shared<LocalBackend>(std::move(store), std::move(options)));
    } catch (const std::bad_alloc&) {
        return Error(ErrorCode::no_memory);
    }
}

}  // namespace filestore
