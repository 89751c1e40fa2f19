#pragma once

/// The checksums that an upload carries (S3 user guide, "Checking object integrity in Amazon S3").

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/checksum/checksum.h"
#include "filestore/s3_options.h"
#include "s3/protocol/checksum_headers.h"
#include "s3/protocol/multipart_xml.h"
#include "s3/requester.h"
#include "s3/transfer/part_buffer.h"

namespace filestore::s3 {

/// What one upload does about checksums. A value.
struct ChecksumChoice {
    /// header, trailer or off.
    S3ChecksumMode mode = S3ChecksumMode::off;
    ChecksumAlgorithm algorithm = ChecksumAlgorithm::crc64nvme;
};

/// Puts the checksums of one upload into its requests. One thread at a time.
class UploadChecksums {
public:
    explicit UploadChecksums(ChecksumChoice choice) : choice_(choice) {}

    /// Into the request that begins an upload in parts.
    void announce(std::vector<NameValue>& headers) const;

    /// Into a request whose body is `buffer`, part `number` of the object; 1 for the whole. Reads it.
    [[nodiscard]] Result<void> add_to_body(Call& call, const PartBuffer& buffer, std::uint32_t number);

    /// Part `number` is with the server already. Reads it.
    [[nodiscard]] Result<void> note_part(const PartBuffer& buffer, std::uint32_t number);

    /// What was sent with part `number`.
    [[nodiscard]] std::optional<EncodedChecksum> of_part(std::uint32_t number) const;

    /// Into the request that makes the object of its parts, all of which have been sent.
    [[nodiscard]] Result<void> add_to_completion(Call& call);

    /// Of the whole object, once it has been sent.
    [[nodiscard]] const std::optional<ChecksumValue>& whole() const noexcept { return whole_; }

private:
    [[nodiscard]] bool is_off() const noexcept { return choice_.mode == S3ChecksumMode::off; }
    [[nodiscard]] ChecksumType type() const noexcept;

    const ChecksumChoice choice_;
    /// By number less 1.
    std::vector<PartChecksum> parts_;
    std::optional<ChecksumValue> whole_;
};

}  // namespace filestore::s3
