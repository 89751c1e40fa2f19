#include "filestore/local_backend.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/backend_handle.h"
#include "core/bare_files.h"
#include "core/blocking_machinery.h"
#include "core/checksum/checksum.h"
#include "core/file_stream.h"
#include "core/secret.h"
#include "core/staged_file.h"
#include "core/stream_calls.h"
#include "core/try.h"
#include "core/upload_record.h"
#include "filestore/blocking_backend.h"
#include "local/arrived_source.h"
#include "local/at_hand.h"
#include "local/commit.h"
#include "local/listing.h"
#include "local/local_resumable_store.h"
#include "local/partial_uploads.h"
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

Error another_version(const Store& store, const FileId& id) {
    return {ErrorCode::precondition_failed,
            "file " + id.str() + " " + store.place() + " is of another version"};
}

/// Stages the bytes, or keeps them where they are few, then commits them with their sidecar (see commit.h).
class LocalWriter final : public BlockingBackend::Writer {
public:
    LocalWriter(std::shared_ptr<const Store> store, const UploadRequest& request,
                std::optional<ChecksumAlgorithm> checksum)
        : store_(std::move(store)),
          create_only_(request.create_only),
          if_version_(request.if_version),
          late_metadata_(request.late_metadata),
          limits_(request.call),
          arrived_(std::dynamic_pointer_cast<local::ArrivedSource>(request.source)),
          is_large_(request.source->size().value_or(0) > most_kept) {
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
        if (!content_.staged && !is_large_ && content_.small.size() + bytes.size() <= most_kept) {
            content_.small.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
            return {};
        }
        FILESTORE_TRY(stage());
        return write_staged(bytes);
    }

    /// The blocks are shared where the file system can, and read once for the checksum. Else a checksum wants the bytes to come by.
    Result<std::uint64_t> write_from(int descriptor, std::uint64_t offset, std::uint64_t size) override {
        const FileRange range{descriptor, offset, size};
        if (!content_.staged) {
            if (size <= most_kept) {
                return std::uint64_t{0};
            }
            FILESTORE_TRY_ASSIGN(is_cloned_,
                                 offset == 0 && arrived_ ? take_over(*arrived_) : Result<bool>(false));
        }
        if (!content_.staged) {
            FILESTORE_TRY(stage());
            is_cloned_ = clone_into_empty(range, content_.staged->descriptor());
        }
        if (!is_cloned_) {
            return checksum_ ? std::uint64_t{0} : copy_between_files(range, content_.staged->descriptor());
        }
        return checksum_ ? add_cloned(size) : Result<std::uint64_t>(size);
    }

    Result<void> commit(std::uint64_t size) override {
        FILESTORE_TRY(take_late_metadata());
        content_.sidecar = make_sidecar(size);
        if (content_.staged) {
            FILESTORE_TRY(local::write_out_staged(*store_, *content_.staged));
        }
        FILESTORE_TRY_ASSIGN(const FileLock lock, FileLock::take(*store_, sidecar_.id, limits_));
        if (arrived_) {
            FILESTORE_TRY(local::check_not_ended(*store_, sidecar_.id));
        }
        FILESTORE_TRY(local::settle_replacement(*store_, sidecar_.id));
        FILESTORE_TRY_ASSIGN(const auto existing, find_file(*store_, sidecar_.id));
        if (!if_version_.empty()) {
            FILESTORE_TRY(check_version());
        }
        if (!existing) {
            return publish_new();
        }
        if (create_only_) {
            return Error(ErrorCode::already_exists,
                         "file " + sidecar_.id.str() + " is already there " + store_->place());
        }
        return local::replace(*store_, sidecar_.id, content_);
    }

private:
    /// From now on the bytes are in a file.
    Result<void> stage() {
        if (content_.staged) {
            return {};
        }
        FILESTORE_TRY_ASSIGN(StagedFile file, local::stage(*store_));
        content_.staged.emplace(std::move(file));
        const std::string first = std::exchange(content_.small, {});
        return write_staged(std::as_bytes(std::span(first)));
    }

    Result<void> write_staged(std::span<const std::byte> bytes) {
        const int number = write_to_descriptor(content_.staged->descriptor(), bytes);
        return number == 0 ? Result<void>()
                           : open_file_error(number, "cannot write a file " + store_->place());
    }

