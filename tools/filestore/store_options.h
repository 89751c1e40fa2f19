#pragma once

/// From the command line and the configuration file to the options of a FileService.

#include "filestore/service.h"
#include "options.h"

namespace filestore::tool {

/// The configuration file where one is named, then the command line above it. Failures: `invalid_argument` and
/// `configuration`; also for a file that cannot be read.
[[nodiscard]] Result<ServiceOptions> make_service_options(const Options& options);

}  // namespace filestore::tool
