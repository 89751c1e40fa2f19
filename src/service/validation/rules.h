#pragma once

/// The rules of validation.h, applied to what is known of a file. Pure functions.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "filestore/result.h"
#include "filestore/validation.h"

namespace filestore::validation {

/// What is known of a file before it is stored. A value; the texts are the caller's.
struct UploadFacts {
    std::string_view path{};
    std::string_view declared_type{};
    /// As libmagic has it; empty where it is not known or was not looked for.
    std::string_view found_type{};
};

/// What the rules say of a file that may be stored. A value.
struct Verdict {
    /// To be told where something does not agree.
    std::optional<std::string> warning{};
};

/// Whether a list or a policy needs to know what the content is. A warning that nobody hears needs nothing.
[[nodiscard]] bool needs_content(const ValidationOptions& options) noexcept;
/// The same for one file: where neither its name nor its declared type says what it is, its content contradicts nothing, and libmagic, which is slow, need not be asked.
[[nodiscard]] bool needs_content(const ValidationOptions& options, const UploadFacts& facts);

/// Whether there is any rule.
[[nodiscard]] bool has_rules(const ValidationOptions& options) noexcept;

/// `invalid_argument` for options that cannot be right: what is no media type, no extension, no address of a scanner.
[[nodiscard]] Result<void> check_rules(const ValidationOptions& options);

/// `rejected` where a rule of name or type refuses the file.
[[nodiscard]] Result<Verdict> judge(const ValidationOptions& options, const UploadFacts& facts);

/// The refusal of a file of more than `most` bytes; `size` where it is known.
[[nodiscard]] Error too_large(std::string_view path, std::uint64_t most, std::optional<std::uint64_t> size);

/// A refusal by a rule: "size", "type", ...
[[nodiscard]] Error refusal(std::string_view rule, std::string_view path, std::string_view why);

}  // namespace filestore::validation
