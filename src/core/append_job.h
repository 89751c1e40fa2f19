#pragma once

/// The way of an append to an upload that comes piece by piece, whatever store it is in.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/job.h"
#include "core/pending_answer.h"
#include "core/progress.h"
#include "filestore/resumable_store.h"

namespace filestore {

/// Gives a store what the source has. Whatever ends it, the store is told whether the bytes count. A resource held by std::shared_ptr.
class AppendJob : public Job {
protected:
    AppendJob(Runtime runtime, AppendRequest request, PendingAnswerPtr<PartialUpload> answer);

    /// What a store knows of an upload that is there.
    struct Found {
        std::uint64_t offset = 0;
        std::optional<std::uint64_t> length;
    };

    /// These block, and are called in this order: store() as often as there are bytes, end() once what open() began is to end, and state() where all went well.
    [[nodiscard]] virtual Result<Found> find() = 0;
    /// `length`: of the whole upload, as far as it is known by now.
    [[nodiscard]] virtual Result<void> open(const std::optional<std::uint64_t>& length) = 0;
    [[nodiscard]] virtual Result<void> store(std::span<const std::byte> bytes) = 0;
    [[nodiscard]] virtual Result<void> end(bool keeps) = 0;
    [[nodiscard]] virtual Result<PartialUpload> state() = 0;
    /// Nothing is held once the caller knows.
    virtual void let_go() noexcept {}

    [[nodiscard]] const AppendRequest& request() const noexcept { return request_; }
    [[nodiscard]] std::uint64_t written() const noexcept { return written_; }

private:
    Next step() final;
    /// True once there is no more, false to be called again.
    [[nodiscard]] Result<bool> copy();
    [[nodiscard]] Result<void> begin();
    [[nodiscard]] Result<void> write(std::span<const std::byte> bytes);
    [[nodiscard]] Result<PartialUpload> conclude(const Result<bool>& copied);
    [[nodiscard]] Result<void> check_size() const;

    AppendRequest request_;
    const PendingAnswerPtr<PartialUpload> answer_;
    bool is_open_ = false;
    std::optional<std::uint64_t> length_;
    std::vector<std::byte> buffer_;
    std::uint64_t written_ = 0;
    bool is_too_long_ = false;
    ProgressMeter progress_;
};

}  // namespace filestore
