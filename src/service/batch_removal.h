#pragma once

/// Removes a batch of files from the store, and finds out what became of each. Nothing is recorded here.

#include <functional>
#include <optional>
#include <string>
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
        /// It is another one than was to be removed, and stays.
        changed,
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

/// `ids` are 1 to 1000. `versions`, of each of them or none at all: what the file was when it was looked at; where the backend is known to compare that, a file that has another one stays. May throw std::bad_alloc;
/// nothing is called then.
void remove_files(const ServiceParts& parts, const CallOptions& limits, std::vector<FileId> ids,
                  std::vector<std::string> versions, EndRemovals end);

}  // namespace filestore
