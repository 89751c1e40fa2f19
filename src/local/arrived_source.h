#pragma once

/// The bytes of an upload that came piece by piece, as the source of the file that is made of them.

#include "core/file_stream.h"
#include "local/partial_uploads.h"

namespace filestore::local {

/// Holds the upload's lock. A resource; one thread at a time.
class ArrivedSource final : public FileBackedSource {
public:
    explicit ArrivedSource(HeldUpload upload) noexcept : upload_(std::move(upload)) {}

    [[nodiscard]] Result<IoStep> read(std::span<std::byte> into, const Wake& wake) override;
    [[nodiscard]] std::optional<std::uint64_t> size() const noexcept override { return upload_.offset; }
    [[nodiscard]] bool can_rewind() const noexcept override { return true; }
    [[nodiscard]] Result<void> rewind() override;
    [[nodiscard]] bool blocking() const noexcept override { return true; }
    [[nodiscard]] FileRange rest() const noexcept override;
    [[nodiscard]] Result<void> taken(std::uint64_t size) override;

    /// The same file, to be given another name. Not open where the system gives no descriptor.
    [[nodiscard]] Descriptor file() const noexcept;

private:
    HeldUpload upload_;
    std::uint64_t read_ = 0;
};

}  // namespace filestore::local
