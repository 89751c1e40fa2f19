#include "s3/transfer/parts_there.h"

#include <algorithm>
#include <iterator>

#include "core/checksum/checksum.h"
#include "s3/transfer/multipart_etag.h"

namespace filestore::s3 {

namespace {

bool has_bytes(const ListedPart& part, std::span<const std::byte> bytes) {
    if (part.size != bytes.size()) {
        return false;
    }
    const auto checksum = std::find_if(part.checksums.begin(), part.checksums.end(),
                                       [](const EncodedChecksum& known) { return known.part_count == 0; });
    return checksum == part.checksums.end()
               ? part.etag == plain_etag(bytes)
               : checksum->base64 == checksum_of(checksum->algorithm, bytes).text();
}

}  // namespace

void PartsThere::add(std::vector<ListedPart> page) {
    parts_.insert(parts_.end(), std::make_move_iterator(page.begin()), std::make_move_iterator(page.end()));
}

const ListedPart* PartsThere::find(std::uint32_t number, std::span<const std::byte> bytes) const {
    const auto part = std::lower_bound(
        parts_.begin(), parts_.end(), number,
        [](const ListedPart& listed, std::uint32_t wanted) { return listed.number < wanted; });
    const bool is_there = part != parts_.end() && part->number == number && has_bytes(*part, bytes);
    return is_there ? &*part : nullptr;
}

}  // namespace filestore::s3
