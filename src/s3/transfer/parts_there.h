#pragma once

/// The parts that the server has of an upload that is gone on with.

#include <cstdint>
#include <vector>

#include "s3/protocol/multipart_xml.h"
#include "s3/transfer/part_buffer.h"

namespace filestore::s3 {

/// A value; one thread at a time.
class PartsThere {
public:
    /// A page of their listing.
    void add(std::vector<ListedPart> page);

    /// The part with this number, where the server has it with these bytes; null where it has none, or other bytes, or does not tell. Which bytes
    /// it has is told by the checksum that it keeps of them, else by an ETag that is their MD5. Fails where these cannot be read.
    [[nodiscard]] Result<const ListedPart*> find(std::uint32_t number, const PartBuffer& bytes) const;

private:
    /// By number.
    std::vector<ListedPart> parts_;
};

}  // namespace filestore::s3
