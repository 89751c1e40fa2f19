#include "s3/transfer/object_upload.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/memory_source.h"
#include "core/stream_calls.h"
#include "core/try.h"
#include "s3/protocol/etag.h"
#include "s3/transfer/part_digests.h"
#include "s3/transfer/part_view.h"
#include "s3/transfer/parts_there.h"
#include "s3/transfer/shared_progress.h"
#include "s3/transfer/spooled_part.h"

namespace filestore::s3 {

namespace {

/// So much is read before memory for a part is asked for: a source that gives nothing holds none, and small objects never wait.
constexpr std::size_t unaccounted_bytes = std::size_t{64} * 1024;
/// Bodies above this size are worth buffers and a loop of their own.
constexpr std::uint64_t bulk_threshold = std::uint64_t{64} * 1024;

class UploadJob final : public MultipartJob {
public:
    UploadJob(std::shared_ptr<Requester> requester, std::shared_ptr<PartMemory> memory, ObjectUpload upload,
              std::function<void(Result<S3PutResult>)> done)
        : MultipartJob(std::move(requester), std::move(upload.target), std::move(done)),
          memory_(std::move(memory)),
          in_memory_(std::make_shared<PartMemory::Upload>(target().pause)),
          source_(std::move(upload.source)),
          in_place_(std::dynamic_pointer_cast<const MemorySource>(source_)),
          headers_(std::move(upload.headers)),
          on_resume_token_(std::move(upload.on_resume_token)),
          resume_(std::move(upload.resume)),
          plan_(resume_ ? PlannedParts{resume_->part_size, resume_->part_sizes, resume_->object_size}
                        : PlannedParts{this->requester().options().part_size, upload.part_sizes,
                                       source_->size()}),
          declared_(plan_.object_size ? plan_.object_size : source_->size()),
          checksum_choice_(upload.checksums),
          checksums_(upload.checksums),
          refuses_parts_(std::move(upload.refuses_parts)),
          reports_progress_(upload.progress != nullptr),
          progress_(std::make_shared<SharedProgress>(ProgressMeter(std::move(upload.progress), declared_))) {}

private:
    /// What the parts are cut by. A value.
    struct PlannedParts {
        std::uint64_t part_size = 0;
        PartSizes sizes = PartSizes::growing;
        std::optional<std::uint64_t> object_size;
    };

    Result<void> advance() override {
        if (resume_ && !creating()) {
            go_on_with(resume_->upload_id);
        }
        while (!source_ended_ || filled_) {
            FILESTORE_TRY(check_limits());
            if (filled_) {
                FILESTORE_TRY_ASSIGN(const bool sent, send_filled());
                if (!sent || publishing()) {
                    return {};
                }
            }
            if (source_ended_ || under_way() >= requester().options().parallel_parts) {
                break;
            }
            FILESTORE_TRY_ASSIGN(const bool filled, fill());
            if (!filled) {
                return {};
            }
        }
        return source_ended_ && under_way() == 0 ? publish_parts() : Result<void>();
    }

    Result<void> on_begun() override {
        if (!on_resume_token_) {
            return {};
        }
        const ResumeToken token{
            target().bucket,    target().key,      upload_id(),           plan_.part_size,
            plan_.sizes,        plan_.object_size, checksum_choice_.mode, checksum_choice_.algorithm,
            target().conditions};
        FILESTORE_TRY(
            call_user(ErrorCode::internal, [&] { return on_resume_token_(format_resume_token(token)); }));
        stay();
        return {};
    }

    void on_parts_there(std::vector<ListedPart>&& page) override { there_.add(std::move(page)); }

    [[nodiscard]] std::optional<ChecksumValue> sent_checksum() const override { return checksums_.whole(); }

    void release(S3PutResult* stored) noexcept override {
        source_.reset();
        in_place_.reset();
        buffer_.reset();
        filled_.reset();
        if (stored != nullptr) {
            stored->checksum = checksums_.whole();
            progress_->finish();
        }
    }

    /// Reads until the next part is full or the source has ended; false where one of source and memory has nothing to give now, and while it is paused.
    Result<bool> fill() {
        if (in_place_) {
            return fill_in_place();
        }
        if (!buffer_) {
            FILESTORE_TRY_ASSIGN(const std::uint64_t most, most_bytes_of_part(next_number_));
            buffer_ = new_buffer(most);
        }
        while (true) {
            FILESTORE_TRY(check_limits());
            if (is_paused() || !account_for_buffer()) {
                return false;
            }
            if (buffer_->full()) {
                FILESTORE_TRY_ASSIGN(const bool known, look_ahead());
                return known && take_buffer();
            }
            FILESTORE_TRY_ASSIGN(const std::size_t count, read_into(accounted_room()));
            if (count == 0) {
                return source_ended_ && take_buffer();
            }
            FILESTORE_TRY(buffer_->added(count));
        }
    }

