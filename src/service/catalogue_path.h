#pragma once

/// Whether there is a catalogue, and where it is kept when nothing else is said.

#include <string>

#include "filestore/result.h"
#include "filestore/service.h"

namespace filestore {

/// What to answer where something needs the catalogue and there is none: `configuration`, with the message; `unsupported` where this library was built without SQLite.
[[nodiscard]] Error without_catalogue_error(std::string message);

/// Not where it is "off", nor in a library without SQLite.
[[nodiscard]] bool has_catalogue(const ServiceOptions& options);

/// `unsupported` where the options name a catalogue that this library cannot keep.
[[nodiscard]] Result<void> check_catalogue(const ServiceOptions& options);

/// The path of `options`; for a local store inside it, for S3 under the user's state directory (XDG Base Directory Specification:
/// `$XDG_STATE_HOME`, else `$HOME/.local/state`). Empty where there is none. `configuration` where neither variable is set.
[[nodiscard]] Result<std::string> catalogue_path(const ServiceOptions& options);

}  // namespace filestore