    /// The file that has the bytes already gets another name. False where that cannot be.
    Result<bool> take_over(const local::ArrivedSource& arrived) {
        FILESTORE_TRY_ASSIGN(const int staging, store_->staging());
        auto adopted = StagedFile::adopt(staging, arrived.file());
        if (!adopted || ::lseek(adopted->descriptor(), 0, SEEK_SET) != 0) {
            return false;
        }
        content_.staged.emplace(std::move(*adopted));
        return true;
    }

    /// Reads the next bytes of the cloned file, of which `left` have not been read.
    Result<std::uint64_t> add_cloned(std::uint64_t left) {
        if (buffer_.empty()) {
            buffer_.resize(read_size);
        }
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer_.size()));
        ssize_t got = 0;
        do {
            got = ::read(content_.staged->descriptor(), buffer_.data(), wanted);
        } while (got < 0 && errno == EINTR);
        if (got <= 0) {
            return open_file_error(got < 0 ? errno : EIO, "cannot read what was stored " + store_->place());
        }
        const auto count = static_cast<std::size_t>(got);
        checksum_->update(std::span(buffer_).first(count));
        return std::uint64_t{count};
    }

    /// Only a program that takes no lock can have made the file meanwhile.
    Result<void> publish_new() {
        auto published = local::publish_new(*store_, sidecar_.id, content_);
        if (!create_only_ && !published.ok() && published.error().code() == ErrorCode::already_exists) {
            return Error(ErrorCode::conflict, std::string(published.error().message()));
        }
        return published;
    }

    Result<void> take_late_metadata() {
        if (late_metadata_) {
            FILESTORE_TRY_ASSIGN(sidecar_.metadata, call_user(ErrorCode::source_failed, late_metadata_));
            FILESTORE_TRY(check_user_metadata(sidecar_.metadata));
        }
        return {};
    }

    /// A file without metadata has no version that anybody was told.
    Result<void> check_version() const {
        const auto stored = read_stored_file(*store_, sidecar_.id);
        if (!stored.ok() && stored.error().code() != ErrorCode::not_found) {
            return stored.error();
        }
        if (!stored.ok()) {
            return Error(ErrorCode::precondition_failed, "file " + sidecar_.id.str() + " " + store_->place() +
                                                             " is not there to be replaced");
        }
        return stored->info.version == if_version_ ? Result<void>() : another_version(*store_, sidecar_.id);
    }

    std::string make_sidecar(std::uint64_t size) {
        sidecar_.version = store_->new_version();
        sidecar_.size = size;
        if (checksum_) {
            sidecar_.checksum = checksum_->finish();
        }
        return local::write_sidecar(sidecar_);
    }

    /// Of no more bytes is it worth to keep them until they are whole.
    static constexpr std::size_t most_kept = std::size_t{64} * 1024;
    static constexpr std::size_t read_size = std::size_t{256} * 1024;

    std::shared_ptr<const Store> store_;
    local::NewContent content_;
    bool is_cloned_ = false;
    std::vector<std::byte> buffer_;
    Sidecar sidecar_;
    /// Of what was written so far.
    std::optional<Checksum> checksum_;
    bool create_only_;
    std::string if_version_;
    const std::function<Result<Metadata>()> late_metadata_;
    CallOptions limits_;
    /// The source, where it is of an upload that came piece by piece.
    std::shared_ptr<local::ArrivedSource> arrived_;
    /// Known from the beginning: none of its bytes are kept.
    bool is_large_;
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

    /// A checksum that is to be compared wants the bytes to come by.
    int descriptor() const noexcept override { return check_ ? -1 : file_.get(); }

private:
    std::shared_ptr<const Store> store_;
    FileId id_;
    Descriptor file_;
    std::uint64_t size_;
    Result<FileInfo> info_;
    /// Nothing where the file has no checksum, or it is not to be compared.
    std::optional<ReadCheck> check_;
};

class LocalBackend final : public BlockingBackend, public BareFiles {
public:
    LocalBackend(Store store, LocalOptions options)
        : BlockingBackend(std::move(options.executor)),
          store_(std::make_shared<const Store>(std::move(store))),
          checksum_(options.checksum),
          download_check_(options.verify_downloads),
          url_base_(std::move(options.url_base)),
          url_key_(std::move(options.url_key)),
          clock_(std::move(options.clock)),
          resumable_(store_, clock_) {
        resumable_.run_on(machinery().runtime, machinery().pending);
    }

