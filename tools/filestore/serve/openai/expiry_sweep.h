#pragma once

/// Deletes files whose time is over (protocol.h), as any deletion.

#include <functional>
#include <memory>

#include "filestore/service.h"

namespace filestore::tool::serve::openai {

/// Of those that the catalogue has; one after the other. What fails is tried again by the next sweep. `done` is called once nothing is under way any more, on a library thread; `service` lives until then.
void sweep_expired_files(FileService& service, std::function<void()> done);

}  // namespace filestore::tool::serve::openai
