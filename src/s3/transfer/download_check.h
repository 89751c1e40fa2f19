#pragma once

/// Compares the bytes of a download with the checksum that the server keeps of them.

#include <optional>
#include <span>
#include <vector>

#include "core/checksum/checksum.h"
#include "s3/protocol/uri.h"

namespace filestore::s3 {

/// A value that moves; one thread at a time.
class DownloadCheck {
public:
    /// From the headers of the answer. One checksum is enough: the cheapest is taken. Those of parts are passed over.
    explicit DownloadCheck(const std::vector<NameValue>& headers);

    void update(std::span<const std::byte> bytes);

    /// The checksum that all the bytes have; nothing where the server named none. `corrupt` where it named another one.
    [[nodiscard]] Result<std::optional<ChecksumValue>> finish();

private:
    std::optional<Checksum> running_;
    std::string expected_;
};

}  // namespace filestore::s3
