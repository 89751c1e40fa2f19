#pragma once

/// In what servers differ: profiles as data. Nothing else in the S3 code asks which server it talks to. Pure functions.
///
/// The figures of the servers that can be run locally are measured (see the table in the README); those of the services are from their documentation.
/// What is known of neither is set as for a server that lacks it.

#include <cstdint>
#include <span>
#include <string_view>

namespace filestore::s3 {

/// Which checksum an upload carries when the caller leaves the choice to the library. A value.
enum class AutoChecksum { none, header };

/// What a server does, and how it wants to be spoken to. A value; compile-time constants.
struct Quirks {
    std::string_view name;

    // How requests are made.
    bool path_style_only = false;
    /// Empty: as configured.
    std::string_view fixed_region = {};
    /// Accept-Encoding is changed on the way, so that a signature over it never fits.
    bool accept_encoding_unsigned = false;
    /// Query parameters that are not S3's own are refused.
    bool refuses_extra_query = false;

    // Checksums.
    bool header_checksums = false;
    AutoChecksum auto_checksum = AutoChecksum::none;
    /// STREAMING-UNSIGNED-PAYLOAD-TRAILER: the trailer's checksum is verified and kept.
    bool trailer_checksums = false;
    /// GET and HEAD return what an upload carried.
    bool returns_checksums = false;
    bool checks_content_md5 = true;
    /// The ETag of a plain object is the MD5 of its bytes, and that of a multipart object MD5 of the parts' MD5s, `-N`.
    bool etag_is_md5 = true;
    bool multipart_etag_is_md5_of_md5s = true;

    // Uploads and copies.
    bool equal_parts = false;
    bool put_if_none_match = false;
    bool put_if_match = false;
    bool complete_if_none_match = false;
    bool delete_if_match = false;
    /// ListMultipartUploads takes any prefix, and not only a whole key.
    bool list_uploads_by_prefix = true;
    bool multipart_copy = true;
    /// Bytes from which a copy is made in parts.
    std::uint64_t copy_cut_off = std::uint64_t{5} << 30U;
    /// Complete and Copy may send blanks, and an error after status 200.
    bool keep_alive_blanks = false;

    // Deletion.
    bool batch_delete = true;
    std::uint32_t most_keys_per_delete = 1000;
    /// A batch of keys wants Content-MD5; a CRC instead of it is not enough.
    bool batch_delete_needs_md5 = true;

    // Listing.
    bool list_v2 = true;
    bool list_encoding_url = true;
    /// Keys come in the order of their UTF-8 bytes.
    bool list_in_byte_order = true;

    // Reading.
    bool object_attributes = false;
    /// GET and HEAD by partNumber, with x-amz-mp-parts-count.
    bool part_number_reads = false;
    bool if_modified_since = true;

    // What a key may be.
    /// The server stores keys as paths: no `//`, `.`, `..`, no segment over 255 bytes, no key that is another's directory.
    bool keys_are_paths = false;

    // Features.
    bool tagging = false;
    bool versioning = false;
    bool sse_s3 = false;
    bool sse_customer_key = false;
    bool storage_classes = false;
    bool post_policy = true;
};

/// Every profile, "generic" (what any server can do) last.
[[nodiscard]] std::span<const Quirks> all_quirks() noexcept;

/// The profile with this name; null where there is none. Never freed.
[[nodiscard]] const Quirks* find_quirks(std::string_view name) noexcept;

/// The profile of a well-known service by the endpoint's host, without port; "generic" for any other host, and "aws" for the empty one: there the
/// endpoint is AWS's own.
[[nodiscard]] const Quirks& guess_quirks(std::string_view host);

}  // namespace filestore::s3
