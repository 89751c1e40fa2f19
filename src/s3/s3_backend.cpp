#include "filestore/s3_backend.h"

#include <atomic>
#include <utility>

#include "core/backend_handle.h"
#include "core/call_limits.h"
#include "core/environment.h"
#include "core/job.h"
#include "core/pending_answer.h"
#include "core/progress.h"
#include "core/pump.h"
#include "core/request_checks.h"
#include "core/stream_calls.h"
#include "core/text.h"
#include "core/thread_pool.h"
#include "core/try.h"
#include "http/curl_transport.h"
#include "s3/client.h"
#include "s3/protocol/answer_head.h"
#include "s3/protocol/listing_xml.h"
#include "s3/protocol/object_metadata.h"
#include "s3/transfer/upload_body.h"

namespace filestore {

namespace {

using s3::Answer;
using s3::Call;

/// Bodies above this size are worth buffers and a loop of their own.
constexpr std::uint64_t bulk_threshold = std::uint64_t{64} * 1024;

class S3Backend;
struct Delivery;

/// One call of a caller under way. A value in a std::shared_ptr that the steps of the call share.
template <class T>
struct Operation {
    /// Lives until the call has been answered.
    std::shared_ptr<S3Backend> backend;
    std::shared_ptr<Executor> executor;
    PendingAnswerPtr<T> answer;
    CallOptions options;

    /// Answers on the executor.
    void finish(Result<T> result) const noexcept { answer->post(*executor, std::move(result)); }
};

template <class T>
using OperationPtr = std::shared_ptr<const Operation<T>>;

class S3Backend final : public StorageBackend, public std::enable_shared_from_this<S3Backend> {
public:
    S3Backend(S3Options options, s3::Endpoint endpoint)
        : executor_(options.executor), runtime_{executor_.executor, std::make_shared<Reactor>()} {
        http::TransportOptions transport;
        transport.event_loops = options.event_loops;
        transport.connect_timeout = options.connect_timeout;
        transport.stall_timeout = options.stall_timeout;
        transport.ca_file = options.ca_file;
        transport.reactor = runtime_.reactor;
        client_ = std::make_shared<s3::Client>(std::move(options), std::move(endpoint),
                                               http::make_curl_transport(transport));
    }

    Capabilities capabilities() const noexcept override {
        return {.remove_tells_existence = false, .presign = true};
    }
    std::string_view name() const noexcept override { return "s3"; }

    void close() noexcept override {
        if (pending_->close()) {
            client_->close();
            runtime_.reactor->join();
            executor_.join();
        }
    }

    void upload_async(UploadRequest request, Completion<UploadReceipt> done) override;
    void download_async(DownloadRequest request, Completion<DownloadReceipt> done) override;
    void remove_async(FileRequest request, Completion<bool> done) override;
    void exists_async(FileRequest request, Completion<bool> done) override;
    void metadata_async(FileRequest request, Completion<FileInfo> done) override;
    void list_async(ListRequest request, Completion<ListPage> done) override;
    void presign_async(PresignRequest request, Completion<PresignedUrl> done) override;

private:
    /// Registers a call, checks its request, and runs `begin(operation)`.
    template <class T, class Request, class Begin>
    void start(const Request& request, Completion<T> done, Begin&& begin) {
        const auto answer = begin_call<T>(*pending_, request.call.cancel, std::move(done));
        if (!answer) {
            return;
        }
        step_of(*answer, *runtime_.executor, [&] {
            const auto operation = std::make_shared<const Operation<T>>(
                Operation<T>{shared_from_this(), runtime_.executor, answer, request.call});
            if (const auto valid = check(request, answer->token()); !valid.ok()) {
                return operation->finish(valid.error());
            }
            std::forward<Begin>(begin)(operation);
        });
    }

    template <class Request>
    static Result<void> check(const Request& request, const std::stop_token& stop) {
        FILESTORE_TRY(check_request(request));
        return check_call_limits(stop, request.call.deadline);
    }

    /// Sends one request of an operation; `next` gets its answer, on an event loop.
    template <class T, class Next>
    void send(const OperationPtr<T>& operation, Call&& call, Next next) {
        client_->send(std::move(call), [operation, next = std::move(next)](Result<Answer> answer) mutable {
            step_of(*operation->answer, *operation->executor, [&] { next(std::move(answer)); });
        });
    }

