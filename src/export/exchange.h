#pragma once

/// One request to a provider and its answer, waited for.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/secret.h"
#include "export/protocol/answers.h"
#include "filestore/call.h"
#include "http/transport.h"

namespace filestore {

/// An answer of any status. A value.
struct ProviderAnswer {
    http::ResponseHead head{};
    std::string body{};

    [[nodiscard]] bool is_success() const noexcept { return head.status >= 200 && head.status < 300; }
};

/// What an attempt came to. A value.
struct Attempt {
    /// Also an answer that is no success.
    Result<ProviderAnswer> answer;
    /// It began to go out.
    bool was_sent = false;
    /// All of its body was there to go out; where it was not, nobody can have carried it out.
    bool was_whole = true;
    /// It went out again by itself, because the connection ended before an answer came: what it asks for may have been done before.
    bool was_sent_again = false;
};

/// What requests go with. A value (shared handles); never printed.
struct Correspondence {
    std::shared_ptr<http::Transport> transport;
    provider::Place place;
    provider::HeaderField key;
    Secrets secrets;
    CallOptions limits;
};

/// Whether the key goes along.
enum class WithKey { yes, no };

/// Sends once. `body` gives the whole body of the request; null for its `head` alone. Blocks until the answer is there or the request has failed.
[[nodiscard]] Attempt exchange(const Correspondence& with, const provider::Outgoing& request,
                               std::shared_ptr<Source> body, WithKey with_key = WithKey::yes);

}  // namespace filestore
