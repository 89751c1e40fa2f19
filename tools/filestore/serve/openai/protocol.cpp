#include "serve/openai/protocol.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "core/text.h"
#include "json_line.h"
#include "serve/answers.h"
#include "serve/decimal.h"

namespace filestore::tool::serve::openai {

namespace {

constexpr std::string_view file_prefix = "file-";
/// What a client may store files for; others are of files that the provider itself makes.
constexpr std::array<std::string_view, 6> purposes{"assistants", "batch",     "fine-tune",
                                                   "vision",     "user_data", "evals"};
constexpr std::uint64_t shortest_life = 3600;
constexpr std::uint64_t longest_life = std::uint64_t{30} * 24 * 3600;

std::string all_purposes() {
    std::string all;
    for (const std::string_view purpose : purposes) {
        all += (all.empty() ? "" : ", ") + std::string(purpose);
    }
    return all;
}

std::optional<Timestamp> time_in(const Metadata& metadata, std::string_view key) {
    const auto text = metadata.text(key);
    const auto time = text ? parse_timestamp(*text) : Result<Timestamp>(Error(ErrorCode::not_found));
    return time.ok() ? std::optional(*time) : std::nullopt;
}

/// Text of this kind always is one.
void set(Metadata& metadata, std::string_view key, std::string_view text) {
    static_cast<void>(metadata.set(key, text));
}

std::optional<Refused> read_expiry(const AskedAttributes& asked, Timestamp now, Attributes& into) {
    if (!asked.expiry_anchor && !asked.expiry_seconds) {
        return std::nullopt;
    }
    if (asked.expiry_anchor.value_or("") != "created_at") {
        return Refused{"expires_after: give the anchor created_at", "expires_after.anchor"};
    }
    const auto seconds = decimal(asked.expiry_seconds.value_or(""));
    if (!seconds || *seconds < shortest_life || *seconds > longest_life) {
        return Refused{"expires_after: give seconds, " + std::to_string(shortest_life) + " to " +
                           std::to_string(longest_life),
                       "expires_after.seconds"};
    }
    into.expires_at = now + std::chrono::seconds(*seconds);
    return std::nullopt;
}

}  // namespace

Response bad_request(const Refused& refused) {
    return openai_response(400, refused.message, refused.param);
}

std::string name_of_file(const FileId& id) {
    return std::string(file_prefix) + id.str();
}

Result<FileId> parse_file_id(std::string_view name) {
    if (!name.starts_with(file_prefix)) {
        return Error(ErrorCode::invalid_argument, "this is no ID of a file");
    }
    return FileId::parse(name.substr(file_prefix.size()));
}

Response no_such_file(std::string_view name) {
    return openai_response(404, "No such File object: " + filestore::quoted(name), "id");
}

std::optional<Refused> read_attributes(const AskedAttributes& asked, Timestamp now, Attributes& into) {
    if (!asked.purpose) {
        return Refused{"purpose is missing: give one of " + all_purposes(), "purpose"};
    }
    if (std::find(purposes.begin(), purposes.end(), *asked.purpose) == purposes.end()) {
        return Refused{"the purpose " + filestore::quoted(*asked.purpose) + " is not known: give one of " +
                           all_purposes(),
                       "purpose"};
    }
    Attributes read;
    read.purpose = *asked.purpose;
    read.created_at = now;
    auto refused = read_expiry(asked, now, read);
    if (!refused) {
        into = std::move(read);
    }
    return refused;
}

void keep_attributes(Metadata& metadata, const Attributes& attributes) {
    set(metadata, purpose_key, attributes.purpose);
    set(metadata, creation_key, format_timestamp(attributes.created_at));
    if (attributes.expires_at) {
        set(metadata, expiry_key, format_timestamp(*attributes.expires_at));
    }
}

Attributes attributes_in(const Metadata& metadata, Timestamp stored_at) {
    return {metadata.text(purpose_key).value_or(std::string(usual_purpose)),
            time_in(metadata, creation_key).value_or(stored_at), time_in(metadata, expiry_key)};
}

bool is_over(const Metadata& metadata, Timestamp now) {
    const auto end = time_in(metadata, expiry_key);
    return end && *end <= now;
}

bool is_gone(const Result<FileInfo>& info, Timestamp now) {
    return info.ok() ? is_over(info->metadata, now) : info.error().code() == ErrorCode::not_found;
}

std::string unix_time(Timestamp time) {
    return std::to_string(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
}

std::string file_object(const FileId& id, std::string_view filename, std::uint64_t size,
                        const Attributes& attributes) {
    return JsonLine()
        .text("id", name_of_file(id))
        .text("object", "file")
        .number("bytes", size)
        .json("created_at", unix_time(attributes.created_at))
        .json("expires_at", attributes.expires_at ? unix_time(*attributes.expires_at) : "null")
        .text("filename", filename)
        .text("purpose", attributes.purpose)
        .text("status", "processed")
        .json("status_details", "null")
        .object();
}

std::string file_object(const FileInfo& info) {
    return file_object(info.id, info.original_path, info.size,
                       attributes_in(info.metadata, info.last_modified));
}

}  // namespace filestore::tool::serve::openai
