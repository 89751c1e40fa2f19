#include "s3/protocol/tagging.h"

#include <algorithm>
#include <pugixml.hpp>
#include <utility>

#include "core/text.h"
#include "core/try.h"
#include "core/utf8.h"
#include "s3/protocol/xml_reader.h"
#include "s3/protocol/xml_writer.h"

namespace filestore::s3 {
namespace {

Error invalid_tags(std::string message) {
    return {ErrorCode::invalid_argument, std::move(message)};
}

/// How many characters the text has; nothing where it is not UTF-8 or holds a control character.
std::optional<std::size_t> plain_length(std::string_view text) {
    std::size_t length = 0;
    while (!text.empty()) {
        const std::size_t size = utf8_character_size(text);
        if (size == 0 || is_control_character(text.substr(0, size))) {
            return std::nullopt;
        }
        text.remove_prefix(size);
        ++length;
    }
    return length;
}

Result<void> check_text(std::string_view text, std::size_t longest, std::string_view what) {
    const auto length = plain_length(text);
    if (!length || !fits_xml(text)) {
        return invalid_tags("the " + std::string(what) + " " + quoted(text) + " is no plain UTF-8 text");
    }
    if (*length > longest) {
        return invalid_tags("the " + std::string(what) + " " + quoted(text) + " is longer than " +
                            std::to_string(longest) + " characters");
    }
    return {};
}

}  // namespace

Result<void> check_tags(std::span<const NameValue> tags) {
    if (tags.size() > most_tags) {
        return invalid_tags("an object has at most 10 tags, not " + std::to_string(tags.size()));
    }
    for (auto tag = tags.begin(); tag != tags.end(); ++tag) {
        if (tag->name.empty()) {
            return invalid_tags("the name of a tag is empty");
        }
        FILESTORE_TRY(check_text(tag->name, longest_tag_name, "tag name"));
        FILESTORE_TRY(check_text(tag->value, longest_tag_value, "tag value"));
        if (std::any_of(tags.begin(), tag, [tag](const NameValue& t) { return t.name == tag->name; })) {
            return invalid_tags("the tag " + quoted(tag->name) + " is there twice");
        }
    }
    return {};
}

Result<std::string> tagging_header(std::span<const NameValue> tags) {
    FILESTORE_TRY(check_tags(tags));
    return canonical_query({tags.begin(), tags.end()});
}

Result<std::string> tagging_body(std::span<const NameValue> tags) {
    FILESTORE_TRY(check_tags(tags));
    std::string xml = "<Tagging xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><TagSet>";
    for (const NameValue& tag : tags) {
        xml += "<Tag>";
        append_element(xml, "Key", tag.name);
        append_element(xml, "Value", tag.value);
        xml += "</Tag>";
    }
    xml += "</TagSet></Tagging>";
    return xml;
}

Result<std::vector<NameValue>> parse_tagging(std::string_view xml) {
    pugi::xml_document document;
    FILESTORE_TRY_ASSIGN(const pugi::xml_node root, load_answer(document, xml, "Tagging"));
    const pugi::xml_node set = root.child("TagSet");
    if (!set) {
        return Error(ErrorCode::corrupt, "the server's answer has no usable <TagSet>");
    }
    std::vector<NameValue> tags;
    for (const pugi::xml_node element : set.children("Tag")) {
        NameValue tag;
        FILESTORE_TRY_ASSIGN(tag.name, required_text(element, "Key"));
        tag.value = optional_text(element, "Value");
        tags.push_back(std::move(tag));
    }
    return tags;
}

}  // namespace filestore::s3
