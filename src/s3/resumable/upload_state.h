#pragma once

/// What an upload that comes piece by piece keeps beside its parts, in one object, so that offset, parts and rest change together. Pure functions.
///
///     <prefix>.filestore-uploads/<id>      its record (core/upload_record.h), a line feed, and the bytes behind the last part that are too few for one
///
/// The parts are those of one multipart upload to the file's own key, which begins with the first of them. Each append that sends parts takes their numbers by writing the object first, if it is still the one that it has
/// read: no number is ever used twice, so that nobody overwrites a part that counts, and of two appends at once the last one to write is told that it has lost. Parts that nobody has counted are left out when the file is made.
/// Whoever makes the file, and whoever ends the upload, writes so into the object first, on the same condition: of the two one comes to nothing.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/upload_record.h"

namespace filestore::s3 {

/// A value.
struct UploadState {
    UploadRecord record{};
    /// Empty until there is a part.
    std::string upload_id{};
    /// Their numbers, in order.
    std::vector<std::uint32_t> parts{};
    std::uint64_t parts_bytes = 0;
    /// That nobody has taken.
    std::uint32_t next_part = 1;
    /// Of the first part, or of each.
    std::uint64_t part_size = 0;
    bool equal_parts = false;
    /// As many of the first bytes as tell a file's type; empty while there is no part.
    std::string beginning{};
    /// Bytes behind the last part.
    std::uint64_t rest = 0;
    Timestamp last_byte{};
    /// Another one each time.
    std::string written_by{};
    /// Somebody has begun to make the file then: whoever wants to end the upload waits for what comes of it.
    std::optional<Timestamp> finishing{};
    /// It was ended: only the object is still to be removed.
    bool ended = false;

    [[nodiscard]] std::uint64_t offset() const noexcept { return parts_bytes + rest; }
};

/// "1-3,7".
[[nodiscard]] std::string format_numbers(const std::vector<std::uint32_t>& numbers);
/// `corrupt` for anything but what format_numbers() writes.
[[nodiscard]] Result<std::vector<std::uint32_t>> parse_numbers(std::string_view text);

/// What stands before the rest, with the line feed.
[[nodiscard]] std::string format_state(const UploadState& state);

/// A value.
struct ReadState {
    UploadState state{};
    /// Bytes of the text before the rest.
    std::size_t head = 0;
};
/// Of the object, or of enough of its beginning; `corrupt`.
[[nodiscard]] Result<ReadState> parse_state(const FileId& id, std::string_view text);

}  // namespace filestore::s3
