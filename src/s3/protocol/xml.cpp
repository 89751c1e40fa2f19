#include "s3/protocol/xml.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <pugixml.hpp>
#include <utility>

#include "core/text.h"
#include "core/try.h"

namespace filestore::s3 {
namespace {

Error corrupt(std::string message) {
    return {ErrorCode::corrupt, std::move(message)};
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

/// Loads a document and answers its one root element; nothing for what is not a whole, plain document.
pugi::xml_node load_root(pugi::xml_document& document, std::string_view xml) {
    if (holds_nul(xml) || !is_utf8(xml)) {
        return {};
    }
    // A doctype and text around the root are asked for so that they can be refused; blank texts, because a key may be one.
    constexpr unsigned options =
        pugi::parse_default | pugi::parse_doctype | pugi::parse_fragment | pugi::parse_ws_pcdata_single;
    if (!document.load_buffer(xml.data(), xml.size(), options, pugi::encoding_utf8)) {
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

bool is_named(pugi::xml_node node, std::string_view name) {
    return node.name() == name;
}

/// The whole text of an element, in however many pieces it is written; nothing where it holds elements.
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

Error missing_field(std::string_view name) {
    return corrupt("the server's listing has no usable <" + std::string(name) + ">");
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

Result<std::uint64_t> required_number(pugi::xml_node parent, const char* name) {
    FILESTORE_TRY_ASSIGN(const std::string text, required_text(parent, name));
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc() || end != text.data() + text.size()) {
        return missing_field(name);
    }
    return number;
}

Result<Timestamp> required_time(pugi::xml_node parent, const char* name) {
    FILESTORE_TRY_ASSIGN(const std::string text, required_text(parent, name));
    Result<Timestamp> time = parse_timestamp(text);
    if (!time.ok()) {
        return missing_field(name);
    }
    return time;
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

Result<ListedObject> read_object(pugi::xml_node contents, bool url_encoded) {
    ListedObject object;
    FILESTORE_TRY_ASSIGN(object.key, required_text(contents, "Key"));
    if (url_encoded) {
        FILESTORE_TRY_ASSIGN(object.key, url_decode(object.key));
    }
    if (object.key.empty()) {
        return missing_field("Key");
    }
    FILESTORE_TRY_ASSIGN(object.size, required_number(contents, "Size"));
    FILESTORE_TRY_ASSIGN(object.last_modified, required_time(contents, "LastModified"));
    return object;
}

}  // namespace

Result<ObjectListing> parse_listing(std::string_view xml) {
    pugi::xml_document document;
    const pugi::xml_node root = load_root(document, xml);
    if (!is_named(root, "ListBucketResult")) {
        return corrupt("the server's listing is cut off or no listing");
    }

    ObjectListing listing;
    FILESTORE_TRY_ASSIGN(listing.truncated, required_boolean(root, "IsTruncated"));
    listing.next_continuation_token = optional_text(root, "NextContinuationToken");
    const bool url_encoded = optional_text(root, "EncodingType") == "url";
    for (const pugi::xml_node contents : root.children("Contents")) {
        FILESTORE_TRY_ASSIGN(ListedObject object, read_object(contents, url_encoded));
        listing.objects.push_back(std::move(object));
    }
    if (listing.truncated && listing.objects.empty() && listing.next_continuation_token.empty()) {
        return corrupt("the server's listing says that more follows, but not from where");
    }
    return listing;
}

std::optional<ErrorBody> parse_error(std::string_view xml) {
    pugi::xml_document document;
    const pugi::xml_node root = load_root(document, xml);
    if (!is_named(root, "Error")) {
        return std::nullopt;
    }
    ErrorBody body;
    body.code = optional_text(root, "Code");
    body.message = optional_text(root, "Message");
    body.request_id = optional_text(root, "RequestId");
    body.region = optional_text(root, "Region");
    return body;
}

}  // namespace filestore::s3