    /// Without a copy, and without memory to account for.
    Result<bool> fill_in_place() {
        if (is_paused()) {
            return false;
        }
        FILESTORE_TRY_ASSIGN(const std::uint64_t most, most_bytes_of_part(next_number_));
        const auto rest = in_place_->bytes().subspan(static_cast<std::size_t>(total_));
        filled_ =
            std::make_shared<PartView>(in_place_, rest.first(std::min<std::uint64_t>(most, rest.size())));
        total_ += filled_->size();
        source_ended_ = filled_->size() == rest.size();
        return true;
    }

    [[nodiscard]] std::shared_ptr<PartBuffer> new_buffer(std::uint64_t most) const {
        if (most > memory_->total()) {
            return std::make_shared<SpooledPart>(most, requester().options().spool_directory);
        }
        return std::make_shared<MemoryPart>(static_cast<std::size_t>(most), memory_);
    }

    bool take_buffer() {
        filled_ = std::exchange(buffer_, nullptr);
        return true;
    }

    /// At least 1.
    [[nodiscard]] Result<std::uint64_t> most_bytes_of_part(std::uint32_t number) const {
        if (plan_.object_size) {
            FILESTORE_TRY_ASSIGN(const PartPlan plan,
                                 plan_parts(*plan_.object_size, plan_.part_size, requester().part_limits()));
            return std::max<std::uint64_t>(1, plan.part(std::min(number, plan.count)).size);
        }
        FILESTORE_TRY_ASSIGN(const StreamParts parts,
                             StreamParts::make(plan_.sizes, plan_.part_size, requester().part_limits()));
        return parts.size_of(number);
    }

    [[nodiscard]] std::span<std::byte> accounted_room() const {
        const auto room = buffer_->room();
        const bool all = buffer_->is_accounted_for() || room.size() <= unaccounted_bytes;
        return all ? room : room.first(unaccounted_bytes - static_cast<std::size_t>(buffer_->size()));
    }

    bool account_for_buffer() {
        if (buffer_->is_accounted_for() || buffer_->size() < unaccounted_bytes) {
            return true;
        }
        auto share = memory_->take(buffer_->memory(), in_memory_, weak_self());
        if (share) {
            buffer_->hold(std::move(*share));
            return true;
        }
        // Who holds it may come to rest meanwhile.
        runtime().reactor->wake_at(std::chrono::steady_clock::now() + PartMemory::rest_begins, weak_self());
        return false;
    }

    /// Whether a full part is the last one decides how it is sent, so a byte of the next one is asked for.
    Result<bool> look_ahead() {
        if (ahead_ || source_ended_) {
            return true;
        }
        std::array<std::byte, 1> byte{};
        FILESTORE_TRY_ASSIGN(const std::size_t count, read_into(byte));
        if (count > 0) {
            ahead_ = byte[0];
        }
        return count > 0 || source_ended_;
    }

    /// 0 where the source has ended or has nothing now.
    Result<std::size_t> read_into(std::span<std::byte> into) {
        if (ahead_) {
            into.front() = *std::exchange(ahead_, std::nullopt);
            return std::size_t{1};
        }
        FILESTORE_TRY_ASSIGN(const IoStep step, read_source(*source_, into, waker()));
        note_source_waits(step.would_block && step.bytes == 0);
        total_ += step.bytes;
        if (declared_ && total_ > *declared_) {
            return source_size_error(*declared_, total_);
        }
        if (!step.would_block && step.bytes == 0) {
            source_ended_ = true;
            if (declared_ && total_ != *declared_) {
                return source_size_error(*declared_, total_);
            }
        }
        return step.bytes;
    }

    void note_source_waits(bool waits) {
        if (waits != std::exchange(source_waits_, waits)) {
            memory_->note_waiting(*in_memory_, waits);
        }
    }

    /// False where the part has to wait for the upload to begin.
    Result<bool> send_filled() {
        if (next_number_ == 1 && source_ended_ && !creating()) {
            FILESTORE_TRY(send_whole());
            return true;
        }
        if (!creating() && refuses_parts_) {
            return *refuses_parts_;
        }
        if (!creating()) {
            FILESTORE_TRY_ASSIGN(auto headers, headers_(declared_));
            checksums_.announce(headers);
            FILESTORE_TRY(create(std::move(headers)));
        }
        if (upload_id().empty()) {
            return false;
        }
        // An upload that is gone on with may be of nothing; it has a part, too.
        if (filled_->size() > 0 || next_number_ == 1) {
            FILESTORE_TRY_ASSIGN(const bool kept, keep_filled_part());
            FILESTORE_TRY(kept ? Result<void>() : send_filled_part());
        }
        filled_.reset();
        return true;
    }

