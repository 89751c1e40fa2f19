#pragma once

/// A body with a checksum behind it: chunks and a trailer that are not signed (AWS SigV4 for S3, "Signature calculations for trailing headers:
/// STREAMING-UNSIGNED-PAYLOAD-TRAILER").
///
///     10000 CRLF (64 KiB of the body) CRLF ... 0 CRLF x-amz-checksum-crc32c:sOO8/Q== CRLF CRLF
///
/// What is sent depends on the body alone, and never on how much is asked for at a time: a repeated upload sends the same bytes.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/checksum.h"
#include "s3/protocol/uri.h"

namespace filestore::s3 {

/// The payload hash of such a request.
inline constexpr std::string_view streaming_unsigned_trailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
inline constexpr std::uint64_t aws_chunk_size = std::uint64_t{64} * 1024;

/// What such a request says of its body: content-encoding, x-amz-decoded-content-length, x-amz-trailer and x-amz-sdk-checksum-algorithm. A stored
/// Content-Encoding of the caller's own goes behind `aws-chunked` in the one header: `own_content_encoding`.
[[nodiscard]] std::vector<NameValue> aws_chunked_headers(std::uint64_t body_size, ChecksumAlgorithm algorithm,
                                                         std::string_view own_content_encoding = {});

/// Content-Length of the request: all that AwsChunkedEncoder gives out.
[[nodiscard]] std::uint64_t aws_chunked_size(std::uint64_t body_size, ChecksumAlgorithm algorithm) noexcept;

/// Makes the framing around a body of known size. A value; one thread at a time. To send: while not finished(), put out
/// take_framing(), then up to body_due() bytes of the body, each told by sent().
class AwsChunkedEncoder {
public:
    AwsChunkedEncoder(std::uint64_t body_size, ChecksumAlgorithm algorithm);

    /// Moves framing that is due into `out` and answers how many bytes that were; 0 when a part of the body is due, when the trailer is due but its
    /// value is not set, or at the end.
    [[nodiscard]] std::size_t take_framing(std::span<std::byte> out);

    /// Bytes of the body that go out before the next framing.
    [[nodiscard]] std::uint64_t body_due() const noexcept { return framing_.empty() ? chunk_rest_ : 0; }

    /// `count` bytes of the body, at most body_due(), have gone out.
    void sent(std::uint64_t count);

    /// The whole body has gone out, and the checksum is what comes next.
    [[nodiscard]] bool wants_checksum() const noexcept;

    /// Base64 of the body's checksum, in the size that the algorithm has; once, when wants_checksum().
    void set_checksum(std::string_view base64);

    [[nodiscard]] bool finished() const noexcept { return closed_ && framing_.empty(); }

private:
    void begin_chunk();

    ChecksumAlgorithm algorithm_;
    std::uint64_t body_rest_;
    std::uint64_t chunk_rest_ = 0;
    /// Framing to put out: what is left of it.
    std::string framing_;
    bool closed_ = false;
};

/// A stored `Content-Encoding` without the `aws-chunked` that some servers keep from the upload by mistake: "aws-chunked,gzip" is "gzip".
[[nodiscard]] std::string without_aws_chunked(std::string_view content_encoding);

}  // namespace filestore::s3