    Capabilities capabilities() const noexcept override {
        return {.remove_tells_existence = true,
                .presign = !url_key_.empty(),
                .compare_and_swap = true,
                .compare_and_delete = true,
                .late_metadata = true};
    }
    std::string_view name() const noexcept override { return "local"; }
    ResumableStore* resumable_store() noexcept override { return &resumable_; }

    std::optional<FileAtHand> read_at_hand(const FileId& id, std::size_t most) noexcept override {
        if (download_check_ == DownloadCheck::checksum || machinery().pending->forked()) {
            return std::nullopt;
        }
        try {
            return local::read_at_hand(*store_, id, most);
        } catch (const std::bad_alloc&) {
            return std::nullopt;
        }
    }

    void discard_async(FileRequest request, Completion<void> done) override {
        FileRequest asked = request;
        resumable_.state_async(std::move(asked),
                               [this, self = shared_from_this(), request = std::move(request),
                                done = std::move(done)](const Result<PartialUpload>& upload) {
                                   if (!is_gone(upload)) {
                                       return done(nothing_to_discard(upload));
                                   }
                                   or_no_memory(done, [&] { StorageBackend::discard_async(request, done); });
                               });
    }

    Result<FileInfo> bare_info(const FileId& id) override {
        FILESTORE_TRY_ASSIGN(const auto found, find_file(*store_, id));
        return found ? Result<FileInfo>(local::bare_info_of(id, *found)) : local::no_such_file(*store_, id);
    }

protected:
    Result<std::unique_ptr<Writer>> open_writer(const UploadRequest& request) override {
        return std::unique_ptr<Writer>(std::make_unique<LocalWriter>(store_, request, checksum_));
    }

    /// One open file is one version, whatever is stored meanwhile: only who wants to know more of it needs metadata that is of the same upload.
    Result<std::unique_ptr<Reader>> open_reader(const DownloadRequest& request) override {
        if (!request.on_info && download_check_ != DownloadCheck::checksum) {
            FILESTORE_TRY_ASSIGN(local::OpenFile file, local::open_file(*store_, request.id));
            if (download_check_ == DownloadCheck::none || has_told_size(request.id, file.status)) {
                return make_reader(request.id, std::move(file), Error(ErrorCode::internal), {});
            }
        }
        return open_with_metadata(request);
    }

    Result<bool> remove_now(const FileRequest& request) override {
        const FileId& id = request.id;
        FILESTORE_TRY_ASSIGN(const auto seen, find_file(*store_, id));
        if (!seen && !has_sidecar(id)) {
            return false;
        }
        FILESTORE_TRY_ASSIGN(const FileLock lock, FileLock::take(*store_, id, request.call));
        FILESTORE_TRY(local::settle(*store_, id));
        FILESTORE_TRY_ASSIGN(const bool is_wanted, is_of_version(id, request.if_version));
        if (!is_wanted) {
            return another_version(*store_, id);
        }
        return local::take_away(*store_, id);
    }

    Result<bool> exists_now(const FileRequest& request) override {
        FILESTORE_TRY_ASSIGN(const auto existing, find_file(*store_, request.id));
        return existing.has_value();
    }

    Result<FileInfo> metadata_now(const FileRequest& request) override {
        const FileId& id = request.id;
        const auto look = [&]() -> Result<struct ::stat> {
            FILESTORE_TRY_ASSIGN(const auto found, find_file(*store_, id));
            return found ? Result<struct ::stat>(*found) : local::no_such_file(*store_, id);
        };
        const auto is_unchanged = [&](const struct ::stat& before) {
            const auto after = look();
            return after.ok() && local::is_same_file(before, *after);
        };
        return in_one_piece(id, request.call, look, is_unchanged,
                            [&](const struct ::stat& status) { return info_of(id, status); });
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
        return local::verify_store(*store_, request, *clock_);
    }

private:
    /// What `read` makes of a file that `look` found, whose data and metadata are of one upload, which `is_unchanged` shows: a replacement that was under way
    /// meanwhile is waited for, or finished where its process has died. A replacement renames first the data, then the sidecar, and its record is there in between.
    template <class Look, class IsUnchanged, class Read>
    std::invoke_result_t<Read, const struct ::stat&> in_one_piece(const FileId& id, const CallOptions& call,
                                                                  Look look, IsUnchanged is_unchanged,
                                                                  Read read) const {
        for (int attempt = 0; attempt < attempts_without_lock; ++attempt) {
            const Result<struct ::stat> found = look();
            FILESTORE_TRY_ASSIGN(const bool is_replaced, local::is_being_replaced(*store_, id));
            if (is_replaced) {
                break;
            }
            FILESTORE_TRY(found);
            auto result = read(*found);
            if (is_unchanged(*found)) {
                return result;
            }
        }
        FILESTORE_TRY_ASSIGN(const FileLock lock, FileLock::take(*store_, id, call));
        FILESTORE_TRY(local::settle(*store_, id));
        FILESTORE_TRY_ASSIGN(const struct ::stat found, look());
        return read(found);
    }

