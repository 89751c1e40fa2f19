#pragma once

/// Where keys come from: the seam between the S3 client and the providers.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "core/reactor.h"
#include "filestore/executor.h"
#include "filestore/time.h"
#include "http/transport.h"
#include "s3/credentials/reply.h"
#include "s3/policy/clock_skew.h"
#include "s3/protocol/signing.h"

namespace filestore::s3 {

/// Keys and their end. A value; its secrets are wiped when it goes.
struct ResolvedCredentials {
    /// Without an access key: requests are not signed.
    Credentials keys;
    /// None for keys that do not expire.
    std::optional<Timestamp> expires_at;
};

using KeysDone = std::function<void(Result<ResolvedCredentials>)>;

/// Gives keys. A resource held by std::shared_ptr; thread-safe.
class CredentialsProvider {
public:
    CredentialsProvider() = default;
    CredentialsProvider(const CredentialsProvider&) = delete;
    CredentialsProvider& operator=(const CredentialsProvider&) = delete;
    virtual ~CredentialsProvider() = default;

    /// Calls `done` exactly once: maybe at once on this thread, else on an event loop, the executor or the thread that asks to stop; not under a lock.
    /// `done` does not throw. Never blocks.
    ///
    /// `not_found` where this provider is not set up, so that another may be asked. What make_credentials_provider() makes answers `unauthenticated`
    /// then, and where keys are wrong or refused; `configuration` for a mistake in files or variables; `unavailable` and `timeout` where an
    /// endpoint cannot answer; `cancelled`; `no_memory`.
    void get(std::stop_token cancel, KeysDone done) noexcept;

    /// As get(), for keys that had better hold until then: where those that are kept end earlier, it asks anew and waits for that. What it gives may
    /// end earlier all the same.
    void get_lasting(Timestamp until, std::stop_token cancel, KeysDone done) noexcept;

    /// What get_lasting() would answer at once, without asking anybody; nothing where it would not. The way of most requests.
    [[nodiscard]] virtual std::optional<ResolvedCredentials> at_hand(Timestamp until);

    /// The server has refused these keys as expired or unknown: the next get() asks anew, if they are those that were given last. Does not block.
    virtual void refuse(const Credentials& refused) noexcept;

    /// Ends what is under way, and all later calls, with `cancelled`.
    virtual void close() noexcept;

    /// In messages: "environment".
    [[nodiscard]] virtual std::string_view name() const noexcept = 0;

private:
    /// Both may throw std::bad_alloc; the reply answers that by itself.
    virtual void begin_lasting(Timestamp until, const std::stop_token& cancel,
                               const ReplyPtr<ResolvedCredentials>& reply);
    virtual void begin(const std::stop_token& cancel, const ReplyPtr<ResolvedCredentials>& reply) = 0;
};

using CredentialsProviderPtr = std::shared_ptr<CredentialsProvider>;

/// Reads one variable; nothing where it is not set or empty.
using EnvironmentReader = std::function<std::optional<std::string>(const char*)>;

/// What providers work with. A value (shared handles); all handles but one are required.
struct ProviderContext {
    std::shared_ptr<http::Transport> transport;
    /// For what blocks: files, a credential_process.
    std::shared_ptr<Executor> executor;
    /// For the pauses between attempts.
    std::shared_ptr<Reactor> reactor;
    std::shared_ptr<Clock> clock;
    /// The same, where answers may correct it; else null.
    std::shared_ptr<CorrectedClock> server_time{};
    EnvironmentReader environment;
    /// The client's, or the profile's, for an STS that no variable names.
    std::string region = "us-east-1";
    /// How long one attempt at an endpoint may take as a whole.
    std::chrono::milliseconds attempt_time{5'000};
};

}  // namespace filestore::s3
