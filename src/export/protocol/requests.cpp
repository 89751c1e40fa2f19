#include "export/protocol/requests.h"

#include <utility>

#include "core/encoding.h"
#include "core/json_append.h"
#include "core/text.h"
#include "export/protocol/form.h"

namespace filestore::provider {

namespace {

constexpr std::string_view json_type = "application/json";
constexpr std::string_view expiry_anchor = "created_at";

Outgoing request(const Place& place, Verb verb, std::string_view path) {
    Outgoing made;
    made.verb = verb;
    made.url = place.base_url + std::string(path);
    made.headers.push_back({"accept", std::string(json_type)});
    for (const FixedHeader& header : place.profile->headers) {
        made.headers.push_back({std::string(header.name), std::string(header.value)});
    }
    return made;
}

Outgoing json_request(const Place& place, std::string_view path, std::string json) {
    Outgoing made = request(place, Verb::post, path);
    made.headers.push_back({"content-type", std::string(json_type)});
    made.head = std::move(json);
    return made;
}

Outgoing form_request(const Place& place, std::string_view path, std::span<const FormField> fields,
                      const FormFile& file, std::uint64_t size, std::string_view boundary) {
    Outgoing made = request(place, Verb::post, path);
    FormEnvelope form = form_around(boundary, fields, file);
    made.headers.push_back({"content-type", std::move(form.content_type)});
    made.head = std::move(form.head);
    made.file_bytes = size;
    made.tail = std::move(form.tail);
    return made;
}

std::string upload_path(std::string_view upload_id, std::string_view action) {
    return "/uploads/" + percent_encode(upload_id) + "/" + std::string(action);
}

/// As the number stands in JSON.
std::string number_text(std::uint64_t number) {
    return std::to_string(number);
}

std::string expiry_json(std::chrono::seconds lifetime) {
    std::string json;
    append_json_text(json, "anchor", expiry_anchor);
    append_json_member(json, "seconds", std::to_string(lifetime.count()));
    return json + "}";
}

Outgoing session_request(std::string_view session_url, std::string_view command) {
    Outgoing made;
    made.verb = Verb::post;
    made.url = session_url;
    made.headers.push_back({"x-goog-upload-command", std::string(command)});
    return made;
}

}  // namespace

Result<HeaderField> key_header(const Profile& profile, std::string_view key) {
    if (key.empty() || !is_printable_ascii(key) || key.find(' ') != std::string_view::npos) {
        return Error(ErrorCode::unauthenticated,
                     "what is given as the key of " + std::string(profile.name) +
                         " is none: give it as the provider shows it, without line breaks and blanks");
    }
    return HeaderField{std::string(profile.key_header), std::string(profile.key_prefix) + std::string(key)};
}

Outgoing send_in_form(const Place& place, const OutgoingFile& file, std::string_view boundary) {
    std::vector<FormField> fields;
    if (!file.purpose.empty()) {
        fields.push_back({"purpose", file.purpose});
    }
    const std::string seconds = file.expires_in ? std::to_string(file.expires_in->count()) : std::string();
    if (file.expires_in && place.profile->expiry_field == ExpiryField::anchor_and_seconds) {
        fields.push_back({"expires_after[anchor]", expiry_anchor});
        fields.push_back({"expires_after[seconds]", seconds});
    }
    if (file.expires_in && place.profile->expiry_field == ExpiryField::seconds) {
        fields.push_back({"expires_in_seconds", seconds});
    }
    return form_request(place, place.profile->upload_path, fields, {"file", file.name, file.content_type},
                        file.size, boundary);
}

Outgoing begin_parts(const Place& place, const OutgoingFile& file) {
    std::string json;
    append_json_member(json, "bytes", number_text(file.size));
    append_json_text(json, "filename", file.name);
    append_json_text(json, "mime_type", file.content_type);
    append_json_text(json, "purpose", file.purpose);
    if (file.expires_in) {
        append_json_member(json, "expires_after", expiry_json(*file.expires_in));
    }
    return json_request(place, "/uploads", json + "}");
}

Outgoing send_part(const Place& place, std::string_view upload_id, std::uint64_t size,
                   std::string_view boundary) {
    return form_request(place, upload_path(upload_id, "parts"), {},
                        {"data", "upload", "application/octet-stream"}, size, boundary);
}

Outgoing complete_parts(const Place& place, std::string_view upload_id,
                        std::span<const std::string> part_ids) {
    std::string list = "[";
    for (const std::string& id : part_ids) {
        list += list.size() > 1 ? "," : "";
        append_json_string(list, id);
    }
    std::string json;
    append_json_member(json, "part_ids", list + "]");
    return json_request(place, upload_path(upload_id, "complete"), json + "}");
}

Outgoing cancel_parts(const Place& place, std::string_view upload_id) {
    return request(place, Verb::post, upload_path(upload_id, "cancel"));
}

Outgoing begin_session(const Place& place, const OutgoingFile& file) {
    std::string described;
    append_json_text(described, "display_name", file.name);
    append_json_text(described, "mime_type", file.content_type);
    append_json_member(described, "size_bytes", number_text(file.size));
    std::string json;
    append_json_member(json, "file", described + "}");
    Outgoing made = json_request(place, place.profile->upload_path, json + "}");
    made.headers.push_back({"x-goog-upload-protocol", "resumable"});
    made.headers.push_back({"x-goog-upload-command", "start"});
    made.headers.push_back({"x-goog-upload-header-content-length", number_text(file.size)});
    made.headers.push_back({"x-goog-upload-header-content-type", file.content_type});
    return made;
}

Outgoing send_to_session(std::string_view session_url, std::uint64_t offset, std::uint64_t size) {
    Outgoing made = session_request(session_url, "upload, finalize");
    made.headers.push_back({"x-goog-upload-offset", number_text(offset)});
    made.file_bytes = size;
    return made;
}

Outgoing ask_session(std::string_view session_url) {
    return session_request(session_url, "query");
}

Outgoing list_files(const Place& place, const ListPage& page) {
    Outgoing made = request(place, Verb::get, place.profile->files_path);
    const ListPaging& paging = place.profile->paging;
    const bool is_its_own = place.base_url == place.profile->base_url;
    made.url += "?" + std::string(is_its_own ? paging.query : paging.query_of_others);
    if (!page.purpose.empty()) {
        made.url += "&purpose=" + percent_encode(page.purpose);
    }
    if (!page.cursor.empty()) {
        made.url += "&" + std::string(page.cursor);
    }
    return made;
}

/// An ID of Gemini holds the path, `files/abc`.
Outgoing remove_file(const Place& place, std::string_view provider_id) {
    constexpr std::string_view path_in_id = "files/";
    std::string_view id = provider_id;
    if (place.profile->members.id == "name" && id.starts_with(path_in_id)) {
        id.remove_prefix(path_in_id.size());
    }
    return request(place, Verb::remove, std::string(place.profile->files_path) + "/" + percent_encode(id));
}

}  // namespace filestore::provider
