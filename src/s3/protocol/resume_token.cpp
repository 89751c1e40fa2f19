#include "s3/protocol/resume_token.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "core/checksum/checksum.h"
#include "core/encoding.h"
#include "core/text.h"
#include "core/try.h"
#include "s3/protocol/checksum_headers.h"

namespace filestore::s3 {

namespace {

/// In front of the base64: another layout of the fields gets another number.
constexpr std::string_view token_version = "fs-upload-1-";

struct ModeName {
    S3ChecksumMode mode;
    std::string_view name;
};
constexpr std::array mode_names{ModeName{S3ChecksumMode::off, "off"},
                                ModeName{S3ChecksumMode::header, "header"},
                                ModeName{S3ChecksumMode::trailer, "trailer"}};

constexpr std::string_view growing = "growing";
constexpr std::string_view equal = "equal";

Error not_a_token() {
    return {ErrorCode::invalid_argument,
            "the resume token is none that this version of the library wrote, or it is damaged"};
}

/// A field is its length, a colon and its bytes.
void append_field(std::string& text, std::string_view field) {
    text.append(std::to_string(field.size())).append(":").append(field);
}

std::optional<std::uint64_t> number_of(std::string_view digits) {
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const bool is_number = failure == std::errc() && end == digits.data() + digits.size();
    return is_number ? std::optional(number) : std::nullopt;
}

Result<std::uint64_t> required_number(std::string_view digits) {
    const auto number = number_of(digits);
    return number ? Result<std::uint64_t>(*number) : not_a_token();
}

/// The checksum tells a token that was cut or mistyped.
std::string checksum_text(std::string_view fields) {
    return checksum_of(ChecksumAlgorithm::crc32c, std::as_bytes(std::span(fields))).text();
}

Result<std::vector<std::string_view>> split(std::string_view text) {
    std::vector<std::string_view> fields;
    while (!text.empty()) {
        const std::size_t colon = text.find(':');
        FILESTORE_TRY_ASSIGN(const std::uint64_t size, required_number(text.substr(0, colon)));
        if (colon == std::string_view::npos || size > text.size() - colon - 1) {
            return not_a_token();
        }
        fields.push_back(text.substr(colon + 1, size));
        text.remove_prefix(colon + 1 + size);
    }
    return fields;
}

Result<S3ChecksumMode> mode_of(std::string_view name) {
    const auto* const found = std::find_if(mode_names.begin(), mode_names.end(),
                                           [name](const ModeName& known) { return known.name == name; });
    return found == mode_names.end() ? Result<S3ChecksumMode>(not_a_token())
                                     : Result<S3ChecksumMode>(found->mode);
}

/// They become headers.
Result<std::vector<NameValue>> conditions_of(std::span<const std::string_view> fields) {
    std::vector<NameValue> conditions;
    for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
        if (!fields[i].starts_with("if-") || !is_printable_ascii(fields[i]) ||
            !is_printable_ascii(fields[i + 1])) {
            return not_a_token();
        }
        conditions.push_back({std::string(fields[i]), std::string(fields[i + 1])});
    }
    return conditions;
}

/// The fields, up to the conditions, which are pairs.
constexpr std::size_t plain_fields = 8;

Result<ResumeToken> token_of(std::span<const std::string_view> fields) {
    if (fields.size() < plain_fields || (fields.size() - plain_fields) % 2 != 0) {
        return not_a_token();
    }
    ResumeToken token;
    token.bucket = fields[0];
    token.key = fields[1];
    token.upload_id = fields[2];
    FILESTORE_TRY_ASSIGN(token.part_size, required_number(fields[3]));
    token.part_sizes = fields[4] == equal ? PartSizes::equal : PartSizes::growing;
    if (!fields[5].empty()) {
        FILESTORE_TRY_ASSIGN(token.object_size, required_number(fields[5]));
    }
    FILESTORE_TRY_ASSIGN(token.checksum_mode, mode_of(fields[6]));
    const auto algorithm = checksum_of_name(fields[7]);
    if (!algorithm || token.upload_id.empty()) {
        return not_a_token();
    }
    token.checksum_algorithm = *algorithm;
    FILESTORE_TRY_ASSIGN(token.conditions, conditions_of(fields.subspan(plain_fields)));
    return token;
}

}  // namespace

std::string format_resume_token(const ResumeToken& token) {
    const auto* const mode = std::find_if(mode_names.begin(), mode_names.end(), [&](const ModeName& known) {
        return known.mode == token.checksum_mode;
    });
    std::string fields;
    append_field(fields, token.bucket);
    append_field(fields, token.key);
    append_field(fields, token.upload_id);
    append_field(fields, std::to_string(token.part_size));
    append_field(fields, token.part_sizes == PartSizes::equal ? equal : growing);
    append_field(fields, token.object_size ? std::to_string(*token.object_size) : "");
    append_field(fields, mode == mode_names.end() ? mode_names.front().name : mode->name);
    append_field(fields, to_string(token.checksum_algorithm));
    for (const NameValue& condition : token.conditions) {
        append_field(fields, condition.name);
        append_field(fields, condition.value);
    }
    return std::string(token_version) + to_base64(checksum_text(fields) + fields);
}

Result<ResumeToken> parse_resume_token(std::string_view text) {
    if (!text.starts_with(token_version)) {
        return not_a_token();
    }
    const auto decoded = from_base64(text.substr(token_version.size()));
    const std::size_t checksum_length = encoded_checksum_size(ChecksumAlgorithm::crc32c);
    if (!decoded.ok() || decoded->size() < checksum_length) {
        return not_a_token();
    }
    const std::string_view fields = std::string_view(*decoded).substr(checksum_length);
    if (checksum_text(fields) != std::string_view(*decoded).substr(0, checksum_length)) {
        return not_a_token();
    }
    FILESTORE_TRY_ASSIGN(const auto split_fields, split(fields));
    return token_of(split_fields);
}

}  // namespace filestore::s3
