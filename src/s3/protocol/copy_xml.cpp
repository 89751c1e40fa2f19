#include "s3/protocol/copy_xml.h"

#include <pugixml.hpp>
#include <utility>

#include "core/try.h"
#include "s3/protocol/uri.h"
#include "s3/protocol/xml_reader.h"

namespace filestore::s3 {
namespace {

Result<CopyResult> parse_copy(std::string_view xml, std::string_view root_name) {
    pugi::xml_document document;
    FILESTORE_TRY_ASSIGN(const pugi::xml_node root, load_answer(document, xml, root_name));
    FILESTORE_TRY(required_text(root, "ETag"));
    CopyResult copy;
    copy.etag = etag_of(root);
    if (root.child("LastModified")) {
        FILESTORE_TRY_ASSIGN(copy.last_modified, required_time(root, "LastModified"));
    }
    copy.checksums = checksums_in(root);
    return copy;
}

}  // namespace

std::string copy_source(std::string_view bucket, std::string_view key, std::string_view version_id) {
    std::string source = '/' + uri_encode(bucket, Slash::encode) + '/' + uri_encode(key, Slash::keep);
    if (!version_id.empty()) {
        source += "?versionId=" + uri_encode(version_id, Slash::encode);
    }
    return source;
}

std::string copy_source_range(std::uint64_t offset, std::uint64_t length) {
    return "bytes=" + std::to_string(offset) + '-' + std::to_string(offset + length - 1);
}

Result<CopyResult> parse_copy_object(std::string_view xml) {
    return parse_copy(xml, "CopyObjectResult");
}

Result<CopyResult> parse_copy_part(std::string_view xml) {
    auto part = parse_copy(xml, "CopyPartResult");
    const bool may_be_other = !part.ok() && part.error().code() == ErrorCode::corrupt;
    return may_be_other ? parse_copy(xml, "CopyObjectResult") : part;
}

}  // namespace filestore::s3