    template <class T>
    Call new_call(const Operation<T>& operation, http::Method method, std::string key) const {
        Call call;
        call.method = method;
        call.key = std::move(key);
        call.cancel = operation.answer->token();
        call.deadline = operation.options.deadline;
        return call;
    }

    [[nodiscard]] std::string key_of(const FileId& id) const {
        return client_->options().key_prefix + id.str();
    }

    /// HEAD of the file. Its 404 has no body that tells a missing file from a missing bucket or an unknown key, so the first one is
    /// confirmed by a GET.
    template <class T>
    void head(const OperationPtr<T>& operation, const FileId& id, std::function<void(Result<Answer>)> done) {
        send(operation, new_call(*operation, http::Method::head, key_of(id)),
             [this, operation, id, done = std::move(done)](Result<Answer> answer) {
                 if (answer.ok() || answer.error().code() != ErrorCode::not_found) {
                     note_bucket(answer.ok());
                     return done(std::move(answer));
                 }
                 confirm_not_found(operation, id, answer.error(), done);
             });
    }

    template <class T>
    void confirm_not_found(const OperationPtr<T>& operation, const FileId& id, const Error& error,
                           const std::function<void(Result<Answer>)>& done) {
        if (bucket_seen_.load()) {
            return done(error);
        }
        Call confirmation = new_call(*operation, http::Method::get, key_of(id));
        confirmation.headers.push_back({"range", "bytes=0-0"});
        confirmation.on_body = [](std::span<const std::byte> bytes, const Wake&) -> Result<IoStep> {
            return IoStep{bytes.size(), false};
        };
        send(operation, std::move(confirmation), [this, error, done](const Result<Answer>& file) {
            // A file that has come meanwhile was not there before; a range that an empty one cannot satisfy is such a file.
            const bool has_come = file.ok() || file.error().code() == ErrorCode::range_not_satisfiable;
            const bool tells = has_come || file.error().code() == ErrorCode::not_found;
            note_bucket(tells);
            done(tells ? error : file.error());
        });
    }

    void note_bucket(bool seen) noexcept {
        if (seen) {
            bucket_seen_.store(true);
        }
    }

    void put(const OperationPtr<UploadReceipt>& operation, const UploadRequest& request, s3::UploadBody body);
    void deliver_rest(const OperationPtr<DownloadReceipt>& operation,
                      const std::shared_ptr<Delivery>& delivery, const Result<void>& received);

