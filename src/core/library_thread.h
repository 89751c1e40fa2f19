#pragma once

/// Which threads belong to the library: blocking calls made on them answer `would_deadlock`.

namespace filestore {

/// Marks the current thread as the library's own while it lives. One thread at a time; nests.
class LibraryThreadScope {
public:
    LibraryThreadScope() noexcept;
    LibraryThreadScope(const LibraryThreadScope&) = delete;
    LibraryThreadScope& operator=(const LibraryThreadScope&) = delete;
    ~LibraryThreadScope();
};

/// Whether the current thread runs work of the library: a task, a completion, an event loop.
[[nodiscard]] bool on_library_thread() noexcept;

}  // namespace filestore
