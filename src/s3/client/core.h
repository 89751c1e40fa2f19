#pragma once

/// What S3Client and the S3 backend are made of: the requester, the calls under way, and what they share.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/call_limits.h"
#include "core/pending_answer.h"
#include "core/secret.h"
#include "core/thread_pool.h"
#include "core/try.h"
#include "core/waiting_thread.h"
#include "filestore/s3_client.h"
#include "s3/protocol/endpoint.h"
#include "s3/protocol/part_plan.h"
#include "s3/protocol/quirks.h"
#include "s3/requester.h"
#include "s3/transfer/multipart_job.h"
#include "s3/transfer/part_memory.h"
#include "s3/transfer/upload_checksums.h"

namespace filestore::s3 {

class ClientCore;

/// One call of a caller under way. A value in a std::shared_ptr that the steps of the call share.
template <class T>
struct Operation {
    /// Lives until the call has been answered.
    std::shared_ptr<ClientCore> core;
    std::shared_ptr<Executor> executor;
    PendingAnswerPtr<T> answer;

    /// Answers on the executor.
    void finish(Result<T> result) const noexcept { answer->post(*executor, std::move(result)); }
};

template <class T>
using OperationPtr = std::shared_ptr<const Operation<T>>;

/// A resource held by std::shared_ptr; thread-safe.
class ClientCore : public std::enable_shared_from_this<ClientCore> {
public:
    /// Does no I/O and starts no thread. `invalid_argument` for an option that cannot be right.
    [[nodiscard]] static Result<std::shared_ptr<ClientCore>> open(S3ClientOptions options,
                                                                  PartLimits limits = {});
    /// S3Client::open for a server with other limits than S3's.
    [[nodiscard]] static Result<S3Client> open_client(S3ClientOptions options, PartLimits limits);

    ClientCore(S3ClientOptions options, ExecutorChoice executor, RequesterParts parts, const Quirks& quirks);
    ClientCore(const ClientCore&) = delete;
    ClientCore& operator=(const ClientCore&) = delete;
    ~ClientCore();

    [[nodiscard]] const S3ClientOptions& options() const noexcept { return requester_->options(); }
    [[nodiscard]] const std::shared_ptr<Requester>& requester() const noexcept { return requester_; }
    [[nodiscard]] const std::shared_ptr<PartMemory>& part_memory() const noexcept { return memory_; }

    /// Registers a call and runs `begin(operation)`, where `options.cancel` is the call's own by then. begin() answers a failure to end the call with.
    template <class T, class Begin>
    void start(CallOptions& options, Completion<T> done, Begin&& begin) {
        const auto answer = begin_call<T>(*pending_, options.cancel, std::move(done));
        if (!answer) {
            return;
        }
        options.cancel = answer->token();
        step_of(*answer, *executor_.executor, [&] {
            const auto operation = std::make_shared<const Operation<T>>(Operation<T>{
                shared_from_this(), filestore::WaitingThread::or_else(executor_.executor), answer});
            const auto begun = check_and_begin(options, operation, std::forward<Begin>(begin));
            if (!begun.ok()) {
                operation->finish(begun.error());
            }
        });
    }

    /// Sends one request of an operation; `next` gets its answer, or the whole Outcome, on a thread of the library, and answers a failure to end the
    /// call with.
    template <class T, class Next>
    void send(const OperationPtr<T>& operation, Call&& call, Next next) {
        requester_->send(std::move(call),
                         [operation, next = std::move(next)](const Outcome& outcome) mutable {
                             step_of(*operation->answer, *operation->executor, [&] {
                                 const Result<void> handled = tell(next, outcome);
                                 if (!handled.ok()) {
                                     operation->finish(told(handled.error(), outcome));
                                 }
                             });
                         });
    }

    /// Runs work that waits for its requests on a thread of its own, which close() waits for. Throws std::bad_alloc where there is no thread.
    void run_waiting(std::function<void()> work);

    /// HEAD of an object. Its 404 has no body that tells a missing object from a missing bucket or an unknown key, so the first one is confirmed
    /// by a GET.
    template <class T>
    void head(const OperationPtr<T>& operation, Call call,
              std::function<Result<void>(const Result<Answer>&)> next);

    /// An answer has shown that the bucket is there.
    void note_bucket(const std::string& bucket, bool seen);
    [[nodiscard]] bool bucket_seen(const std::string& bucket);

    /// What the server is like, as far as it is known.
    [[nodiscard]] const Quirks& quirks() const noexcept { return quirks_; }

