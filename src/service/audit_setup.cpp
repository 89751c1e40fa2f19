#include "service/audit_setup.h"

#include "core/environment.h"
#include "core/try.h"

namespace filestore {

Result<std::shared_ptr<AuditServer>> open_audit_server(const ServiceOptions& options) {
    AuditOptions audit = options.audit;
    if (audit.url.empty()) {
        audit.url = environment_variable("SUPABASE_URL").value_or("");
    }
    const bool is_off = audit.url.empty() || audit.url == "off";
    if (is_off && audit.strict) {
        return Error(ErrorCode::configuration,
                     "every event is to be told to an audit server (audit_strict), but none is named: set "
                     "SUPABASE_URL and SUPABASE_KEY, or audit_url and audit_key");
    }
    if (is_off) {
        return std::shared_ptr<AuditServer>();
    }
    if (options.catalogue_path == "off") {
        return Error(ErrorCode::configuration,
                     "SUPABASE_URL names an audit server, which is told what the catalogue records, and the "
                     "catalogue is off: leave out catalogue_path, or set audit_url to off");
    }
    if (audit.key.empty()) {
        audit.key = environment_variable("SUPABASE_KEY").value_or("");
    }
    if (audit.key.empty()) {
        return Error(ErrorCode::configuration,
                     "SUPABASE_URL names an audit server, but there is no key for it: set SUPABASE_KEY to "
                     "the project's service key");
    }
    return AuditServer::open(audit);
}

}  // namespace filestore
