#include "service/audit_setup.h"

#include <string>

#include "core/environment.h"
#include "core/try.h"
#include "service/catalogue_path.h"

namespace filestore {

namespace {

/// Empty where there is none.
std::string project_of(const ServiceOptions& options) {
    const std::string url =
        options.audit.url.empty() ? environment_variable("SUPABASE_URL").value_or("") : options.audit.url;
    return url == "off" ? std::string() : url;
}

}  // namespace

bool names_audit_server(const ServiceOptions& options) {
    return !project_of(options).empty();
}

Result<std::shared_ptr<AuditServer>> open_audit_server(const ServiceOptions& options) {
    AuditOptions audit = options.audit;
    audit.url = project_of(options);
    const bool is_off = audit.url.empty();
    if (is_off && audit.strict) {
        return Error(ErrorCode::configuration,
                     "every event is to be told to an audit server (audit_strict), but none is named: set "
                     "SUPABASE_URL and SUPABASE_KEY, or audit_url and audit_key");
    }
    if (is_off) {
        return std::shared_ptr<AuditServer>();
    }
    if (!has_catalogue(options)) {
        return without_catalogue_error(
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
