#include "s3/protocol/object_pin.h"

#include <string>
#include <string_view>

#include "core/try.h"
#include "s3/protocol/etag.h"
#include "s3/protocol/headers.h"

namespace filestore::s3 {
namespace {

Error changed(std::string_view how) {
    return {ErrorCode::conflict,
            "the file was replaced while it was downloaded (" + std::string(how) + "): start again"};
}

}  // namespace

ObjectPin pin_of(const BodyExtent& extent, const std::vector<NameValue>& headers) {
    const std::string_view etag = header_value(headers, "etag");
    return {is_weak_etag(etag) ? std::string() : std::string(unquoted_etag(etag)),
            std::string(header_value(headers, "x-amz-version-id")), extent.object_size};
}

Result<BodyExtent> resumed_extent(const ObjectPin& pin, const ByteRange& asked, int status,
                                  const std::vector<NameValue>& headers) {
    FILESTORE_TRY_ASSIGN(const BodyExtent extent, body_extent(asked, status, headers));
    const ObjectPin found = pin_of(extent, headers);
    if (found.object_size != pin.object_size) {
        return changed("it has another size");
    }
    if (!pin.version_id.empty() && !found.version_id.empty() && found.version_id != pin.version_id) {
        return changed("it has another version");
    }
    if (pin.etag.empty() || found.etag != pin.etag) {
        return changed("its ETag is another, or is missing");
    }
    return extent;
}

}  // namespace filestore::s3
