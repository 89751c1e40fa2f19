#include "s3/protocol/xml_reader.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <utility>

#include "core/text.h"
#include "core/try.h"
#include "s3/protocol/errors.h"
#include "s3/protocol/etag.h"
#include "s3/protocol/part_plan.h"
#include "s3/protocol/xml.h"

namespace filestore::s3 {
namespace {

Error corrupt(std::string message) {
    return {ErrorCode::corrupt, std::move(message)};
}

Error missing_field(std::string_view name) {
    return corrupt("the server's answer has no usable <" + std::string(name) + ">");
}

/// pugixml ends a text at a NUL, which no XML document may hold, not even as a character reference.
bool holds_nul(std::string_view xml) {
    if (xml.find('\0') != std::string_view::npos) {
        return true;
    }
    for (std::size_t at = xml.find("&#"); at != std::string_view::npos; at = xml.find("&#", at + 2)) {
        std::string_view digits = xml.substr(at + 2);
        digits = digits.substr(0, std::min(digits.find(';'), digits.size()));
        if (digits.starts_with('x')) {
            digits.remove_prefix(1);
        }
        if (!digits.empty() && digits.find_first_not_of('0') == std::string_view::npos) {
            return true;
        }
    }
    return false;
}

/// Where the first `end` at or after `at` ends; npos where there is none.
std::size_t behind(std::string_view xml, std::string_view end, std::size_t at) {
    const std::size_t found = xml.find(end, at);
    return found == std::string_view::npos ? found : found + end.size();
}

/// Where the tag that begins at `at` ends: a `>` in an attribute's quotes ends none.
std::size_t behind_tag(std::string_view xml, std::size_t at) {
    while (at = xml.find_first_of("\"'>", at), at != std::string_view::npos) {
        if (xml[at] == '>') {
            return at + 1;
        }
        at = behind(xml, xml.substr(at, 1), at + 1);
        if (at == std::string_view::npos) {
            break;
        }
    }
    return std::string_view::npos;
}

/// What stands at a `<`.
enum class Markup { comment, character_data, instruction, declaration, end_tag, start_tag };

Markup markup_at(std::string_view rest) {
    if (rest.starts_with("<!--")) {
        return Markup::comment;
    }
    if (rest.starts_with("<![CDATA[")) {
        return Markup::character_data;
    }
    if (rest.starts_with("<!")) {
        return Markup::declaration;
    }
    if (rest.starts_with("<?")) {
        return Markup::instruction;
    }
    return rest.starts_with("</") ? Markup::end_tag : Markup::start_tag;
}

std::size_t behind_markup(std::string_view xml, std::size_t at, Markup markup) {
    switch (markup) {
        case Markup::comment:
            return behind(xml, "-->", at + 4);
        case Markup::character_data:
            return behind(xml, "]]>", at);
        case Markup::instruction:
            return behind(xml, "?>", at);
        case Markup::end_tag:
            return behind(xml, ">", at);
        case Markup::start_tag:
            return behind_tag(xml, at);
        case Markup::declaration:
            break;
    }
    return std::string_view::npos;
}

/// How far a document keeps to the bounds and has no declaration. It need not be well-formed: that the parser finds out.
enum class Extent { whole, unfinished, refused };

Extent extent_of(std::string_view xml) {
    if (xml.size() > largest_xml) {
        return Extent::refused;
    }
    std::size_t depth = 0;
    std::size_t elements = 0;
    for (std::size_t at = xml.find('<'); at != std::string_view::npos; at = xml.find('<', at)) {
        const std::string_view rest = xml.substr(at);
        const Markup markup = markup_at(rest);
        at = behind_markup(xml, at, markup);
        if (at == std::string_view::npos) {
            // The first bytes of a comment look like a declaration.
            constexpr std::size_t longest_opening = 9;
            const bool is_declaration = markup == Markup::declaration && rest.size() >= longest_opening;
            return is_declaration ? Extent::refused : Extent::unfinished;
        }
        const bool is_empty = xml[at - 2] == '/';
        if (markup == Markup::end_tag && depth > 0) {
            --depth;
        } else if (markup == Markup::start_tag) {
            ++elements;
            depth += is_empty ? 0 : 1;
        }
        if (depth > deepest_xml || elements > most_xml_elements) {
            return Extent::refused;
        }
    }
    return Extent::whole;
}

std::string_view without_leading_blanks(std::string_view xml) {
    const std::size_t start = xml.find_first_not_of(" \t\r\n");
    return start == std::string_view::npos ? std::string_view() : xml.substr(start);
}

std::optional<char> byte_of_hex(std::string_view digits) {
    unsigned char byte = 0;
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (digits.size() != 2 || failure != std::errc() || end != digits.data() + digits.size()) {
        return std::nullopt;
    }
    return static_cast<char>(byte);
}

/// S3 encodes keys as HTML forms do: a blank is `+`.
Result<std::string> url_decode(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') {
            decoded += text[at] == '+' ? ' ' : text[at];
            continue;
        }
        const std::optional<char> byte = byte_of_hex(text.substr(at + 1, 2));
        if (!byte) {
            return corrupt("the server's listing has a key that is not URL-encoded as it says: " +
                           quoted(text));
        }
        decoded += *byte;
        at += 2;
    }
    return decoded;
}

}  // namespace

bool may_begin_document(std::string_view beginning) {
    return extent_of(without_leading_blanks(beginning)) != Extent::refused;
}

