#include "s3/protocol/object_metadata.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "core/ascii.h"
#include "core/encoding.h"
#include "core/text.h"
#include "core/try.h"
#include "s3/protocol/encoded_word.h"
#include "s3/protocol/metadata_envelope.h"

namespace filestore::s3 {
namespace {

constexpr std::string_view header_prefix = "x-amz-meta-";
constexpr std::string_view envelope_key = "filestore";
constexpr std::size_t most_bytes = 2048;

/// Without '_': Ceph makes '-' of it in the name of a header, and nginx drops such headers.
constexpr bool is_header_key_character(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
}

/// Some servers decode what looks like an encoded word of RFC 2047.
bool may_be_decoded(std::string_view text) {
    return text.find("=?") != std::string_view::npos;
}

bool fits_header(std::string_view key, std::string_view text) {
    return !key.empty() && std::all_of(key.begin(), key.end(), is_header_key_character) &&
           key != envelope_key && !text.empty() && is_printable_ascii(text) && text.front() != ' ' &&
           text.back() != ' ' && !may_be_decoded(text);
}

NameValue header(std::string_view key, std::string value) {
    return {std::string(header_prefix).append(key), std::move(value)};
}

Result<void> check_size(const std::vector<NameValue>& headers) {
    std::size_t bytes = 0;
    for (const NameValue& sent : headers) {
        bytes += sent.name.size() - header_prefix.size() + sent.value.size();
    }
    if (bytes > most_bytes) {
        return Error(ErrorCode::invalid_argument, "the metadata and the original path take " +
                                                      std::to_string(bytes) +
                                                      " bytes in the headers of the object: S3 allows " +
                                                      std::to_string(most_bytes) + ", store less");
    }
    return {};
}

/// Other programs write what they like into headers: what is not UTF-8 is read as ISO 8859-1, HTTP's old default.
std::string to_utf8(std::string_view value) {
    if (is_utf8(value)) {
        return std::string(value);
    }
    std::string text;
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80) {
            text += c;
        } else {
            text += {static_cast<char>(0xC0 | byte >> 6), static_cast<char>(0x80 | (byte & 0x3F))};
        }
    }
    return text;
}

/// The JSON of an envelope, damaged or not. Nothing for what is no envelope of ours: another program's metadata under the same key.
std::optional<std::string> envelope_in(std::string_view value) {
    Result<std::string> json = from_base64(value);
    return json.ok() && json->starts_with('{') ? std::optional(std::move(json).value()) : std::nullopt;
}

}  // namespace

Result<std::vector<NameValue>> to_headers(const ObjectMetadata& object) {
    if (!is_utf8(object.original_path)) {
        return Error(ErrorCode::invalid_argument,
                     "the original path " + quoted(object.original_path) + " is not UTF-8");
    }
    std::vector<NameValue> headers;
    ObjectMetadata rest = object;
    for (const auto& [key, json] : object.metadata.members()) {
        std::optional<std::string> text = object.metadata.text(key);
        if (text && fits_header(key, *text)) {
            headers.push_back(header(key, *std::move(text)));
            rest.metadata.erase(key);
        }
    }
    if (const std::string envelope = to_envelope(rest); !envelope.empty()) {
        headers.push_back(header(envelope_key, to_base64(envelope)));
    }
    FILESTORE_TRY(check_size(headers));
    return headers;
}

Result<ObjectMetadata> from_headers(const std::vector<NameValue>& headers) {
    ObjectMetadata object;
    Metadata plain;
    for (const NameValue& received : headers) {
        const std::string name = to_lower(received.name);
        if (!name.starts_with(header_prefix)) {
            continue;
        }
        const std::string_view key = std::string_view(name).substr(header_prefix.size());
        const auto envelope = key == envelope_key ? envelope_in(received.value) : std::nullopt;
        if (envelope) {
            FILESTORE_TRY_ASSIGN(object, from_envelope(*envelope));
        } else {
            FILESTORE_TRY(plain.set(to_utf8(key), to_utf8(from_header_text(received.value))));
        }
    }
    for (const auto& [key, json] : plain.members()) {
        if (!object.metadata.json(key)) {
            FILESTORE_TRY(object.metadata.set_json(key, json));
        }
    }
    return object;
}

}  // namespace filestore::s3
