#pragma once

/// Media types: those that are declared, those that names stand for and those that contents have, and whether they agree. Pure functions.

#include <string>
#include <string_view>

namespace filestore::validation {

/// "image/jpeg" of "Image/JPG; q=1": without parameters, in small letters, by its registered name. Empty where nothing is said by it: application/octet-stream, or what is no media type.
[[nodiscard]] std::string media_type_of(std::string_view written);

/// "pdf" of "a/b.PDF": what follows the last dot of the last part of a name, in small letters. Dots and blanks at its end do not count, which some systems pass over.
[[nodiscard]] std::string extension_of(std::string_view name);

/// That of the file which some systems would write under the name: without slashes, dots and blanks at its end, and without a stream of NTFS (`a.exe::$DATA`).
[[nodiscard]] std::string extension_on_disk(std::string_view name);

/// The type that files of an extension have; empty where it is not known.
[[nodiscard]] std::string_view media_type_of_extension(std::string_view extension) noexcept;

/// Whether `type` is one of `pattern`: "image/png", "image/*" or "*/*". Both as media_type_of() answers them, but for the star.
[[nodiscard]] bool is_media_type(std::string_view type, std::string_view pattern) noexcept;

/// Whether a content that was found to be `found` may be what `claimed` says. Empty ones agree with everything. A text may be of any textual type, but HTML is only HTML, and an archive may be
/// any of the formats that are archives of that kind.
[[nodiscard]] bool agrees(std::string_view found, std::string_view claimed) noexcept;

}  // namespace filestore::validation
