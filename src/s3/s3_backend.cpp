#include "filestore/s3_backend.h"

#include <atomic>
#include <utility>

#include "core/backend_handle.h"
#include "core/environment.h"
#include "core/job.h"
#include "core/pending_calls.h"
#include "core/progress.h"
#include "core/pump.h"
#include "core/request_checks.h"
#include "core/stream_calls.h"
#include "core/text.h"
#include "core/try.h"
#include "http/curl_transport.h"
#include "s3/answer_head.h"
#include "s3/client.h"
#include "s3/object_metadata.h"
#include "s3/upload_body.h"
#include "s3/xml.h"

namespace filestore {

namespace {

using s3::Answer;
using s3::Call;

/// Bodies above this size are worth buffers and a loop of their own.
constexpr std::uint64_t bulk_threshold = std::uint64_t{64} * 1024;

class S3Backend;

/// One call of a caller under way: holds what it needs until it is answered. A resource held by std::shared_ptr.
template <class T>
struct Operation : std::enable_shared_from_this<Operation<T>> {
    std::shared_ptr<S3Backend> backend;
    std::shared_ptr<Executor> executor;
    std::shared_ptr<PendingCalls::Call> call;
    CallOptions options;
    Completion<T> done;

    /// Answers on the executor; the operation ends with that.
    void finish(Result<T> result) {
        executor->post([self = this->shared_from_this(), result = std::move(result)]() mutable {
            const LibraryThreadScope scope;
            const auto last = std::exchange(self->done, nullptr);
            last(std::move(result));
            self->call.reset();
        });
    }
};

template <class T>
using OperationPtr = std::shared_ptr<Operation<T>>;

class S3Backend final : public StorageBackend, public std::enable_shared_from_this<S3Backend> {
public:
    S3Backend(S3Options options, s3::Endpoint endpoint) {
        runtime_.executor = options.executor ? options.executor : make_thread_pool();
        runtime_.reactor = std::make_shared<Reactor>();
        http::TransportOptions transport;
        transport.event_loops = options.event_loops;
        transport.connect_timeout = options.connect_timeout;
        transport.stall_timeout = options.stall_timeout;
        transport.ca_file = options.ca_file;
        transport.reactor = runtime_.reactor;
        client_ = std::make_shared<s3::Client>(std::move(options), std::move(endpoint),
                                               http::make_curl_transport(std::move(transport)));
    }

    Capabilities capabilities() const noexcept override {
        return {.remove_tells_existence = false, .presign = true};
    }
    std::string_view name() const noexcept override { return "s3"; }
    void close() noexcept override { pending_->close(); }

    void upload_async(UploadRequest request, Completion<UploadReceipt> done) override;
    void download_async(DownloadRequest request, Completion<DownloadReceipt> done) override;
    void remove_async(FileRequest request, Completion<bool> done) override;
    void exists_async(FileRequest request, Completion<bool> done) override;
    void metadata_async(FileRequest request, Completion<FileInfo> done) override;
    void list_async(ListRequest request, Completion<ListPage> done) override;
    void presign_async(PresignRequest request, Completion<PresignedUrl> done) override;

private:
    /// Registers a call and checks its request; nothing where it has been answered already.
    template <class T, class Request>
    OperationPtr<T> begin(const Request& request, Completion<T> done) {
        auto call = pending_->begin(request.call.cancel);
        if (!call) {
            complete_on_new_thread<T>(std::move(done), call.error());
            return nullptr;
        }
        auto operation = std::make_shared<Operation<T>>();
        operation->backend = shared_from_this();
        operation->executor = runtime_.executor;
        operation->call = std::move(*call);
        operation->options = request.call;
        operation->done = std::move(done);
        Result<void> valid = check_request(request);
        if (valid.ok()) {
            valid = check_call_limits(operation->call->token(), request.call.deadline);
        }
        if (!valid.ok()) {
            operation->finish(valid.error());
            return nullptr;
        }
        return operation;
    }

    template <class T>
    Call new_call(const Operation<T>& operation, http::Method method, std::string key) const {
        Call call;
        call.method = method;
        call.key = std::move(key);
        call.cancel = operation.call->token();
        call.deadline = operation.options.deadline;
        return call;
    }

    [[nodiscard]] std::string key_of(const FileId& id) const {
        return client_->options().key_prefix + id.str();
    }

