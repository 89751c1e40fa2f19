#include "local/sidecar.h"

#include <charconv>

#include "core/json_append.h"
#include "core/stored_metadata.h"
#include "core/text.h"
#include "core/try.h"

namespace filestore::local {

namespace {

constexpr std::size_t usual_size = 512;

Error damaged(const FileId& id, std::string_view what) {
    return {ErrorCode::corrupt, "the metadata of file " + id.str() + " is damaged: " + std::string(what)};
}

std::optional<std::uint64_t> whole_number(std::string_view json) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(json.data(), json.data() + json.size(), number);
    if (error != std::errc() || end != json.data() + json.size()) {
        return std::nullopt;
    }
    return number;
}

/// What is under the key `filestore`, where that is of our writing: any other value is the user's.
std::optional<Metadata> ours_in(const Metadata& members) {
    const auto kept = members.json("filestore");
    auto ours = kept ? StoredMetadata::read(*kept) : Metadata();
    if (!ours || (kept && !ours->text("content_type"))) {
        return std::nullopt;
    }
    return std::move(*ours);
}

std::string as_json(const ChecksumValue& checksum) {
    std::string json;
    append_json_text(json, "algorithm", to_string(checksum.algorithm));
    append_json_text(json, "value", checksum.text());
    return json += '}';
}

/// What is under the key `filestore`.
std::string ours_of(const Sidecar& sidecar) {
    std::string json;
    if (sidecar.checksum) {
        append_json_member(json, "checksum", as_json(*sidecar.checksum));
    }
    append_json_text(json, "content_type", sidecar.content_type);
    if (!sidecar.version.empty()) {
        append_json_text(json, "version", sidecar.version);
    }
    return json += '}';
}

/// `corrupt` where the value is no checksum; nothing for an algorithm of a newer version.
Result<std::optional<ChecksumValue>> checksum_in(const FileId& id, const Metadata& ours) {
    const auto kept = ours.json("checksum");
    if (!kept) {
        return std::optional<ChecksumValue>();
    }
    const auto members = StoredMetadata::read(*kept);
    const auto name = members ? members->text("algorithm") : std::nullopt;
    const auto text = members ? members->text("value") : std::nullopt;
    if (!name || !text) {
        return damaged(id, "its checksum cannot be read");
    }
    const auto algorithm = parse_checksum_algorithm(*name);
    if (!algorithm) {
        return std::optional<ChecksumValue>();
    }
    const auto value = ChecksumValue::parse(*algorithm, *text);
    if (!value || value->parts != 0) {
        return damaged(id, "its checksum cannot be read");
    }
    return std::optional(*value);
}

std::string content_type_of(const Metadata& members, const Metadata& ours) {
    for (const auto& type : {ours.text("content_type"), members.text("content_type")}) {
        if (type && !type->empty() && is_printable_ascii(*type)) {
            return *type;
        }
    }
    return std::string(default_content_type);
}

}  // namespace

std::string write_sidecar(const Sidecar& sidecar) {
    std::string json;
    json.reserve(usual_size);
    append_json_text(json, "file_id", sidecar.id.text());
    append_json_member(json, "filestore", ours_of(sidecar));
    append_json_text(json, "original_path", sidecar.original_path);
    if (sidecar.size) {
        append_json_member(json, "size", std::to_string(*sidecar.size));
    }
    for (const auto& [key, value] : sidecar.metadata.members()) {
        append_json_member(json, key, value);
    }
    return json += '}';
}

Result<Sidecar> read_sidecar(const FileId& id, std::string_view json) {
    auto members = StoredMetadata::read(json);
    if (!members) {
        return damaged(id, members.error().message());
    }
    if (members->text("file_id") != id.text()) {
        return damaged(id, "it does not tell of this file");
    }
    const std::optional<Metadata> ours = ours_in(*members);
    Sidecar sidecar;
    sidecar.id = id;
    sidecar.original_path = members->text("original_path").value_or("");
    if (const auto size = members->json("size")) {
        sidecar.size = whole_number(*size);
    }
    sidecar.content_type = content_type_of(*members, ours.value_or(Metadata()));
    for (const std::string_view key : {"file_id", "original_path", "size"}) {
        members->erase(key);
    }
    if (ours) {
        FILESTORE_TRY_ASSIGN(sidecar.checksum, checksum_in(id, *ours));
        members->erase("filestore");
        sidecar.version = ours->text("version").value_or("");
    }
    sidecar.metadata = std::move(*members);
    return sidecar;
}

}  // namespace filestore::local
