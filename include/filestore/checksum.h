#pragma once

/// The checksums that S3 knows for the bytes of an object. Values; any thread.

namespace filestore {

/// CRC-64/NVME is the one that AWS computes where nobody asks for another. A value.
enum class ChecksumAlgorithm { crc32, crc32c, crc64nvme, sha1, sha256 };

}  // namespace filestore
