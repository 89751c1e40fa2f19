#include "s3/client/core.h"

#include "core/environment.h"
#include "core/text.h"
#include "core/worker_thread.h"
#include "http/curl_transport.h"
#include "http/proxy.h"
#include "s3/credentials/chain.h"
#include "s3/protocol/part_plan.h"

namespace filestore::s3 {

namespace {

constexpr std::chrono::hours longest{24};

bool is_limit(std::chrono::milliseconds time) {
    return time >= std::chrono::milliseconds(1) && time <= longest;
}

/// Of what may be none at all.
bool is_span(std::chrono::milliseconds time) {
    return time >= std::chrono::milliseconds(0) && time <= longest;
}

bool is_span(std::chrono::seconds time) {
    return time >= std::chrono::seconds(0) && time <= longest;
}

Error invalid(std::string message) {
    return {ErrorCode::invalid_argument, std::move(message)};
}

Result<void> check_times(const S3ClientOptions& options) {
    if (!is_limit(options.connect_timeout) || !is_limit(options.first_byte_timeout) ||
        !is_limit(options.stall_timeout) || !is_limit(options.expect_wait)) {
        return invalid(
            "connect_timeout, first_byte_timeout, stall_timeout and expect_wait are 1 millisecond to 1 day");
    }
    if (!is_span(options.dns_cache_time) || !is_span(options.max_idle_age)) {
        return invalid("dns_cache_time and max_idle_age are 0 seconds to 1 day");
    }
    const S3RetryOptions& retry = options.retry;
    if (retry.max_attempts < 1) {
        return invalid("retry.max_attempts is at least 1");
    }
    if (!is_span(retry.first_delay) || !is_span(retry.longest_delay)) {
        return invalid("retry.first_delay and retry.longest_delay are 0 milliseconds to 1 day");
    }
    if (retry.longest_time.count() < 0 || retry.longest_silence.count() < 0) {
        return invalid("retry.longest_time and retry.longest_silence are 0 milliseconds or more");
    }
    return {};
}

/// What can be seen of the options without asking anybody.
Result<void> check_options(const S3ClientOptions& options, PartLimits limits) {
    FILESTORE_TRY(check_endpoint(options));
    if (!options.proxy.empty() && !http::names_a_proxy(options.proxy)) {
        return invalid("proxy is no URL of a proxy, such as http://host:3128");
    }
    if (!options.ca_pem.empty() && !options.ca_file.empty()) {
        return invalid("ca_pem and ca_file both name the certificates to trust: choose one");
    }
    if (options.event_loops < 1 || options.event_loops > 64) {
        return invalid("event_loops is 1 to 64");
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
    return check_times(options);
}

Result<Quirks> quirks_of(const S3ClientOptions& options) {
    return options.profile.empty() ? guess_quirks(endpoint_host(options)) : parse_profile(options.profile);
}

/// What of the options the server leaves no choice in.
Result<void> adapt(S3ClientOptions& options, const Quirks& quirks) {
    if (quirks.path_style_only) {
        if (options.addressing == S3Addressing::virtual_host) {
            return invalid("the server (profile " + std::string(quirks.name) +
                           ") takes the bucket in the path only: leave virtual_host addressing out");
        }
        options.addressing = S3Addressing::path;
    }
    if (!quirks.fixed_region.empty()) {
        options.region = quirks.fixed_region;
    }
    if (!quirks.answers_expect) {
        options.expect_threshold.reset();
    }
    return {};
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
    transport.expect_wait = options.expect_wait;
    transport.dns_cache_time = options.dns_cache_time;
    transport.max_idle_age = options.max_idle_age;
    transport.reactor = reactor;
    return transport;
}

}  // namespace

Result<std::shared_ptr<ClientCore>> ClientCore::open(S3ClientOptions options, PartLimits limits) {
    FILESTORE_TRY(check_options(options, limits));
    FILESTORE_TRY_ASSIGN(const Quirks quirks, quirks_of(options));
    const std::string region_of_credentials = options.region;
    FILESTORE_TRY(adapt(options, quirks));
    if (!options.clock) {
        options.clock = system_clock();
    }
    ExecutorChoice executor(options.executor);
    RequesterParts parts;
    parts.part_limits = limits;
    parts.runtime = {executor.executor, std::make_shared<Reactor>()};
    parts.transport = http::make_curl_transport(transport_options(options, parts.runtime.reactor));
    const auto server_time = std::make_shared<CorrectedClock>(options.clock, parts.skew);
    FILESTORE_TRY_ASSIGN(
        parts.credentials,
        make_credentials_provider(options.credentials,
                                  {parts.transport, executor.executor, parts.runtime.reactor, server_time,
                                   server_time, environment_variable, region_of_credentials}));
    return std::make_shared<ClientCore>(std::move(options), std::move(executor), std::move(parts), quirks);
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
    if (choice.mode == S3ChecksumMode::trailer && !quirks_.trailer_checksums) {
        choice.mode = S3ChecksumMode::header;
    }
    if (choice.mode == S3ChecksumMode::header && !quirks_.header_checksums) {
        choice.mode = S3ChecksumMode::off;
    }
    return choice;
}

ETagRules ClientCore::etag_rules(const S3Encryption& encryption, std::optional<S3ChecksumMode> mode) const {
    // With keys of KMS or the customer's the ETag is no MD5 (S3 API reference, "Object"). Whether the bucket's own rule says so is seen at the object.
    const bool plain =
        encryption.kind == S3Encryption::Kind::bucket_default || encryption.kind == S3Encryption::Kind::s3;
    ETagRules rules{plain && quirks_.etag_is_md5, plain && quirks_.multipart_etag_is_md5_of_md5s};
    const bool is_wanted = mode.value_or(options().checksum_mode) != S3ChecksumMode::off;
    const bool is_proven = checksum_choice(mode).mode != S3ChecksumMode::off || requester_->signs_payload();
    rules.compared = rules.whole_is_md5 && is_wanted && !is_proven;
    return rules;
}

bool ClientCore::verifies(std::optional<S3ChecksumMode> wished) const noexcept {
    const S3ChecksumMode mode = wished.value_or(options().checksum_mode);
    return mode != S3ChecksumMode::off && (mode != S3ChecksumMode::automatic || quirks_.returns_checksums);
}

ClientCore::~ClientCore() {
    join_waiting();
}

void ClientCore::run_waiting(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    for (WaitingThread& each : waiting_) {
        if (*each.ended) {
            join_or_detach(each.thread);
        }
    }
    std::erase_if(waiting_, [](const WaitingThread& each) { return !each.thread.joinable(); });
    waiting_.reserve(waiting_.size() + 1);
    const auto ended = std::make_shared<std::atomic<bool>>(false);
    auto thread = start_worker([work = std::move(work), ended] {
        work();
        *ended = true;
    });
    waiting_.push_back({std::move(thread), ended});
}

void ClientCore::join_waiting() noexcept {
    std::vector<WaitingThread> threads;
    {
        const std::lock_guard lock(mutex_);
        threads.swap(waiting_);
    }
    for (WaitingThread& each : threads) {
        join_or_detach(each.thread);
    }
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
        join_waiting();
        executor_.join();
    }
}

}  // namespace filestore::s3
