#pragma once

/// Holds a source to the size that it declared.

#include <cstdint>
#include <memory>
#include <vector>

#include "core/progress.h"
#include "filestore/stream.h"

namespace filestore {

/// Gives the bytes of a source that does not block, and fails with `source_failed` when they are fewer or more than declared: before the
/// last of them is handed out, so that a receiver never has the whole of a wrong body. A resource; one thread at a time.
class SizedSource final : public Source {
public:
    SizedSource(std::shared_ptr<Source> inner, std::uint64_t size, ProgressMeter progress);

    Result<IoStep> read(std::span<std::byte> into, const Wake& wake) override;
    std::optional<std::uint64_t> size() const noexcept override { return size_; }
    bool can_rewind() const noexcept override { return inner_->can_rewind(); }
    Result<void> rewind() override;

private:
    [[nodiscard]] Result<bool> has_ended(const Wake& wake);
    [[nodiscard]] Result<IoStep> give_held(std::span<std::byte> into, const Wake& wake);

    std::shared_ptr<Source> inner_;
    std::uint64_t size_;
    ProgressMeter progress_;
    std::uint64_t delivered_ = 0;
    std::uint64_t reported_ = 0;
    /// The last bytes, kept while the source cannot say yet whether it ends with them.
    std::vector<std::byte> held_;
    std::size_t held_given_ = 0;
    bool end_checked_ = false;
};

}  // namespace filestore
