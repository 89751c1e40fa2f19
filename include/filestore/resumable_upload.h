#pragma once

/// Uploads that come piece by piece, over many calls, processes and days: what was told to be there stays there, whatever breaks.
///
///     auto upload = service.begin_upload({.path = "film.mp4", .length = 3'000'000'000});
///     service.append({.id = upload->id, .offset = 0, .source = first});              // breaks off
///     auto now = service.resumable_upload({upload->id, {}});                         // in another process, a day later
///     service.append({.id = upload->id, .offset = now->offset, .source = rest});
///     auto file = service.finish_upload({upload->id, {}});
///
/// The ID of an upload is random, and nobody who was not told it can guess it; its file has the same. Until finish_upload() there is no file: nothing lists, reads or counts it. Any service on the same store can go on
/// with an upload, in this process, another one, or on another machine.
///
/// The rules of `validation` hold as for any upload (see validation.h): name and declared type are looked at when it begins, the content with the first piece, where that holds 8 KiB or the whole file, and everything when it is finished. An upload that is
/// refused is ended, and none of its bytes stays.
///
/// An upload to which no byte comes for ServiceOptions::upload_lifetime is given up: FileService::sweep_uploads() and each cleanup() remove it.
///
/// The structs of this header are values.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "filestore/backend.h"
#include "filestore/checksum.h"

namespace filestore {

/// What is to be stored.
struct NewUpload {
    /// As in FileUpload.
    std::string path{};
    std::string content_type{default_content_type};
    Metadata metadata{};
    /// Bytes of the whole file; nothing where that is not known yet.
    std::optional<std::uint64_t> length{};
    CallOptions call{};
};

struct UploadAppend {
    FileId id{};
    /// Where the bytes go: ResumableUpload::offset.
    std::uint64_t offset = 0;
    /// Required. Where it fails, what it gave until then stays.
    std::shared_ptr<Source> source{};
    /// Bytes of the whole file, to tell them where they were not known when it began.
    std::optional<std::uint64_t> length{};
    /// Of the bytes of this call. Where it is another one, or where the call fails, none of them stays.
    std::optional<ChecksumValue> checksum{};
    CallOptions call{};
};

/// What is known of an upload.
struct ResumableUpload {
    FileId id{};
    /// Bytes that are there, and where the next ones go.
    std::uint64_t offset = 0;
    std::optional<std::uint64_t> length{};
    std::string path{};
    std::string content_type{default_content_type};
    Metadata metadata{};
    /// When it is given up, where no more bytes come; of no meaning once it is finished.
    Timestamp expires_at{};
    /// It is the file of that ID.
    bool finished = false;

    /// All bytes are there.
    [[nodiscard]] bool complete() const noexcept { return length && offset == *length; }
};

}  // namespace filestore
