#pragma once

/// Refuses what a server is known to lack, before anything is sent: many pass over a header that they do not know, and would overwrite where only creating
/// was asked for, or store in the clear what was to be encrypted. Pure functions; the failure is `unsupported`, and says what is missing and of which profile.

#include <optional>
#include <string_view>

#include "filestore/s3_client.h"
#include "s3/protocol/quirks.h"

namespace filestore::s3 {

/// A value.
enum class ObjectUse { read, remove };

[[nodiscard]] Result<void> check_supported(const Quirks& quirks, const S3PutRequest& request);
[[nodiscard]] Result<void> check_supported(const Quirks& quirks, const S3GetRequest& request);
[[nodiscard]] Result<void> check_supported(const Quirks& quirks, const S3ObjectRequest& request,
                                           ObjectUse use);
[[nodiscard]] Result<void> check_supported(const Quirks& quirks, const S3ObjectName& removed);
[[nodiscard]] Result<void> check_supported(const Quirks& quirks, const S3CopyRequest& request);
[[nodiscard]] Result<void> check_supported(const Quirks& quirks, const S3TagsRequest& request);
[[nodiscard]] Result<void> check_supported(const Quirks& quirks, const S3PresignRequest& request);
[[nodiscard]] Result<void> check_supported(const Quirks& quirks, const S3PresignPostRequest& request);

[[nodiscard]] Result<void> check_lists_versions(const Quirks& quirks);
[[nodiscard]] Result<void> check_creates_only(const Quirks& quirks);
[[nodiscard]] Result<void> check_replaces_versions(const Quirks& quirks);

/// Whether an object can have this key beside all others: where keys are paths, `a//b` and `a/b` are one file.
[[nodiscard]] Result<void> check_storable(const Quirks& quirks, std::string_view key);

/// What to fail with where an upload under conditions turns out to need parts; nothing where it may go in parts.
[[nodiscard]] std::optional<Error> refusal_of_parts(const Quirks& quirks, bool has_conditions);

}  // namespace filestore::s3
