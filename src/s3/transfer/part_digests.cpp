#include "s3/transfer/part_digests.h"

#include "core/checksum/checksum.h"
#include "core/digest.h"
#include "core/encoding.h"
#include "core/try.h"

namespace filestore::s3 {

namespace {

template <class Digest>
Result<std::string> hex_of(const PartBuffer& part) {
    Digest digest;
    FILESTORE_TRY(part.read([&](std::span<const std::byte> bytes) { digest.update(bytes); }));
    return to_hex(digest.finish());
}

}  // namespace

Result<ChecksumValue> checksum_of(ChecksumAlgorithm algorithm, const PartBuffer& part) {
    Checksum checksum(algorithm);
    FILESTORE_TRY(part.read([&](std::span<const std::byte> bytes) { checksum.update(bytes); }));
    return checksum.finish();
}

Result<std::string> sha256_of(const PartBuffer& part) {
    return hex_of<Sha256>(part);
}

Result<std::string> plain_etag(const PartBuffer& part) {
    return hex_of<Md5>(part);
}

}  // namespace filestore::s3