    [[nodiscard]] bool has_sidecar(const FileId& id) const {
        return local::look_for(*store_, id, local::Part::sidecar, [](int directory, const char* name) {
            return ::faccessat(directory, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
        });
    }

    /// Also one that is not there, and any where none is wanted. The caller holds the file's lock.
    [[nodiscard]] Result<bool> is_of_version(const FileId& id, const std::string& wanted) const {
        if (wanted.empty()) {
            return true;
        }
        FILESTORE_TRY_ASSIGN(const auto found, find_file(*store_, id));
        if (!found) {
            return true;
        }
        FILESTORE_TRY_ASSIGN(const auto stored, read_metadata(id, *found));
        return (stored ? stored->info : local::bare_info_of(id, *found)).version == wanted;
    }

    [[nodiscard]] Result<FileInfo> info_of(const FileId& id, const struct ::stat& status) const {
        FILESTORE_TRY_ASSIGN(StoredFile file, read_stored_file(*store_, id, status));
        return std::move(file.info);
    }

    /// Whether the metadata, of this upload or another, tells of the size that the file has; also where there is none.
    [[nodiscard]] bool has_told_size(const FileId& id, const struct ::stat& status) const {
        return read_metadata(id, status).ok();
    }

    /// Nothing for a file without metadata, which can be read all the same.
    [[nodiscard]] Result<std::optional<StoredFile>> read_metadata(const FileId& id,
                                                                  const struct ::stat& status) const {
        auto stored = read_stored_file(*store_, id, status);
        if (stored.ok()) {
            return std::optional(std::move(*stored));
        }
        return stored.error().code() == ErrorCode::not_found ? Result(std::optional<StoredFile>())
                                                             : stored.error();
    }

    [[nodiscard]] Result<std::unique_ptr<Reader>> open_with_metadata(const DownloadRequest& request) const {
        local::OpenFile file;
        const auto open = [&]() -> Result<struct ::stat> {
            FILESTORE_TRY_ASSIGN(file, local::open_file(*store_, request.id));
            return file.status;
        };
        const auto is_unchanged = [&](const struct ::stat&) {
            return local::is_still_there(*store_, request.id, file);
        };
        const auto read = [&](const struct ::stat& status) { return read_metadata(request.id, status); };
        FILESTORE_TRY_ASSIGN(auto stored, in_one_piece(request.id, request.call, open, is_unchanged, read));
        if (!stored) {
            return make_reader(request.id, std::move(file), local::no_metadata(*store_, request.id), {});
        }
        FILESTORE_TRY_ASSIGN(auto check, make_check(request.id, *stored));
        return make_reader(request.id, std::move(file), std::move(stored->info), std::move(check));
    }

    /// Fails for an empty file that should not be: of that nothing will be read.
    [[nodiscard]] Result<std::optional<ReadCheck>> make_check(const FileId& id,
                                                              const StoredFile& stored) const {
        std::optional<ReadCheck> check;
        if (download_check_ == DownloadCheck::checksum && stored.checksum) {
            check.emplace(*stored.checksum, stored.info.size);
            if (stored.info.size == 0) {
                FILESTORE_TRY(check->add(*store_, id, 0, {}));
            }
        }
        return check;
    }

    [[nodiscard]] Result<std::unique_ptr<Reader>> make_reader(const FileId& id, local::OpenFile file,
                                                              Result<FileInfo> info,
                                                              std::optional<ReadCheck> check) const {
        return std::unique_ptr<Reader>(std::make_unique<LocalReader>(
            store_, id, std::move(file.descriptor), static_cast<std::uint64_t>(file.status.st_size),
            std::move(info), std::move(check)));
    }

    std::shared_ptr<const Store> store_;
    std::optional<ChecksumAlgorithm> checksum_;
    DownloadCheck download_check_;
    std::string url_base_;
    SecretString url_key_;
    std::shared_ptr<Clock> clock_;
    local::LocalResumableStore resumable_;
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
