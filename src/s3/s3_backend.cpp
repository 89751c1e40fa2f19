#include "filestore/s3_backend.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "core/backend_handle.h"
#include "core/request_checks.h"
#include "core/stream_calls.h"
#include "core/text.h"
#include "core/try.h"
#include "core/verify_by_download.h"
#include "s3/client/batch_removal.h"
#include "s3/client/core.h"
#include "s3/client/listing.h"
#include "s3/client/objects.h"
#include "s3/client/request_headers.h"
#include "s3/client/support.h"
#include "s3/client/upload_sweep.h"
#include "s3/client/version_count.h"
#include "s3/client/version_removal.h"
#include "s3/protocol/answer_head.h"
#include "s3/protocol/object_metadata.h"
#include "s3/protocol/write_options.h"
#include "s3/resumable/arrived_parts.h"
#include "s3/resumable/s3_resumable_store.h"
#include "s3/transfer/object_download.h"
#include "s3/transfer/object_upload.h"

namespace filestore {

namespace {

using s3::Answer;
using s3::Call;
using s3::OperationPtr;

/// How every file is stored. A value.
struct Storing {
    S3Encryption encryption;
    std::string storage_class;
    bool requester_pays = false;
    S3VersionedRemoval versioned_removal = S3VersionedRemoval::marker;
};

/// Lives until its calls have been answered.
class S3Backend final : public StorageBackend, public std::enable_shared_from_this<S3Backend> {
public:
    S3Backend(std::shared_ptr<s3::ClientCore> core, std::string bucket, std::string key_prefix,
              Storing storing, s3::UploadPlace uploads)
        : core_(std::move(core)),
          bucket_(std::move(bucket)),
          key_prefix_(std::move(key_prefix)),
          storing_(std::move(storing)),
          resumable_(std::move(uploads)) {}

    Capabilities capabilities() const noexcept override {
        return {.remove_tells_existence = false,
                .presign = true,
                .compare_and_swap = core_->quirks().put_if_match,
                .compare_and_delete = core_->quirks().auto_delete_if_match,
                .leaves_uploads = true,
                .may_store_late = true};
    }
    std::string_view name() const noexcept override { return "s3"; }
    void close() noexcept override { core_->close(); }
    ResumableStore* resumable_store() noexcept override { return &resumable_; }

    void upload_async(UploadRequest request, Completion<UploadReceipt> done) override;
    void download_async(DownloadRequest request, Completion<DownloadReceipt> done) override;
    void remove_async(FileRequest request, Completion<bool> done) override;
    void remove_batch_async(RemoveBatchRequest request,
                            Completion<std::vector<RemovalOutcome>> done) override;
    void discard_async(FileRequest request, Completion<void> done) override;
    void exists_async(FileRequest request, Completion<bool> done) override;
    void metadata_async(FileRequest request, Completion<FileInfo> done) override;
    void list_async(ListRequest request, Completion<ListPage> done) override;
    void presign_async(PresignRequest request, Completion<PresignedUrl> done) override;
    void verify_async(VerifyRequest request, Completion<VerifyReport> done) override;
    void sweep_uploads_async(SweepUploadsRequest request, Completion<std::vector<FileId>> done) override;
    void kept_versions_async(CallOptions options, Completion<KeptVersions> done) override;

private:
    /// Registers a call, checks its request, and runs `begin(operation, request)`.
    template <class T, class Request, class Begin>
    void start(Request request, Completion<T> done, Begin&& begin) {
        core_->start<T>(request.call, std::move(done), [&](const OperationPtr<T>& operation) -> Result<void> {
            FILESTORE_TRY(check_request(request));
            return std::forward<Begin>(begin)(operation, std::move(request));
        });
    }

