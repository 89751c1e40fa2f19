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

/// What is told of a file whose bytes are there and whose metadata is not, where the store keeps that apart.
enum class WithoutMetadata {
    /// `corrupt`.
    is_damaged,
    /// What the bytes tell: size, time and version; no path. `corrupt` where the backend cannot tell that.
    is_bare,
};

/// `not_found` is told of files whose bytes are not there. `end` may be called before this returns. May throw std::bad_alloc; nothing is called then.
void look_at_files(const ServiceParts& parts, const CallOptions& limits, std::vector<FileId> ids,
                   TakeLook take, EndLooks end, WithoutMetadata without = WithoutMetadata::is_damaged);

}  // namespace filestore
