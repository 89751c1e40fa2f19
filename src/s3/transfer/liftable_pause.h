#pragma once

/// The caller's pause for a request whose answer is needed to clean up once the call has failed. Pausing must not keep it away for ever then.

#include <memory>
#include <mutex>

#include "filestore/pause.h"

namespace filestore::s3 {

/// A resource held by std::shared_ptr; thread-safe.
class LiftablePause final : public PauseSwitch::Listener {
public:
    /// Follows `callers`; null where that is.
    [[nodiscard]] static std::shared_ptr<LiftablePause> following(
        const std::shared_ptr<PauseSwitch>& callers);

    explicit LiftablePause(std::shared_ptr<PauseSwitch> callers);

    /// The request's.
    [[nodiscard]] const std::shared_ptr<PauseSwitch>& own() const noexcept { return own_; }

    /// Nothing pauses the request any more.
    void lift() noexcept;

    void pause_changed() noexcept override;

private:
    const std::shared_ptr<PauseSwitch> callers_;
    const std::shared_ptr<PauseSwitch> own_ = std::make_shared<PauseSwitch>();
    std::mutex mutex_;
    bool lifted_ = false;
};

}  // namespace filestore::s3
