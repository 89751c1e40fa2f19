#include "serve/exchange.h"

#include <utility>

namespace filestore::tool::serve {

void Exchange::respond(Response response) {
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(is_answered_, true)) {
            return;
        }
        response.headers.insert(response.headers.end(), more_headers_.begin(), more_headers_.end());
        response_ = std::move(response);
    }
    wake_connection_();
}

bool Exchange::is_answered() const {
    const std::lock_guard lock(mutex_);
    return is_answered_;
}

std::optional<Response> Exchange::take_response() {
    const std::lock_guard lock(mutex_);
    return std::exchange(response_, std::nullopt);
}

}  // namespace filestore::tool::serve
