#include "audit/postgrest/request.h"

#include <algorithm>
#include <optional>

#include "core/ascii.h"
#include "core/json.h"
#include "core/text.h"
#include "core/try.h"

namespace filestore::postgrest {
namespace {

constexpr std::string_view rest_path = "/rest/v1";

Error bad_url(const char* what) {
    return Error(ErrorCode::configuration,
                 std::string("SUPABASE_URL ") + what + ": give it as https://PROJECT.supabase.co");
}

void write_text(JsonTextWriter& writer, std::string_view text) {
    writer.String(text.data(), static_cast<rj::SizeType>(text.size()));
}

void write_time(JsonTextWriter& writer, const std::optional<Timestamp>& time) {
    if (time) {
        write_text(writer, format_timestamp(*time));
    } else {
        writer.Null();
    }
}

/// In the order of the columns in insert_rows().
void write_row(JsonTextWriter& writer, const CatalogueRow& row) {
    writer.StartObject();
    writer.Key("file_id");
    write_text(writer, row.id.text());
    writer.Key("file_path");
    write_text(writer, row.file_path);
    writer.Key("metadata");
    const std::string metadata = row.metadata.to_json();
    writer.RawValue(metadata.data(), metadata.size(), rj::kObjectType);
    if (row.uploaded_at) {
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

}  // namespace

Result<void> check_table(std::string_view table) {
    const bool is_name = !table.empty() && std::all_of(table.begin(), table.end(), [](char c) {
        return c == '_' || (c >= '0' && c <= '9') || (to_lower(c) >= 'a' && to_lower(c) <= 'z');
    });
    return is_name ? Result<void>()
                   : Error(ErrorCode::invalid_argument,
                           "the audit table " + quoted(table) + " is not made of letters, digits and _");
}

Result<Endpoint> parse_endpoint(std::string_view url) {
    const bool is_http = url.starts_with("http://") || url.starts_with("https://");
    const std::size_t host = url.find("//") + 2;
    if (!is_http) {
        return bad_url("is no http or https URL");
    }
    if (!is_printable_ascii(url) || url.find_first_of(" \"<>\\^`{|}?#@") != std::string_view::npos) {
        return bad_url("has a character that no such URL has");
    }
    while (url.ends_with('/') && url.size() > host) {
        url.remove_suffix(1);
    }
    if (url.size() == host || url[host] == ':' || url[host] == '/') {
        return bad_url("names no server");
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
    Request request;
    request.method = Method::post;
    request.target = "/" + std::string(table) + "?on_conflict=file_id&columns=file_id,file_path,metadata," +
                     (timed ? "uploaded_at," : "") + "deleted_at";
    request.headers = {content_type(), {"prefer", "return=minimal,resolution=ignore-duplicates"}};
    JsonText body;
    JsonTextWriter writer(body);
    writer.StartArray();
    for (const CatalogueRow& row : rows) {
        write_row(writer, row);
    }
    writer.EndArray();
    request.body = std::move(body.text);
    return request;
}

Result<Request> mark_deleted(std::string_view table, std::span<const FileId> ids, Timestamp at) {
    FILESTORE_TRY(check_table(table));
    if (ids.empty() || ids.size() > most_ids_in_filter) {
        return Error(ErrorCode::invalid_argument, "deletions to record at a time are 1 to " +
                                                      std::to_string(most_ids_in_filter) + ", not " +
                                                      std::to_string(ids.size()));
    }
    Request request;
    request.method = Method::patch;
    request.target = "/" + std::string(table) + "?deleted_at=is.null&file_id=in.(";
    for (const FileId& id : ids) {
        request.target += request.target.ends_with('(') ? "" : ",";
        request.target += id.text();
    }
    request.target += ")";
    request.headers = {content_type(), {"prefer", "return=minimal"}};
    JsonText body;
    JsonTextWriter writer(body);
    writer.StartObject();
    writer.Key("deleted_at");
    write_time(writer, at);
    writer.EndObject();
    request.body = std::move(body.text);
    return request;
}

}  // namespace filestore::postgrest