pugi::xml_node load_root(pugi::xml_document& document, std::string_view xml) {
    const std::string_view text = without_leading_blanks(xml);
    if (extent_of(text) != Extent::whole || holds_nul(text) || !is_utf8(text)) {
        return {};
    }
    // A doctype and text around the root are asked for so that they can be refused; blank texts, because a key may be one.
    constexpr unsigned options =
        pugi::parse_default | pugi::parse_doctype | pugi::parse_fragment | pugi::parse_ws_pcdata_single;
    if (!document.load_buffer(text.data(), text.size(), options, pugi::encoding_utf8)) {
        return {};
    }
    pugi::xml_node root;
    for (const pugi::xml_node node : document.children()) {
        if (node.type() != pugi::node_element || root) {
            return {};
        }
        root = node;
    }
    return root;
}

Result<pugi::xml_node> load_answer(pugi::xml_document& document, std::string_view xml, std::string_view name,
                                   std::string_view other_name) {
    const pugi::xml_node root = load_root(document, xml);
    if (root && (root.name() == name || root.name() == other_name)) {
        return root;
    }
    if (root.name() == std::string_view("Error")) {
        return error_of_answer({200, xml, {}, "the request"});
    }
    return corrupt("the server's answer is cut off or no " + std::string(name));
}

std::optional<std::string> text_of(pugi::xml_node element) {
    std::string text;
    for (const pugi::xml_node piece : element.children()) {
        if (piece.type() == pugi::node_element) {
            return std::nullopt;
        }
        text += piece.value();
    }
    return text;
}

Result<std::string> required_text(pugi::xml_node parent, const char* name) {
    const pugi::xml_node element = parent.child(name);
    std::optional<std::string> text = element ? text_of(element) : std::nullopt;
    if (!text) {
        return missing_field(name);
    }
    return *std::move(text);
}

std::string optional_text(pugi::xml_node parent, const char* name) {
    return text_of(parent.child(name)).value_or(std::string());
}

Result<bool> required_boolean(pugi::xml_node parent, const char* name) {
    FILESTORE_TRY_ASSIGN(const std::string text, required_text(parent, name));
    if (text != "true" && text != "false") {
        return missing_field(name);
    }
    return text == "true";
}

Result<bool> optional_boolean(pugi::xml_node parent, const char* name) {
    return parent.child(name) ? required_boolean(parent, name) : Result<bool>(false);
}

Result<std::uint64_t> required_number(pugi::xml_node parent, const char* name) {
    FILESTORE_TRY_ASSIGN(const std::string text, required_text(parent, name));
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc() || end != text.data() + text.size()) {
        return missing_field(name);
    }
    return number;
}

Result<std::uint64_t> optional_number(pugi::xml_node parent, const char* name) {
    return parent.child(name) ? required_number(parent, name) : Result<std::uint64_t>(std::uint64_t{0});
}

Result<std::uint32_t> required_part_number(pugi::xml_node parent, const char* name) {
    FILESTORE_TRY_ASSIGN(const std::uint64_t number, required_number(parent, name));
    if (number < 1 || number > most_parts) {
        return missing_field(name);
    }
    return static_cast<std::uint32_t>(number);
}

Result<Timestamp> required_time(pugi::xml_node parent, const char* name) {
    FILESTORE_TRY_ASSIGN(const std::string text, required_text(parent, name));
    Result<Timestamp> time = parse_timestamp(text);
    if (!time.ok()) {
        return missing_field(name);
    }
    return time;
}

std::string etag_of(pugi::xml_node parent) {
    return std::string(unquoted_etag(optional_text(parent, "ETag")));
}

std::vector<EncodedChecksum> checksums_in(pugi::xml_node parent) {
    std::vector<EncodedChecksum> checksums;
    for (const ChecksumAlgorithm algorithm : all_checksum_algorithms) {
        const std::string text = optional_text(parent, checksum_element(algorithm));
        if (auto checksum = parse_checksum(algorithm, text)) {
            checksums.push_back(*std::move(checksum));
        }
    }
    return checksums;
}

std::optional<ChecksumType> checksum_type_in(pugi::xml_node parent) {
    return checksum_type_of_name(optional_text(parent, "ChecksumType"));
}

KeyReader::KeyReader(pugi::xml_node listing)
    : url_encoded_(optional_text(listing, "EncodingType") == "url") {}

Result<std::string> KeyReader::decoded(std::string text) const {
    return url_encoded_ ? url_decode(text) : Result<std::string>(std::move(text));
}

Result<std::string> KeyReader::required(pugi::xml_node parent, const char* name) const {
    FILESTORE_TRY_ASSIGN(std::string text, required_text(parent, name));
    FILESTORE_TRY_ASSIGN(std::string key, decoded(std::move(text)));
    if (key.empty()) {
        return missing_field(name);
    }
    return key;
}

Result<std::string> KeyReader::optional(pugi::xml_node parent, const char* name) const {
    return decoded(optional_text(parent, name));
}

Result<std::vector<std::string>> KeyReader::common_prefixes(pugi::xml_node listing) const {
    std::vector<std::string> prefixes;
    for (const pugi::xml_node element : listing.children("CommonPrefixes")) {
        // One element may hold several (Google Cloud Storage).
        for (const pugi::xml_node prefix : element.children("Prefix")) {
            FILESTORE_TRY_ASSIGN(std::string text, decoded(text_of(prefix).value_or(std::string())));
            prefixes.push_back(std::move(text));
        }
    }
    return prefixes;
}

}  // namespace filestore::s3
