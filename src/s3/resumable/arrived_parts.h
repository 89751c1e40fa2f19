#pragma once

/// The bytes of an upload that came piece by piece, as the source of the object that is made of them.

#include <functional>
#include <memory>

#include "s3/resumable/upload_place.h"
#include "s3/transfer/multipart_job.h"

namespace filestore::s3 {

/// Gives the first bytes only, where there are parts, which nobody can read before they are an object. A resource; one thread at a time.
class ArrivedParts final : public Source {
public:
    ArrivedParts(UploadPlace place, StoredState stored)
        : place_(std::move(place)), stored_(std::move(stored)) {}

    [[nodiscard]] Result<IoStep> read(std::span<std::byte> into, const Wake& wake) override;
    [[nodiscard]] std::optional<std::uint64_t> size() const noexcept override {
        return stored_.state.offset();
    }
    [[nodiscard]] bool can_rewind() const noexcept override { return true; }
    [[nodiscard]] Result<void> rewind() override {
        read_ = 0;
        return {};
    }
    [[nodiscard]] bool blocking() const noexcept override { return false; }

    [[nodiscard]] bool has_parts() const noexcept { return !stored_.state.parts.empty(); }
    [[nodiscard]] const UploadPlace& place() const noexcept { return place_; }
    [[nodiscard]] const StoredState& stored() const noexcept { return stored_; }

private:
    [[nodiscard]] const std::string& readable() const noexcept {
        return has_parts() ? stored_.state.beginning : stored_.rest;
    }

    const UploadPlace place_;
    const StoredState stored_;
    std::size_t read_ = 0;
};

/// Before anything is made of it: writes into the upload's own object that its file is being made. `conflict` where another call was faster, `not_found` where the upload was ended. Nothing where the server lacks
/// compare-and-swap.
void claim_upload(std::shared_ptr<ArrivedParts> arrived, const CallOptions& options,
                  std::function<void(Result<void>)> done);

/// Makes the object of the parts, and of what is too little for one, which becomes the last one. The upload stays where that fails. `done` as of upload_object().
void complete_upload(std::shared_ptr<ArrivedParts> arrived, UploadTarget target,
                     std::function<void(Result<S3PutResult>)> done);

}  // namespace filestore::s3
