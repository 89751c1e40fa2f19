#include "audit/postgrest/answer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <string>
#include <unordered_set>
#include <utility>

#include "core/text.h"
#include "filestore/metadata.h"

namespace filestore::postgrest {
namespace {

constexpr std::size_t longest_code = 16;

/// The members of an error document; all empty where it is none, or another kind of document. Those of a gateway have no code.
struct ErrorDocument {
    /// An object, as PostgREST and the gateway of a project answer.
    bool is_json = false;
    /// PostgREST has lost the database meanwhile, and knows no code for it.
    bool has_empty_code = false;
    std::string code;
    std::string message;
    std::string details;
    std::string hint;
};

/// What a key alone has: behind what the new ones begin with, or the header of a JWT.
std::string_view own_part(std::string_view key) {
    for (const std::string_view beginning : {"sb_secret_", "sb_publishable_"}) {
        if (key.starts_with(beginning)) {
            return key.substr(beginning.size());
        }
    }
    const std::size_t header = key.starts_with("eyJ") ? key.find('.') : std::string_view::npos;
    return header == std::string_view::npos ? key : key.substr(header + 1);
}

std::string in_lower_case(std::string_view text) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return lower;
}

/// With `***` in place of every run of so many characters or more that stands in a key's own part, whatever their case.
std::string without_parts(const std::string& text, std::span<const SecretString> secrets) {
    constexpr std::size_t least = 8;
    std::unordered_set<std::string> parts;
    for (const std::string_view secret : secrets) {
        const std::string own = in_lower_case(own_part(secret));
        for (std::size_t i = 0; i + least <= own.size(); ++i) {
            parts.insert(own.substr(i, least));
        }
    }
    const std::string lower = in_lower_case(text);
    std::string kept;
    std::size_t hidden_up_to = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (i + least <= text.size() && parts.contains(lower.substr(i, least))) {
            kept += i < hidden_up_to ? "" : "***";
            hidden_up_to = i + least;
        }
        if (i >= hidden_up_to) {
            kept += text[i];
        }
    }
    return kept;
}

ErrorDocument read_document(std::string_view body, std::span<const SecretString> secrets) {
    const auto members = Metadata::parse(body);
    if (!members.ok()) {
        return {};
    }
    const auto text = [&](const char* name) {
        return without_parts(without_secrets(members->text(name).value_or(std::string()), secrets), secrets);
    };
    const auto given_code = members->text("code");
    ErrorDocument document{
        true,        given_code && given_code->empty(), text("code"), text("message"), text("details"),
        text("hint")};
    if (!is_printable_ascii(document.code) || document.code.size() > longest_code) {
        document.code.clear();
    }
    return document;
}

/// A code, or the beginning of those of a class, and what it means.
struct Meaning {
    std::string_view code;
    Refusal refusal;
};

// The first that fits counts. Codes of five characters are PostgreSQL's (SQLSTATE; the first two are its class).
constexpr auto meanings = std::to_array<Meaning>({
    {"PGRST000", Refusal::for_now},  // no connection to the database
    {"PGRST001", Refusal::for_now},
    {"PGRST002", Refusal::for_now},  // the schema is being read
    {"PGRST003", Refusal::for_now},  // no free connection
    {"PGRST102", Refusal::of_a_row},
    {"PGRST204", Refusal::of_the_table},  // no such column
    {"PGRST205", Refusal::of_the_table},  // no such table
    {"PGRST3", Refusal::of_the_key},
    {"PGRST121", Refusal::of_a_row},  // a trigger raised PGRST, and not as that is to be raised
    {"PGRST", Refusal::of_the_table},
    {"22023", Refusal::of_the_key},     // the key's role is not there, or of a row
    {"25006", Refusal::for_now},        // a replica, until it is promoted
    {"40", Refusal::for_now},           // deadlock, serialisation
    {"42501", Refusal::of_permission},  // also of row-level security
    {"42", Refusal::of_the_table},      // no such table or column, no unique index for on_conflict
    {"3F", Refusal::of_the_table},      // no such schema
    {"08", Refusal::for_now},
    {"53", Refusal::for_now},
    {"54", Refusal::of_size},
    {"55000", Refusal::of_the_table},  // a unique constraint that is deferrable
    {"55", Refusal::for_now},          // locked
    {"57", Refusal::for_now},          // statement timeout, shutdown
    {"58", Refusal::for_now},
    {"XX", Refusal::for_now},
    {"28", Refusal::of_the_key},
    {"0L", Refusal::of_permission},
    {"0P", Refusal::of_permission},
    {"21", Refusal::of_the_table},
    {"22", Refusal::of_a_row},
    {"23", Refusal::of_a_row},
    {"P0", Refusal::of_a_row},  // raised by a trigger
});

