#include "audit/postgrest/page_request.h"

#include "core/encoding.h"
#include "core/try.h"

namespace filestore::postgrest {
namespace {

/// A value inside of an `or`, where commas and brackets would end it.
std::string quoted_value(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
        quoted += c == '"' || c == '\\' ? "\\" : "";
        quoted += c;
    }
    return percent_encode(quoted + "\"");
}

std::string target(std::string_view table, Detail detail) {
    return "/" + std::string(table) + "?select=file_id,file_path," +
           (detail == Detail::whole ? "metadata::text," : "") + "uploaded_at,deleted_at";
}

Request get(std::string target) {
    Request request;
    request.method = Method::get;
    request.target = std::move(target);
    return request;
}

}  // namespace

Result<Request> read_uploaded_before(std::string_view table, Timestamp before,
                                     const std::optional<RowPlace>& behind, Detail detail, std::size_t most) {
    FILESTORE_TRY(check_table(table));
    std::string query = target(table, detail) + "&deleted_at=is.null&uploaded_at=lt." + time_text(before);
    if (behind) {
        const bool is_time = behind->no_time.empty();
        const std::string time = time_text(behind->uploaded_at);
        query += "&uploaded_at=gte." + (is_time ? time : percent_encode(behind->no_time)) +
                 "&or=(uploaded_at.gt." + (is_time ? time : quoted_value(behind->no_time)) + ",file_id.gt." +
                 quoted_value(behind->file_id) + ")";
    }
    return get(query + "&order=uploaded_at.asc,file_id.asc&limit=" + std::to_string(most));
}

Result<Request> read_by_id(std::string_view table, const std::optional<RowPlace>& behind, std::size_t most) {
    FILESTORE_TRY(check_table(table));
    const std::string filter = behind ? "&file_id=gt." + percent_encode(behind->file_id) : std::string();
    return get(target(table, Detail::brief) + filter + "&order=file_id.asc&limit=" + std::to_string(most));
}

Result<Request> read_rows_of(std::string_view table, std::span<const FileId> ids, Detail detail) {
    FILESTORE_TRY(check_table(table));
    FILESTORE_TRY_ASSIGN(const std::string of_ids, filter_by_ids(ids, most_ids_to_read));
    return get(target(table, detail) + "&" + of_ids);
}

}  // namespace filestore::postgrest