    /// What is said of the object in the end, however it is sent.
    [[nodiscard]] Result<s3::UploadTarget> target_of(const UploadRequest& request) const {
        s3::UploadTarget target;
        FILESTORE_TRY_ASSIGN(target.access_headers, access_headers());
        target.requester_pays = storing_.requester_pays;
        target.bucket = bucket_;
        target.key = key_of(request.id);
        target.cancel = request.call.cancel;
        target.deadline = request.call.deadline;
        target.pause = request.call.pause;
        target.encryption = s3::to_encryption(storing_.encryption).kind;
        target.etags = core_->etag_rules(storing_.encryption);
        return target;
    }

    [[nodiscard]] auto answer_of(const OperationPtr<UploadReceipt>& operation, bool create_only);
    void publish(const std::shared_ptr<s3::ArrivedParts>& arrived, s3::ObjectUpload upload,
                 std::function<void(Result<S3PutResult>)> answer);
    void discard_all(FileRequest request, Completion<void> done);
    void remove_all(RemoveBatchRequest request, Completion<std::vector<RemovalOutcome>> done);
    void purge(std::vector<RemovalOutcome> outcomes, const CallOptions& options,
               Completion<std::vector<RemovalOutcome>> done);
    [[nodiscard]] s3::BucketCall bucket_call(const CallOptions& options) const {
        return {bucket_, storing_.requester_pays, options};
    }
    void sweep_others(SweepUploadsRequest request, const std::set<FileId>& resumable,
                      Completion<std::vector<FileId>> done);

    [[nodiscard]] std::string key_of(const FileId& id) const { return key_prefix_ + id.str(); }

    /// One that reads.
    [[nodiscard]] Result<Call> call_on(const FileId& id, const CallOptions& options) const {
        Call call = s3::object_call(bucket_, key_of(id), {}, options);
        FILESTORE_TRY_ASSIGN(call.headers, access_headers());
        return call;
    }

    [[nodiscard]] Result<std::vector<s3::NameValue>> access_headers() const {
        return s3::access_headers(storing_.encryption, storing_.requester_pays, core_->is_tls());
    }

