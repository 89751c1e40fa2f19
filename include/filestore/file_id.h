#pragma once

/// The name of a stored file: a UUID of version 4 (RFC 9562, section 5.4) in lower case.
/// `FileId` is a value. Because nothing else can be held in one, an ID never reaches a path or URL unchecked.

#include <array>
#include <compare>
#include <functional>
#include <string>
#include <string_view>

#include "filestore/export.h"
#include "filestore/result.h"

namespace filestore {

class FILESTORE_API FileId {
public:
    /// 36 characters: 8-4-4-4-12 hexadecimal digits.
    static constexpr std::size_t text_size = 36;

    /// The nil ID, which names no file; every backend refuses it with `invalid_argument`.
    FileId() noexcept;

    /// A new random ID. `internal` when the system has no randomness to give.
    [[nodiscard]] static Result<FileId> generate();

    /// Reads an ID. `invalid_argument` for anything that is not a lower-case UUID of version 4: other versions and
    /// variants, upper case, braces, blanks, `../`, NUL.
    [[nodiscard]] static Result<FileId> parse(std::string_view text);

    /// The 36 characters; valid as long as this object.
    [[nodiscard]] std::string_view text() const noexcept { return {text_.data(), text_.size()}; }
    [[nodiscard]] std::string str() const { return std::string(text()); }
    [[nodiscard]] bool is_nil() const noexcept;

    friend auto operator<=>(const FileId&, const FileId&) noexcept = default;
    friend bool operator==(const FileId&, const FileId&) noexcept = default;

private:
    std::array<char, text_size> text_;
};

}  // namespace filestore

template <>
struct std::hash<filestore::FileId> {
    std::size_t operator()(const filestore::FileId& id) const noexcept {
        return std::hash<std::string_view>{}(id.text());
    }
};
