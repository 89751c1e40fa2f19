#include "s3/transfer/object_download.h"

#include <chrono>
#include <limits>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "core/library_thread.h"
#include "core/progress.h"
#include "core/pump.h"
#include "core/stream_calls.h"
#include "core/try.h"
#include "s3/protocol/checksum_headers.h"
#include "s3/transfer/download_check.h"
#include "s3/transfer/part_sizes.h"
#include "s3/transfer/parts_download.h"
#include "s3/transfer/pinned_range.h"
#include "s3/transfer/stream_pace.h"

namespace filestore::s3 {

namespace {

/// One GET is left to run to its end where no more than so many parts are left.
constexpr std::uint64_t parts_of_one_get = 3;

/// A resource held by std::shared_ptr. Used by an event loop while the first GET runs, then by the executor.
class Download final : public std::enable_shared_from_this<Download> {
public:
    Download(std::shared_ptr<Requester> requester, std::shared_ptr<PartMemory> memory,
             ObjectDownload download, std::function<void(Result<DownloadedObject>)> done)
        : requester_(std::move(requester)),
          memory_(std::move(memory)),
          download_(std::make_shared<ObjectDownload>(std::move(download))),
          executor_(download_->executor ? download_->executor : requester_->runtime().executor),
          done_(std::move(done)) {
        if (download_->sink->blocking()) {
            pump_ = std::make_unique<PumpedSink>(download_->sink, executor_);
        }
    }

    void start() {
        Call call;
        call.bucket = download_->bucket;
        call.key = download_->key;
        if (!download_->version_id.empty()) {
            call.query = {{"versionId", download_->version_id}};
        }
        call.headers = download_->headers;
        if (download_->range) {
            call.headers.push_back({"range", range_header(*download_->range)});
        }
        if (download_->verify) {
            call.headers.push_back({std::string(checksum_mode_header), "ENABLED"});
        }
        call.bulk = true;
        call.options = download_->options;
        const auto self = shared_from_this();
        call.on_head = [self](const Answer& head) { return self->on_head(head); };
        call.on_body = [self](std::span<const std::byte> bytes, const Wake& wake) {
            return self->take(bytes, wake);
        };
        call.resume = [self](Call& again) { return self->resume(again); };
        requester_->send(std::move(call),
                         [self](const Outcome& outcome) { self->on_stream_end(outcome.answer); });
    }

private:
    Result<void> on_head(const Answer& head) {
        if (begun_) {
            return pinned_.check(head, taken_);
        }
        FILESTORE_TRY_ASSIGN(extent_, body_extent(download_->range, head.status, head.headers));
        if (download_->on_head) {
            FILESTORE_TRY(
                call_user(ErrorCode::sink_failed, [&] { return download_->on_head(head, extent_); }));
        }
        if (download_->verify && extent_.length == extent_.object_size) {
            check_.emplace(head.headers);
        }
        begun_ = true;
        progress_ = ProgressMeter(std::move(download_->options.progress), extent_.length);
        pinned_ = {extent_.offset, extent_.length, pin_of(extent_, head.headers)};
        sizes_wanted_ = are_sizes_wanted();
        const std::uint64_t rate = requester_->options().parallel_below_rate;
        pace_ = StreamPace(rate);
        const bool at_once = rate == std::numeric_limits<std::uint64_t>::max() && is_worth_parts();
        return sizes_wanted_ || at_once ? go_over_to_parts() : Result<void>();
    }

    /// Ends the stream.
    Error go_over_to_parts() {
        in_parts_ = true;
        return {ErrorCode::cancelled, "the rest is read in parts"};
    }

    [[nodiscard]] bool is_worth_parts() const noexcept {
        const S3ClientOptions& options = requester_->options();
        return options.parallel_parts > 1 && !pinned_.pin.etag.empty() &&
               (extent_.length - taken_) / parts_of_one_get > options.part_size;
    }

