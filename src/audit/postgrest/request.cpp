#include "audit/postgrest/request.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/ascii.h"
#include "core/base_url.h"
#include "core/json.h"
#include "core/text.h"
#include "core/try.h"

namespace filestore::postgrest {
namespace {

constexpr std::string_view rest_path = "/rest/v1";

Error bad_url(std::string_view what) {
    return Error(ErrorCode::configuration,
                 "SUPABASE_URL " + std::string(what) + ": give it as https://PROJECT.supabase.co");
}

void write_text(JsonTextWriter& writer, std::string_view text) {
    writer.String(text.data(), static_cast<rj::SizeType>(text.size()));
}

void write_time(JsonTextWriter& writer, const std::optional<Timestamp>& time) {
    if (time) {
        write_text(writer, time_text(*time));
    } else {
        writer.Null();
    }
}

void write_row(JsonTextWriter& writer, const CatalogueRow& row, bool with_upload_time) {
    writer.StartObject();
    writer.Key("file_id");
    write_text(writer, row.id.text());
    writer.Key("file_path");
    write_text(writer, row.file_path);
    writer.Key("metadata");
    const std::string metadata = row.metadata.to_json();
    writer.RawValue(metadata.data(), metadata.size(), rj::kObjectType);
    if (with_upload_time) {
        writer.Key("uploaded_at");
        write_time(writer, row.uploaded_at);
    }
    writer.Key("deleted_at");
    write_time(writer, row.deleted_at);
    writer.EndObject();
}

Header content_type() {
    return {"content-type", "application/json"};
}

/// Whether an answer gives the rows that were written back.
enum class Answers { count, rows };

constexpr std::string_view answered_columns = "select=file_id,deleted_at";

Request write_rows(std::string_view table, std::span<const CatalogueRow> rows, bool with_upload_time,
                   std::string_view resolution, Answers answers) {
    const bool gives_rows = answers == Answers::rows;
    Request request;
    request.method = Method::post;
    request.target = "/" + std::string(table) + "?on_conflict=file_id&columns=file_id,file_path,metadata," +
                     (with_upload_time ? "uploaded_at," : "") + "deleted_at" +
                     (gives_rows ? "&" + std::string(answered_columns) : "");
    request.headers = {content_type(),
                       {"prefer", (gives_rows ? "return=representation" : "return=minimal,count=exact") +
                                      (",resolution=" + std::string(resolution))}};
    JsonText body;
    JsonTextWriter writer(body);
    writer.StartArray();
    for (const CatalogueRow& row : rows) {
        write_row(writer, row, with_upload_time);
    }
    writer.EndArray();
    request.body = std::move(body.text);
    return request;
}

Request write_deleted(std::string_view table, const std::string& filter,
                      const std::optional<Timestamp>& deleted_at) {
    Request request;
    request.method = Method::patch;
    request.target = "/" + std::string(table) + "?" + std::string(answered_columns) + "&" + filter;
    request.headers = {content_type(), {"prefer", "return=representation"}};
    JsonText body;
    JsonTextWriter writer(body);
    writer.StartObject();
    writer.Key("deleted_at");
    write_time(writer, deleted_at);
    writer.EndObject();
    request.body = std::move(body.text);
    return request;
}

}  // namespace

std::string time_text(Timestamp time) {
    if (time <= least_time) {
        return "-infinity";
    }
    return time >= greatest_time ? "infinity" : format_timestamp(time);
}

Result<void> check_table(std::string_view table) {
    const bool is_name = !table.empty() && std::all_of(table.begin(), table.end(), [](char c) {
        return c == '_' || (c >= '0' && c <= '9') || (to_lower(c) >= 'a' && to_lower(c) <= 'z');
    });
    return is_name ? Result<void>()
                   : Error(ErrorCode::invalid_argument,
                           "the audit table " + quoted(table) + " is not made of letters, digits and _");
}

Result<Endpoint> parse_endpoint(std::string_view url, bool allow_plain_http) {
    url = without_last_slashes(url);
    if (const auto fault = fault_of_base_url(url)) {
        return bad_url(*fault);
    }
    if (!allow_plain_http && can_be_read_on_the_way(url)) {
        return bad_url(
            "is of another machine and without TLS, so that anybody on the way reads the key "
            "(audit_plain_http "
            "allows that)");
    }
    Endpoint endpoint{std::string(url)};
    if (!url.ends_with(rest_path)) {
        endpoint.base += rest_path;
    }
    return endpoint;
}

Result<std::vector<Header>> key_headers(std::string_view key) {
    if (key.empty() || !is_printable_ascii(key) || key.find(' ') != std::string_view::npos) {
        return Error(ErrorCode::configuration,
                     "SUPABASE_KEY is no key: give the service key of the project as it is shown there");
    }
    return std::vector<Header>{{"apikey", std::string(key)}, {"authorization", "Bearer " + std::string(key)}};
}

Result<Request> insert_rows(std::string_view table, std::span<const CatalogueRow> rows) {
    FILESTORE_TRY(check_table(table));
    const auto has_time = [](const CatalogueRow& row) { return row.uploaded_at.has_value(); };
    const bool timed = std::all_of(rows.begin(), rows.end(), has_time);
    if (rows.empty() || (!timed && std::any_of(rows.begin(), rows.end(), has_time))) {
        return Error(ErrorCode::invalid_argument,
                     "rows to insert are one or more, and all with an upload time or all without");
    }
    const bool says_deleted = std::any_of(rows.begin(), rows.end(),
                                          [](const CatalogueRow& row) { return row.deleted_at.has_value(); });
    return write_rows(table, rows, timed, "ignore-duplicates", says_deleted ? Answers::rows : Answers::count);
}

Result<std::string> filter_by_ids(std::span<const FileId> ids, std::size_t most) {
    if (ids.empty() || ids.size() > most) {
        return Error(ErrorCode::invalid_argument, "files to name in a request are 1 to " +
                                                      std::to_string(most) + ", not " +
                                                      std::to_string(ids.size()));
    }
    std::string filter = "file_id=in.(";
    for (const FileId& id : ids) {
        filter += filter.ends_with('(') ? "" : ",";
        filter += id.text();
    }
    return filter + ")";
}

Timestamp claim_of(Timestamp deleted_at) {
    return std::chrono::floor<std::chrono::hours>(deleted_at) + std::chrono::seconds(7);
}

Timestamp trial_of(Timestamp deleted_at) {
    return deleted_at + std::chrono::microseconds(1);
}

std::vector<Timestamp> kept_forms_of(Timestamp at) {
    std::vector<Timestamp> forms{at};
    constexpr std::int64_t second = 1'000'000;
    for (std::int64_t unit = 10; unit <= second; unit *= 10) {
        const std::int64_t count = (at.time_since_epoch().count() + unit / 2) / unit * unit;
        const Timestamp form{std::chrono::microseconds(count)};
        if (form != forms.back()) {
            forms.push_back(form);
        }
    }
    return forms;
}

Result<Request> change_deleted(std::string_view table, std::span<const FileId> ids,
                               const std::optional<Timestamp>& before,
                               const std::optional<Timestamp>& after) {
    FILESTORE_TRY(check_table(table));
    FILESTORE_TRY_ASSIGN(const std::string of_ids, filter_by_ids(ids, most_ids_in_filter));
    const std::string guard = before ? "eq." + time_text(*before) : "is.null";
    return write_deleted(table, "deleted_at=" + guard + "&" + of_ids, after);
}

Result<Request> set_deleted(std::string_view table, std::span<const CatalogueRow> rows) {
    FILESTORE_TRY(check_table(table));
    if (rows.empty()) {
        return Error(ErrorCode::invalid_argument, "rows to change are one or more");
    }
    return write_rows(table, rows, false, "merge-duplicates", Answers::rows);
}

Result<Request> write_in_vain(std::string_view table, const FileId& id,
                              std::optional<Timestamp> uploaded_at) {
    FILESTORE_TRY(check_table(table));
    CatalogueRow row;
    row.id = id;
    row.file_path = id.str();
    row.uploaded_at = uploaded_at;
    const std::array rows{row, row};
    return write_rows(table, rows, uploaded_at.has_value(), "merge-duplicates", Answers::count);
}

Result<Request> take_back_deleted(std::string_view table, std::span<const FileId> ids, Timestamp at) {
    FILESTORE_TRY(check_table(table));
    FILESTORE_TRY_ASSIGN(const std::string of_ids, filter_by_ids(ids, most_ids_in_filter));
    std::string times = time_text(claim_of(at)) + "," + time_text(trial_of(at));
    for (const Timestamp form : kept_forms_of(at)) {
        times += "," + time_text(form);
    }
    return write_deleted(table, "deleted_at=in.(" + times + ")&" + of_ids, std::nullopt);
}

}  // namespace filestore::postgrest
