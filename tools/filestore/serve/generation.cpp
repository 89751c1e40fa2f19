#include "serve/generation.h"

#include "core/try.h"
#include "serve/cleanup_log.h"

namespace filestore::tool::serve {

namespace {

Result<std::shared_ptr<TokenKeySet>> token_keys_of(const Settings& settings, const Generation* before) {
    if (settings.token_keys_url.empty()) {
        return std::shared_ptr<TokenKeySet>();
    }
    if (before != nullptr && before->configuration().settings.token_keys_url == settings.token_keys_url) {
        return before->access().authenticator.token_keys();
    }
    return TokenKeySet::open(settings.token_keys_url);
}

/// Whoever has used its requests up gets no others by a reload.
std::shared_ptr<RateLimit> rate_limit_of(const Settings& settings, const Generation* before) {
    if (before != nullptr && before->configuration().settings.rate == settings.rate) {
        return before->access().rate_limit;
    }
    return std::make_shared<RateLimit>(settings.rate);
}

std::vector<std::string> all_hosts(const ListenAddress& address, const Configuration& configuration) {
    std::vector<std::string> hosts = hosts_of(address, configuration.scheme());
    hosts.insert(hosts.end(), configuration.hosts.begin(), configuration.hosts.end());
    return hosts;
}

Result<Access> access_of(const Configuration& configuration, const ListenAddress& address,
                         const Generation* before) {
    const Settings& settings = configuration.settings;
    FILESTORE_TRY_ASSIGN(auto token_keys, token_keys_of(settings, before));
    const std::string scheme(configuration.scheme());
    return Access{Authenticator(settings.keys, settings.token_rules, std::move(token_keys)),
                  Guard(all_hosts(address, configuration), scheme),
                  CrossOrigin(settings.origins),
                  rate_limit_of(settings, before),
                  std::make_shared<ProvenTokens>(),
                  scheme};
}

/// Without a place of its own, what signs URLs signs those that this service answers. Answers whether the host in them is one that nobody can call.
bool set_url_base(Configuration& configuration, const ListenAddress& address) {
    LocalOptions& local = configuration.store.local;
    if (local.url_key.empty() || !local.url_base.empty()) {
        return false;
    }
    const std::string host = configuration.hosts.empty() ? address.text() : configuration.hosts.front();
    local.url_base = std::string(configuration.scheme()) + "://" + host + "/signed";
    return configuration.store.backend == "local" && configuration.hosts.empty() && address.is_any();
}

}  // namespace

Result<std::shared_ptr<Generation>> Generation::make(Configuration configuration,
                                                     const ListenAddress& address,
                                                     std::shared_ptr<Metrics> metrics,
                                                     std::shared_ptr<BodyMemory> body_memory,
                                                     const Generation* before) {
    FILESTORE_TRY_ASSIGN(Access access, access_of(configuration, address, before));
    const bool links_to_caller = set_url_base(configuration, address);
    const auto runs = std::make_shared<CleanupLog>(*metrics);
    configuration.store.cleanup.on_file = [runs](const CleanupFile& file) { runs->take(file); };
    configuration.store.cleanup.on_run = [metrics, runs](const Result<CleanupReport>& report) {
        runs->end(report);
    };
    auto outages = before == nullptr ? std::make_shared<Outages>() : before->outages_;
    configuration.store.audit.on_delivery = [outages](const std::optional<Error>& reason) {
        outages->audit.take(reason);
    };
    FILESTORE_TRY_ASSIGN(FileService service, FileService::open(configuration.store));
    FILESTORE_TRY_ASSIGN(FileService scheduler, FileService::open(configuration.store));
    return std::shared_ptr<Generation>(new Generation(
        std::move(configuration), std::move(service), std::move(scheduler), std::move(access),
        std::move(metrics), std::move(body_memory), std::move(outages), links_to_caller, before));
}

Result<void> Generation::start_schedule() {
    FILESTORE_TRY(scheduler_->start());
    if (scheduler_->catalogue_path().empty()) {
        return {};
    }
    ExporterOptions options;
    options.backend = scheduler_->backend();
    options.catalogue_path = scheduler_->catalogue_path();
    options.on_settled = [outages = outages_](const Result<SettleReport>& report) {
        outages->copies.take(report.ok() ? report->failure : std::optional(report.error()));
    };
    FILESTORE_TRY_ASSIGN(exporter_, FileExporter::open(std::move(options)));
    return exporter_->start();
}

}  // namespace filestore::tool::serve