    /// HEAD of the file. Its 404 does not tell a missing file from a missing bucket, so that is asked for once.
    template <class T>
    void head(const OperationPtr<T>& operation, const FileId& id, std::function<void(Result<Answer>)> done) {
        client_->send(new_call(*operation, http::Method::head, key_of(id)),
                      [this, operation, done = std::move(done)](Result<Answer> answer) {
                          if (answer.ok() || answer.error().code() != ErrorCode::not_found) {
                              note_bucket(answer.ok());
                              return done(std::move(answer));
                          }
                          not_found(operation, answer.error(), done);
                      });
    }

    template <class T>
    void not_found(const OperationPtr<T>& operation, const Error& error,
                   const std::function<void(Result<Answer>)>& done) {
        if (bucket_seen_.load()) {
            return done(error);
        }
        client_->send(new_call(*operation, http::Method::head, {}), [this, error,
                                                                     done](const Result<Answer>& bucket) {
            if (!bucket.ok() && bucket.error().code() == ErrorCode::not_found) {
                return done(Error(ErrorCode::configuration,
                                  "the bucket " + quoted(client_->options().bucket) + " does not exist at " +
                                      client_->endpoint().host + ": make it or correct bucket_name",
                                  bucket.error().details()));
            }
            // Keys that may not look at the bucket still got a 404 for the file: the bucket is there.
            const bool tells = bucket.ok() || bucket.error().code() == ErrorCode::permission_denied;
            note_bucket(tells);
            done(tells ? error : bucket.error());
        });
    }

    void note_bucket(bool seen) noexcept {
        if (seen) {
            bucket_seen_.store(true);
        }
    }

    void put(const OperationPtr<UploadReceipt>& operation, const UploadRequest& request, s3::UploadBody body);

    Runtime runtime_;
    std::shared_ptr<PendingCalls> pending_ = std::make_shared<PendingCalls>();
    std::shared_ptr<s3::Client> client_;
    /// An answer has shown that the bucket is there.
    std::atomic<bool> bucket_seen_{false};
};

void S3Backend::upload_async(UploadRequest request, Completion<UploadReceipt> done) {
    const auto operation = begin<UploadReceipt>(request, std::move(done));
    if (!operation) {
        return;
    }
    const s3::ObjectMetadata object{request.original_path, request.metadata};
    if (const auto headers = s3::to_headers(object); !headers.ok()) {
        return operation->finish(headers.error());
    }
    const S3Options& options = client_->options();
    const bool is_signed =
        options.payload_signing == S3PayloadSigning::signed_payload ||
        (options.payload_signing == S3PayloadSigning::automatic && !client_->endpoint().is_tls());
    s3::UploadBodyOptions body_options{is_signed, options.spool_directory, std::move(request.call.progress)};
    auto source = std::move(request.source);
    prepare_upload_body(runtime_, operation->call, request.call.deadline, std::move(source),
                        std::move(body_options),
                        [this, operation, request = std::move(request)](Result<s3::UploadBody> body) {
                            if (!body.ok()) {
                                return operation->finish(body.error());
                            }
                            put(operation, request, std::move(*body));
                        });
}

Result<UploadReceipt> receipt_of(const Result<Answer>& answer, std::uint64_t size, bool create_only) {
    if (answer.ok()) {
        return UploadReceipt{size};
    }
    const Error& error = answer.error();
    if (create_only && error.code() == ErrorCode::precondition_failed) {
        return Error(ErrorCode::already_exists, std::string(error.message()), error.details());
    }
    return error;
}

void S3Backend::put(const OperationPtr<UploadReceipt>& operation, const UploadRequest& request,
                    s3::UploadBody body) {
    Call call = new_call(*operation, http::Method::put, key_of(request.id));
    auto headers = s3::to_headers({request.original_path, request.metadata});
    if (!headers.ok()) {
        return operation->finish(headers.error());
    }
    call.headers = std::move(*headers);
    call.headers.push_back({"content-type", request.content_type});
    if (request.create_only) {
        call.headers.push_back({"if-none-match", "*"});
    }
    const std::uint64_t size = body.size;
    call.bulk = size > bulk_threshold;
    call.body = std::move(body.source);
    call.body_size = size;
    call.payload_hash = std::move(body.payload_hash);
    client_->send(std::move(call), [this, operation, size, pump = std::move(body.pump),
                                    create_only = request.create_only](const Result<Answer>& answer) {
        note_bucket(answer.ok());
        auto receipt = receipt_of(answer, size, create_only);
        if (!pump) {
            return operation->finish(std::move(receipt));
        }
        pump->when_released([operation, receipt = std::move(receipt)] { operation->finish(receipt); });
    });
}

/// The way of a GET's body into the caller's sink. Used by the event loop until the body has ended, then by the executor.
struct Delivery {
    DownloadRequest request;
    /// For a sink that may block.
    std::unique_ptr<PumpedSink> pump;
    s3::BodyExtent extent;
    ProgressMeter progress;
    std::uint64_t taken = 0;

