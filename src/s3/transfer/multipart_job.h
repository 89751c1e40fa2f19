#pragma once

/// What an upload and a copy in parts share: the requests under way, and how a multipart upload begins, is published and is taken back (S3 user guide,
/// "Uploading and copying objects using multipart upload").

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/job.h"
#include "filestore/checksum.h"
#include "filestore/s3_client.h"
#include "s3/protocol/multipart_xml.h"
#include "s3/protocol/write_options.h"
#include "s3/requester.h"
#include "s3/transfer/liftable_pause.h"
#include "s3/transfer/part_buffer.h"
#include "s3/transfer/single_use.h"

namespace filestore::s3 {

/// Whether ETags are what S3 makes them: an object that has another one is then not what was sent. A value.
struct ETagRules {
    bool whole_is_md5 = true;
    bool parts_are_md5_of_md5s = true;
    /// Nothing else proves that the server has the bytes that were sent: the ETags that it answers are compared with their MD5.
    bool compared = false;
};

/// Where a multipart upload goes to, and what its requests carry. A value.
struct UploadTarget {
    std::string bucket;
    std::string key;
    /// Of every request that carries bytes, makes an object of them or asks for it.
    std::vector<NameValue> access_headers;
    /// They say that the requester pays; so must those that take an upload back.
    bool requester_pays = false;
    /// Of the request that publishes.
    std::vector<NameValue> conditions;
    ETagRules etags;
    /// What the server has to say that it does.
    Encryption::Kind encryption = Encryption::Kind::bucket_default;
    /// What the job runs on; the requester's where there is none.
    std::shared_ptr<Executor> executor;
    std::stop_token cancel;
    std::optional<std::chrono::steady_clock::time_point> deadline;
    std::shared_ptr<PauseSwitch> pause;
};

/// Answers once no request is under way any more. On any failure, cancellation included, nothing new is at the key: what is under way is broken off, and
/// the upload is aborted and looked after until the server says that it is gone, unless it is to stay or the server keeps silent: that is waited for 2 seconds
/// at most once the call is past its limits, 10 otherwise. A resource; see Job.
class MultipartJob : public Job {
protected:
    MultipartJob(std::shared_ptr<Requester> requester, UploadTarget target,
                 std::function<void(Result<S3PutResult>)> done);

    /// A request under way. Its outcome is written by the thread that it arrives on, and read by a step.
    struct Request {
        /// Takes the answer in; a failure ends the job.
        std::function<Result<void>(const Request&)> handle;
        std::uint32_t part_number = 0;
        /// What is sent; null where that is no part.
        std::shared_ptr<const PartBuffer> buffer;
        std::optional<Outcome> outcome;
    };

    /// Starts what can be started. Called again and again, until publish() or publish_whole() has been called or something has failed.
    [[nodiscard]] virtual Result<void> advance() = 0;
    /// An upload in parts has begun, and its ID is known.
    [[nodiscard]] virtual Result<void> on_begun() { return {}; }
    /// A page of the parts that the server has of an upload that is gone on with.
    virtual void on_parts_there(std::vector<ListedPart>&&) {}
    /// The checksum of the whole object that was sent with it; nothing where there was none.
    [[nodiscard]] virtual std::optional<ChecksumValue> sent_checksum() const { return std::nullopt; }
    /// Sends part `number` once more, by send_part(): the server has other bytes.
    [[nodiscard]] virtual Result<void> send_again(std::uint32_t, const std::shared_ptr<const PartBuffer>&) {
        return {};
    }
    /// The job is about to answer, with `stored` or, where that is null, a failure: lets go of what the caller gave.
    virtual void release(S3PutResult* stored) noexcept = 0;

    /// Begins an upload in parts. A job that fails meanwhile waits for the answer, though not for long: an upload whose ID nobody knows cannot be aborted.
    [[nodiscard]] Result<void> create(std::vector<NameValue> headers);
    /// Goes on with an upload that was begun elsewhere: asks for its parts first. It stays.
    void go_on_with(const std::string& upload_id);
    /// On a failure the upload is not aborted.
    void stay() noexcept { stays_ = true; }
    /// One of the two has been called.
    [[nodiscard]] bool creating() const noexcept { return creating_; }
    /// Empty until the upload has begun, or its parts are known.
    [[nodiscard]] const std::string& upload_id() const noexcept { return upload_id_; }

