#pragma once

/// Secrets in what others say: compared and taken out of messages.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/error.h"
#include "filestore/secret.h"

namespace filestore {

/// Takes as long for a wrong text as for the right one of the same length.
[[nodiscard]] bool equal_secrets(std::string_view one, std::string_view other) noexcept;

using Secrets = std::vector<SecretString>;

/// What somebody else says, with `***` in place of each secret that it repeats; an empty secret is none.
[[nodiscard]] std::string without_secrets(std::string_view text, std::span<const SecretString> secrets);
/// The same of a failure's message.
[[nodiscard]] Error without_secrets(const Error& error, std::span<const SecretString> secrets);

}  // namespace filestore