    /// Where as many large bodies are under way anyway, more streams bring nothing.
    [[nodiscard]] bool is_too_slow() const noexcept {
        return pace_.is_slow() && is_worth_parts() &&
               requester_->bulk_calls() <= requester_->options().parallel_parts;
    }

    /// The checksum is one of parts that are not known yet. They must be, before the first byte.
    [[nodiscard]] bool are_sizes_wanted() {
        if (!check_ || check_->part_count() == 0) {
            return false;
        }
        if (check_->part_count() == 1) {
            check_->set_parts({extent_.length});
            return false;
        }
        return download_->knows_parts && !pinned_.pin.etag.empty() && extent_.length > 0;
    }

    Result<IoStep> take(std::span<const std::byte> bytes, const Wake& wake) {
        if (bytes.size() > extent_.length - taken_) {
            return Error(ErrorCode::corrupt, "the server sent more bytes than it announced");
        }
        pace_.on_bytes(std::chrono::steady_clock::now());
        if (is_too_slow()) {
            return go_over_to_parts();
        }
        auto step = pump_ ? pump_->write(bytes, wake) : write_sink(*download_->sink, bytes, wake);
        if (step.ok()) {
            took(bytes.first(step->bytes));
            pace_.on_taken(step->bytes, step->would_block ? std::nullopt
                                                          : std::optional(std::chrono::steady_clock::now()));
        }
        return step;
    }

    void took(std::span<const std::byte> bytes) {
        taken_ += bytes.size();
        if (check_) {
            check_->update(bytes);
        }
        progress_.acknowledge(bytes.size());
        progress_.add(bytes.size());
    }

    Result<void> resume(Call& again) {
        if (!begun_) {
            return {};
        }
        if (pinned_.pin.etag.empty() || in_parts_) {
            return Error(ErrorCode::unavailable, "the answer broke off and has no ETag to go on by");
        }
        return pinned_.resume(again, taken_);
    }

    void on_stream_end(const Result<Answer>& answer) {
        if (sizes_wanted_) {
            return ask_for_sizes();
        }
        if (in_parts_) {
            return read_in_parts();
        }
        Result<void> received;
        const bool is_whole = begun_ && !answer.ok() && pinned_.is_whole(answer.error(), taken_);
        if (!answer.ok() && !is_whole) {
            received = begun_ ? of_pinned(answer.error()) : answer.error();
        } else if (taken_ != extent_.length) {
            received = Error(ErrorCode::corrupt, "the server's answer ended after " + std::to_string(taken_) +
                                                     " of " + std::to_string(extent_.length) + " bytes");
        }
        finish_after_sink(received);
    }

    /// Most objects are cut into equal parts: the size of the first tells how. Whether it is so is asked only where the checksum differs.
    void ask_for_sizes() {
        begin([this, self = shared_from_this()] {
            ask_part_size(requester_, *download_, pinned_.pin, 1, check_->part_count(),
                          [self](const Result<std::uint64_t>& size) {
                              self->begin([&] {
                                  self->assume_sizes(size);
                                  self->start_parts();
                              });
                          });
        });
    }

    void assume_sizes(const Result<std::uint64_t>& first) {
        auto sizes = first.ok() ? equal_parts(extent_.length, *first, check_->part_count()) : std::nullopt;
        if (sizes) {
            assumed_sizes_ = *sizes;
            check_->set_parts(std::move(*sizes));
        }
    }

    /// What the stream brought has to be with the sink before.
    void read_in_parts() {
        if (!pump_) {
            return begin([this] { start_parts(); });
        }
        pump_->when_written([this, self = shared_from_this()](const Result<void>& written) {
            pump_.reset();
            return written.ok() ? begin([this] { start_parts(); }) : finish(written);
        });
    }

    void start_parts() {
        const PinnedRange rest{pinned_.offset + taken_, pinned_.length - taken_, pinned_.pin};
        download_parts(
            requester_, memory_, download_, rest,
            [self = shared_from_this()](std::span<const std::byte> bytes) { self->took(bytes); },
            [self = shared_from_this()](const Result<void>& received) { self->finish(received); });
    }

