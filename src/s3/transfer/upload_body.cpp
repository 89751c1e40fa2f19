#include "s3/transfer/upload_body.h"

#include <optional>
#include <utility>
#include <vector>

#include "core/digest.h"
#include "core/encoding.h"
#include "core/sized_source.h"
#include "core/spool.h"
#include "core/stream_calls.h"
#include "core/try.h"
#include "s3/protocol/signing.h"

namespace filestore::s3 {

namespace {

constexpr std::size_t chunk_size = std::size_t{256} * 1024;

/// Reads the source once, as far as that is needed, then hands over what the PUT sends.
class PrepareBodyJob final : public Job {
public:
    PrepareBodyJob(Runtime runtime, std::stop_token stop,
                   std::optional<std::chrono::steady_clock::time_point> deadline,
                   std::shared_ptr<Source> source, UploadBodyOptions options,
                   std::function<void(Result<UploadBody>)> done)
        : Job(std::move(runtime), std::move(stop), deadline),
          source_(std::move(source)),
          options_(std::move(options)),
          done_(std::move(done)),
          declared_(source_->size()) {
        if (!declared_ || !source_->can_rewind()) {
            spool_.emplace(options_.spool_directory);
        }
    }

private:
    Next step() override {
        auto read = call_user(ErrorCode::internal, [this] { return read_ahead(); });
        if (read.ok() && !*read) {
            return Next::park;
        }
        auto result = read.ok() ? call_user(ErrorCode::internal, [this] { return body(); })
                                : Result<UploadBody>(read.error());
        source_.reset();
        const auto done = std::exchange(done_, nullptr);
        done(std::move(result));
        return Next::done;
    }

    /// A source of known size that rewinds is sent straight from where it is, when nothing needs its hash. An empty one is read all the
    /// same: nothing else would find out that it is not empty.
    [[nodiscard]] bool needs_reading() const noexcept {
        return spool_ || options_.signed_payload || declared_ == 0U;
    }

    /// True when done, false to be called again.
    Result<bool> read_ahead() {
        FILESTORE_TRY(check_limits());
        if (!needs_reading()) {
            return true;
        }
        chunk_.resize(chunk_size);
        while (true) {
            FILESTORE_TRY(check_limits());
            FILESTORE_TRY_ASSIGN(const IoStep step, read_source(*source_, chunk_, waker()));
            if (step.would_block) {
                return false;
            }
            if (step.bytes == 0) {
                return true;
            }
            size_ += step.bytes;
            if (declared_ && size_ > *declared_) {
                return source_size_error(*declared_, size_);
            }
            const std::span<const std::byte> bytes = std::span(chunk_).first(step.bytes);
            if (options_.signed_payload) {
                hash_.update(bytes);
            }
            if (spool_) {
                FILESTORE_TRY(spool_->append(bytes));
            }
        }
    }

    Result<UploadBody> body() {
        if (needs_reading()) {
            if (declared_ && size_ != *declared_) {
                return source_size_error(*declared_, size_);
            }
            if (spool_) {
                FILESTORE_TRY_ASSIGN(source_, std::move(*spool_).into_source());
            } else {
                FILESTORE_TRY(call_user(ErrorCode::source_failed, [this] { return source_->rewind(); }));
            }
        } else {
            size_ = *declared_;
        }
        std::string hash = options_.signed_payload ? to_hex(hash_.finish()) : std::string(unsigned_payload);
        std::shared_ptr<PumpedSource> pump;
        if (source_->blocking()) {
            pump = std::make_shared<PumpedSource>(std::move(source_), runtime().executor);
            source_ = pump;
        }
        auto exact = std::make_shared<SizedSource>(std::move(source_), size_,
                                                   ProgressMeter(std::move(options_.progress), size_));
        return UploadBody{std::move(exact), std::move(pump), size_, std::move(hash)};
    }

    std::shared_ptr<Source> source_;
    UploadBodyOptions options_;
    std::function<void(Result<UploadBody>)> done_;
    std::optional<std::uint64_t> declared_;
    std::optional<Spool> spool_;
    std::vector<std::byte> chunk_;
    Sha256 hash_;
    std::uint64_t size_ = 0;
};

}  // namespace

void prepare_upload_body(const Runtime& runtime, std::stop_token stop,
                         std::optional<std::chrono::steady_clock::time_point> deadline,
                         std::shared_ptr<Source> source, UploadBodyOptions options,
                         std::function<void(Result<UploadBody>)> done) {
    make_job<PrepareBodyJob>(runtime, std::move(stop), deadline, std::move(source), std::move(options),
                             std::move(done))
        ->start();
}

}  // namespace filestore::s3
