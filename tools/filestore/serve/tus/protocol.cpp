#include "serve/tus/protocol.h"

#include <algorithm>
#include <utility>

#include "core/encoding.h"
#include "core/text.h"
#include "core/try.h"
#include "serve/header_value.h"
#include "serve/stored_upload.h"

namespace filestore::tool::serve::tus {

namespace {

/// Each is compared with those before it.
constexpr std::size_t most_pairs = 100;

Error wrong_header(std::string_view name, std::string_view what) {
    return {ErrorCode::invalid_argument, std::string(name) + ": " + std::string(what)};
}

Result<MetadataPair> parse_pair(std::string_view text) {
    const std::size_t blank = text.find(' ');
    const std::string key(text.substr(0, blank));
    if (key.empty() || !is_printable_ascii(key)) {
        return wrong_header("Upload-Metadata", "a key is empty, or not of printable ASCII");
    }
    auto value = blank == std::string_view::npos ? Result<std::string>(std::string())
                                                 : from_base64(trimmed(text.substr(blank)));
    return value.ok() ? Result<MetadataPair>(MetadataPair{key, std::move(*value)})
                      : wrong_header("Upload-Metadata", "the value of " + quoted(key) + " is no base64");
}

const std::string* find(const std::vector<MetadataPair>& pairs, std::string_view first,
                        std::string_view second) {
    for (const std::string_view key : {first, second}) {
        const auto found = std::find_if(pairs.begin(), pairs.end(),
                                        [key](const MetadataPair& pair) { return pair.key == key; });
        if (found != pairs.end()) {
            return &found->value;
        }
    }
    return nullptr;
}

bool is_name_or_type(std::string_view key) {
    return key == "filename" || key == "name" || key == "filetype" || key == "type";
}

void append_pair(std::string& header, std::string_view key, std::string_view value) {
    header += header.empty() ? "" : ",";
    header += key;
    if (!value.empty()) {
        header += " " + to_base64(value);
    }
}

}  // namespace

Result<std::vector<MetadataPair>> parse_metadata(std::string_view text) {
    std::vector<MetadataPair> pairs;
    while (!trimmed(text).empty()) {
        if (pairs.size() == most_pairs) {
            return wrong_header("Upload-Metadata",
                                "there are more than " + std::to_string(most_pairs) + " keys");
        }
        const std::size_t comma = text.find(',');
        FILESTORE_TRY_ASSIGN(MetadataPair pair, parse_pair(trimmed(text.substr(0, comma))));
        if (find(pairs, pair.key, pair.key) != nullptr) {
            return wrong_header("Upload-Metadata", "the key " + quoted(pair.key) + " is there twice");
        }
        pairs.push_back(std::move(pair));
        text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    }
    return pairs;
}

Result<ChecksumValue> parse_checksum(std::string_view text) {
    const std::size_t blank = text.find(' ');
    const std::string_view name = text.substr(0, blank);
    const bool is_known = name == "sha1" || name == "sha256" || name == "crc32";
    if (!is_known || blank == std::string_view::npos) {
        return wrong_header("Upload-Checksum", "give one of " + std::string(checksum_algorithms) +
                                                   ", a blank, and the checksum in base64");
    }
    FILESTORE_TRY_ASSIGN(const ChecksumAlgorithm algorithm, parse_checksum_algorithm(name));
    auto value = ChecksumValue::parse(algorithm, trimmed(text.substr(blank)));
    if (!value.ok() || value->parts != 0) {
        return wrong_header("Upload-Checksum", "this is no " + std::string(name) + " in base64");
    }
    return value;
}

Result<NewUpload> upload_of(const std::vector<MetadataPair>& pairs) {
    const std::string* const name = find(pairs, "filename", "name");
    const std::string* const type = find(pairs, "filetype", "type");
    FILESTORE_TRY_ASSIGN(FileUpload file,
                         serve::upload_of(name == nullptr ? "" : *name,
                                          type == nullptr ? std::nullopt : std::optional(*type)));
    for (const MetadataPair& pair : pairs) {
        if (!is_name_or_type(pair.key)) {
            FILESTORE_TRY(file.metadata.set(pair.key, as_utf8(pair.value)));
        }
    }
    FILESTORE_TRY(check_user_metadata(file.metadata));
    NewUpload upload;
    upload.path = std::move(file.path);
    upload.content_type = std::move(file.content_type);
    upload.metadata = std::move(file.metadata);
    return upload;
}

std::string metadata_header(const ResumableUpload& upload) {
    std::string header;
    if (!upload.path.empty()) {
        append_pair(header, "filename", upload.path);
    }
    if (const auto type = upload.metadata.text("content_type")) {
        append_pair(header, "filetype", *type);
    }
    for (const auto& member : upload.metadata.members()) {
        const std::string& key = member.first;
        const auto text = upload.metadata.text(key);
        if (key != "filename" && key != "content_type" && text && is_printable_ascii(key) &&
            key.find_first_of(" ,") == std::string::npos) {
            append_pair(header, key, *text);
        }
    }
    return header;
}

}  // namespace filestore::tool::serve::tus