    /// What an upload does about checksums that wishes for these; nothing: as the options say.
    [[nodiscard]] ChecksumChoice checksum_choice(
        std::optional<S3ChecksumMode> mode = std::nullopt,
        std::optional<ChecksumAlgorithm> algorithm = std::nullopt) const;
    /// What the ETag of an upload with this encryption tells, which wishes for these checksums; nothing: as the options say.
    [[nodiscard]] ETagRules etag_rules(const S3Encryption& encryption = {},
                                       std::optional<S3ChecksumMode> mode = std::nullopt) const;
    /// How a stream whose size is not known is cut.
    [[nodiscard]] PartSizes part_sizes() const noexcept {
        return quirks_.equal_parts ? PartSizes::equal : PartSizes::growing;
    }
    /// Whether downloads ask for checksums; nothing: as the options say.
    [[nodiscard]] bool verifies(std::optional<S3ChecksumMode> wished = std::nullopt) const noexcept;

    /// Whether objects are removed in batches: as the profile says, until an answer shows otherwise.
    [[nodiscard]] bool takes_batches() const noexcept { return quirks_.batch_delete && !knows_no_batches_; }
    void note_no_batches() noexcept { knows_no_batches_ = true; }

    /// Whether requests travel encrypted.
    [[nodiscard]] bool is_tls() const noexcept { return is_over_tls(options()); }

    [[nodiscard]] bool forked() const noexcept { return pending_->forked(); }
    void close() noexcept;

private:
    /// A thread that waits for requests, and whether its work has ended. A value that moves.
    struct WaitingThread {
        std::thread thread;
        std::shared_ptr<std::atomic<bool>> ended;
    };

    void join_waiting() noexcept;

    /// What `next` failed with may quote the answer, and where that cannot be right it tells nothing of what was asked.
    static Error told(const Error& error, const Outcome& outcome) {
        if (!outcome.answer.ok()) {
            return error;
        }
        const Error scrubbed = without_secrets(error, outcome.answer->secrets);
        return error.code() == ErrorCode::corrupt ? scrubbed.within(outcome.attempted) : scrubbed;
    }

    template <class Next>
    static Result<void> tell(Next& next, const Outcome& outcome) {
        if constexpr (std::is_invocable_v<Next&, const Outcome&>) {
            return next(outcome);
        } else {
            return next(outcome.answer);
        }
    }

    template <class T, class Begin>
    static Result<void> check_and_begin(const CallOptions& options, const OperationPtr<T>& operation,
                                        Begin&& begin) {
        FILESTORE_TRY(check_call_limits(options.cancel, options.deadline));
        return std::forward<Begin>(begin)(operation);
    }

    template <class T>
    void confirm_not_found(const OperationPtr<T>& operation, Call call, const Error& error,
                           const std::function<Result<void>(const Result<Answer>&)>& next);

    const ExecutorChoice executor_;
    const std::shared_ptr<PendingCalls> pending_ = std::make_shared<PendingCalls>();
    const std::shared_ptr<PartMemory> memory_;
    const std::shared_ptr<Requester> requester_;
    const Quirks quirks_;
    std::mutex mutex_;
    std::set<std::string> seen_buckets_;
    std::vector<WaitingThread> waiting_;
    std::atomic<bool> knows_no_batches_ = false;
};

template <class T>
void ClientCore::head(const OperationPtr<T>& operation, Call call,
                      std::function<Result<void>(const Result<Answer>&)> next) {
    call.method = http::Method::head;
    Call sent = call;
    send(operation, std::move(sent),
         [this, operation, call = std::move(call),
          next = std::move(next)](const Result<Answer>& answer) mutable -> Result<void> {
             const bool confirmed =
                 answer.ok() || answer.error().code() != ErrorCode::not_found || bucket_seen(call.bucket);
             if (confirmed) {
                 note_bucket(call.bucket, answer.ok());
                 return next(answer);
             }
             confirm_not_found(operation, std::move(call), answer.error(), next);
             return {};
         });
}

template <class T>
void ClientCore::confirm_not_found(const OperationPtr<T>& operation, Call call, const Error& error,
                                   const std::function<Result<void>(const Result<Answer>&)>& next) {
    call.method = http::Method::get;
    call.headers.push_back({"range", "bytes=0-0"});
    call.on_body = [](std::span<const std::byte> bytes, const Wake&) -> Result<IoStep> {
        return IoStep{bytes.size(), false};
    };
    const std::string bucket = call.bucket;
    send(operation, std::move(call), [this, error, next, bucket](const Result<Answer>& object) {
        // An object that has come meanwhile was not there before; a range that an empty one cannot satisfy is such an object.
        const bool has_come = object.ok() || object.error().code() == ErrorCode::range_not_satisfiable;
        const bool tells = has_come || object.error().code() == ErrorCode::not_found;
        note_bucket(bucket, tells);
        return next(tells ? Result<Answer>(error) : object);
    });
}

}  // namespace filestore::s3
