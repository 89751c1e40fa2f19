#pragma once

/// Which process an object belongs to: a child made by fork() has a copy of the object without its threads.

#include <cstdint>
#include <type_traits>
#include <utility>

namespace filestore {

/// The number of this process, which differs from its parent's. Costs no system call where the kernel can empty a page in a child.
[[nodiscard]] std::uint64_t process_number() noexcept;

/// A value; immutable, so thread-safe.
class OwnerProcess {
public:
    /// Whether this process is the one that made the object.
    [[nodiscard]] bool is_current() const noexcept { return process_number() == process_; }

private:
    std::uint64_t process_ = process_number();
};

/// Keeps what `handle` points to for ever. For a forked child: the threads and locks of a copied object cannot be taken down there, and
/// its connections are the parent's.
template <class Handle>
void abandon(Handle&& handle) {
    static_cast<void>(new std::remove_cvref_t<Handle>(std::forward<Handle>(handle)));
}

}  // namespace filestore
