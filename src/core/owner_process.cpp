#include "core/owner_process.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <new>

namespace filestore {

namespace {

using Number = std::atomic<std::uint64_t>;

/// What a child finds empty. Null where the kernel has no such page, or answers to any advice that it is taken, as emulators do. Never unmapped: objects of
/// static storage ask to the end.
Number* make_page() noexcept {
    constexpr std::size_t size = sizeof(Number);
    constexpr int no_such_advice = -1;
    void* const page = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
        return nullptr;
    }
    if (::madvise(page, size, no_such_advice) == 0 || ::madvise(page, size, MADV_WIPEONFORK) != 0) {
        ::munmap(page, size);
        return nullptr;
    }
    return new (page) Number(0);
}

/// Copied by fork(), unlike the page: each generation of children has another number.
Number latest{0};

std::uint64_t give_number(Number& page) noexcept {
    const std::uint64_t fresh = ++latest;
    std::uint64_t found = 0;
    return page.compare_exchange_strong(found, fresh) ? fresh : found;
}

}  // namespace

std::uint64_t process_number() noexcept {
    static Number* const page = make_page();
    if (page == nullptr) {
        return static_cast<std::uint64_t>(::getpid());
    }
    const std::uint64_t number = page->load(std::memory_order_relaxed);
    return number != 0 ? number : give_number(*page);
}

}  // namespace filestore
