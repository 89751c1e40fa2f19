#pragma once

/// Deletes many objects by one request (S3 API reference, "DeleteObjects"). Pure functions.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/secret.h"
#include "filestore/result.h"

namespace filestore::s3 {

inline constexpr std::size_t most_keys_per_delete = 1000;

/// An object, or one version of it. A value.
struct ObjectName {
    std::string key;
    /// Empty: the object as it is now.
    std::string version_id;
    /// Where it is not empty: the object has to have this ETag.
    std::string etag{};

    friend bool operator==(const ObjectName&, const ObjectName&) = default;
};

/// Whether a batch can name this object: no XML document can hold most control characters. Such a key takes a DELETE of its own.
[[nodiscard]] bool fits_batch_delete(const ObjectName& object) noexcept;

/// The body. `invalid_argument` for no object, for more than 1,000, for an empty key, or where fits_batch_delete() does not hold.
[[nodiscard]] Result<std::string> delete_body(std::span<const ObjectName> objects);

/// What a deletion did. A value.
struct DeletedObject {
    /// In a versioned bucket: the marker that hides the object now, or that was deleted.
    bool is_delete_marker = false;
    std::string delete_marker_version_id;
};

/// DeleteResult: one entry for each of `objects`, in their order: what was done, or why not (see error_of_answer()). An object that the answer
/// does not speak of has the Error `outcome_unknown`, retryable. A document <Error> is the Error that it means; `corrupt` for anything else. No Error
/// repeats one of `secrets`.
[[nodiscard]] Result<std::vector<Result<DeletedObject>>> parse_delete_result(
    std::string_view xml, std::span<const ObjectName> objects, std::span<const SecretString> secrets = {});

}  // namespace filestore::s3
