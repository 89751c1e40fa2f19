#pragma once

/// The handle that a caller gets on a backend: its last copy closes the backend, whose object lives on as long as calls need it.

#include <unistd.h>

#include <memory>
#include <utility>

#include "filestore/backend.h"

namespace filestore {

[[nodiscard]] inline std::shared_ptr<StorageBackend> make_backend_handle(
    std::shared_ptr<StorageBackend> backend) {
    StorageBackend* const address = backend.get();
    return {address, [backend = std::move(backend), owner = ::getpid()](StorageBackend*) mutable {
                if (::getpid() != owner) {
                    // In a forked child the threads that would be joined and the connections that would be closed are the parent's.
                    new std::shared_ptr<StorageBackend>(std::move(backend));
                    return;
                }
                backend->close();
                backend.reset();
            }};
}

}  // namespace filestore
