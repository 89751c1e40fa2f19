#pragma once

/// The service's use of the catalogue: opened when something is recorded first, and then settles what a crashed process left.

#include <memory>
#include <mutex>
#include <string>

#include "audit/catalogue.h"
#include "filestore/backend.h"

namespace filestore {

/// A resource held by std::shared_ptr; thread-safe; blocks, so it is used on the executor only. With an empty path nothing is recorded, and every
/// function succeeds at once.
class Journal : public std::enable_shared_from_this<Journal> {
public:
    Journal(std::string catalogue_path, std::shared_ptr<StorageBackend> backend);

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// Makes the intent durable and notes its number in it.
    [[nodiscard]] Result<void> begin(Intent& intent);
    [[nodiscard]] Result<void> complete(const Intent& intent, Timestamp at);
    [[nodiscard]] Result<void> abandon(const Intent& intent);

    /// Whether a row tells of the file.
    [[nodiscard]] Result<bool> knows(const FileId& id);

private:
    [[nodiscard]] Result<Catalogue*> catalogue();
    void settle(const Intent& intent);

    const std::string path_;
    const std::shared_ptr<StorageBackend> backend_;
    std::mutex mutex_;
    std::unique_ptr<Catalogue> catalogue_;
};

}  // namespace filestore
