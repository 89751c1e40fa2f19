#pragma once

/// The requests by which the audit table of a Supabase project is written, as PostgREST takes them. Pure functions.
///
/// Each may be sent any number of times, in whole or in parts, with the effect of once. Of an upload and a deletion it does not matter which comes first: a row that is there
/// is not inserted again, and a deletion that is recorded stays as it is.

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

/// What SUPABASE_URL says: "https://project.supabase.co", also with a path, also with /rest/v1 at its end. `configuration` for anything that is no such URL; it is not
/// repeated in the message, as it may hold a secret.
[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view url);

/// `invalid_argument` for a table whose name is not made of letters, digits and `_`.
[[nodiscard]] Result<void> check_table(std::string_view table);

enum class Method { post, patch };

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

/// A longer filter would make a URL that gateways refuse.
inline constexpr std::size_t most_ids_in_filter = 100;

/// Inserts rows, and passes over those whose `file_id` is there. All rows have an `uploaded_at`, or none has: the table has a default for it then. `invalid_argument` for no
/// row, for rows of both kinds, and for a table whose name is not made of letters, digits and `_`.
[[nodiscard]] Result<Request> insert_rows(std::string_view table, std::span<const CatalogueRow> rows);

/// Sets `deleted_at` of rows that have none. `invalid_argument` for no ID (a request without a filter would change every row), for more than `most_ids_in_filter`, and for a
/// table as above.
[[nodiscard]] Result<Request> mark_deleted(std::string_view table, std::span<const FileId> ids, Timestamp at);

}  // namespace filestore::postgrest