bool is_sqlstate(std::string_view code) {
    constexpr std::size_t size = 5;
    return code.size() == size && std::all_of(code.begin(), code.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
           });
}

std::optional<Refusal> known_refusal(std::string_view code) {
    const auto* const found = std::find_if(meanings.begin(), meanings.end(), [code](const Meaning& meaning) {
        return code.starts_with(meaning.code);
    });
    return found == meanings.end() ? std::nullopt : std::optional(found->refusal);
}

/// As a trigger may have one that nobody else has.
bool is_unknown(std::string_view code) {
    return is_sqlstate(code) && !known_refusal(code);
}

/// What PostgreSQL says of its connections and resources, and while it shuts down, is of no row.
bool is_of_the_server(std::string_view code) {
    constexpr std::array beginnings{"08", "25", "53", "57P", "58"};
    return std::any_of(beginnings.begin(), beginnings.end(),
                       [code](std::string_view beginning) { return code.starts_with(beginning); });
}

/// Statuses by which a gateway, or a trigger that raises PGRST with one and a code of its own, may refuse what a request holds. The others are of the request's kind, or its place.
bool may_refuse_content(int status) {
    constexpr std::array of_requests{401, 404, 405, 407, 408, 411, 413, 414, 417, 421, 425, 426, 429, 431};
    return status >= 400 && status < 500 &&
           std::find(of_requests.begin(), of_requests.end(), status) == of_requests.end();
}

/// A trigger may raise any code of PostgreSQL for a row. Who is known to nobody writes no row that it could be of.
bool is_perhaps_of_a_row(Refusal refusal, int status, const ErrorDocument& document) {
    const std::string_view code = document.code;
    if (!is_sqlstate(code) && !code.starts_with("PGRST")) {
        return document.is_json && may_refuse_content(status) &&
               (refusal == Refusal::of_permission || refusal == Refusal::of_the_table);
    }
    const bool is_role = refusal == Refusal::of_the_key && status == 401;
    return is_sqlstate(code) && !is_role &&
           (refusal == Refusal::of_the_key || refusal == Refusal::of_permission ||
            refusal == Refusal::of_the_table || (refusal == Refusal::for_now && !is_of_the_server(code)));
}

Refusal refusal_of_status(int status, bool is_json) {
    switch (status) {
        case 401:
            return Refusal::of_the_key;
        case 403:
            // A page is of a firewall, whose rules come and go.
            return is_json ? Refusal::of_permission : Refusal::for_now;
        case 408:
        case 425:
        case 429:
            return Refusal::for_now;
        case 413:
        case 414:
        case 431:
            return Refusal::of_size;
        default:
            // PostgREST says by a code what is wrong with a row: whoever answers without one is another.
            return status >= 500 ? Refusal::for_now : Refusal::of_the_table;
    }
}

Refusal refusal_of(int status, const ErrorDocument& document) {
    if (document.has_empty_code) {
        return Refusal::for_now;
    }
    if (is_unknown(document.code)) {
        return Refusal::of_the_table;
    }
    return known_refusal(document.code).value_or(refusal_of_status(status, document.is_json));
}

ErrorCode error_code_of(Refusal refusal, int status, std::string_view code) {
    switch (refusal) {
        case Refusal::for_now:
            return status == 429 ? ErrorCode::rate_limited : ErrorCode::unavailable;
        case Refusal::of_a_row:
        case Refusal::of_size:
            return ErrorCode::rejected;
        case Refusal::of_the_key:
            return ErrorCode::unauthenticated;
        case Refusal::of_permission:
            return ErrorCode::permission_denied;
        case Refusal::of_the_table:
            return is_unknown(code) ? ErrorCode::rejected : ErrorCode::configuration;
    }
    return ErrorCode::internal;
}

std::string advice(Refusal refusal, std::string_view code, std::string_view table) {
    if (code == "42P10" || code == "55000") {
        return "the table needs a unique index that is not deferrable: CREATE UNIQUE INDEX ON " +
               std::string(table) + " (file_id)";
    }
    if (is_unknown(code)) {
        return "a row cannot be stored, or none: look at the table's triggers";
    }
    switch (refusal) {
        case Refusal::for_now:
            return "it will be tried again";
        case Refusal::of_a_row:
            return "a row cannot be stored";
        case Refusal::of_size:
            return "the request is too large";
        case Refusal::of_the_key:
            return "check SUPABASE_KEY";
        case Refusal::of_permission:
            return "the key may not write the table: use the project's service key, or grant it that";
        case Refusal::of_the_table:
            return "check SUPABASE_URL, and that the table " + std::string(table) + " has its columns";
    }
    return "";
}

