#pragma once

/// Sends requests to a PostgREST, a few at a time, and waits for their answers.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "audit/postgrest/answer.h"
#include "audit/postgrest/request.h"
#include "core/secret.h"
#include "http/transport.h"

namespace filestore {

/// What came of a request. A value.
struct Reply {
    /// Nothing where it was done.
    std::optional<postgrest::Refused> refused;
    /// Rows, where the request asks for them.
    std::string body;
    /// Of one that writes and was done: see postgrest::rows_written().
    std::optional<std::uint64_t> rows_written{};
};

/// Where requests go, and by whom. A value.
struct Correspondent {
    postgrest::Endpoint endpoint;
    std::vector<postgrest::Header> key_headers;
    /// For messages.
    std::string table;
    /// What must not stand in a message.
    Secrets secrets;
};

inline constexpr unsigned most_requests_under_way = 16;
/// Of a longer answer only its beginning is kept.
inline constexpr std::size_t most_bytes_of_reply = std::size_t{4} * 1024 * 1024;

/// The replies to requests, in their order. Blocks, until 20 seconds behind `last_sending` at most. What has not gone out by that, and what would follow a refusal that is of
/// no row, is refused as the last one was. With a `deadline`, no request takes longer than until then.
[[nodiscard]] std::vector<Reply> exchange(
    http::Transport& transport, const Correspondent& correspondent,
    const std::vector<postgrest::Request>& requests, std::chrono::steady_clock::time_point last_sending,
    const std::stop_token& cancel, const std::optional<std::chrono::steady_clock::time_point>& deadline = {});

}  // namespace filestore
