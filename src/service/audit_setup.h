#pragma once

/// Whether a service tells an audit server of what it records, and which.

#include <memory>

#include "audit/audit_server.h"
#include "filestore/result.h"
#include "filestore/service.h"

namespace filestore {

/// Whether the options, or SUPABASE_URL, name a project. Pure, but for that variable.
[[nodiscard]] bool names_audit_server(const ServiceOptions& options);

/// Null where no project is named, in the options or by SUPABASE_URL. `configuration` where one is named that cannot be used, or without a catalogue.
[[nodiscard]] Result<std::shared_ptr<AuditServer>> open_audit_server(const ServiceOptions& options);

}  // namespace filestore
