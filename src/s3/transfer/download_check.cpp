#include "s3/transfer/download_check.h"

#include <string>

#include "s3/protocol/checksum_headers.h"

namespace filestore::s3 {

DownloadCheck::DownloadCheck(const std::vector<NameValue>& headers) {
    for (const EncodedChecksum& checksum : checksums_of(headers)) {
        const bool is_of_bytes =
            checksum.part_count == 0 && checksum_type_of(headers, checksum) == ChecksumType::full_object;
        if (is_of_bytes) {
            running_.emplace(checksum.algorithm);
            expected_ = checksum.base64;
            return;
        }
    }
}

void DownloadCheck::update(std::span<const std::byte> bytes) {
    if (running_) {
        running_->update(bytes);
    }
}

Result<std::optional<ChecksumValue>> DownloadCheck::finish() {
    if (!running_) {
        return std::optional<ChecksumValue>();
    }
    ChecksumValue value = running_->finish();
    if (value.text() != expected_) {
        return Error(ErrorCode::corrupt, "the bytes that arrived have the " +
                                             std::string(to_string(value.algorithm)) + " " + value.text() +
                                             ", and the server says " + expected_);
    }
    return std::optional<ChecksumValue>(std::move(value));
}

}  // namespace filestore::s3