    const std::shared_ptr<s3::ClientCore> core_;
    const std::string bucket_;
    const std::string key_prefix_;
    const Storing storing_;
    s3::S3ResumableStore resumable_;
};

/// What of an upload's headers is not its metadata.
Result<std::vector<s3::NameValue>> storing_headers(const Storing& storing, const std::string& content_type,
                                                   bool tls) {
    S3PutRequest put;
    put.content_type = content_type;
    put.storage_class = storing.storage_class;
    put.encryption = storing.encryption;
    put.requester_pays = storing.requester_pays;
    return s3::put_headers(put, tls);
}

/// Metadata and the rest. An upload whose size is not known when it begins is sent in parts, which a server cannot cut short.
Result<std::vector<s3::NameValue>> headers_of(const s3::ObjectMetadata& object,
                                              const std::vector<s3::NameValue>& others) {
    FILESTORE_TRY_ASSIGN(auto headers, s3::to_headers(object));
    headers.insert(headers.end(), others.begin(), others.end());
    return headers;
}

/// The condition that an upload is bound to, as a header; none where there is none. Refuses what the server is known to pass over.
Result<std::vector<s3::NameValue>> condition_of(const UploadRequest& request, const s3::Quirks& quirks) {
    if (request.create_only) {
        FILESTORE_TRY(s3::check_creates_only(quirks));
    }
    if (!request.if_version.empty()) {
        FILESTORE_TRY(s3::check_replaces_versions(quirks));
    }
    S3Conditions conditions;
    conditions.if_none_match = request.create_only ? "*" : "";
    conditions.if_match = request.if_version;
    return s3::condition_headers(conditions);
}

Result<UploadReceipt> receipt_of(const Result<S3PutResult>& stored, bool create_only) {
    if (stored.ok()) {
        return UploadReceipt{stored->size};
    }
    const Error& error = stored.error();
    if (create_only && error.code() == ErrorCode::precondition_failed) {
        return Error(ErrorCode::already_exists, std::string(error.message()), error.details());
    }
    return error;
}

/// What an upload under way answers with.
auto S3Backend::answer_of(const OperationPtr<UploadReceipt>& operation, bool create_only) {
    return [this, self = shared_from_this(), operation, create_only](const Result<S3PutResult>& stored) {
        core_->note_bucket(bucket_, stored.ok());
        operation->answer->give(receipt_of(stored, create_only));
    };
}

void S3Backend::upload_async(UploadRequest request, Completion<UploadReceipt> done) {
    start(std::move(request), std::move(done),
          [this](const OperationPtr<UploadReceipt>& operation, UploadRequest checked) -> Result<void> {
              if (checked.late_metadata) {
                  return Error(ErrorCode::unsupported, "S3 has to have the metadata before the bytes");
              }
              s3::ObjectMetadata object{std::move(checked.original_path), std::move(checked.metadata),
                                        UINT64_MAX};
              // Refused before the source is read: with the longest size that there is.
              FILESTORE_TRY(s3::to_headers(object));
              FILESTORE_TRY(s3::check_storable(core_->quirks(), key_of(checked.id)));
              FILESTORE_TRY_ASSIGN(auto conditions, condition_of(checked, core_->quirks()));
              s3::ObjectUpload upload;
              FILESTORE_TRY_ASSIGN(upload.target, target_of(checked));
              upload.refuses_parts = s3::refusal_of_parts(core_->quirks(), !conditions.empty());
              upload.target.conditions = std::move(conditions);
              const auto arrived = std::dynamic_pointer_cast<s3::ArrivedParts>(checked.source);
              const CallOptions limits{checked.call.deadline, checked.call.cancel, {}, {}};
              FILESTORE_TRY_ASSIGN(auto others,
                                   storing_headers(storing_, checked.content_type, core_->is_tls()));
              upload.source = std::move(checked.source);
              upload.checksums = core_->checksum_choice();
              upload.headers = [object,
                                others = std::move(others)](std::optional<std::uint64_t> size) mutable {
                  object.size = size;
                  return headers_of(object, others);
              };
              upload.part_sizes = core_->part_sizes();
              upload.progress = std::move(checked.call.progress);
              auto answer = answer_of(operation, checked.create_only);
              if (!arrived) {
                  s3::upload_object(core_->requester(), core_->part_memory(), std::move(upload),
                                    std::move(answer));
                  return {};
              }
              s3::claim_upload(arrived, limits,
                               [this, operation, arrived, upload = std::move(upload),
                                answer = std::move(answer)](const Result<void>& claimed) mutable {
                                   step_of(*operation->answer, *operation->executor, [&] {
                                       claimed.ok() ? publish(arrived, std::move(upload), std::move(answer))
                                                    : operation->answer->give(claimed.error());
                                   });
                               });
              return {};
          });
}

/// What came piece by piece.
void S3Backend::publish(const std::shared_ptr<s3::ArrivedParts>& arrived, s3::ObjectUpload upload,
                        std::function<void(Result<S3PutResult>)> answer) {
    if (arrived->has_parts()) {
        return s3::complete_upload(arrived, std::move(upload.target), std::move(answer));
    }
    s3::upload_object(core_->requester(), core_->part_memory(), std::move(upload), std::move(answer));
}

void S3Backend::download_async(DownloadRequest request, Completion<DownloadReceipt> done) {
    start(std::move(request), std::move(done),
          [this](const OperationPtr<DownloadReceipt>& operation, DownloadRequest checked) -> Result<void> {
              FILESTORE_TRY(s3::check_in_reach(checked.range));
              s3::ObjectDownload download;
              FILESTORE_TRY_ASSIGN(download.headers, access_headers());
              download.bucket = bucket_;
              download.key = key_of(checked.id);
              download.sink = std::move(checked.sink);
              download.range = checked.range;
              download.verify = core_->verifies();
              download.knows_parts = core_->quirks().part_number_reads;
              download.on_head = [this, self = shared_from_this(), id = checked.id,
                                  on_info = std::move(checked.on_info)](
                                     const Answer& head, const s3::BodyExtent& extent) -> Result<void> {
                  core_->note_bucket(bucket_, true);
                  FILESTORE_TRY(s3::object_metadata(extent.object_size, head.headers));
                  if (!on_info) {
                      return {};
                  }
                  FILESTORE_TRY_ASSIGN(const FileInfo info,
                                       s3::file_info(id, extent.object_size, head.headers));
                  return on_info(info);
              };
              download.options = std::move(checked.call);
              s3::download_object(
                  core_->requester(), core_->part_memory(), std::move(download),
                  [operation](const Result<s3::DownloadedObject>& object) {
                      operation->answer->give(object.ok()
                                                  ? Result<DownloadReceipt>(DownloadReceipt{
                                                        object->extent.length, object->extent.object_size})
                                                  : Result<DownloadReceipt>(object.error()));
                  });
              return {};
          });
}

void S3Backend::remove_async(FileRequest request, Completion<bool> done) {
    const bool is_plain =
        storing_.versioned_removal == S3VersionedRemoval::marker && request.if_version.empty();
    if (!is_plain && check_request(request).ok()) {
        return remove_batch_async(
            {{request.id}, std::move(request.call), {std::move(request.if_version)}},
            [done = std::move(done)](const Result<std::vector<RemovalOutcome>>& outcomes) {
                done(outcomes.ok() ? outcomes->front().removed : Result<bool>(outcomes.error()));
            });
    }
    start(std::move(request), std::move(done),
          [this](const OperationPtr<bool>& operation, const FileRequest& checked) -> Result<void> {
              Call call = s3::object_call(bucket_, key_of(checked.id), {}, checked.call);
              call.method = http::Method::remove;
              if (storing_.requester_pays) {
                  call.headers.push_back(s3::requester_pays_header());
              }
              core_->send(
                  operation, std::move(call),
                  [this, self = shared_from_this(), operation](const Result<Answer>& answer) -> Result<void> {
                      core_->note_bucket(bucket_, answer.ok());
                      // Some servers answer 404 for a key that is not there; S3 answers 204 for both.
                      if (!answer.ok() && answer.error().details().server_code != "NoSuchKey") {
                          return answer.error();
                      }
                      operation->finish(answer.ok());
                      return {};
                  });
              return {};
          });
}

/// As remove_async() answers. Some servers tell of a key that is not there.
void take_entry(RemovalOutcome& outcome, const S3RemoveBatchEntry& entry) {
    if (entry.result.ok()) {
        outcome.removed = true;
        outcome.keeps_version = entry.result->delete_marker;
    } else if (entry.result.error().details().server_code != "NoSuchKey") {
        outcome.removed = entry.result.error();
    }
}

void S3Backend::remove_batch_async(RemoveBatchRequest request, Completion<std::vector<RemovalOutcome>> done) {
    if (!check_request(request).ok()) {
        return StorageBackend::remove_batch_async(std::move(request), std::move(done));
    }
    if (storing_.versioned_removal != S3VersionedRemoval::error) {
        return remove_all(std::move(request), std::move(done));
    }
    s3::BucketCall call = bucket_call(request.call);
    s3::keeps_versions(
        *core_, std::move(call),
        [self = shared_from_this(), request = std::move(request),
         done = std::move(done)](const Result<bool>& keeps) mutable {
            if (!keeps.ok()) {
                return done(keeps.error());
            }
            if (*keeps) {
                return done(Error(ErrorCode::precondition_failed,
                                  "bucket " + quoted(self->bucket_) +
                                      " keeps versions of what is removed, which frees nothing: nothing is "
                                      "removed; set versioned_removal to purge or marker, or turn its "
                                      "versions off"));
            }
            or_no_memory(done, [&] { self->remove_all(std::move(request), done); });
        });
}

void S3Backend::remove_all(RemoveBatchRequest request, Completion<std::vector<RemovalOutcome>> done) {
    S3RemoveBatchRequest batch;
    batch.bucket = bucket_;
    std::vector<RemovalOutcome> outcomes;
    for (std::size_t i = 0; i < request.ids.size(); ++i) {
        const FileId& id = request.ids[i];
        batch.objects.push_back({key_of(id), {}, request.if_versions.empty() ? "" : request.if_versions[i]});
        outcomes.push_back({id, false, false});
    }
    batch.requester_pays = storing_.requester_pays;
    const CallOptions options = request.call;
    batch.call = std::move(request.call);
    s3::remove_batch(
        *core_, std::move(batch),
        [self = shared_from_this(), outcomes = std::move(outcomes), options,
         done = std::move(done)](const Result<std::vector<S3RemoveBatchEntry>>& entries) mutable {
            self->core_->note_bucket(self->bucket_, entries.ok());
            if (!entries.ok()) {
                return done(entries.error());
            }
            for (std::size_t i = 0; i < outcomes.size(); ++i) {
                take_entry(outcomes[i], (*entries)[i]);
            }
            if (self->storing_.versioned_removal != S3VersionedRemoval::purge) {
                return done(std::move(outcomes));
            }
            or_no_memory(done, [&] { self->purge(std::move(outcomes), options, done); });
        });
}

/// The files are gone already: what fails here leaves versions, as the outcomes then say.
void S3Backend::purge(std::vector<RemovalOutcome> outcomes, const CallOptions& options,
                      Completion<std::vector<RemovalOutcome>> done) {
    std::vector<std::string> keys;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        if (outcomes[i].keeps_version) {
            keys.push_back(key_of(outcomes[i].id));
            places.push_back(i);
        }
    }
    if (keys.empty()) {
        return done(std::move(outcomes));
    }
    s3::purge_versions(*core_, bucket_call(options), std::move(keys),
                       [outcomes = std::move(outcomes), places = std::move(places),
                        done = std::move(done)](const Result<std::vector<bool>>& purged) mutable {
                           for (std::size_t i = 0; purged.ok() && i < places.size(); ++i) {
                               outcomes[places[i]].keeps_version = !(*purged)[i];
                           }
                           done(std::move(outcomes));
                       });
}

/// Whether uploads that cannot be listed or aborted for this reason never can be: not on this server, or not by whoever asks.
bool is_lasting(const Error& error) {
    return error.code() == ErrorCode::unsupported || error.code() == ErrorCode::permission_denied;
}

void S3Backend::discard_async(FileRequest request, Completion<void> done) {
    FileRequest asked = request;
    resumable_.state_async(std::move(asked), [self = shared_from_this(), request = std::move(request),
                                              done = std::move(done)](const Result<PartialUpload>& upload) {
        if (!is_gone(upload)) {
            return done(nothing_to_discard(upload));
        }
        or_no_memory(done, [&] { self->discard_all(request, done); });
    });
}

/// Uploads in parts first: one that is aborted publishes nothing any more.
void S3Backend::discard_all(FileRequest request, Completion<void> done) {
    const std::string key = key_of(request.id);
    const CallOptions options = request.call;
    s3::abort_uploads_to(*core_, bucket_, key, storing_.requester_pays, options,
                         [self = shared_from_this(), request = std::move(request),
                          done = std::move(done)](const Result<std::vector<S3PendingUpload>>& aborted) {
                             if (!aborted.ok() && !is_lasting(aborted.error())) {
                                 return done(aborted.error());
                             }
                             or_no_memory(done, [&] { self->StorageBackend::discard_async(request, done); });
                         });
}

void S3Backend::exists_async(FileRequest request, Completion<bool> done) {
    start(std::move(request), std::move(done),
          [this](const OperationPtr<bool>& operation, const FileRequest& checked) -> Result<void> {
              FILESTORE_TRY_ASSIGN(Call call, call_on(checked.id, checked.call));
              core_->head(operation, std::move(call),
                          [operation](const Result<Answer>& answer) -> Result<void> {
                              if (!answer.ok() && answer.error().code() != ErrorCode::not_found) {
                                  return answer.error();
                              }
                              operation->finish(answer.ok());
                              return {};
                          });
              return {};
          });
}

void S3Backend::metadata_async(FileRequest request, Completion<FileInfo> done) {
    start(std::move(request), std::move(done),
          [this](const OperationPtr<FileInfo>& operation, const FileRequest& checked) -> Result<void> {
              FILESTORE_TRY_ASSIGN(Call call, call_on(checked.id, checked.call));
              core_->head(operation, std::move(call),
                          [operation, id = checked.id](const Result<Answer>& answer) -> Result<void> {
                              FILESTORE_TRY(answer);
                              FILESTORE_TRY_ASSIGN(const std::uint64_t size,
                                                   s3::content_length(answer->headers));
                              FILESTORE_TRY_ASSIGN(FileInfo info, s3::file_info(id, size, answer->headers));
                              operation->finish(std::move(info));
                              return {};
                          });
              return {};
          });
}

/// Behind the key, and before each ID that is: all of an ID's characters come behind the blank. A key without its prefix may be empty, which would begin
/// again, or have control characters, which some servers repeat in a document that cannot hold them.
std::string cursor_behind(std::string_view key) {
    const auto* const control =
        std::find_if(key.begin(), key.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; });
    std::string cursor(key.begin(), control);
    if (control != key.end() || key.empty()) {
        cursor += ' ';
    }
    return cursor;
}

