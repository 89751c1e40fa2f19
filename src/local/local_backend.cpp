#include "filestore/local_backend.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "core/backend_handle.h"
#include "core/call_limits.h"
#include "core/checksum/checksum.h"
#include "core/staged_file.h"
#include "core/try.h"
#include "filestore/blocking_backend.h"
#include "local/listing.h"
#include "local/read_check.h"
#include "local/sidecar.h"
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
using local::sidecar_name;
using local::Store;
using local::StoredFile;

constexpr unsigned file_mode = 0600;

Result<void> flush_directory(const Store& store, const Descriptor& directory) {
    if (store.durability != Durability::full) {
        return {};
    }
    return flush_to_disk(directory.get(), "cannot flush a directory " + store.place());
}

Result<void> flush_file(const Store& store, const StagedFile& file) {
    if (store.durability == Durability::none) {
        return {};
    }
    return flush_to_disk(file.descriptor(), "cannot flush a file " + store.place());
}

/// What a reader sees after a crash at any point: nothing, until the data has its name; then file and sidecar.
///
///     1. the data is staged without a name, then flushed        nothing is there
///     2. the sidecar is staged, flushed, named; its directory is flushed     a sidecar that nobody asks for
///     3. the data gets its name; its directory is flushed       the file
///
/// A replacement is two renames under the file's lock, sidecar first.
class LocalWriter final : public BlockingBackend::Writer {
public:
    LocalWriter(std::shared_ptr<const Store> store, StagedFile data, const UploadRequest& request,
                std::optional<ChecksumAlgorithm> checksum)
        : store_(std::move(store)),
          data_(std::move(data)),
          create_only_(request.create_only),
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
        FILESTORE_TRY(flush_file(*store_, data_));
        FILESTORE_TRY_ASSIGN(const FileLock lock, FileLock::take(*store_, sidecar_.id, limits_));
        FILESTORE_TRY_ASSIGN(const auto existing, find_file(*store_, sidecar_.id));
        if (!existing) {
            return publish_new(sidecar_file);
        }
        if (create_only_) {
            return Error(ErrorCode::already_exists,
                         "file " + sidecar_.id.str() + " is already there " + store_->place());
        }
        return replace(sidecar_file);
    }

private:
    Result<StagedFile> stage_sidecar() {
        FILESTORE_TRY_ASSIGN(const std::string json, local::write_sidecar(sidecar_));
        auto file = StagedFile::create(store_->metadata.get(), file_mode);
        if (!file) {
            return file.error().within(store_->place());
        }
        FILESTORE_TRY(write_all(file->descriptor(), std::as_bytes(std::span(json)),
                                "cannot write metadata " + store_->place()));
        FILESTORE_TRY(flush_file(*store_, *file));
        return file;
    }

    /// A sidecar without data may stand in the way: what a crash left.
    Result<void> publish_new(StagedFile& sidecar_file) {
        FILESTORE_TRY(sidecar_file.publish_replacing(sidecar_name(sidecar_.id)));
        Result<void> published = flush_directory(*store_, store_->metadata);
        if (published.ok()) {
            published = data_.publish_new(sidecar_.id.str());
        }
        if (published.ok()) {
            published = flush_directory(*store_, store_->base);
            if (!published.ok()) {
                ::unlinkat(store_->base.get(), sidecar_.id.str().c_str(), 0);
            }
        }
        if (!published.ok()) {
            ::unlinkat(store_->metadata.get(), sidecar_name(sidecar_.id).c_str(), 0);
        }
        return published;
    }

    Result<void> replace(StagedFile& sidecar_file) {
        FILESTORE_TRY(data_.prepare_replacing());
        FILESTORE_TRY(sidecar_file.publish_replacing(sidecar_name(sidecar_.id)));
        FILESTORE_TRY(flush_directory(*store_, store_->metadata));
        FILESTORE_TRY(data_.publish_replacing(sidecar_.id.str()));
        return flush_directory(*store_, store_->base);
    }

    std::shared_ptr<const Store> store_;
    StagedFile data_;
    Sidecar sidecar_;
    /// Of what was written so far.
    std::optional<Checksum> checksum_;
    bool create_only_;
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
    LocalBackend(Store store, const LocalOptions& options)
        : BlockingBackend(options.executor),
          store_(std::make_shared<const Store>(std::move(store))),
          checksum_(options.checksum),
          verify_downloads_(options.verify_downloads) {}

    Capabilities capabilities() const noexcept override {
        return {.remove_tells_existence = true, .presign = false};
    }
    std::string_view name() const noexcept override { return "local"; }

