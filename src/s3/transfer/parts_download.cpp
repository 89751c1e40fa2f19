#include "s3/transfer/parts_download.h"

#include <algorithm>
#include <deque>
#include <mutex>
#include <utility>

#include "core/stream_calls.h"
#include "core/try.h"
#include "s3/transfer/part_buffer.h"

namespace filestore::s3 {

namespace {

/// However little memory there is.
constexpr std::uint64_t least_part = std::uint64_t{1} << 20U;

class PartsJob final : public Job {
public:
    PartsJob(std::shared_ptr<Requester> requester, std::shared_ptr<PartMemory> memory,
             std::shared_ptr<const ObjectDownload> download, PinnedRange range,
             std::function<void(std::span<const std::byte>)> on_bytes, std::function<void(Result<void>)> done)
        : Job(requester->runtime(), download->options.cancel, download->options.deadline,
              download->options.pause),
          requester_(std::move(requester)),
          memory_(std::move(memory)),
          download_(std::move(download)),
          range_(std::move(range)),
          part_size_(std::min(requester_->options().part_size, std::max(memory_share(), least_part))),
          on_bytes_(std::move(on_bytes)),
          done_(std::move(done)) {}

private:
    /// A part under way. Its event loop fills the buffer until the outcome is there; what has none goes on to the sink as it comes.
    struct Part {
        PinnedRange range;
        std::shared_ptr<MemoryPart> buffer;
        std::optional<Result<void>> outcome;
        std::size_t delivered = 0;

        [[nodiscard]] std::uint64_t arrived() const noexcept { return buffer ? buffer->size() : delivered; }
    };
    using PartPtr = std::shared_ptr<Part>;

    /// Of each of the parts side by side.
    [[nodiscard]] std::uint64_t memory_share() const {
        const S3ClientOptions& options = requester_->options();
        return memory_->for_downloads(options.part_size) / options.parallel_parts;
    }

    Next step() override {
        if (!failure_) {
            note(call_user(ErrorCode::internal, [this] { return advance(); }));
        }
        if (failure_) {
            forget_answered();
        }
        const bool over = parts_.empty() && (failure_ || asked_ == range_.length);
        if (!over) {
            return Next::park;
        }
        // The sink may keep the wake that it was given last, and so this job.
        download_.reset();
        const auto done = std::exchange(done_, nullptr);
        done(failure_ ? Result<void>(*failure_) : Result<void>());
        return Next::done;
    }

    void note(const Result<void>& outcome) {
        if (!outcome.ok() && !failure_) {
            failure_ = outcome.error();
            stop_requests_.request_stop();
        }
    }

    void forget_answered() {
        const std::lock_guard lock(mutex_);
        std::erase_if(parts_, [](const PartPtr& part) { return part->outcome.has_value(); });
    }

    Result<void> advance() {
        while (true) {
            FILESTORE_TRY(check_limits());
            FILESTORE_TRY(ask_for_more());
            FILESTORE_TRY_ASSIGN(const bool delivered, deliver_first());
            if (!delivered) {
                return {};
            }
        }
    }

    Result<void> ask_for_more() {
        while (asked_ < range_.length && parts_.size() < requester_->options().parallel_parts) {
            const std::uint64_t wanted = std::min(part_size_, range_.length - asked_);
            auto share = memory_->take_for_download(wanted, requester_->options().part_size, weak_self());
            if (!share && !parts_.empty()) {
                return {};
            }
            const PartPtr part = share ? kept_part(wanted) : part_without_share(wanted);
            if (share) {
                part->buffer->hold(std::move(*share));
            }
            send(part);
            asked_ += part->range.length;
        }
        return {};
    }

    [[nodiscard]] PartPtr next_part(std::uint64_t length) const {
        auto part = std::make_shared<Part>();
        part->range = {range_.offset + asked_, length, range_.pin};
        return part;
    }

    [[nodiscard]] PartPtr kept_part(std::uint64_t length) const {
        PartPtr part = next_part(length);
        part->buffer = std::make_shared<MemoryPart>(static_cast<std::size_t>(length), memory_);
        return part;
    }

    /// It is the only one, so the sink has all that stands before it. An event loop must not wait for a sink that may block: few of these are written to at a time, and a small part is kept for each.
    [[nodiscard]] PartPtr part_without_share(std::uint64_t length) const {
        return download_->sink->blocking() ? kept_part(std::min(length, least_part)) : next_part(length);
    }

