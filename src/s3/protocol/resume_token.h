#pragma once

/// The token by which another process goes on with an upload in parts. It holds no secret. Pure functions.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/checksum.h"
#include "filestore/result.h"
#include "filestore/s3_options.h"
#include "s3/protocol/part_plan.h"
#include "s3/protocol/uri.h"

namespace filestore::s3 {

/// What an upload was begun with that is not told again. A value.
struct ResumeToken {
    std::string bucket;
    std::string key;
    std::string upload_id;
    /// What the parts were planned with.
    std::uint64_t part_size = default_part_size;
    PartSizes part_sizes = PartSizes::growing;
    /// Nothing where it was not known.
    std::optional<std::uint64_t> object_size;
    /// header, trailer or off.
    S3ChecksumMode checksum_mode = S3ChecksumMode::off;
    ChecksumAlgorithm checksum_algorithm = ChecksumAlgorithm::crc64nvme;
    /// Headers of the request that publishes.
    std::vector<NameValue> conditions;

    friend bool operator==(const ResumeToken&, const ResumeToken&) = default;
};

/// One line of printable ASCII without blanks.
[[nodiscard]] std::string format_resume_token(const ResumeToken& token);

/// What format_resume_token() wrote, this library's or an earlier one's; `invalid_argument` for anything else, a garbled one included.
[[nodiscard]] Result<ResumeToken> parse_resume_token(std::string_view text);

}  // namespace filestore::s3
