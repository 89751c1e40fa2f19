#pragma once

/// The requests by which the audit table of a Supabase project is written, as PostgREST takes them. Pure functions.
///
/// Requests that write may be sent any number of times, in whole or in parts, with the effect of once. The answer to one that tells of a deletion gives IDs and `deleted_at` of the rows that it wrote, as they are now; to one that inserts stored files, their number. Of an upload and a deletion it does not matter which comes first: a row that is there
/// is not inserted again, and a deletion that is recorded stays as it is.

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/catalogue_row.h"
#include "filestore/file_id.h"
#include "filestore/result.h"
#include "filestore/time.h"

namespace filestore::postgrest {

/// Where the REST interface of a project is. A value.
struct Endpoint {
    /// "https://project.example/rest/v1": no slash at its end.
    std::string base;
};

/// What SUPABASE_URL says: "https://project.supabase.co", also with a path, also with /rest/v1 at its end. `configuration` for anything that is no such URL, and
/// for one without TLS of another machine unless that is allowed: the key would be for everybody to read. The URL is not repeated in the message, as it may hold a secret.
[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view url, bool allow_plain_http = false);

/// `invalid_argument` for a table whose name is not made of letters, digits and `_`.
[[nodiscard]] Result<void> check_table(std::string_view table);

enum class Method { get, post, patch };

/// A value.
struct Header {
    std::string name;
    std::string value;

    friend bool operator==(const Header&, const Header&) = default;
};

/// Without the endpoint before it, and without the headers of the key. A value.
struct Request {
    Method method = Method::post;
    /// Path and query; starts with `/`.
    std::string target;
    std::vector<Header> headers;
    std::string body;
};

/// The headers that say who asks: a JWT, or a key of the newer kind (`sb_secret_...`). `configuration` for what can be neither; the key is not in the message.
[[nodiscard]] Result<std::vector<Header>> key_headers(std::string_view key);

/// What PostgreSQL has as -infinity and infinity, and the years that have five digits: the ends of what our times can be, which are no times of anything.
inline constexpr Timestamp least_time = std::chrono::sys_days(std::chrono::year(0) / 1 / 1);
inline constexpr Timestamp greatest_time = std::chrono::sys_days(std::chrono::year(9999) / 12 / 31) +
                                           std::chrono::days(1) - std::chrono::microseconds(1);

/// As PostgreSQL reads it.
[[nodiscard]] std::string time_text(Timestamp time);

/// A longer filter would make a URL that gateways refuse.
inline constexpr std::size_t most_ids_in_filter = 100;
/// Of a request that reads PostgREST repeats the filter in a header, and nginx as it comes takes 4 KiB of headers.
inline constexpr std::size_t most_ids_to_read = 50;

/// `file_id=in.(...)`. `invalid_argument` for no ID and for more than `most`.
[[nodiscard]] Result<std::string> filter_by_ids(std::span<const FileId> ids, std::size_t most);

/// Inserts rows, and passes over those whose `file_id` is there. All rows have an `uploaded_at`, or none has: the table has a default for it then. `invalid_argument` for no
/// row, for rows of both kinds, and for a table whose name is not made of letters, digits and `_`.
[[nodiscard]] Result<Request> insert_rows(std::string_view table, std::span<const CatalogueRow> rows);

/// The time by which a deletion may be claimed before its own time is set: the seventh second of its hour, at which nobody else deletes, as they may at a full hour, and which columns with fewer digits keep. Anybody can tell by the row
/// that it is still to be set.
[[nodiscard]] Timestamp claim_of(Timestamp deleted_at);

/// The time to which a deletion's is moved, and back again, to see whether the table lets it: by no more than nobody minds where it stays so.
[[nodiscard]] Timestamp trial_of(Timestamp deleted_at);

/// What a column may keep of a time: all of it, and what `timestamp(5)` to `timestamp(0)` round it to.
[[nodiscard]] std::vector<Timestamp> kept_forms_of(Timestamp at);

/// Makes `deleted_at` of rows `after` (nothing: takes it away) where it is `before` (nothing: where there is none). `invalid_argument` for no ID (a request without a filter would change every row), for more than `most_ids_in_filter`, and for a
/// table as above.
// One filter for each column: PostgREST looks at an `or` again in the rows that it gives back.
[[nodiscard]] Result<Request> change_deleted(std::string_view table, std::span<const FileId> ids,
                                             const std::optional<Timestamp>& before,
                                             const std::optional<Timestamp>& after);

/// Makes rows that are claimed, with these paths and metadata, deleted at their times, whatever they say of that; `uploaded_at` stays. `invalid_argument` for no row, and for a
/// table as above.
[[nodiscard]] Result<Request> set_deleted(std::string_view table, std::span<const CatalogueRow> rows);

/// A request that changes nothing, as it asks for two rows of one new file: who may write the table and read it is refused with the code `two_of_one_file`, everybody else for that. So is a table that takes no row. `uploaded_at` as of an upload. Fails as check_table().
[[nodiscard]] Result<Request> write_in_vain(std::string_view table, const FileId& id,
                                            std::optional<Timestamp> uploaded_at = {});
inline constexpr std::string_view two_of_one_file = "21000";

/// Takes the `deleted_at` of rows away again, where it is what a column keeps of that time, or they are claimed for it or moved from it. Fails as change_deleted().
[[nodiscard]] Result<Request> take_back_deleted(std::string_view table, std::span<const FileId> ids,
                                                Timestamp at);

}  // namespace filestore::postgrest
