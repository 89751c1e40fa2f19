#pragma once

/// From the command line and the configuration file to the options of a FileService.

#include <string_view>

#include "filestore/service.h"
#include "options.h"

namespace filestore::tool {

/// The configuration file where one is named, then the command line above it. Failures: `invalid_argument` and
/// `configuration`; also for a file that cannot be read.
[[nodiscard]] Result<ServiceOptions> make_service_options(const Options& options);
/// The same for who has read the file: `yaml` is its text, which does not count where none is named.
[[nodiscard]] Result<ServiceOptions> make_service_options(const Options& options, std::string_view yaml);

}  // namespace filestore::tool
