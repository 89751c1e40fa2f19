#pragma once

/// A user's metadata: a JSON object that every backend gives back exactly (order of keys apart).
/// `Metadata` is a value; one thread at a time.

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "filestore/export.h"
#include "filestore/result.h"

namespace filestore {

class FILESTORE_API Metadata {
public:
    /// Keys, and each value as compact JSON text. Numbers keep the digits that they were written with.
    using Members = std::map<std::string, std::string, std::less<>>;

    Metadata() = default;

    /// Reads a JSON object (RFC 8259, UTF-8, at most 64 levels deep, at most 1 MiB). Of a key that occurs twice the last
    /// value counts. `invalid_argument`, with the byte offset, for anything else.
    [[nodiscard]] static Result<Metadata> parse(std::string_view json);

    /// Sets a string value. `invalid_argument` when key or text is not UTF-8 or longer than 1 MiB; nothing is changed then.
    Result<void> set(std::string_view key, std::string_view text);

    /// Sets any JSON value. `invalid_argument` when `json` is not one JSON value or longer than 1 MiB; nothing is changed
    /// then.
    Result<void> set_json(std::string_view key, std::string_view json);

    /// Removes a key; false where there was none.
    bool erase(std::string_view key);

    /// The value as text, where it is a JSON string.
    [[nodiscard]] std::optional<std::string> text(std::string_view key) const;

    /// The value as compact JSON; valid until this object changes.
    [[nodiscard]] std::optional<std::string_view> json(std::string_view key) const;

    [[nodiscard]] const Members& members() const noexcept { return members_; }
    [[nodiscard]] bool empty() const noexcept { return members_.empty(); }

    /// The whole object as compact JSON, keys in byte order.
    [[nodiscard]] std::string to_json() const;

    friend bool operator==(const Metadata&, const Metadata&) = default;

private:
    friend class StoredMetadata;
    Members members_;
};

/// `invalid_argument` when the metadata holds a key that the library keeps for itself: `file_id`, `original_path`,
/// `size` and `filestore`. Every backend calls this before it stores anything.
[[nodiscard]] FILESTORE_API Result<void> check_user_metadata(const Metadata& metadata);

}  // namespace filestore
