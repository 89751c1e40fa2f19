#pragma once

/// Small requests to endpoints that give keys.

#include <chrono>
#include <functional>
#include <stop_token>

#include "core/secret.h"
#include "s3/credentials/provider.h"

namespace filestore::s3 {

/// When an answer came. A value.
struct AnswerTime {
    /// The server's time, in its header Date; empty where there is none.
    std::string date{};
    /// This machine's own; only where the clock may be corrected.
    Timestamp came{};
};

/// An answer of any status. A value; its body is wiped when it goes.
struct FetchedAnswer {
    int status = 0;
    SecretString body;
    AnswerTime time{};
};

/// A value.
struct FetchLimits {
    unsigned attempts = 3;
    /// Before the second attempt; twice as long before the third.
    std::chrono::milliseconds pause{200};
    /// Where it is shorter than that of the context.
    std::chrono::milliseconds attempt_time = std::chrono::milliseconds::max();
};

/// Makes the request of one attempt anew, so that each is signed with its own time and reads its own token.
using MakeRequest = std::function<Result<http::Request>()>;

/// Sends, and sends again after a 5xx, a 429, a lost connection or the end of an attempt's time. The last attempt's answer stands. `corrupt` where the body is
/// larger than 64 KiB; what make_request fails with; the transport's failures. Never blocks. May throw std::bad_alloc.
void fetch(const ProviderContext& context, const std::stop_token& cancel, FetchLimits limits,
           MakeRequest make_request, ReplyPtr<FetchedAnswer> reply);

/// Keys that have ended when they come show that the clock is wrong: it learns from their answer.
void learn_from_ended_keys(const ProviderContext& context, const AnswerTime& time,
                           const Result<ResolvedCredentials>& keys);

}  // namespace filestore::s3
