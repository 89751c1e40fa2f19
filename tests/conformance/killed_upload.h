#pragma once

/// An upload in parts of another process, which is killed in the middle of it.

#include <string>
#include <vector>

#include "conformance/stores.h"
#include "filestore/s3_options.h"

namespace filestore::test {

/// What is uploaded, and how. A value.
struct KilledUpload {
    std::string store;
    std::string key;
    S3ChecksumMode checksum_mode = S3ChecksumMode::off;
    ChecksumAlgorithm checksum_algorithm = ChecksumAlgorithm::crc64nvme;

    static constexpr std::size_t part_size = std::size_t{5} << 20U;
    /// Of all that would be uploaded.
    static constexpr std::size_t size = 3 * part_size + 777;
    /// What is uploaded.
    [[nodiscard]] static std::string content();

    /// Starts a process that uploads, kills it when the server has two of the four parts, and answers the token. The case fails where that fails.
    [[nodiscard]] std::string run() const;

    /// In main(): what that process does, where the program was started to be it; nothing otherwise.
    static void be_it(int argc, const char* const* argv);
};

}  // namespace filestore::test
