#pragma once

/// The operations on one object, as they are sent.

#include "s3/client/core.h"

namespace filestore::s3 {

/// 1 to 1024 bytes of UTF-8; `invalid_argument` otherwise.
[[nodiscard]] Result<void> check_key(std::string_view key);

/// A request on one object, without its method.
[[nodiscard]] Call object_call(std::string bucket, std::string key, std::string version_id,
                               const CallOptions& options);

/// Gives the call a short body, with the Content-MD5 that some operations ask for and the hash that is signed.
void set_text_body(Call& call, std::string body);

/// What a removal came to. A repeated request may find that the first one, whose answer was lost, has done it.
[[nodiscard]] Result<S3RemoveResult> removed_by(const Outcome& outcome);

/// What the head of a GET or HEAD answer tells of an object of `size` bytes. `corrupt` where it lacks what must be there.
[[nodiscard]] Result<S3ObjectInfo> object_info(std::uint64_t size, const std::vector<NameValue>& headers);

void put(ClientCore& core, S3PutRequest request, Completion<S3PutResult> done);
void get(ClientCore& core, S3GetRequest request, Completion<S3GetResult> done);
void head(ClientCore& core, S3ObjectRequest request, Completion<S3ObjectInfo> done);
void remove(ClientCore& core, S3ObjectRequest request, Completion<S3RemoveResult> done);

}  // namespace filestore::s3
