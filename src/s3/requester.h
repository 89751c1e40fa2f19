#pragma once

/// Sends S3 requests: signs each attempt anew, and sends again what failed for a passing reason.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "core/job.h"
#include "core/secret.h"
#include "filestore/backend.h"
#include "filestore/call.h"
#include "filestore/s3_options.h"
#include "http/transport.h"
#include "s3/credentials/provider.h"
#include "s3/policy/clock_skew.h"
#include "s3/policy/retry_budget.h"
#include "s3/policy/send_rate.h"
#include "s3/protocol/endpoint.h"
#include "s3/protocol/part_plan.h"
#include "s3/protocol/signing.h"
#include "s3/protocol/uri.h"

namespace filestore::s3 {

/// An answer of status 2xx. A value.
struct Answer {
    int status = 0;
    std::vector<NameValue> headers;
    std::string body;
    /// What no message made of it may repeat.
    Secrets secrets;

    /// Empty where there is none; `name` in lower case.
    [[nodiscard]] std::string_view header(std::string_view name) const noexcept;
};

/// One request. A value.
struct Call {
    http::Method method = http::Method::get;
    std::string bucket;
    /// Empty: the bucket itself.
    std::string key;
    /// Decoded.
    std::vector<NameValue> query;
    /// All are signed.
    std::vector<NameValue> headers;
    /// Sent again only where it rewinds.
    std::shared_ptr<Source> body;
    std::uint64_t body_size = 0;
    /// See http::Request.
    std::span<const std::byte> body_at_once;
    std::string payload_hash{empty_payload_hash};
    bool bulk = false;
    /// See http::Request.
    bool sender_waits = true;
    bool may_trickle = false;
    /// Bytes that the server may copy before it answers, which gives it more time for that than the options do.
    std::uint64_t copied_bytes = 0;
    /// A conflict is not waited out: what the request was about has to be begun anew.
    bool conflict_is_final = false;
    CallOptions options;

    /// For an answer of status 2xx only, on an event loop; either may be empty. on_head sees an answer
    /// without its body. Without on_body the body is kept in the Answer.
    std::function<Result<void>(const Answer&)> on_head;
    std::function<Result<IoStep>(std::span<const std::byte>, const Wake&)> on_body;
    /// Called before a request is sent again whose on_head had been called, to let it go on behind what was delivered. Without it such
    /// a request is not sent again.
    std::function<Result<void>(Call&)> resume;
};

/// What came of a call. A value.
struct Outcome {
    Result<Answer> answer;
    /// An earlier attempt than the one that was answered, or failed last, may have taken effect: it was sent, and no answer told otherwise.
    bool maybe_done_before = false;
    /// The same of any attempt. Says nothing where the call succeeded.
    bool maybe_done = false;
    /// What was asked for, and where: leads the message of a failure that the answer is to blame for.
    std::string attempted{};
};

/// What requests to one bucket are signed with at one moment. A value; never printed.
struct Signer {
    Endpoint endpoint;
    Credentials keys;
    /// When the keys end.
    std::optional<Timestamp> expires_at;
    SigningScope scope;
    /// Of these keys in this scope; of no use for an anonymous client.
    SigningKey key;
};

/// `unauthenticated` for an anonymous client.
[[nodiscard]] Result<void> check_can_sign(const Signer& signer);

/// How long a signed URL or form is to last. A value.
struct SignatureWish {
    std::chrono::seconds time{3600};
    /// It may end with its keys.
    bool may_be_cut = true;
};

/// How long it does. A value.
struct SignatureLife {
    std::chrono::seconds time{};
    Timestamp ends{};
    /// Shorter than wished.
    bool is_cut = false;
};

/// Ends with the keys, where that is earlier than wished; `unauthenticated` where it must not, or nothing is left.
[[nodiscard]] Result<SignatureLife> signature_life(SignatureWish wish, const Signer& signer);

/// What a requester works with. A value (shared handles); all handles are required.
struct RequesterParts {
    Runtime runtime;
    std::shared_ptr<http::Transport> transport;
    CredentialsProviderPtr credentials;
    PartLimits part_limits;
    std::shared_ptr<ClockSkew> skew = std::make_shared<ClockSkew>();
};

/// A resource held by std::shared_ptr; thread-safe.
class Requester : public std::enable_shared_from_this<Requester> {
public:
    /// `options` has its clock and executor set.
    Requester(S3ClientOptions options, RequesterParts parts);
    ~Requester();