/// `cursor`: where the page began.
Result<ListPage> to_page(const S3ListPage& listed, std::string_view prefix, std::string_view cursor) {
    ListPage page;
    for (const S3ListEntry& object : listed.objects) {
        if (!object.key.starts_with(prefix)) {
            return Error(ErrorCode::corrupt,
                         "the server listed key " + quoted(object.key) + " outside the prefix");
        }
        // Other keys under the prefix are not ours.
        const auto id = FileId::parse(std::string_view(object.key).substr(prefix.size()));
        if (id.ok()) {
            page.files.push_back({*id, object.size, object.last_modified});
        }
    }
    if (listed.next && listed.objects.empty()) {
        return Error(ErrorCode::corrupt, "the server announced more files and listed none");
    }
    if (listed.next) {
        page.next = cursor_behind(std::string_view(listed.objects.back().key).substr(prefix.size()));
    }
    if (page.next == cursor) {
        return Error(ErrorCode::corrupt, "the server's listing begins again with the key that it ended with");
    }
    return page;
}

void S3Backend::list_async(ListRequest request, Completion<ListPage> done) {
    start(std::move(request), std::move(done),
          [this](const OperationPtr<ListPage>& operation, const ListRequest& checked) -> Result<void> {
              S3ListRequest asked;
              asked.bucket = bucket_;
              asked.prefix = key_prefix_;
              // A key, which holds for as long as somebody keeps the cursor.
              asked.start_after = checked.cursor.empty() ? "" : key_prefix_ + checked.cursor;
              asked.limit = static_cast<unsigned>(checked.limit);
              asked.requester_pays = storing_.requester_pays;
              asked.call = checked.call;
              FILESTORE_TRY_ASSIGN(Call call, s3::list_call(core_->quirks(), asked));
              core_->send(operation, std::move(call),
                          [this, self = shared_from_this(), operation, asked = std::move(asked),
                           cursor = checked.cursor](const Result<Answer>& answer) -> Result<void> {
                              FILESTORE_TRY(answer);
                              core_->note_bucket(bucket_, true);
                              FILESTORE_TRY_ASSIGN(const S3ListPage listed,
                                                   s3::list_page(core_->quirks(), asked, answer->body));
                              FILESTORE_TRY_ASSIGN(ListPage page, to_page(listed, key_prefix_, cursor));
                              operation->finish(std::move(page));
                              return {};
                          });
              return {};
          });
}

