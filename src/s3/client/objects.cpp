#include "s3/client/objects.h"

#include <utility>

#include "core/text.h"
#include "s3/protocol/answer_head.h"
#include "s3/protocol/http_date.h"
#include "s3/transfer/object_download.h"
#include "s3/transfer/object_upload.h"

namespace filestore::s3 {

namespace {

constexpr std::string_view metadata_prefix = "x-amz-meta-";

std::string_view value_of(const std::vector<NameValue>& headers, std::string_view name) {
    for (const NameValue& header : headers) {
        if (header.name == name) {
            return header.value;
        }
    }
    return {};
}

}  // namespace

Result<void> check_key(std::string_view key) {
    constexpr std::size_t longest = 1024;
    if (key.empty() || key.size() > longest || !is_utf8(key)) {
        return Error(ErrorCode::invalid_argument,
                     "the key " + quoted(key) + " is not 1 to 1024 bytes of UTF-8");
    }
    return {};
}

Call object_call(std::string bucket, std::string key, std::string version_id, const CallOptions& options) {
    Call call;
    call.bucket = std::move(bucket);
    call.key = std::move(key);
    if (!version_id.empty()) {
        call.query.push_back({"versionId", std::move(version_id)});
    }
    call.options = options;
    return call;
}

Result<S3ObjectInfo> object_info(std::uint64_t size, const std::vector<NameValue>& headers) {
    S3ObjectInfo info;
    info.size = size;
    info.etag = value_of(headers, "etag");
    info.version_id = value_of(headers, "x-amz-version-id");
    FILESTORE_TRY_ASSIGN(info.last_modified, parse_http_date(value_of(headers, "last-modified")));
    info.content_type = value_of(headers, "content-type");
    info.storage_class = value_of(headers, "x-amz-storage-class");
    for (const NameValue& header : headers) {
        if (header.name.starts_with(metadata_prefix)) {
            info.metadata.push_back({header.name.substr(metadata_prefix.size()), header.value});
        }
    }
    return info;
}

}  // namespace filestore::s3
