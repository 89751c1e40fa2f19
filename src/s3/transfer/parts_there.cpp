#include "s3/transfer/parts_there.h"

#include <algorithm>
#include <iterator>

#include "core/ascii.h"
#include "core/try.h"
#include "s3/transfer/part_digests.h"

namespace filestore::s3 {

namespace {

Result<bool> has_bytes(const ListedPart& part, const PartBuffer& bytes) {
    // Without its ETag a part cannot be published.
    if (part.size != bytes.size() || part.etag.empty()) {
        return false;
    }
    const auto checksum = std::find_if(part.checksums.begin(), part.checksums.end(),
                                       [](const EncodedChecksum& known) { return known.part_count == 0; });
    if (checksum == part.checksums.end()) {
        FILESTORE_TRY_ASSIGN(const std::string etag, plain_etag(bytes));
        return equal_ignoring_case(part.etag, etag);
    }
    FILESTORE_TRY_ASSIGN(const ChecksumValue value, checksum_of(checksum->algorithm, bytes));
    return checksum->base64 == value.text();
}

}  // namespace

void PartsThere::add(std::vector<ListedPart> page) {
    parts_.insert(parts_.end(), std::make_move_iterator(page.begin()), std::make_move_iterator(page.end()));
}

Result<const ListedPart*> PartsThere::find(std::uint32_t number, const PartBuffer& bytes) const {
    const auto part = std::lower_bound(
        parts_.begin(), parts_.end(), number,
        [](const ListedPart& listed, std::uint32_t wanted) { return listed.number < wanted; });
    if (part == parts_.end() || part->number != number) {
        return nullptr;
    }
    FILESTORE_TRY_ASSIGN(const bool is_it, has_bytes(*part, bytes));
    return is_it ? &*part : nullptr;
}

}  // namespace filestore::s3
