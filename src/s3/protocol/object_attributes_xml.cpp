#include "s3/protocol/object_attributes_xml.h"

#include <pugixml.hpp>
#include <utility>

#include "core/try.h"
#include "s3/protocol/xml_reader.h"

namespace filestore::s3 {
namespace {

Result<AttributePart> read_part(pugi::xml_node element) {
    AttributePart part;
    FILESTORE_TRY_ASSIGN(part.number, required_part_number(element, "PartNumber"));
    FILESTORE_TRY_ASSIGN(part.size, required_number(element, "Size"));
    part.checksums = checksums_in(element);
    return part;
}

/// The count is called `PartsCount` on the wire and `TotalPartsCount` in the documentation.
Result<std::uint32_t> read_part_count(pugi::xml_node parts) {
    for (const char* const name : {"PartsCount", "TotalPartsCount"}) {
        if (parts.child(name)) {
            return required_part_number(parts, name);
        }
    }
    return std::uint32_t{0};
}

Result<void> read_parts(ObjectAttributes& attributes, pugi::xml_node parts) {
    FILESTORE_TRY_ASSIGN(attributes.part_count, read_part_count(parts));
    FILESTORE_TRY_ASSIGN(attributes.truncated, optional_boolean(parts, "IsTruncated"));
    for (const pugi::xml_node element : parts.children("Part")) {
        FILESTORE_TRY_ASSIGN(AttributePart part, read_part(element));
        attributes.parts.push_back(std::move(part));
    }
    if (attributes.truncated) {
        FILESTORE_TRY_ASSIGN(attributes.next_part_marker,
                             required_part_number(parts, "NextPartNumberMarker"));
    }
    return {};
}

}  // namespace

Result<ObjectAttributes> parse_object_attributes(std::string_view xml) {
    pugi::xml_document document;
    // The documentation has the second name, answers have the first.
    FILESTORE_TRY_ASSIGN(const pugi::xml_node root, load_answer(document, xml, "GetObjectAttributesResponse",
                                                                "GetObjectAttributesOutput"));
    ObjectAttributes attributes;
    attributes.etag = etag_of(root);
    attributes.storage_class = optional_text(root, "StorageClass");
    if (root.child("ObjectSize")) {
        FILESTORE_TRY_ASSIGN(attributes.size, required_number(root, "ObjectSize"));
    }
    if (const pugi::xml_node checksum = root.child("Checksum")) {
        attributes.checksums = checksums_in(checksum);
        attributes.checksum_type = checksum_type_in(checksum);
    }
    if (const pugi::xml_node parts = root.child("ObjectParts")) {
        FILESTORE_TRY(read_parts(attributes, parts));
    }
    return attributes;
}

}  // namespace filestore::s3
