#pragma once

/// The checksum of a mark of soft_deletions.h: a changed end of its grace must not free bytes.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/checksum/crc.h"

namespace filestore {

/// What a mark has in its place that an older version of the library has made: it counts as it is.
inline constexpr std::int64_t unsealed_mark = -1;

/// A pure function; of the columns as they stand in the table.
[[nodiscard]] inline std::int64_t checksum_of_mark(std::string_view file_id, std::string_view until,
                                                   std::int64_t size) {
    // No byte can change columns.
    std::string columns(file_id);
    columns.append(1, '\0').append(until).append(1, '\0').append(std::to_string(size));
    return static_cast<std::int64_t>(update_crc(CrcAlgorithm::crc32c, 0, std::as_bytes(std::span(columns))));
}

}  // namespace filestore
