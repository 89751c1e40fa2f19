#pragma once

/// The progress of a transfer whose parts move on several threads.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "core/progress.h"

namespace filestore::s3 {

/// A resource held by std::shared_ptr; thread-safe.
class SharedProgress {
public:
    explicit SharedProgress(ProgressMeter meter) : meter_(std::move(meter)) {}

    void add(std::uint64_t bytes) {
        const std::lock_guard lock(mutex_);
        meter_.add(bytes);
    }
    void acknowledge(std::uint64_t bytes) {
        const std::lock_guard lock(mutex_);
        meter_.acknowledge(bytes);
    }
    void finish() {
        const std::lock_guard lock(mutex_);
        meter_.finish();
    }

private:
    std::mutex mutex_;
    ProgressMeter meter_;
};

/// Reports what is read from a source; what is read again after a rewind counts once. A resource; one thread at a time.
class ProgressSource final : public Source {
public:
    ProgressSource(std::shared_ptr<Source> inner, std::shared_ptr<SharedProgress> progress)
        : inner_(std::move(inner)), progress_(std::move(progress)) {}

    Result<IoStep> read(std::span<std::byte> into, const Wake& wake) override {
        auto step = inner_->read(into, wake);
        if (step.ok()) {
            position_ += step->bytes;
            if (position_ > reported_) {
                progress_->add(position_ - std::exchange(reported_, position_));
            }
        }
        return step;
    }
    std::optional<std::uint64_t> size() const noexcept override { return inner_->size(); }
    bool can_rewind() const noexcept override { return inner_->can_rewind(); }
    Result<void> rewind() override {
        position_ = 0;
        return inner_->rewind();
    }
    bool blocking() const noexcept override { return inner_->blocking(); }

private:
    std::shared_ptr<Source> inner_;
    std::shared_ptr<SharedProgress> progress_;
    std::uint64_t position_ = 0;
    std::uint64_t reported_ = 0;
};

}  // namespace filestore::s3