    /// Sends part `number`, whose answer is read by `part_of`.
    void send_part(Call call, std::uint32_t number, std::shared_ptr<const PartBuffer> buffer,
                   std::function<Result<UploadedPart>(const Answer&)> part_of);
    /// Sends something else that the job needs to know.
    void ask(Call call, std::function<Result<void>(const Result<Answer>&)> take_in);
    /// A part that the server has already.
    void keep_part(UploadedPart part) { parts_.push_back(std::move(part)); }
    [[nodiscard]] std::size_t under_way() const noexcept { return requests_.size(); }

    /// All parts have been sent and answered: makes the object of them, `size` bytes in all. `call` has the headers.
    [[nodiscard]] Result<void> publish(Call call, std::uint64_t size);
    /// The object goes in this one request instead.
    void publish_whole(Call call, std::shared_ptr<const PartBuffer> buffer);
    [[nodiscard]] bool publishing() const noexcept { return publishing_; }

    /// A request on the object, which the end of the job breaks off.
    [[nodiscard]] Call new_call(http::Method method) const;

    [[nodiscard]] const Requester& requester() const noexcept { return *requester_; }
    [[nodiscard]] const UploadTarget& target() const noexcept { return target_; }

private:
    Next step() final;
    Next finish();
    void note(const Result<void>& outcome);
    [[nodiscard]] Result<void> collect();
    void send(Call call, Request request);

    void create_no_more();
    void limit_cleanup();
    void bound_cleanup(Call& call) const;
    [[nodiscard]] Result<void> on_create(const Outcome& outcome);
    void list_parts(const std::string& upload_id, std::uint32_t marker);
    [[nodiscard]] Result<void> on_listed(const Outcome& outcome, const std::string& upload_id,
                                         std::uint32_t marker);
    [[nodiscard]] Result<bool> has_other_bytes(const Request& answered) const;
    [[nodiscard]] Result<void> on_whole(const Request& request);
    [[nodiscard]] Result<void> on_published(const Outcome& outcome);
    [[nodiscard]] bool is_lost(const Outcome& outcome) const;
    [[nodiscard]] Result<void> accept(std::string_view etag, const Answer& answer);
    [[nodiscard]] Result<void> succeed(std::string_view etag, std::string_view version_id);
    void look();
    void look_after_breaking_off();
    [[nodiscard]] Result<void> on_look(const Outcome& outcome);
    [[nodiscard]] Result<void> judge(const Result<Answer>& found);
    [[nodiscard]] std::optional<bool> is_own(const Answer& found) const;
    [[nodiscard]] Error undecided_outcome() const;
    [[nodiscard]] Result<void> take_back();
    [[nodiscard]] Result<void> on_abort(const Outcome& outcome);
    [[nodiscard]] Result<void> on_verify(const Outcome& outcome);
    void give_up_taking_back(std::string_view reason);

    const std::shared_ptr<Requester> requester_;
    const UploadTarget target_;
    std::function<void(Result<S3PutResult>)> done_;
    std::stop_source stop_requests_;
    /// Of the requests that clean up, and of the one that begins an upload: its answer is waited for also after a failure, so that the upload can be
    /// aborted.
    std::stop_source stop_cleanup_;
    /// When they are broken off.
    std::chrono::steady_clock::time_point cleanup_until_ = std::chrono::steady_clock::time_point::max();
    std::shared_ptr<LiftablePause> creation_pause_;
    const std::shared_ptr<SingleUse> creation_body_ = std::make_shared<SingleUse>();

    bool creating_ = false;
    /// The answer to the request that began the upload says that it is encrypted as was asked for.
    bool encryption_told_ = false;
    bool stays_ = false;
    std::string upload_id_;
    std::vector<UploadedPart> parts_;
    unsigned damaged_parts_ = 0;
    std::uint64_t size_ = 0;
    /// The request that makes the object visible has been sent.
    bool publishing_ = false;
    /// It was broken off, may have taken effect, and has not been looked after.
    bool publishing_broken_off_ = false;
    /// The upload may be there still, or the server said that it aborted it: what stands at the key and is not ours stood there before.
    bool explained_by_abort_ = false;
    /// What the object's ETag is where it is ours; empty where that cannot be told.
    std::string expected_etag_;
    /// An object with another ETag is not ours.
    bool etag_tells_ = false;
    /// The failure of the request that publishes, while it is looked at what came of it.
    std::optional<Error> undecided_;
    std::optional<S3PutResult> result_;
    std::optional<Error> failure_;
    unsigned aborts_ = 0;
    bool aborted_ = false;
    bool taken_back_ = false;

    std::mutex mutex_;
    /// Changed by steps only; the mutex guards the outcomes in it.
    std::list<std::shared_ptr<Request>> requests_;
};

}  // namespace filestore::s3
