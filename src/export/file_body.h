#pragma once

/// A stored file on its way into the bodies of requests.

#include <cstdint>
#include <functional>
#include <memory>

#include "export/awaited.h"
#include "export/file_pipe.h"
#include "filestore/backend.h"

namespace filestore {

/// A reading of a whole file, of which the first bytes may be passed over: the store checks whole files only. Several requests may take from it, one after the other. A resource held by std::shared_ptr; used by one thread, which may wait.
class FileBody {
public:
    /// Begins to read a file as it was looked at: one that was replaced since fails with `conflict`. Bytes before `offset` are given to nobody. Of `limits` the deadline and the cancellation count. `on_given` is told how far the file was given.
    [[nodiscard]] static std::shared_ptr<FileBody> open(StorageBackend& backend, const FileInfo& file,
                                                        std::uint64_t offset, const CallOptions& limits,
                                                        std::function<void(std::uint64_t)> on_given);

    [[nodiscard]] const std::shared_ptr<FilePipe>& pipe() const noexcept { return pipe_; }

    /// Ends the reading, waits for that, and says what the store failed with. To be called once, before the file is let go of; success where nobody wanted more.
    [[nodiscard]] Result<void> end();

private:
    std::shared_ptr<FilePipe> pipe_;
    Awaited<Result<void>> outcome_;
};

}  // namespace filestore
