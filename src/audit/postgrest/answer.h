#pragma once

/// What an answer of PostgREST, or of the gateway before it, means for the events that were sent. Pure functions.
///
/// Versions 12 to 14 are known; where they differ, both are. Statuses and codes decide, never a text.

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "audit/postgrest/request.h"
#include "core/secret.h"
#include "filestore/error.h"

namespace filestore::postgrest {

/// What is to be done with the events after a refusal.
enum class Refusal {
    /// The same request may succeed later: no database, too many requests, a locked row.
    for_now,
    /// One of the rows cannot be stored: the others can, once they are sent without it.
    of_a_row,
    /// The request is too large: fewer rows at a time.
    of_size,
    /// The key is wrong or has ended. Events stay until that is mended, as for all that follow.
    of_the_key,
    /// The key is good, and may not write here.
    of_permission,
    /// The table is not there, or is not as it must be; or this is no PostgREST.
    of_the_table,
};

/// A value.
struct Refused {
    Refusal refusal = Refusal::for_now;
    /// With status and the server's code, message, details and hint, and what to do.
    Error error;
    /// So long the server wants not to be asked again.
    std::optional<std::chrono::seconds> retry_after{};
    /// A trigger, a policy or a lock may have refused one of the rows with this code. So it was where others are stored without it, and else `refusal` says what is wrong.
    bool perhaps_of_a_row = false;
};

/// Whether a request with fewer rows may be taken.
[[nodiscard]] bool concerns_rows(const Refused& refused) noexcept;

/// The header Retry-After, where it gives seconds; an hour at most.
[[nodiscard]] std::optional<std::chrono::seconds> read_retry_after(std::string_view header) noexcept;

/// What the server said. A value that refers to texts.
struct Answer {
    /// Of the request.
    Method method = Method::post;
    int status = 0;
    /// The header, which PostgREST gives with every success; empty where there is none.
    std::string_view content_range;
    /// Of any kind.
    std::string_view body;
};

/// The answer to a request of request.h that writes, or to another that failed. Nothing where it was done, whatever rows that wrote (see rows_written()); a success
/// that PostgREST does not give so does not: any other server would have the events forgotten. `secrets` that the answer repeats, whole or 8 characters of what a key alone has, in whatever case, are not in the message; `table` is.
[[nodiscard]] std::optional<Refused> read_refusal(const Answer& answer, std::string_view table,
                                                  std::span<const SecretString> secrets = {});

/// How many rows an insertion wrote that was done: it passes over rows that are there. Nothing where the answer does not say.
[[nodiscard]] std::optional<std::uint64_t> rows_written(const Answer& answer) noexcept;

}  // namespace filestore::postgrest