/// One line without control characters; servers repeat what they were sent.
void append(std::string& message, std::string_view what, std::string_view text) {
    if (!text.empty()) {
        message += "; " + std::string(what) + quoted(text);
    }
}

Refused without_content_range(int status) {
    ErrorDetails details;
    details.http_status = status;
    return {Refusal::of_the_table,
            Error(ErrorCode::configuration,
                  "the audit server answered " + std::to_string(status) +
                      " without the header Content-Range of PostgREST: check SUPABASE_URL, and that no proxy "
                      "takes that header away",
                  std::move(details)),
            {}};
}

Error error_of(int status, const ErrorDocument& document, Refusal refusal, bool perhaps_of_a_row,
               std::string_view table) {
    std::string message = "the audit server answered " + std::to_string(status);
    message += document.code.empty() ? "" : " " + document.code;
    append(message, "", document.message);
    append(message, "details ", document.details);
    append(message, "hint ", document.hint);
    message += ": " + advice(refusal, document.code, table);
    if (perhaps_of_a_row && refusal != Refusal::for_now && !is_unknown(document.code)) {
        message += "; where it takes other rows, look at the table's triggers and policies";
    }
    ErrorDetails details;
    details.retryable = refusal == Refusal::for_now;
    details.http_status = status;
    details.server_code = document.code;
    return Error(error_code_of(refusal, status, document.code), std::move(message), std::move(details));
}

/// "*/*", "0-0/*", "0-9/10".
bool is_content_range(std::string_view text) {
    const std::size_t slash = text.find('/');
    return slash != 0 && slash < text.size() - 1 && text.size() < 64 &&
           text.find_first_not_of("0123456789-*/") == std::string_view::npos;
}

std::optional<std::uint64_t> number_of(std::string_view text) noexcept {
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_number = !text.empty() && failure == std::errc() && end == text.data() + text.size();
    return is_number ? std::optional(number) : std::nullopt;
}

bool is_success(const Answer& answer) {
    switch (answer.method) {
        case Method::post:
            // Where rows were merged and none was new PostgREST answers 200.
            return answer.status == 201 || answer.status == 200;
        case Method::patch:
            return answer.status == 204 || answer.status == 200;
        case Method::get:
            return false;
    }
    return false;
}

/// A web server that is no PostgREST, and knows nothing of the events, may have a success for every request, with a page or without.
bool says_done(const Answer& answer) {
    return is_success(answer) && is_content_range(answer.content_range) &&
           (answer.body.empty() || answer.body.starts_with('['));
}

}  // namespace

std::optional<std::uint64_t> rows_written(const Answer& answer) noexcept {
    const std::size_t slash = answer.content_range.find('/');
    return slash == std::string_view::npos ? std::nullopt : number_of(answer.content_range.substr(slash + 1));
}

bool concerns_rows(const Refused& refused) noexcept {
    return refused.perhaps_of_a_row || refused.refusal == Refusal::of_a_row ||
           refused.refusal == Refusal::of_size;
}

std::optional<std::chrono::seconds> read_retry_after(std::string_view header) noexcept {
    constexpr int most = 3600;
    int seconds = 0;
    const auto [end, failure] = std::from_chars(header.data(), header.data() + header.size(), seconds);
    if (failure != std::errc() || end != header.data() + header.size() || seconds < 0) {
        return std::nullopt;
    }
    return std::chrono::seconds(std::min(seconds, most));
}

std::optional<Refused> read_refusal(const Answer& answer, std::string_view table,
                                    std::span<const SecretString> secrets) {
    if (says_done(answer)) {
        return std::nullopt;
    }
    const ErrorDocument document = read_document(answer.body, secrets);
    const Refusal refusal = refusal_of(answer.status, document);
    if (is_success(answer) && !is_content_range(answer.content_range)) {
        return without_content_range(answer.status);
    }
    const bool perhaps_of_a_row =
        answer.method != Method::get && is_perhaps_of_a_row(refusal, answer.status, document);
    return Refused{
        refusal, error_of(answer.status, document, refusal, perhaps_of_a_row, table), {}, perhaps_of_a_row};
}

}  // namespace filestore::postgrest