    Result<void> begin(const Answer& head) {
        FILESTORE_TRY_ASSIGN(extent, s3::body_extent(request.range, head.status, head.headers));
        progress = ProgressMeter(request.call.progress, extent.length);
        if (!request.on_info) {
            return {};
        }
        FILESTORE_TRY_ASSIGN(const FileInfo info,
                             s3::file_info(request.id, extent.object_size, head.headers));
        return call_user(ErrorCode::sink_failed, [&] { return request.on_info(info); });
    }

    Result<IoStep> take(std::span<const std::byte> bytes, const Wake& wake) {
        if (bytes.size() > extent.length - taken) {
            return Error(ErrorCode::corrupt, "the server sent more bytes than it announced");
        }
        auto step = pump ? pump->write(bytes, wake) : write_sink(*request.sink, bytes, wake);
        if (step.ok()) {
            taken += step->bytes;
            progress.add(step->bytes);
        }
        return step;
    }

    /// On the executor: everything is with the sink.
    Result<DownloadReceipt> finish() {
        if (taken != extent.length) {
            return Error(ErrorCode::corrupt, "the server's answer ended after " + std::to_string(taken) +
                                                 " of " + std::to_string(extent.length) + " bytes");
        }
        FILESTORE_TRY(finish_sink(*request.sink));
        progress.finish();
        return DownloadReceipt{extent.length, extent.object_size};
    }
};

void S3Backend::download_async(DownloadRequest request, Completion<DownloadReceipt> done) {
    const auto operation = begin<DownloadReceipt>(request, std::move(done));
    if (!operation) {
        return;
    }
    Call call = new_call(*operation, http::Method::get, key_of(request.id));
    if (request.range) {
        call.headers.push_back({"range", s3::range_header(*request.range)});
    }
    const auto delivery = std::make_shared<Delivery>();
    if (request.sink->blocking()) {
        delivery->pump = std::make_unique<PumpedSink>(request.sink, runtime_.executor);
    }
    delivery->request = std::move(request);
    call.bulk = true;
    call.on_head = [delivery](const Answer& head) { return delivery->begin(head); };
    call.on_body = [delivery](std::span<const std::byte> bytes, const Wake& wake) {
        return delivery->take(bytes, wake);
    };
    client_->send(std::move(call), [this, operation, delivery](Result<Answer> answer) {
        note_bucket(answer.ok());
        auto complete = [operation, delivery, outcome = std::move(answer)](const Result<void>& written) {
            const LibraryThreadScope scope;
            Result<DownloadReceipt> result = Error(ErrorCode::internal);
            if (!outcome.ok()) {
                result = outcome.error();
            } else {
                result = written.ok() ? delivery->finish() : Result<DownloadReceipt>(written.error());
            }
            delivery->request = {};
            delivery->pump.reset();
            const auto last = std::exchange(operation->done, nullptr);
            last(std::move(result));
            operation->call.reset();
        };
        if (delivery->pump) {
            return delivery->pump->when_written(std::move(complete));
        }
        operation->executor->post([complete = std::move(complete)]() mutable { complete({}); });
    });
}

void S3Backend::remove_async(FileRequest request, Completion<bool> done) {
    const auto operation = begin<bool>(request, std::move(done));
    if (!operation) {
        return;
    }
    client_->send(new_call(*operation, http::Method::remove, key_of(request.id)),
                  [this, operation](Result<Answer> answer) {
                      note_bucket(answer.ok());
                      // Some servers answer 404 for a key that is not there; S3 answers 204 for both.
                      if (answer.ok() || answer.error().details().server_code == "NoSuchKey") {
                          return operation->finish(answer.ok());
                      }
                      operation->finish(answer.error());
                  });
}

void S3Backend::exists_async(FileRequest request, Completion<bool> done) {
    const auto operation = begin<bool>(request, std::move(done));
    if (!operation) {
        return;
    }
    head(operation, request.id, [operation](const Result<Answer>& answer) {
        if (answer.ok() || answer.error().code() == ErrorCode::not_found) {
            return operation->finish(answer.ok());
        }
        operation->finish(answer.error());
    });
}

void S3Backend::metadata_async(FileRequest request, Completion<FileInfo> done) {
    const auto operation = begin<FileInfo>(request, std::move(done));
    if (!operation) {
        return;
    }
    head(operation, request.id, [operation, id = request.id](const Result<Answer>& answer) {
        if (!answer.ok()) {
            return operation->finish(answer.error());
        }
        const auto size = s3::content_length(answer->headers);
        operation->finish(size.ok() ? s3::file_info(id, *size, answer->headers)
                                    : Result<FileInfo>(size.error()));
    });
}

Result<ListPage> to_page(const s3::ObjectListing& listing, std::string_view prefix) {
    ListPage page;
    for (const s3::ListedObject& object : listing.objects) {
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
    if (listing.truncated && listing.objects.empty()) {
        return Error(ErrorCode::corrupt, "the server announced more files and listed none");
    }
    if (listing.truncated) {
        page.next = listing.objects.back().key.substr(prefix.size());
    }
    return page;
}

void S3Backend::list_async(ListRequest request, Completion<ListPage> done) {
    const auto operation = begin<ListPage>(request, std::move(done));
    if (!operation) {
        return;
    }
    const std::string& prefix = client_->options().key_prefix;
    Call call = new_call(*operation, http::Method::get, {});
    call.query = {{"list-type", "2"}, {"max-keys", std::to_string(request.limit)}};
    if (!prefix.empty()) {
        call.query.push_back({"prefix", prefix});
    }
    if (!request.cursor.empty()) {
        call.query.push_back({"start-after", prefix + request.cursor});
    }
    client_->send(std::move(call), [this, operation](const Result<Answer>& answer) {
        if (!answer.ok()) {
            return operation->finish(answer.error());
        }
        note_bucket(true);
        const auto listing = s3::parse_listing(answer->body);
        if (!listing.ok()) {
            return operation->finish(listing.error());
        }
        operation->finish(to_page(*listing, client_->options().key_prefix));
    });
}

void S3Backend::presign_async(PresignRequest request, Completion<PresignedUrl> done) {
    const auto operation = begin<PresignedUrl>(request, std::move(done));
    if (!operation) {
        return;
    }
    const auto method = [&]() -> std::string_view {
        switch (request.method) {
            case PresignMethod::put:
                return "PUT";
            case PresignMethod::head:
                return "HEAD";
            case PresignMethod::remove:
                return "DELETE";
            case PresignMethod::get:
                break;
        }
        return "GET";
    }();
    auto url = client_->presign(method, key_of(request.id), request.expires);
    if (!url.ok()) {
        return operation->finish(url.error());
    }
    operation->finish(PresignedUrl{std::move(*url), client_->options().clock->now() + request.expires});
}

/// What can be seen of the options without asking anybody.
Result<void> check_options(const S3Options& options) {
    if (options.access_key.empty() != options.secret_key.empty()) {
        return Error(ErrorCode::invalid_argument,
                     "one of the S3 keys is given without the other: give both or none");
    }
    if (options.event_loops < 1 || options.event_loops > 64) {
        return Error(ErrorCode::invalid_argument, "event_loops is 1 to 64");
    }
    if (options.key_prefix.starts_with('/') || !is_utf8(options.key_prefix)) {
        return Error(ErrorCode::invalid_argument, "key_prefix " + quoted(options.key_prefix) +
                                                      " must be UTF-8 and must not start with '/'");
    }
    return {};
}

}  // namespace

Result<std::shared_ptr<StorageBackend>> open_s3_backend(S3Options options) {
    FILESTORE_TRY(check_options(options));
    FILESTORE_TRY_ASSIGN(s3::Endpoint endpoint, s3::resolve_endpoint(options));
    if (!options.clock) {
        options.clock = system_clock();
    }
    if (options.spool_directory.empty()) {
        options.spool_directory = environment_variable("TMPDIR").value_or("/tmp");
    }
    return make_backend_handle(std::make_shared<S3Backend>(std::move(options), std::move(endpoint)));
}

}  // namespace filestore
