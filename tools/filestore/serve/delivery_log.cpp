#include "serve/delivery_log.h"

#include "core/same_kind.h"
#include "output.h"

namespace filestore::tool::serve {

void DeliveryLog::take(const std::optional<Error>& reason) {
    const std::lock_guard lock(mutex_);
    if (are_of_one_kind(reason_, reason)) {
        return;
    }
    reason_ = reason;
    if (reason) {
        report(reason->within("the audit server cannot be told of files, which wait until it can"));
    } else {
        report("the audit server is told of files again");
    }
}

}  // namespace filestore::tool::serve
