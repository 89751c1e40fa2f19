#pragma once

/// What is known of several files, asked for a few at a time.

#include <functional>
#include <vector>

#include "filestore/backend.h"

namespace filestore::tool::serve::openai {

using AskForFile = std::function<void(const FileId& id, Completion<FileInfo> done)>;

/// `done` gets one answer for each ID, in their order, on a library thread; at once where there are none.
void look_up(std::vector<FileId> ids, AskForFile ask,
             std::function<void(std::vector<Result<FileInfo>>)> done);

}  // namespace filestore::tool::serve::openai