/// What is encrypted with a customer's key is read with it, and what is to be encrypted is put with the wish: in headers, which no URL has.
Result<void> check_presignable(PresignMethod method, S3Encryption::Kind kind) {
    using Kind = S3Encryption::Kind;
    const bool reads = method == PresignMethod::get || method == PresignMethod::head;
    const bool needs_headers =
        (reads && kind == Kind::customer) || (method == PresignMethod::put && kind != Kind::bucket_default);
    return needs_headers
               ? Error(ErrorCode::unsupported,
                       "files of this store are encrypted as the options say, by headers that no URL "
                       "can have: make the bucket encrypt them by itself")
               : Result<void>();
}

void add_answer_headers(Call& call, const PresignRequest& request) {
    if (!request.answer_disposition.empty()) {
        call.query.push_back({"response-content-disposition", request.answer_disposition});
    }
    if (!request.answer_type.empty()) {
        call.query.push_back({"response-content-type", request.answer_type});
    }
}

void S3Backend::presign_async(PresignRequest request, Completion<PresignedUrl> done) {
    start(std::move(request), std::move(done),
          [this](const OperationPtr<PresignedUrl>& operation, const PresignRequest& checked) -> Result<void> {
              FILESTORE_TRY(check_presignable(checked.method, storing_.encryption.kind));
              Call call = s3::object_call(bucket_, key_of(checked.id), {}, checked.call);
              if (storing_.requester_pays) {
                  call.query.push_back(s3::requester_pays_header());
              }
              add_answer_headers(call, checked);
              core_->requester()->presign(
                  checked.method, std::move(call), {checked.expires, checked.allow_earlier_expiry},
                  [operation](Result<PresignedUrl> url) { operation->finish(std::move(url)); });
              return {};
          });
}

