#pragma once

/// Compares the bytes of a download with the checksum that the server keeps of them.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/checksum/checksum.h"
#include "s3/protocol/uri.h"

namespace filestore::s3 {

/// A value that moves; one thread at a time.
class DownloadCheck {
public:
    /// From the headers of the answer. One checksum is enough: the cheapest is taken, one of all bytes before one of parts.
    explicit DownloadCheck(const std::vector<NameValue>& headers);

    /// How many parts the checksum is made of; 0 where it is of the bytes, or there is none.
    [[nodiscard]] std::uint32_t part_count() const noexcept { return part_count_; }

    /// How the object is cut into these parts: before the first byte. Without it a checksum of parts is passed over.
    void set_parts(std::vector<std::uint64_t> sizes);

    void update(std::span<const std::byte> bytes);

    /// The checksum that all the bytes have; nothing where the server named none, or the parts are not known. `corrupt` where it named another one.
    [[nodiscard]] Result<std::optional<ChecksumValue>> finish();

private:
    void end_part();

    std::optional<Checksum> running_;
    std::string expected_;
    std::uint32_t part_count_ = 0;
    /// Of the parts, where there are any.
    std::vector<std::uint64_t> sizes_;
    std::vector<PartChecksum> parts_;
    /// Bytes of the part that is not over yet.
    std::uint64_t left_ = 0;
};

}  // namespace filestore::s3
