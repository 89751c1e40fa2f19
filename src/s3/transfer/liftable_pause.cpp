#include "s3/transfer/liftable_pause.h"

#include <utility>

namespace filestore::s3 {

std::shared_ptr<LiftablePause> LiftablePause::following(const std::shared_ptr<PauseSwitch>& callers) {
    if (!callers) {
        return nullptr;
    }
    auto pause = std::make_shared<LiftablePause>(callers);
    callers->add(pause);
    pause->pause_changed();
    return pause;
}

LiftablePause::LiftablePause(std::shared_ptr<PauseSwitch> callers) : callers_(std::move(callers)) {}

void LiftablePause::lift() noexcept {
    const std::lock_guard lock(mutex_);
    lifted_ = true;
    own_->resume();
}

void LiftablePause::pause_changed() noexcept {
    const std::lock_guard lock(mutex_);
    if (callers_->is_paused() && !lifted_) {
        own_->pause();
    } else {
        own_->resume();
    }
}

}  // namespace filestore::s3