    /// Does what may throw, and otherwise sees to it that the download goes on.
    template <class Work>
    void begin(Work&& work) {
        const auto begun = call_user(ErrorCode::internal, [&]() -> Result<void> {
            work();
            return {};
        });
        if (!begun.ok()) {
            finish_after_sink(begun);
        }
    }

    /// Once the sink below the pump is no longer in use.
    void finish_after_sink(const Result<void>& received) {
        auto complete = [self = shared_from_this(), received](const Result<void>& written) {
            self->finish(received.ok() ? written : received);
        };
        if (pump_) {
            return pump_->when_written(std::move(complete));
        }
        on_executor([complete = std::move(complete)] { complete({}); });
    }

    /// On this thread where the executor takes no task: nobody else would end the download.
    template <class Task>
    void on_executor(const Task& task) {
        try {
            executor_->post(task);
        } catch (const std::bad_alloc&) {
            task();
        }
    }

    void finish(const Result<void>& delivered) {
        const LibraryThreadScope scope;
        auto verified = call_user(ErrorCode::internal, [&]() -> Result<std::optional<ChecksumValue>> {
            FILESTORE_TRY(delivered);
            return check_ ? check_->finish() : std::optional<ChecksumValue>();
        });
        const bool is_doubtful = delivered.ok() && !verified.ok() && !assumed_sizes_.empty();
        if (is_doubtful) {
            const auto begun = call_user(ErrorCode::internal, [&]() -> Result<void> {
                confirm(verified.error());
                return {};
            });
            return begun.ok() ? void() : conclude(begun.error());
        }
        conclude(verified);
    }

    /// Bytes that are cut otherwise than it was assumed have another checksum without being damaged.
    void confirm(const Error& damage) {
        compare_part_sizes(requester_, download_, pinned_.pin, assumed_sizes_,
                           [self = shared_from_this(), damage](const Result<bool>& is_as_assumed) {
                               Result<std::optional<ChecksumValue>> verified = std::optional<ChecksumValue>();
                               if (!is_as_assumed.ok()) {
                                   verified = is_as_assumed.error();
                               } else if (*is_as_assumed) {
                                   verified = damage;
                               }
                               self->on_executor([self, verified] { self->conclude(verified); });
                           });
    }

    /// On the executor: Sink::finish() may block.
    void conclude(const Result<std::optional<ChecksumValue>>& verified) {
        const LibraryThreadScope scope;
        auto result = call_user(ErrorCode::internal, [&]() -> Result<DownloadedObject> {
            FILESTORE_TRY(verified);
            FILESTORE_TRY(finish_sink(*download_->sink));
            progress_.finish();
            return DownloadedObject{extent_, *verified};
        });
        pump_.reset();
        download_.reset();
        const auto done = std::exchange(done_, nullptr);
        done(std::move(result));
    }

    const std::shared_ptr<Requester> requester_;
    const std::shared_ptr<PartMemory> memory_;
    std::shared_ptr<ObjectDownload> download_;
    const std::shared_ptr<Executor> executor_;
    std::function<void(Result<DownloadedObject>)> done_;
    /// For a sink that may block.
    std::unique_ptr<PumpedSink> pump_;
    BodyExtent extent_;
    PinnedRange pinned_;
    std::optional<DownloadCheck> check_;
    ProgressMeter progress_;
    StreamPace pace_;
    std::uint64_t taken_ = 0;
    /// The head of the first answer has been seen.
    bool begun_ = false;
    bool in_parts_ = false;
    bool sizes_wanted_ = false;
    /// How the object is cut, by the size of its first part; empty where that is not needed, or not told.
    std::vector<std::uint64_t> assumed_sizes_;
};

}  // namespace

void download_object(const std::shared_ptr<Requester>& requester, std::shared_ptr<PartMemory> memory,
                     ObjectDownload download, std::function<void(Result<DownloadedObject>)> done) {
    std::make_shared<Download>(requester, std::move(memory), std::move(download), std::move(done))->start();
}

}  // namespace filestore::s3