void S3Backend::verify_async(VerifyRequest request, Completion<VerifyReport> done) {
    verify_by_download(shared_from_this(), std::move(request), std::move(done));
}

/// The file that a key of this store is of, where FileId::generate() may have made its ID.
std::optional<FileId> file_of_key(std::string_view key, std::string_view prefix) {
    const auto id = key.starts_with(prefix) ? FileId::parse(key.substr(prefix.size())) : FileId();
    return id.ok() && !id->is_nil() ? std::optional(*id) : std::nullopt;
}

/// Those that come piece by piece know themselves when their time is over.
void S3Backend::sweep_uploads_async(SweepUploadsRequest request, Completion<std::vector<FileId>> done) {
    const CallOptions options = request.call;
    resumable_.list_async(options,
                          [self = shared_from_this(), request = std::move(request),
                           done = std::move(done)](const Result<std::set<FileId>>& resumable) mutable {
                              if (!resumable.ok()) {
                                  return done(resumable.error());
                              }
                              self->sweep_others(std::move(request), *resumable, std::move(done));
                          });
}

/// Who may list versions may not always ask whether there are any: a listing tells, too.
void S3Backend::kept_versions_async(CallOptions options, Completion<KeptVersions> done) {
    s3::BucketCall call = bucket_call(options);
    s3::keeps_versions(*core_, call,
                       [self = shared_from_this(), call, done = std::move(done)](const Result<bool>& keeps) {
                           if (keeps.ok() && !*keeps) {
                               return done(KeptVersions());
                           }
                           or_no_memory(done, [&] {
                               s3::count_versions(
                                   *self->core_, call, self->key_prefix_,
                                   [prefix = self->key_prefix_](std::string_view key) {
                                       return file_of_key(key, prefix).has_value();
                                   },
                                   done);
                           });
                       });
}

