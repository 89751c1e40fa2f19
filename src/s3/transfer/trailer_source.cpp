#include "s3/transfer/trailer_source.h"

#include <algorithm>
#include <utility>

#include "core/stream_calls.h"
#include "core/try.h"

namespace filestore::s3 {

TrailerSource::TrailerSource(std::shared_ptr<Source> body, std::uint64_t size, ChecksumValue checksum)
    : body_(std::move(body)),
      size_(size),
      checksum_(std::move(checksum)),
      encoder_(size, checksum_.algorithm) {}

Result<IoStep> TrailerSource::read(std::span<std::byte> into, const Wake& wake) {
    if (encoder_.wants_checksum()) {
        encoder_.set_checksum(checksum_.text());
    }
    if (const std::size_t framing = encoder_.take_framing(into); framing > 0 || encoder_.finished()) {
        return IoStep{framing, false};
    }
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), encoder_.body_due()));
    FILESTORE_TRY_ASSIGN(const IoStep step, read_source(*body_, into.first(wanted), wake));
    if (step.bytes == 0 && !step.would_block) {
        return Error(ErrorCode::source_failed, "the body ended before its size was reached");
    }
    encoder_.sent(step.bytes);
    return step;
}

std::optional<std::uint64_t> TrailerSource::size() const noexcept {
    return aws_chunked_size(size_, checksum_.algorithm);
}

Result<void> TrailerSource::rewind() {
    FILESTORE_TRY(body_->rewind());
    encoder_ = AwsChunkedEncoder(size_, checksum_.algorithm);
    return {};
}

}  // namespace filestore::s3
