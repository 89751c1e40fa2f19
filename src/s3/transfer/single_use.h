#pragma once

/// The body of a request without one that must not be sent again once that is said.

#include <atomic>

#include "filestore/stream.h"

namespace filestore::s3 {

/// Empty. A requester sends a request again only where its body rewinds: after use_up() it does not. A resource held by std::shared_ptr; use_up() is
/// thread-safe.
class SingleUse final : public Source {
public:
    void use_up() noexcept { used_up_.store(true); }

    Result<IoStep> read(std::span<std::byte>, const Wake&) override { return IoStep{}; }
    [[nodiscard]] std::optional<std::uint64_t> size() const noexcept override { return 0; }
    [[nodiscard]] bool can_rewind() const noexcept override { return true; }
    Result<void> rewind() override {
        return used_up_ ? Result<void>(Error(ErrorCode::cancelled)) : Result<void>();
    }
    [[nodiscard]] bool blocking() const noexcept override { return false; }

private:
    std::atomic<bool> used_up_{false};
};

}  // namespace filestore::s3
