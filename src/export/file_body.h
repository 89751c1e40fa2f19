#pragma once

/// A stored file, or a part of it, as the body of requests.

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "export/file_pipe.h"
#include "filestore/backend.h"

namespace filestore {

/// What is read for one request. A resource held by std::shared_ptr; used by one thread, which may wait.
class FileBody {
public:
    /// Begins to read `length` bytes from `offset` on, of a file as it was looked at: one that was replaced since fails with `conflict`. Of `limits` the deadline and the cancellation count.
    [[nodiscard]] static std::shared_ptr<FileBody> open(StorageBackend& backend, const FileInfo& file,
                                                        std::uint64_t offset, std::uint64_t length,
                                                        const CallOptions& limits,
                                                        std::function<void(std::uint64_t)> on_given);

    [[nodiscard]] const std::shared_ptr<FilePipe>& pipe() const noexcept { return pipe_; }

    /// Ends the reading, waits for that, and says what the store failed with. To be called once, before the file is let go of; success where the request wanted no more.
    [[nodiscard]] Result<void> end();

private:
    std::shared_ptr<FilePipe> pipe_;
    std::mutex mutex_;
    std::condition_variable ended_;
    std::optional<Result<void>> outcome_;
};

}  // namespace filestore