    /// Answers through `done`, exactly once, on a thread of the library or, when nothing can be sent, at once. An answer of another status
    /// than 2xx is an Error (see errors.h). `done` does not throw. Where this throws std::bad_alloc, nothing was sent and `done` is not called.
    void send(Call call, std::function<void(Outcome)> done);

    /// A URL that carries its signature, and when it ends: with the keys, where that is earlier. Keys that would cut it short are asked for anew first;
    /// `unauthenticated` where they must not. `done` as for send().
    void presign(PresignMethod method, Call call, SignatureWish wish,
                 std::function<void(Result<PresignedUrl>)> done);

    /// With keys that had better hold until then, where a time is given. Of the limits cancel and deadline count. `done` as for send().
    void with_signer(const std::string& bucket, const CallOptions& limits,
                     std::function<void(Result<Signer>)> done, Timestamp until = Timestamp::min());

    /// Whether signatures cover bodies.
    [[nodiscard]] bool signs_payload() const noexcept;

    /// Another one on the same transport, with other options and, where they are given, other keys.
    [[nodiscard]] std::shared_ptr<Requester> with(S3ClientOptions options,
                                                  CredentialsProviderPtr keys = nullptr) const;

    /// Ends what is under way with `cancelled`; joins the threads of the transport. Not to be called on a library thread.
    void close() noexcept;

    /// How many calls with large bodies are under way.
    [[nodiscard]] std::size_t bulk_calls() const noexcept { return bulk_calls_.load(); }

    [[nodiscard]] const S3ClientOptions& options() const noexcept { return options_; }
    [[nodiscard]] PartLimits part_limits() const noexcept { return parts_.part_limits; }
    /// The server's time, as far as it is known.
    [[nodiscard]] Timestamp now() const noexcept { return parts_.skew->corrected(options_.clock->now()); }
    [[nodiscard]] const Runtime& runtime() const noexcept { return parts_.runtime; }

private:
    class RunningCall;

    [[nodiscard]] Result<Signer> signer_of(const std::string& bucket, ResolvedCredentials keys);
    /// Empty where the options' region is all that is known.
    [[nodiscard]] std::string learned_region(const std::string& bucket);
    void learn_region(const std::string& bucket, std::string region);
    [[nodiscard]] std::uint64_t random();

    /// A key and what it was derived from; the day counts of its scope.
    struct KeptKey {
        SecretString secret_key;
        SigningScope scope;
        SigningKey key;
    };

    /// An endpoint and what it was made of.
    struct KeptPlace {
        std::string bucket;
        std::string region;
        Endpoint endpoint;
    };

    [[nodiscard]] Result<Endpoint> endpoint_of(const std::string& bucket, const std::string& region);
    [[nodiscard]] SigningKey key_of(const Credentials& keys, const SigningScope& scope);

    const S3ClientOptions options_;
    const RequesterParts parts_;
    RetryBudget budget_;
    SendRate rate_;
    std::atomic<std::size_t> bulk_calls_{0};
    std::mutex mutex_;
    /// Of buckets that turned out to be in another region than the options say.
    std::map<std::string, std::string> regions_;
    /// Of the last request: the next one mostly needs the same.
    std::optional<KeptKey> kept_key_;
    std::optional<KeptPlace> kept_place_;
    std::mt19937_64 chance_;
};

}  // namespace filestore::s3
