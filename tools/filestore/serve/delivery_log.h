#pragma once

/// What is said on standard error of an audit server that cannot be told of files.

#include <mutex>
#include <optional>

#include "filestore/error.h"

namespace filestore::tool::serve {

/// One for all services that tell one server. A resource; thread-safe.
class DeliveryLog {
public:
    /// See AuditOptions::on_delivery. Each change is said once.
    void take(const std::optional<Error>& reason);

private:
    std::mutex mutex_;
    std::optional<Error> reason_;
};

}  // namespace filestore::tool::serve
