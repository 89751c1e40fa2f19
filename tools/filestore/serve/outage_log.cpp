#include "serve/outage_log.h"

#include "core/same_kind.h"
#include "output.h"

namespace filestore::tool::serve {

void OutageLog::take(const std::optional<Error>& reason) {
    const std::lock_guard lock(mutex_);
    if (are_of_one_kind(reason_, reason)) {
        return;
    }
    reason_ = reason;
    if (reason) {
        report(reason->within(fails_));
    } else {
        report(is_over_);
    }
}

}  // namespace filestore::tool::serve