    /// False where the server does not have the part.
    Result<bool> keep_filled_part() {
        FILESTORE_TRY_ASSIGN(const ListedPart* const part, there_.find(next_number_, *filled_));
        if (part == nullptr) {
            return false;
        }
        FILESTORE_TRY(checksums_.note_part(*filled_, next_number_));
        keep_part({next_number_, part->etag, checksums_.of_part(next_number_)});
        progress_->acknowledge(filled_->size());
        progress_->add(filled_->size());
        ++next_number_;
        return true;
    }

    Result<void> send_whole() {
        Call call = new_call(http::Method::put);
        FILESTORE_TRY_ASSIGN(call.headers, headers_(filled_->size()));
        append(call.headers, target().conditions);
        call.body = std::make_shared<ProgressSource>(filled_->source(runtime().executor), progress_);
        FILESTORE_TRY(describe_body(call, *filled_, 1));
        // Neither framed nor counted piece by piece.
        if (in_place_ && !reports_progress_ && !call.bulk && call.body_size == filled_->size()) {
            call.body_at_once = in_place_->bytes();
        }
        publish_whole(std::move(call), std::exchange(filled_, nullptr));
        return {};
    }

    Result<void> send_filled_part() {
        const auto counted = std::make_shared<ProgressSource>(filled_->source(runtime().executor), progress_);
        return send_bytes(next_number_++, filled_, counted);
    }

    /// Its bytes have been counted.
    Result<void> send_again(std::uint32_t number, const std::shared_ptr<const PartBuffer>& part) override {
        return send_bytes(number, part, part->source(runtime().executor));
    }

    Result<void> send_bytes(std::uint32_t number, const std::shared_ptr<const PartBuffer>& part,
                            std::shared_ptr<Source> body) {
        Call call = new_call(http::Method::put);
        call.headers = target().access_headers;
        call.body = std::move(body);
        FILESTORE_TRY(describe_body(call, *part, number));
        send_part(std::move(call), number, part,
                  [this, number, size = part->size()](const Answer& answer) -> Result<UploadedPart> {
                      progress_->acknowledge(size);
                      return UploadedPart{number, std::string(unquoted_etag(answer.header("etag"))),
                                          checksums_.of_part(number)};
                  });
        return {};
    }

    Result<void> publish_parts() {
        Call call = new_call(http::Method::post);
        call.headers = target().access_headers;
        append(call.headers, target().conditions);
        FILESTORE_TRY(checksums_.add_to_completion(call));
        return publish(std::move(call), total_);
    }

    static void append(std::vector<NameValue>& headers, const std::vector<NameValue>& more) {
        headers.insert(headers.end(), more.begin(), more.end());
    }

    /// What the request says of its body.
    Result<void> describe_body(Call& call, const PartBuffer& part, std::uint32_t number) {
        call.body_size = part.size();
        call.bulk = part.size() > bulk_threshold;
        call.payload_hash = unsigned_payload;
        if (requester().signs_payload()) {
            FILESTORE_TRY_ASSIGN(call.payload_hash, sha256_of(part));
        }
        return checksums_.add_to_body(call, part, number);
    }

    const std::shared_ptr<PartMemory> memory_;
    const PartMemory::UploadPtr in_memory_;
    std::shared_ptr<Source> source_;
    /// The same source, where its bytes can be sent from where they are.
    std::shared_ptr<const MemorySource> in_place_;
    const std::function<Result<std::vector<NameValue>>(std::optional<std::uint64_t>)> headers_;
    const std::function<Result<void>(const std::string&)> on_resume_token_;
    const std::optional<ResumeToken> resume_;
    const PlannedParts plan_;
    const std::optional<std::uint64_t> declared_;
    const ChecksumChoice checksum_choice_;
    PartsThere there_;
    UploadChecksums checksums_;
    const std::optional<Error> refuses_parts_;
    const bool reports_progress_;
    const std::shared_ptr<SharedProgress> progress_;

    /// Being read.
    std::shared_ptr<PartBuffer> buffer_;
    /// Whole, and not sent yet.
    std::shared_ptr<const PartBuffer> filled_;
    std::optional<std::byte> ahead_;
    std::uint64_t total_ = 0;
    bool source_waits_ = false;
    bool source_ended_ = false;
    std::uint32_t next_number_ = 1;
};

}  // namespace

void upload_object(const std::shared_ptr<Requester>& requester, std::shared_ptr<PartMemory> memory,
                   ObjectUpload upload, std::function<void(Result<S3PutResult>)> done) {
    make_job<UploadJob>(requester, std::move(memory), std::move(upload), std::move(done))->start();
}

}  // namespace filestore::s3
