#include "serve/openai/parts_store.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/try.h"

namespace filestore::tool::serve::openai {

namespace {

constexpr std::string_view upload_key = "upload";
constexpr std::size_t most_of_a_batch = 1000;
constexpr std::size_t longest_text = std::size_t{64} * 1024;
/// Longer than an upload lives and its file can take to be made.
constexpr std::chrono::hours oldest{6};

std::string local_place(const ServiceOptions& options) {
    return options.local.base_path + "/.filestore/parts";
}

/// Nobody gets links to what lies there.
Result<std::shared_ptr<StorageBackend>> open_place(const ServiceOptions& options) {
    if (options.backend == "s3") {
        S3Options s3 = options.s3;
        s3.key_prefix += ".filestore-parts/";
        return open_s3_backend(std::move(s3));
    }
    LocalOptions local = options.local;
    local.base_path = local_place(options);
    local.layout.reset();
    local.url_base.clear();
    local.url_key = SecretString();
    return open_local_backend(std::move(local));
}

/// Goes from page to page and removes what is old. A resource that its calls share, one after the other.
class Sweep : public std::enable_shared_from_this<Sweep> {
public:
    Sweep(std::shared_ptr<StorageBackend> backend, std::function<void()> done)
        : backend_(std::move(backend)), done_(std::move(done)), before_(system_clock()->now() - oldest) {}

    void begin() { list(); }

private:
    void list() {
        ListRequest request;
        request.cursor = cursor_;
        backend_->list_async(std::move(request), [self = shared_from_this()](const Result<ListPage>& page) {
            page.ok() ? self->take(*page) : self->sweep_uploads();
        });
    }

    void take(const ListPage& page) {
        cursor_ = page.next.value_or("");
        RemoveBatchRequest old;
        for (const ListEntry& entry : page.files) {
            if (entry.last_modified < before_) {
                old.ids.push_back(entry.id);
            }
        }
        if (old.ids.empty()) {
            return go_on();
        }
        backend_->remove_batch_async(
            std::move(old),
            [self = shared_from_this()](const Result<std::vector<RemovalOutcome>>&) { self->go_on(); });
    }

    void go_on() { cursor_.empty() ? sweep_uploads() : list(); }

    void sweep_uploads() {
        SweepUploadsRequest request;
        request.older_than = oldest;
        backend_->sweep_uploads_async(
            std::move(request),
            [self = shared_from_this()](const Result<std::vector<FileId>>&) { self->done_(); });
    }

    const std::shared_ptr<StorageBackend> backend_;
    const std::function<void()> done_;
    const Timestamp before_;
    std::string cursor_;
};

}  // namespace

PartsStore::~PartsStore() {
    if (backend_) {
        backend_->close();
    }
}

Result<std::shared_ptr<StorageBackend>> PartsStore::backend() {
    const std::lock_guard lock(mutex_);
    if (!backend_) {
        FILESTORE_TRY_ASSIGN(backend_, open_place(options_));
    }
    return backend_;
}

void PartsStore::put(std::shared_ptr<Source> source, const std::string& upload, std::stop_token cancel,
                     Completion<HeldPart> done) {
    const auto place = backend();
    const auto id = FileId::generate();
    UploadRequest request;
    const auto is_set = request.metadata.set(upload_key, upload);
    if (!place.ok() || !id.ok() || !is_set.ok()) {
        return done(!place.ok() ? place.error() : !id.ok() ? id.error() : is_set.error());
    }
    request.id = *id;
    request.source = std::move(source);
    request.call.cancel = std::move(cancel);
    (*place)->upload_async(
        std::move(request), [id = *id, done = std::move(done)](const Result<UploadReceipt>& receipt) {
            done(receipt.ok() ? Result<HeldPart>(HeldPart{id, receipt->size}) : receipt.error());
        });
}

void PartsStore::find(const FileId& id, const std::string& upload, Completion<HeldPart> done) {
    const auto place = backend();
    if (!place.ok()) {
        return done(place.error());
    }
    (*place)->metadata_async({id, {}}, [upload, done = std::move(done)](const Result<FileInfo>& info) {
        if (!info.ok()) {
            return done(info.error());
        }
        done(info->metadata.text(upload_key) == upload ? Result<HeldPart>(HeldPart{info->id, info->size})
                                                       : Error(ErrorCode::not_found));
    });
}

void PartsStore::read(const FileId& id, std::shared_ptr<Sink> sink, std::stop_token cancel,
                      Completion<void> done) {
    const auto place = backend();
    if (!place.ok()) {
        return done(place.error());
    }
    DownloadRequest request;
    request.id = id;
    request.sink = std::move(sink);
    request.call.cancel = std::move(cancel);
    (*place)->download_async(std::move(request),
                             [done = std::move(done)](const Result<DownloadReceipt>& receipt) {
                                 done(receipt.ok() ? Result<void>() : receipt.error());
                             });
}

void PartsStore::write_text(const FileId& id, const std::string& text, const std::string& version,
                            Completion<void> done) {
    const auto place = backend();
    if (!place.ok()) {
        return done(place.error());
    }
    UploadRequest request;
    request.id = id;
    request.source = source_from_string(text);
    request.if_version = version;
    (*place)->upload_async(
        std::move(request), [this, id, text, compares = !version.empty(),
                             done = std::move(done)](const Result<UploadReceipt>& receipt) {
            if (compares && !receipt.ok() && receipt.error().code() == ErrorCode::unsupported) {
                return write_text(id, text, "", done);
            }
            done(receipt.ok() ? Result<void>() : receipt.error());
        });
}

void PartsStore::read_text(const FileId& id, Completion<HeldText> done) {
    const auto place = backend();
    if (!place.ok()) {
        return done(place.error());
    }
    const auto sink = std::make_shared<BufferSink>(longest_text);
    const auto read = std::make_shared<HeldText>();
    DownloadRequest request;
    request.id = id;
    request.sink = sink;
    request.on_info = [read](const FileInfo& info) -> Result<void> {
        read->version = info.version;
        return {};
    };
    (*place)->download_async(
        std::move(request), [sink, read, done = std::move(done)](const Result<DownloadReceipt>& receipt) {
            if (!receipt.ok()) {
                const bool is_too_long = receipt.error().code() == ErrorCode::sink_failed;
                return done(is_too_long ? Error(ErrorCode::not_found) : receipt.error());
            }
            read->text = sink->bytes();
            done(std::move(*read));
        });
}

void PartsStore::drop(std::vector<FileId> ids, std::function<void()> done) {
    const auto place = backend();
    if (ids.empty() || !place.ok()) {
        return done();
    }
    const std::size_t count = std::min(most_of_a_batch, ids.size());
    RemoveBatchRequest request;
    request.ids.assign(ids.end() - static_cast<std::ptrdiff_t>(count), ids.end());
    ids.resize(ids.size() - count);
    (*place)->remove_batch_async(std::move(request),
                                 [this, ids = std::move(ids), done = std::move(done)](
                                     const Result<std::vector<RemovalOutcome>>&) { drop(ids, done); });
}

/// A local store without uploads is left as it is.
bool PartsStore::may_hold_something() const {
    std::error_code failure;
    return options_.backend == "s3" || std::filesystem::exists(local_place(options_), failure);
}

void PartsStore::sweep(std::function<void()> done) {
    const auto place = may_hold_something() ? backend() : Error(ErrorCode::not_found);
    if (!place.ok()) {
        return done();
    }
    std::make_shared<Sweep>(*place, std::move(done))->begin();
}

}  // namespace filestore::tool::serve::openai