protected:
    Result<std::unique_ptr<Writer>> open_writer(const UploadRequest& request) override {
        auto data = StagedFile::create(store_->base.get(), file_mode);
        if (!data) {
            return data.error().within(store_->place());
        }
        return std::unique_ptr<Writer>(
            std::make_unique<LocalWriter>(store_, std::move(*data), request, checksum_));
    }

    Result<std::unique_ptr<Reader>> open_reader(const DownloadRequest& request) override {
        if (!request.on_info && !verify_downloads_) {
            // What the metadata tells is not used, so a replacement under way matters only where it looks like damage.
            if (auto reader = open_with_info(request.id); reader.ok()) {
                return reader;
            }
        }
        // Data and metadata have to be of one upload. A store that cannot be written to has no lock, and nobody replaces files there.
        const auto lock = FileLock::take(*store_, request.id, request.call);
        FILESTORE_TRY(check_call_limits(request.call.cancel, request.call.deadline));
        return open_with_info(request.id);
    }

    /// The data goes first: from then on the file is gone whole, and a crash leaves only a sidecar that nobody asks for. Such a
    /// sidecar goes when its file is removed again.
    Result<bool> remove_now(const FileRequest& request) override {
        const FileId& id = request.id;
        const std::string sidecar = sidecar_name(id);
        FILESTORE_TRY_ASSIGN(const auto existing, find_file(*store_, id));
        if (!existing &&
            ::faccessat(store_->metadata.get(), sidecar.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0) {
            return false;
        }
        FILESTORE_TRY_ASSIGN(const FileLock lock, FileLock::take(*store_, id, request.call));
        FILESTORE_TRY_ASSIGN(const bool had_data, unlink_and_flush(store_->base, id.str()));
        FILESTORE_TRY_ASSIGN([[maybe_unused]] const bool had_sidecar,
                             unlink_and_flush(store_->metadata, sidecar));
        return had_data;
    }

    Result<bool> exists_now(const FileRequest& request) override {
        FILESTORE_TRY_ASSIGN(const auto existing, find_file(*store_, request.id));
        return existing.has_value();
    }

    Result<FileInfo> metadata_now(const FileRequest& request) override {
        auto info = info_of(request.id);
        if (info.ok() || info.error().code() != ErrorCode::corrupt) {
            return info;
        }
        // Between the two renames of a replacement, data and sidecar do not agree: look again when it is over.
        auto lock = FileLock::take(*store_, request.id, request.call);
        return lock.ok() ? info_of(request.id) : info;
    }

    Result<ListPage> list_now(const ListRequest& request) override {
        return local::list_files(*store_, request);
    }

    Result<VerifyReport> verify_now(const VerifyRequest& request) override {
        return local::verify_store(*store_, request);
    }

private:
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

    /// False where there was nothing to unlink.
    [[nodiscard]] Result<bool> unlink_and_flush(const Descriptor& directory, const std::string& name) const {
        if (::unlinkat(directory.get(), name.c_str(), 0) != 0) {
            if (errno == ENOENT) {
                return false;
            }
            return open_file_error(errno, "cannot remove " + name + " " + store_->place());
        }
        FILESTORE_TRY(flush_directory(*store_, directory));
        return true;
    }

    std::shared_ptr<const Store> store_;
    std::optional<ChecksumAlgorithm> checksum_;
    bool verify_downloads_;
};

}  // namespace

Result<std::shared_ptr<StorageBackend>> open_local_backend(LocalOptions options) {
    FILESTORE_TRY_ASSIGN(Store store, Store::open(options.base_path, options.durability));
    return make_backend_handle(std::make_shared<LocalBackend>(std::move(store), options));
}

}  // namespace filestore
