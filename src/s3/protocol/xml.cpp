#include "s3/protocol/xml.h"

#include <pugixml.hpp>

#include "s3/protocol/xml_reader.h"

namespace filestore::s3 {

std::optional<ErrorBody> parse_error(std::string_view xml) {
    pugi::xml_document document;
    const pugi::xml_node root = load_root(document, xml);
    if (root.name() != std::string_view("Error")) {
        return std::nullopt;
    }
    ErrorBody body;
    body.code = optional_text(root, "Code");
    body.message = optional_text(root, "Message");
    body.request_id = optional_text(root, "RequestId");
    body.region = optional_text(root, "Region");
    body.endpoint = optional_text(root, "Endpoint");
    return body;
}

}  // namespace filestore::s3
