#include "filestore/pause.h"

#include <algorithm>

namespace filestore {

PauseSwitch::Listener::~Listener() = default;

PauseSwitch::PauseSwitch() = default;
PauseSwitch::~PauseSwitch() = default;

void PauseSwitch::pause() noexcept {
    change(true);
}

void PauseSwitch::resume() noexcept {
    change(false);
}

void PauseSwitch::add(const std::weak_ptr<Listener>& listener) {
    const std::lock_guard lock(mutex_);
    std::erase_if(listeners_, [](const auto& each) { return each.expired(); });
    const bool is_known = std::any_of(listeners_.begin(), listeners_.end(), [&](const auto& each) {
        return !each.owner_before(listener) && !listener.owner_before(each);
    });
    if (!is_known) {
        listeners_.push_back(listener);
    }
}

void PauseSwitch::change(bool paused) noexcept {
    if (paused_.exchange(paused) == paused) {
        return;
    }
    const std::lock_guard lock(mutex_);
    for (const auto& each : listeners_) {
        if (const auto listener = each.lock()) {
            listener->pause_changed();
        }
    }
}

}  // namespace filestore
