#include "service/validation/beginning.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/file_stream.h"
#include "core/stream_calls.h"
#include "core/try.h"

namespace filestore::validation {

namespace {

/// What was read ahead, then the rest of a source that cannot be rewound.
class ContinuedSource final : public LendingSource {
public:
    ContinuedSource(std::vector<std::byte> first, std::shared_ptr<Source> rest)
        : first_(std::move(first)), rest_(std::move(rest)), lender_(lender_of(*rest_)) {}

    [[nodiscard]] std::optional<std::uint64_t> size() const noexcept override { return rest_->size(); }
    [[nodiscard]] bool blocking() const noexcept override { return rest_->blocking(); }

    [[nodiscard]] Result<IoStep> read(std::span<std::byte> into, const Wake& wake) override {
        if (given_ == first_.size()) {
            return rest_->read(into, wake);
        }
        const std::size_t count = std::min(into.size(), first_.size() - given_);
        std::memcpy(into.data(), first_.data() + given_, count);
        given_ += count;
        return IoStep{count, false};
    }

    [[nodiscard]] bool lends() const noexcept override { return lender_ != nullptr; }

    [[nodiscard]] Result<Loan> lend(const Wake& wake) override {
        return given_ == first_.size() ? lender_->lend(wake) : Loan{std::span(first_).subspan(given_), false};
    }

    void give_back(std::size_t used) noexcept override {
        given_ == first_.size() ? lender_->give_back(used) : static_cast<void>(given_ += used);
    }

private:
    const std::vector<std::byte> first_;
    const std::shared_ptr<Source> rest_;
    LendingSource* const lender_;
    std::size_t given_ = 0;
};

class FailingSource final : public Source {
public:
    explicit FailingSource(Error failure) : failure_(std::move(failure)) {}

    [[nodiscard]] std::optional<std::uint64_t> size() const noexcept override { return std::nullopt; }
    [[nodiscard]] bool blocking() const noexcept override { return false; }
    [[nodiscard]] Result<IoStep> read(std::span<std::byte>, const Wake&) override { return failure_; }

private:
    const Error failure_;
};

class BeginningJob final : public Job {
public:
    BeginningJob(const Runtime& runtime, std::shared_ptr<Source> source, std::size_t most,
                 std::stop_token stop, std::optional<std::chrono::steady_clock::time_point> deadline,
                 std::function<void(Result<Beginning>)> done)
        : Job(runtime, std::move(stop), deadline),
          source_(std::move(source)),
          most_(most),
          done_(std::move(done)) {}

private:
    Next step() override {
        auto answer = call_user(ErrorCode::internal, [this] { return read_on(); });
        if (answer.ok() && !*answer) {
            return Next::park;
        }
        finish(answer.ok() ? call_user(ErrorCode::internal, [this] { return whole(); })
                           : Result<Beginning>(answer.error()));
        return Next::done;
    }

    /// True once there is as much as is wanted.
    Result<bool> read_on() {
        while (bytes_.size() < most_) {
            FILESTORE_TRY(check_limits());
            const std::size_t before = bytes_.size();
            bytes_.resize(most_);
            auto taken = read_source(*source_, std::span(bytes_).subspan(before), waker());
            bytes_.resize(before + (taken.ok() ? taken->bytes : 0));
            if (!taken.ok()) {
                failure_ = taken.error();
                break;
            }
            if (taken->would_block) {
                return false;
            }
            if (taken->bytes == 0) {
                break;
            }
        }
        return true;
    }

    Result<Beginning> whole() {
        if (failure_) {
            auto failing = std::make_shared<FailingSource>(*failure_);
            auto continued = std::make_shared<ContinuedSource>(bytes_, std::move(failing));
            return Beginning{std::move(bytes_), std::move(continued), std::move(failure_)};
        }
        if (source_->can_rewind()) {
            FILESTORE_TRY(call_user(ErrorCode::source_failed, [this] { return source_->rewind(); }));
            return Beginning{std::move(bytes_), std::move(source_), std::nullopt};
        }
        auto continued = std::make_shared<ContinuedSource>(bytes_, std::move(source_));
        return Beginning{std::move(bytes_), std::move(continued), std::nullopt};
    }

    void finish(Result<Beginning> result) noexcept { std::exchange(done_, nullptr)(std::move(result)); }

    std::shared_ptr<Source> source_;
    const std::size_t most_;
    std::function<void(Result<Beginning>)> done_;
    std::vector<std::byte> bytes_;
    std::optional<Error> failure_;
};

}  // namespace

void read_beginning(const Runtime& runtime, std::shared_ptr<Source> source, std::size_t most,
                    std::stop_token stop, std::optional<std::chrono::steady_clock::time_point> deadline,
                    std::function<void(Result<Beginning>)> done) {
    make_job<BeginningJob>(runtime, std::move(source), most, std::move(stop), deadline, std::move(done))
        ->start();
}

}  // namespace filestore::validation
