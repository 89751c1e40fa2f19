#pragma once

/// Asks a store for the metadata of many files, a few at a time.

#include <cstddef>
#include <functional>
#include <vector>

#include "filestore/backend.h"
#include "service/operations.h"

namespace filestore {

/// What there is of a file, which is told by its place. Called on library threads, for several files at once.
using TakeLook = std::function<void(std::size_t place, Result<FileInfo>&& info)>;

/// Called once, when no look is under way any more. A failure is one that says nothing of a file (see ends_the_rest()), and ended the looks: not every file was looked at; or `no_memory`.
using EndLooks = std::function<void(const Result<void>& ended)>;

/// `end` may be called before this returns. May throw std::bad_alloc; nothing is called then.
void look_at_files(const ServiceParts& parts, const CallOptions& limits, std::vector<FileId> ids,
                   TakeLook take, EndLooks end);

}  // namespace filestore