    const ExecutorChoice executor_;
    const Runtime runtime_;
    std::shared_ptr<PendingCalls> pending_ = std::make_shared<PendingCalls>();
    std::shared_ptr<s3::Client> client_;
    /// An answer has shown that the bucket is there.
    std::atomic<bool> bucket_seen_{false};
};

void S3Backend::upload_async(UploadRequest request, Completion<UploadReceipt> done) {
    start(request, std::move(done), [&](const OperationPtr<UploadReceipt>& operation) {
        const s3::ObjectMetadata object{request.original_path, request.metadata, UINT64_MAX};
        if (const auto headers = s3::to_headers(object); !headers.ok()) {
            return operation->finish(headers.error());
        }
        const S3Options& options = client_->options();
        const bool is_signed =
            options.payload_signing == S3PayloadSigning::signed_payload ||
            (options.payload_signing == S3PayloadSigning::automatic && !client_->endpoint().is_tls());
        s3::UploadBodyOptions body_options{is_signed, options.spool_directory,
                                           std::move(request.call.progress)};
        auto source = std::move(request.source);
        const auto deadline = request.call.deadline;
        prepare_upload_body(runtime_, operation->answer->token(), deadline, std::move(source),
                            std::move(body_options),
                            [this, operation, request = std::move(request)](Result<s3::UploadBody> body) {
                                if (!body.ok()) {
                                    return operation->finish(body.error());
                                }
                                step_of(*operation->answer, *operation->executor,
                                        [&] { put(operation, request, std::move(*body)); });
                            });
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
    auto headers = s3::to_headers({request.original_path, request.metadata, body.size});
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
    send(operation, std::move(call),
         [this, operation, size, pump = std::move(body.pump),
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
        FILESTORE_TRY(s3::object_metadata(extent.object_size, head.headers));
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
    start(request, std::move(done), [&](const OperationPtr<DownloadReceipt>& operation) {
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
        send(operation, std::move(call), [this, operation, delivery](const Result<Answer>& answer) {
            note_bucket(answer.ok());
            deliver_rest(operation, delivery, answer.ok() ? Result<void>() : answer.error());
        });
    });
}

/// Answers a download once the sink has everything, on the executor: Sink::finish() may block.
void S3Backend::deliver_rest(const OperationPtr<DownloadReceipt>& operation,
                             const std::shared_ptr<Delivery>& delivery, const Result<void>& received) {
    auto complete = [operation, delivery, received](const Result<void>& written) {
        const LibraryThreadScope scope;
        auto result = call_user(ErrorCode::internal, [&]() -> Result<DownloadReceipt> {
            FILESTORE_TRY(received);
            FILESTORE_TRY(written);
            return delivery->finish();
        });
        delivery->request = {};
        delivery->pump.reset();
        operation->answer->give(std::move(result));
    };
    if (delivery->pump) {
        return delivery->pump->when_written(std::move(complete));
    }
    runtime_.executor->post([complete = std::move(complete)] { complete({}); });
}

void S3Backend::remove_async(FileRequest request, Completion<bool> done) {
    start(request, std::move(done), [&](const OperationPtr<bool>& operation) {
        send(operation, new_call(*operation, http::Method::remove, key_of(request.id)),
             [this, operation](const Result<Answer>& answer) {
                 note_bucket(answer.ok());
                 // Some servers answer 404 for a key that is not there; S3 answers 204 for both.
                 if (answer.ok() || answer.error().details().server_code == "NoSuchKey") {
                     return operation->finish(answer.ok());
                 }
                 operation->finish(answer.error());
             });
    });
}

void S3Backend::exists_async(FileRequest request, Completion<bool> done) {
    start(request, std::move(done), [&](const OperationPtr<bool>& operation) {
        head(operation, request.id, [operation](const Result<Answer>& answer) {
            if (answer.ok() || answer.error().code() == ErrorCode::not_found) {
                return operation->finish(answer.ok());
            }
            operation->finish(answer.error());
        });
    });
}

void S3Backend::metadata_async(FileRequest request, Completion<FileInfo> done) {
    start(request, std::move(done), [&](const OperationPtr<FileInfo>& operation) {
        head(operation, request.id, [operation, id = request.id](const Result<Answer>& answer) {
            if (!answer.ok()) {
                return operation->finish(answer.error());
            }
            const auto size = s3::content_length(answer->headers);
            operation->finish(size.ok() ? s3::file_info(id, *size, answer->headers)
                                        : Result<FileInfo>(size.error()));
        });
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
    start(request, std::move(done), [&](const OperationPtr<ListPage>& operation) {
        const std::string& prefix = client_->options().key_prefix;
        Call call = new_call(*operation, http::Method::get, {});
        call.query = {{"list-type", "2"}, {"max-keys", std::to_string(request.limit)}};
        if (!prefix.empty()) {
            call.query.push_back({"prefix", prefix});
        }
        if (!request.cursor.empty()) {
            call.query.push_back({"start-after", prefix + request.cursor});
        }
        send(operation, std::move(call), [this, operation](const Result<Answer>& answer) {
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
    });
}

std::string_view method_of(PresignMethod method) {
    switch (method) {
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
}

void S3Backend::presign_async(PresignRequest request, Completion<PresignedUrl> done) {
    start(request, std::move(done), [&](const OperationPtr<PresignedUrl>& operation) {
        auto url = client_->presign(method_of(request.method), key_of(request.id), request.expires);
        if (!url.ok()) {
            return operation->finish(url.error());
        }
        operation->finish(PresignedUrl{std::move(*url), client_->options().clock->now() + request.expires});
    });
}

bool is_sensible(std::chrono::milliseconds limit) {
    return limit >= std::chrono::milliseconds(1) && limit <= std::chrono::hours(24);
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
    if (!is_sensible(options.connect_timeout) || !is_sensible(options.stall_timeout)) {
        return Error(ErrorCode::invalid_argument,
                     "connect_timeout and stall_timeout are 1 millisecond to 1 day");
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