    void send(const PartPtr& part) {
        Call call;
        call.bucket = download_->bucket;
        call.key = download_->key;
        if (!download_->version_id.empty()) {
            call.query = {{"versionId", download_->version_id}};
        }
        call.headers = download_->headers;
        part->range.apply(call, 0);
        call.bulk = true;
        // The sink is given what there is meanwhile.
        call.sender_waits = false;
        call.options.cancel = stop_requests_.get_token();
        call.options.deadline = download_->options.deadline;
        call.options.pause = download_->options.pause;
        call.on_head = [part](const Answer& head) { return part->range.check(head, part->arrived()); };
        call.on_body = [this, part](std::span<const std::byte> bytes, const Wake& wake) {
            return take(*part, bytes, wake);
        };
        call.resume = [part](Call& again) { return part->range.resume(again, part->arrived()); };
        parts_.push_back(part);
        try {
            requester_->send(std::move(call), [this, self = weak_self().lock(), part](
                                                  const Outcome& outcome) { arrive(*part, outcome.answer); });
        } catch (...) {
            parts_.pop_back();
            throw;
        }
    }

    void arrive(Part& part, const Result<Answer>& answer) {
        Result<void> outcome;
        if (!answer.ok() && !part.range.is_whole(answer.error(), part.arrived())) {
            outcome = of_pinned(answer.error());
        } else if (part.arrived() != part.range.length) {
            outcome = Error(ErrorCode::corrupt, "the server's answer ended after " +
                                                    std::to_string(part.arrived()) + " of " +
                                                    std::to_string(part.range.length) + " bytes");
        }
        {
            const std::lock_guard lock(mutex_);
            part.outcome.emplace(std::move(outcome));
        }
        wake();
    }

    /// The bytes of a part, on its event loop.
    Result<IoStep> take(Part& part, std::span<const std::byte> bytes, const Wake& wake) {
        if (bytes.size() > part.range.length - part.arrived()) {
            return Error(ErrorCode::corrupt, "the server sent more bytes than it announced");
        }
        if (part.buffer) {
            FILESTORE_TRY(fill(*part.buffer, bytes));
            return IoStep{bytes.size(), false};
        }
        return hand_over(part, bytes, wake);
    }

    Result<IoStep> hand_over(Part& part, std::span<const std::byte> bytes, const Wake& wake) {
        FILESTORE_TRY_ASSIGN(const IoStep step, write_sink(*download_->sink, bytes, wake));
        on_bytes_(bytes.first(step.bytes));
        part.delivered += step.bytes;
        return step;
    }

    /// Hands over what the sink takes of the first part; true when that part is done with and there may be more to do.
    Result<bool> deliver_first() {
        if (parts_.empty()) {
            return false;
        }
        const PartPtr part = parts_.front();
        {
            const std::lock_guard lock(mutex_);
            FILESTORE_TRY(failure_of_any());
            if (!part->outcome) {
                return false;
            }
        }
        const auto bytes = part->buffer ? part->buffer->bytes() : std::span<const std::byte>();
        while (part->delivered < bytes.size()) {
            FILESTORE_TRY(check_limits());
            if (is_paused()) {
                return false;
            }
            FILESTORE_TRY_ASSIGN(const IoStep step,
                                 hand_over(*part, bytes.subspan(part->delivered), waker()));
            if (step.would_block) {
                return false;
            }
        }
        parts_.pop_front();
        return true;
    }

    Result<void> failure_of_any() const {
        for (const PartPtr& part : parts_) {
            if (part->outcome && !part->outcome->ok()) {
                return *part->outcome;
            }
        }
        return {};
    }

    const std::shared_ptr<Requester> requester_;
    const std::shared_ptr<PartMemory> memory_;
    std::shared_ptr<const ObjectDownload> download_;
    const PinnedRange range_;
    /// A range may be of any size: none is larger than there is memory for.
    const std::uint64_t part_size_;
    std::function<void(std::span<const std::byte>)> on_bytes_;
    std::function<void(Result<void>)> done_;
    std::stop_source stop_requests_;
    std::uint64_t asked_ = 0;
    std::optional<Error> failure_;

    std::mutex mutex_;
    /// In the order of their bytes. Changed by steps only; the mutex guards the outcomes in it.
    std::deque<PartPtr> parts_;
};

}  // namespace

void download_parts(const std::shared_ptr<Requester>& requester, std::shared_ptr<PartMemory> memory,
                    std::shared_ptr<const ObjectDownload> download, PinnedRange range,
                    std::function<void(std::span<const std::byte>)> on_bytes,
                    std::function<void(Result<void>)> done) {
    make_job<PartsJob>(requester, std::move(memory), std::move(download), std::move(range),
                       std::move(on_bytes), std::move(done))
        ->start();
}

}  // namespace filestore::s3
