#pragma once

/// Where an S3 store keeps uploads that come piece by piece, and the requests on them.

#include <functional>
#include <memory>
#include <string>

#include "s3/client/core.h"
#include "s3/resumable/request_chain.h"
#include "s3/resumable/upload_state.h"
#include "s3/transfer/part_buffer.h"

namespace filestore::s3 {

/// A value (shared handles).
struct UploadPlace {
    std::shared_ptr<ClientCore> core;
    std::string bucket;
    std::string key_prefix;
    /// Of every request on an object.
    std::vector<NameValue> access_headers;
    /// Of the small object.
    std::vector<NameValue> state_headers;
    /// Of the request that begins a multipart upload.
    std::function<Result<std::vector<NameValue>>(const UploadRecord&)> object_headers;

    [[nodiscard]] std::string state_prefix() const { return key_prefix + ".filestore-uploads/"; }
    [[nodiscard]] std::string state_key(const FileId& id) const { return state_prefix() + id.str(); }
    [[nodiscard]] std::string object_key(const FileId& id) const { return key_prefix + id.str(); }
    [[nodiscard]] Timestamp now() const noexcept { return core->requester()->now(); }
};

/// The object that was read, or is there now. A value.
struct StoredState {
    UploadState state{};
    std::string etag{};
    /// All of it where that was asked for, else as much as came with the head.
    std::string rest{};
    /// Bytes of the object before the rest.
    std::uint64_t head_size = 0;
};

/// Reads the object: all of it, or only what stands before the rest.
enum class StateExtent { all, head };

/// Of a chain. `body` gets the bytes.
[[nodiscard]] Call read_call(const UploadPlace& place, const FileId& id, StateExtent extent,
                             const CallOptions& options, const std::shared_ptr<std::string>& body);
/// Reads the object from a byte on into a buffer, which has room for it; of a chain that does nothing else with the buffer meanwhile.
[[nodiscard]] Call read_rest_call(const UploadPlace& place, const FileId& id, std::uint64_t from,
                                  const CallOptions& options, const std::shared_ptr<PartBuffer>& into);
/// `not_found` where there is no upload.
[[nodiscard]] Result<StoredState> read_answer(const FileId& id, const Outcome& outcome, StateExtent extent,
                                              std::string body);

[[nodiscard]] bool is_over(const UploadState& state, Timestamp now) noexcept;
/// `not_found` where it was ended, or its time is over.
[[nodiscard]] Result<void> check_open(const UploadState& state, Timestamp now);
/// Somebody is making the file, or died at it not long ago.
[[nodiscard]] bool is_finishing(const UploadState& state, Timestamp now) noexcept;
[[nodiscard]] PartialUpload told_of(const UploadState& state);

/// Writes the object, with the first `state.rest` bytes of `rest` (null where there are none), in place of the one of `etag`; where that is empty, a new one. `invalid_argument` where it cannot be.
[[nodiscard]] Result<Call> write_call(const UploadPlace& place, const UploadState& state,
                                      const std::string& etag, const std::shared_ptr<const PartBuffer>& rest,
                                      const CallOptions& options);

/// The object is another one now, or was removed: somebody else has written it, or an earlier attempt of this request.
[[nodiscard]] bool has_lost(const Error& error) noexcept;

/// Asks for the file's own object.
[[nodiscard]] Call look_call(const UploadPlace& place, const FileId& id, const CallOptions& options);
[[nodiscard]] Call remove_state_call(const UploadPlace& place, const FileId& id, const CallOptions& options);
[[nodiscard]] Call abort_call(const UploadPlace& place, const FileId& id, const std::string& upload_id,
                              const CallOptions& options);

/// A part is sent with the hash of its bytes, which the server compares.
[[nodiscard]] Result<Call> part_call(const UploadPlace& place, const UploadState& state, std::uint32_t number,
                                     const std::shared_ptr<const PartBuffer>& bytes,
                                     const CallOptions& options);

}  // namespace filestore::s3
