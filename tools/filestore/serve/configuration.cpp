#include "serve/configuration.h"

#include <array>
#include <utility>

#include "core/text.h"
#include "core/try.h"
#include "output.h"
#include "serve/guards.h"
#include "service/audit_setup.h"
#include "service/config_file.h"
#include "store_options.h"

namespace filestore::tool::serve {

namespace {

constexpr std::string_view usual_address = "127.0.0.1:8080";

/// Empty where there is no file.
Result<std::string> text_of(const Options& options) {
    if (!options.config_file) {
        return std::string();
    }
    if (options.config_file->empty()) {
        return Error(ErrorCode::invalid_argument, "--config: give the name of a file");
    }
    return read_config_file(*options.config_file);
}

Result<ListenAddress> address_of(const Options& options, const Settings& settings) {
    const std::string configured = settings.listen.value_or(std::string(usual_address));
    const bool has_keys = !settings.keys.empty() || settings.token_rules;
    return parse_listen_address(options.listen.value_or(configured), has_keys);
}

Result<TlsIdentity> read_tls(const Settings& settings) {
    TlsIdentity identity;
    if (!settings.certificate_file.empty()) {
        FILESTORE_TRY_ASSIGN(identity.certificate,
                             read_config_file(settings.certificate_file, "storage.serve.tls.certificate"));
        FILESTORE_TRY_ASSIGN(std::string key,
                             read_config_file(settings.certificate_key_file, "storage.serve.tls.key"));
        identity.key = SecretString(std::move(key));
    }
    return identity;
}

void tell(const ValidationWarning& warning) {
    report("warning: " + filestore::quoted(warning.path) + " is stored, but " + warning.message);
}

/// With S3 and Supabase an instance keeps nothing that others must know, but for marks of files that are deleted softly.
Result<void> check_instances(const ServiceOptions& store, const Settings& settings) {
    const bool may_be_many = store.backend == "s3" && names_audit_server(store);
    if (!may_be_many || !store.soft_delete_grace || settings.single_instance) {
        return {};
    }
    return Error(ErrorCode::configuration,
                 "soft_delete_grace: an instance keeps the marks of deleted files in its own catalogue, so "
                 "others that "
                 "serve the same bucket would still give these files out: set it to off, or "
                 "storage.serve.single_instance to true where there is no other");
}

/// What tells which store is meant, by the names that the configuration file has.
std::array<std::pair<std::string_view, std::string>, 7> place_of(const ServiceOptions& store) {
    return {{{"backend", store.backend},
             {"local.base_path", store.local.base_path},
             {"s3.bucket_name", store.s3.bucket},
             {"s3.key_prefix", store.s3.key_prefix},
             {"s3.endpoint", store.s3.endpoint},
             {"s3.region", store.s3.region},
             {"catalogue.path", store.catalogue_path}}};
}

Error cannot_change(std::string_view name) {
    return {ErrorCode::configuration,
            std::string(name) + " cannot be changed while the service runs: start it again"};
}

}  // namespace

Result<Configuration> load_configuration(const Options& options) {
    Configuration made;
    FILESTORE_TRY_ASSIGN(const std::string yaml, text_of(options));
    FILESTORE_TRY_ASSIGN(made.store, make_service_options(options, yaml));
    made.store.validation.on_warning = tell;
    if (options.config_file) {
        FILESTORE_TRY_ASSIGN(made.settings, parse_settings(yaml, *options.config_file));
    }
    FILESTORE_TRY(check_instances(made.store, made.settings));
    FILESTORE_TRY_ASSIGN(made.address, address_of(options, made.settings));
    FILESTORE_TRY_ASSIGN(made.tls, read_tls(made.settings));
    made.hosts = made.settings.hosts;
    for (const std::string& host : options.allowed_hosts) {
        FILESTORE_TRY(check_host_name(host));
    }
    made.hosts.insert(made.hosts.end(), options.allowed_hosts.begin(), options.allowed_hosts.end());
    return made;
}

Result<void> check_reload(const Configuration& running, const Configuration& wanted) {
    if (running.address.text() != wanted.address.text()) {
        return cannot_change("storage.serve.listen");
    }
    if (running.scheme() != wanted.scheme()) {
        return cannot_change("whether there is TLS (storage.serve.tls)");
    }
    const auto before = place_of(running.store);
    const auto after = place_of(wanted.store);
    for (std::size_t at = 0; at < before.size(); ++at) {
        if (before[at] != after[at]) {
            return cannot_change("storage." + std::string(before[at].first));
        }
    }
    return {};
}

}  // namespace filestore::tool::serve
