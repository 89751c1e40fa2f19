#pragma once

/// Signed HTML forms (AWS SigV4 for S3, "Browser-based uploads using POST"): whoever has the form's fields may upload one file that keeps to the
/// policy. Pure functions.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "filestore/result.h"
#include "filestore/time.h"
#include "s3/protocol/signing.h"
#include "s3/protocol/uri.h"

namespace filestore::s3 {

/// A text that a form field must be, or must begin with. A value.
struct FieldRule {
    enum class Kind { exact, prefix };

    Kind kind = Kind::exact;
    std::string text;
};

/// Least and most bytes, both included. A value.
struct SizeRange {
    std::uint64_t least = 0;
    std::uint64_t most = 0;
};

/// What an upload by form may be. A value.
struct PostPolicy {
    std::string bucket;
    /// The object's key. With a prefix the form's key is the prefix and `${filename}`, which the server replaces by the name of the file.
    FieldRule key;
    std::optional<SizeRange> size;
    /// Without one the form may not set a Content-Type.
    std::optional<FieldRule> content_type;
    /// Further fields, each with this very value: x-amz-meta-*, success_action_status, x-amz-storage-class, ...
    std::vector<NameValue> fields;
    Timestamp expires{};
};

/// The policy document: JSON. It names every field of the form but the signature, the policy and the file.
[[nodiscard]] std::string post_policy_document(const PostPolicy& policy, const Credentials& credentials,
                                               const SigningScope& scope);

/// The form's fields, in order; the file itself comes last, in a field `file`. A Content-Type that must begin with a text is left for the sender to
/// fill in. `invalid_argument` for an empty bucket or exact key, a size range that is upside down, a text that is not UTF-8, a field that signing makes or that
/// the policy has twice, and an expiry that does not lie within 7 days after the scope's time.
[[nodiscard]] Result<std::vector<NameValue>> post_form(const PostPolicy& policy,
                                                       const Credentials& credentials,
                                                       const SigningScope& scope);

}  // namespace filestore::s3
