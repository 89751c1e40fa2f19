#pragma once

/// Removes a batch of files from the store, and finds out what became of each. Nothing is recorded here.

#include <functional>
#include <optional>
#include <vector>

#include "filestore/backend.h"
#include "service/operations.h"

namespace filestore {

/// What became of a file. A value.
struct FileRemoval {
    enum class Fate {
        removed,
        /// It was not there before.
        was_gone,
        stays,
        /// Nobody can tell now.
        unknown,
    };
    Fate fate = Fate::removed;
    /// Why it stays, or nobody can tell.
    std::optional<Error> reason{};
    bool keeps_version = false;

    /// Whether it is certain that the file is not there.
    [[nodiscard]] bool is_gone() const noexcept { return fate == Fate::removed || fate == Fate::was_gone; }
};

/// Called once, with what became of each file, in their order, and with a failure that says nothing of a file and so is one of the whole run.
using EndRemovals =
    std::function<void(std::vector<FileRemoval> removals, const std::optional<Error>& failure)>;

/// `ids` are 1 to 1000. May throw std::bad_alloc; nothing is called then.
void remove_files(const ServiceParts& parts, const CallOptions& limits, std::vector<FileId> ids,
                  EndRemovals end);

}  // namespace filestore