void S3Backend::sweep_others(SweepUploadsRequest request, const std::set<FileId>& resumable,
                             Completion<std::vector<FileId>> done) {
    S3SweepRequest sweep;
    sweep.bucket = bucket_;
    sweep.prefix = key_prefix_;
    sweep.older_than = request.older_than;
    sweep.dry_run = request.dry_run;
    sweep.requester_pays = storing_.requester_pays;
    sweep.call = std::move(request.call);
    std::set<FileId> only(request.ids.begin(), request.ids.end());
    auto is_meant = [prefix = key_prefix_, only = std::move(only), resumable](std::string_view key) {
        const auto id = file_of_key(key, prefix);
        return id && !resumable.contains(*id) && (only.empty() || only.contains(*id));
    };
    s3::sweep_uploads(
        *core_, std::move(sweep), std::move(is_meant),
        [prefix = key_prefix_, done = std::move(done)](const Result<std::vector<S3PendingUpload>>& uploads) {
            if (!uploads.ok()) {
                return done(uploads.error());
            }
            std::vector<FileId> ids;
            for (const S3PendingUpload& upload : *uploads) {
                ids.push_back(*file_of_key(upload.key, prefix));
            }
            done(std::move(ids));
        });
}

/// What can be seen without asking the server.
Result<void> check_storing(const s3::ClientCore& core, const Storing& storing) {
    S3PutRequest put;
    put.key = "any";
    put.storage_class = storing.storage_class;
    put.encryption = storing.encryption;
    FILESTORE_TRY(s3::check_supported(core.quirks(), put));
    FILESTORE_TRY(storing_headers(storing, put.content_type, core.is_tls()));
    return {};
}

