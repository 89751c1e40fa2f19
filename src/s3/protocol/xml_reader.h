#pragma once

/// What the readers of S3's XML share. Only .cpp files of the protocol include this header. Pure functions.
///
/// A document is refused as a whole when it is no plain, small document: a DOCTYPE (so there are no entities to expand), text around the root, a
/// NUL, bytes that are not UTF-8, more than 16 MiB, more than 500,000 elements, elements more than 32 deep. The bounds, which a page of 1,000 long keys is
/// far from, are checked before the parser sees a byte.

#include <cstdint>
#include <optional>
#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/result.h"
#include "filestore/time.h"
#include "s3/protocol/checksum_headers.h"

namespace filestore::s3 {

inline constexpr std::size_t largest_xml = std::size_t{16} << 20U;
inline constexpr std::size_t most_xml_elements = 500'000;
inline constexpr std::size_t deepest_xml = 32;

/// Loads a document and answers its one root element; an empty node for what is not a whole, plain document. Blanks before it are skipped: servers
/// send them to keep a connection alive.
[[nodiscard]] pugi::xml_node load_root(pugi::xml_document& document, std::string_view xml);

/// The root, which must have this name, or the other one. For a root <Error>, whatever the status was, what error_of_answer() makes of it; `corrupt` for
/// anything else: "the server's answer is cut off or no NAME".
[[nodiscard]] Result<pugi::xml_node> load_answer(pugi::xml_document& document, std::string_view xml,
                                                 std::string_view name, std::string_view other_name = {});

/// The whole text of an element, in however many pieces it is written; nothing where it holds elements.
[[nodiscard]] std::optional<std::string> text_of(pugi::xml_node element);

/// The fields of `parent`, which is never the empty node. `corrupt` where the field is missing or cannot be read.
[[nodiscard]] Result<std::string> required_text(pugi::xml_node parent, const char* name);
[[nodiscard]] Result<bool> required_boolean(pugi::xml_node parent, const char* name);
[[nodiscard]] Result<std::uint64_t> required_number(pugi::xml_node parent, const char* name);
/// 1 to 10,000.
[[nodiscard]] Result<std::uint32_t> required_part_number(pugi::xml_node parent, const char* name);
[[nodiscard]] Result<Timestamp> required_time(pugi::xml_node parent, const char* name);

/// The empty text where it is missing.
[[nodiscard]] std::string optional_text(pugi::xml_node parent, const char* name);
/// False, 0 where it is missing; `corrupt` where it is there and cannot be read.
[[nodiscard]] Result<bool> optional_boolean(pugi::xml_node parent, const char* name);
[[nodiscard]] Result<std::uint64_t> optional_number(pugi::xml_node parent, const char* name);

/// An element that holds an ETag, without the quotes that servers write or leave out.
[[nodiscard]] std::string etag_of(pugi::xml_node parent);

/// The <ChecksumCRC32C> and so on in `parent`; malformed ones are left out.
[[nodiscard]] std::vector<EncodedChecksum> checksums_in(pugi::xml_node parent);
[[nodiscard]] std::optional<ChecksumType> checksum_type_in(pugi::xml_node parent);

/// The keys of a listing as they are: decoded where it says `<EncodingType>url</EncodingType>`. A value.
class KeyReader {
public:
    explicit KeyReader(pugi::xml_node listing);

    /// `corrupt` where it is missing, empty, or not encoded as the listing says.
    [[nodiscard]] Result<std::string> required(pugi::xml_node parent, const char* name) const;
    /// The empty text where it is missing; `corrupt` where it is not encoded as the listing says.
    [[nodiscard]] Result<std::string> optional(pugi::xml_node parent, const char* name) const;
    /// The <Prefix> of each <CommonPrefixes>.
    [[nodiscard]] Result<std::vector<std::string>> common_prefixes(pugi::xml_node listing) const;

private:
    [[nodiscard]] Result<std::string> decoded(std::string text) const;

    bool url_encoded_;
};

}  // namespace filestore::s3
