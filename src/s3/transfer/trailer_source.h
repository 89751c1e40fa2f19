#pragma once

/// A body between the framing of `aws-chunked`, with its checksum behind it.

#include <memory>
#include <string>

#include "core/checksum/checksum.h"
#include "filestore/stream.h"
#include "s3/protocol/aws_chunked.h"

namespace filestore::s3 {

/// Over a source that does not block and gives `size` bytes, whose checksum is known. Rewinds where that does. A resource; one thread at a time.
class TrailerSource final : public Source {
public:
    TrailerSource(std::shared_ptr<Source> body, std::uint64_t size, ChecksumValue checksum);

    Result<IoStep> read(std::span<std::byte> into, const Wake& wake) override;
    std::optional<std::uint64_t> size() const noexcept override;
    bool can_rewind() const noexcept override { return body_->can_rewind(); }
    Result<void> rewind() override;
    bool blocking() const noexcept override { return false; }

private:
    const std::shared_ptr<Source> body_;
    const std::uint64_t size_;
    const ChecksumValue checksum_;
    AwsChunkedEncoder encoder_;
};

}  // namespace filestore::s3