Result<s3::UploadPlace> place_of_uploads(const std::shared_ptr<s3::ClientCore>& core,
                                         const std::string& bucket, const std::string& key_prefix,
                                         const Storing& storing) {
    const bool is_tls = core->is_tls();
    s3::UploadPlace place{core, bucket, key_prefix, {}, {}, {}};
    FILESTORE_TRY_ASSIGN(place.access_headers,
                         s3::access_headers(storing.encryption, storing.requester_pays, is_tls));
    Storing small = storing;
    small.storage_class.clear();
    FILESTORE_TRY_ASSIGN(place.state_headers,
                         storing_headers(small, std::string(default_content_type), is_tls));
    place.object_headers = [storing,
                            is_tls](const UploadRecord& record) -> Result<std::vector<s3::NameValue>> {
        const s3::ObjectMetadata object{record.original_path, record.metadata, record.length};
        FILESTORE_TRY_ASSIGN(const auto others, storing_headers(storing, record.content_type, is_tls));
        return headers_of(object, others);
    };
    return place;
}

}  // namespace

Result<std::shared_ptr<StorageBackend>> open_s3_backend(S3Options options) {
    if (options.key_prefix.starts_with('/') || !is_utf8(options.key_prefix)) {
        return Error(ErrorCode::invalid_argument, "key_prefix " + quoted(options.key_prefix) +
                                                      " must be UTF-8 and must not start with '/'");
    }
    FILESTORE_TRY(s3::resolve_endpoint(options, options.bucket));
    std::string bucket = std::move(options.bucket);
    std::string key_prefix = std::move(options.key_prefix);
    Storing storing{std::move(options.encryption), std::move(options.storage_class), options.requester_pays,
                    options.versioned_removal};
    FILESTORE_TRY_ASSIGN(auto core, s3::ClientCore::open(std::move(options)));
    FILESTORE_TRY(check_storing(*core, storing));
    FILESTORE_TRY_ASSIGN(s3::UploadPlace uploads, place_of_uploads(core, bucket, key_prefix, storing));
    return make_backend_handle(std::make_shared<S3Backend>(
        std::move(core), std::move(bucket), std::move(key_prefix), std::move(storing), std::move(uploads)));
}

}  // namespace filestore
