#include "s3/client/core.h"

#include "core/environment.h"
#include "core/text.h"
#include "http/curl_transport.h"
#include "s3/credentials/chain.h"
#include "s3/protocol/endpoint.h"
#include "s3/protocol/part_plan.h"

namespace filestore::s3 {

namespace {

bool is_sensible(std::chrono::milliseconds limit) {
    return limit >= std::chrono::milliseconds(1) && limit <= std::chrono::hours(24);
}

Error invalid(std::string message) {
    return {ErrorCode::invalid_argument, std::move(message)};
}

/// What can be seen of the options without asking anybody.
Result<void> check_options(const S3ClientOptions& options, PartLimits limits) {
    FILESTORE_TRY(check_endpoint(options));
    if (options.event_loops < 1 || options.event_loops > 64) {
        return invalid("event_loops is 1 to 64");
    }
    if (!is_sensible(options.connect_timeout) || !is_sensible(options.first_byte_timeout) ||
        !is_sensible(options.stall_timeout)) {
        return invalid("connect_timeout, first_byte_timeout and stall_timeout are 1 millisecond to 1 day");
    }
    if (options.max_connections < 1 || options.max_connections > 10'000) {
        return invalid("max_connections is 1 to 10,000");
    }
    if (options.part_size < limits.least || options.part_size > largest_part_size) {
        return invalid("part_size is 5 MiB to 5 GiB");
    }
    if (options.parallel_parts < 1 || options.parallel_parts > 256) {
        return invalid("parallel_parts is 1 to 256");
    }
    if (options.retry.max_attempts < 1) {
        return invalid("retry.max_attempts is at least 1");
    }
    return {};
}

Result<const Quirks*> quirks_of(const S3ClientOptions& options) {
    if (options.profile.empty()) {
        return &guess_quirks(endpoint_host(options));
    }
    const Quirks* const quirks = find_quirks(options.profile);
    if (quirks == nullptr) {
        std::vector<std::string_view> names;
        for (const Quirks& known : all_quirks()) {
            names.push_back(known.name);
        }
        const auto nearest = nearest_name(options.profile, names);
        return invalid("the S3 profile " + quoted(options.profile) + " is not known" +
                       (nearest ? ": did you mean " + std::string(*nearest) + "?" : ""));
    }
    return quirks;
}

http::TransportOptions transport_options(const S3ClientOptions& options,
                                         const std::shared_ptr<Reactor>& reactor) {
    http::TransportOptions transport;
    transport.event_loops = options.event_loops;
    transport.connect_timeout = options.connect_timeout;
    transport.first_byte_timeout = options.first_byte_timeout;
    transport.stall_window = options.stall_timeout;
    transport.ca_pem = options.ca_pem;
    transport.ca_file = options.ca_file;
    transport.proxy = options.proxy;
    transport.no_proxy = options.no_proxy;
    transport.proxy_from_environment = options.proxy_from_environment;
    transport.max_connections = options.max_connections;
    transport.expect_threshold = options.expect_threshold;
    transport.dns_cache_time = options.dns_cache_time;
    transport.max_idle_age = options.max_idle_age;
    transport.reactor = reactor;
    return transport;
}

}  // namespace

Result<std::shared_ptr<ClientCore>> ClientCore::open(S3ClientOptions options, PartLimits limits) {
    FILESTORE_TRY(check_options(options, limits));
    if (!options.clock) {
        options.clock = system_clock();
    }
    if (options.spool_directory.empty()) {
        options.spool_directory = environment_variable("TMPDIR").value_or("/tmp");
    }
    ExecutorChoice executor(options.executor);
    RequesterParts parts;
    parts.part_limits = limits;
    parts.runtime = {executor.executor, std::make_shared<Reactor>()};
    parts.transport = http::make_curl_transport(transport_options(options, parts.runtime.reactor));
    FILESTORE_TRY_ASSIGN(parts.credentials,
                         make_credentials_provider(options.credentials,
                                                   {parts.transport, executor.executor, parts.runtime.reactor,
                                                    options.clock, environment_variable, options.region}));
    FILESTORE_TRY_ASSIGN(const Quirks* const quirks, quirks_of(options));
    return std::make_shared<ClientCore>(std::move(options), std::move(executor), std::move(parts), *quirks);
}

Result<S3Client> ClientCore::open_client(S3ClientOptions options, PartLimits limits) {
    FILESTORE_TRY_ASSIGN(auto core, open(std::move(options), limits));
    return S3Client(std::move(core));
}

ClientCore::ClientCore(S3ClientOptions options, ExecutorChoice executor, RequesterParts parts,
                       const Quirks& quirks)
    : executor_(std::move(executor)),
      memory_(std::make_shared<PartMemory>(options.part_memory)),
      requester_(std::make_shared<Requester>(std::move(options), std::move(parts))),
      quirks_(quirks) {}

ChecksumChoice ClientCore::checksum_choice(std::optional<S3ChecksumMode> mode,
                                           std::optional<ChecksumAlgorithm> algorithm) const {
    ChecksumChoice choice{mode.value_or(options().checksum_mode),
                          algorithm.value_or(options().checksum_algorithm)};
    if (choice.mode == S3ChecksumMode::automatic) {
        choice.mode =
            quirks_.auto_checksum == AutoChecksum::header ? S3ChecksumMode::header : S3ChecksumMode::off;
    }
    return choice;
}

bool ClientCore::verifies() const noexcept {
    const S3ChecksumMode mode = options().checksum_mode;
    return mode != S3ChecksumMode::off && (mode != S3ChecksumMode::automatic || quirks_.returns_checksums);
}

void ClientCore::note_bucket(const std::string& bucket, bool seen) {
    if (seen) {
        const std::lock_guard lock(mutex_);
        seen_buckets_.insert(bucket);
    }
}

bool ClientCore::bucket_seen(const std::string& bucket) {
    const std::lock_guard lock(mutex_);
    return seen_buckets_.contains(bucket);
}

void ClientCore::close() noexcept {
    if (pending_->close()) {
        requester_->close();
        requester_->runtime().reactor->join();
        executor_.join();
    }
}

}  // namespace filestore::s3
