#include "s3/transfer/download_check.h"

#include <algorithm>
#include <utility>

#include "core/try.h"
#include "s3/protocol/checksum_headers.h"

namespace filestore::s3 {

DownloadCheck::DownloadCheck(const std::vector<NameValue>& headers) {
    const std::vector<EncodedChecksum> all = checksums_of(headers);
    const auto is_of_bytes = [&](const EncodedChecksum& checksum) {
        return checksum.part_count == 0 && checksum_type_of(headers, checksum) == ChecksumType::full_object;
    };
    const auto is_of_parts = [](const EncodedChecksum& checksum) {
        return checksum.part_count > 0 && is_multipart_checksum(checksum.algorithm, ChecksumType::composite);
    };
    auto chosen = std::find_if(all.begin(), all.end(), is_of_bytes);
    if (chosen == all.end()) {
        chosen = std::find_if(all.begin(), all.end(), is_of_parts);
    }
    if (chosen != all.end()) {
        running_.emplace(chosen->algorithm);
        expected_ = format_checksum(*chosen);
        part_count_ = chosen->part_count;
    }
}

void DownloadCheck::set_parts(std::vector<std::uint64_t> sizes) {
    sizes_ = std::move(sizes);
    left_ = sizes_.empty() ? 0 : sizes_.front();
}

void DownloadCheck::end_part() {
    parts_.push_back({running_->finish(), sizes_[parts_.size()]});
    left_ = parts_.size() < sizes_.size() ? sizes_[parts_.size()] : 0;
}

void DownloadCheck::update(std::span<const std::byte> bytes) {
    if (!running_) {
        return;
    }
    while (parts_.size() < sizes_.size() && bytes.size() >= left_) {
        const auto rest_of_part = bytes.first(static_cast<std::size_t>(left_));
        running_->update(rest_of_part);
        bytes = bytes.subspan(rest_of_part.size());
        end_part();
    }
    running_->update(bytes);
    left_ -= std::min<std::uint64_t>(left_, bytes.size());
}

Result<std::optional<ChecksumValue>> DownloadCheck::finish() {
    if (!running_ || (part_count_ > 0 && sizes_.empty())) {
        return std::optional<ChecksumValue>();
    }
    ChecksumValue value = running_->finish();
    if (part_count_ > 0) {
        FILESTORE_TRY_ASSIGN(value, multipart_checksum(value.algorithm, ChecksumType::composite, parts_));
    }
    if (value.text() != expected_) {
        return Error(ErrorCode::corrupt, "the bytes that arrived have the " +
                                             std::string(to_string(value.algorithm)) + " " + value.text() +
                                             ", and the server says " + expected_);
    }
    return std::optional<ChecksumValue>(std::move(value));
}

}  // namespace filestore::s3
