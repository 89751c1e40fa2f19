#pragma once

/// In what servers differ: profiles as data. Nothing else in the S3 code asks which server it talks to. Pure functions.
///
/// The figures of the servers that can be run locally are measured (see the table in the README); those of the services are from their documentation.
/// A named server's profile says no to what is known of neither. "generic" stands for a server of which nothing is known: nothing that not every server
/// has is done of the client's own accord, and nothing that the caller asks for is refused.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "filestore/result.h"

namespace filestore::s3 {

/// Which checksum an upload carries when the caller leaves the choice to the library. A value.
enum class AutoChecksum { none, header };

/// What a server does, and how it wants to be spoken to. A value.
struct Quirks {
    std::string_view name;

    // How requests are made.
    /// The bucket is never part of the host name.
    bool path_style_only = false;
    /// Empty: as configured.
    std::string_view fixed_region = {};
    /// `Expect: 100-continue` is answered, so that it is worth waiting for.
    bool answers_expect = true;

    // Checksums.
    bool header_checksums = false;
    AutoChecksum auto_checksum = AutoChecksum::none;
    /// STREAMING-UNSIGNED-PAYLOAD-TRAILER: a body may have its checksum behind it.
    bool trailer_checksums = false;
    /// GET and HEAD return what an upload carried.
    bool returns_checksums = false;
    /// The ETag of a plain object is the MD5 of its bytes, and that of a multipart object MD5 of the parts' MD5s, `-N`: one that differs is of other bytes.
    /// One that is equal is taken for proof on every server.
    bool etag_is_md5 = true;
    bool multipart_etag_is_md5_of_md5s = true;

    // Uploads and copies.
    /// All parts but the last have one size.
    bool equal_parts = false;
    bool put_if_none_match = false;
    bool put_if_match = false;
    /// The same two of an upload in parts.
    bool conditional_complete = false;
    bool delete_if_match = false;
    /// That is known, so that a cleanup binds its removals to what it has seen without being told to.
    bool auto_delete_if_match = false;
    /// ListMultipartUploads takes any prefix, and not only a whole key.
    bool list_uploads_by_prefix = true;
    bool multipart_copy = true;

    // Deletion.
    bool batch_delete = true;
    std::uint32_t most_keys_per_delete = 1000;
    /// Each object of a batch may have an ETag, which is compared. Many pass over it, and others take no batch that has one.
    bool batch_delete_if_match = false;

    // Listing.
    bool list_v2 = true;
    bool list_encoding_url = true;

    // Reading.
    /// GET and HEAD by partNumber tell the size of that part.
    bool part_number_reads = false;

    // What a key may be.
    /// The server stores keys as paths: no `//`, `.`, `..`, no segment over 255 bytes, no NUL.
    bool keys_are_paths = false;

    // Features.
    bool tagging = false;
    bool versioning = false;
    bool sse_s3 = false;
    bool sse_kms = false;
    bool sse_customer_key = false;
    bool storage_classes = false;
    bool post_policy = true;
};

/// Every profile, "generic" last.
[[nodiscard]] std::span<const Quirks> all_quirks() noexcept;

/// The profile with this name; null where there is none. Never freed.
[[nodiscard]] const Quirks* find_quirks(std::string_view name) noexcept;

/// The profile of a well-known service by the endpoint's host, without port; "generic" for any other host, and "aws" for the empty one: there the
/// endpoint is AWS's own.
[[nodiscard]] const Quirks& guess_quirks(std::string_view host);

/// Reads a profile as options write it: a name, and behind commas what is different from it, `ceph,put_if_match=yes`. The names are those of the members
/// above; the values are yes and no, none and header for `auto_checksum`, 1 to 1000 for `most_keys_per_delete`. `invalid_argument` with the nearest
/// name for one that is not known.
[[nodiscard]] Result<Quirks> parse_profile(std::string_view text);

/// What parse_profile() reads.
[[nodiscard]] std::string format_profile(const Quirks& quirks);

}  // namespace filestore::s3
