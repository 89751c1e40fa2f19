#include "core/owner_process.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <new>

namespace filestore {

namespace {

using Number = std::atomic<std::uint64_t>;

constexpr std::size_t size = sizeof(Number);

/// What a child finds empty. Null where the kernel has no such page, or answers to any advice that it is taken, as emulators do.
Number* make_page() noexcept {
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

/// In place of the page where there is none.
Number no_page{0};

/// Never unmapped: objects of static storage ask to the end. Made without a lock, which a child could find taken by a thread that it does not have.
std::atomic<Number*> page_of_process{nullptr};

Number& page() noexcept {
    Number* found = page_of_process.load(std::memory_order_acquire);
    if (found != nullptr) {
        return *found;
    }
    Number* const made = make_page();
    if (page_of_process.compare_exchange_strong(found, made != nullptr ? made : &no_page)) {
        return made != nullptr ? *made : no_page;
    }
    if (made != nullptr) {
        ::munmap(made, size);
    }
    return *found;
}

/// Copied by fork(), unlike the page: each generation of children has another number.
Number latest_number{0};

std::uint64_t give_number(Number& page) noexcept {
    const std::uint64_t fresh = ++latest_number;
    std::uint64_t found = 0;
    return page.compare_exchange_strong(found, fresh) ? fresh : found;
}

}  // namespace

std::uint64_t process_number() noexcept {
    Number& emptied_by_fork = page();
    if (&emptied_by_fork == &no_page) {
        return static_cast<std::uint64_t>(::getpid());
    }
    const std::uint64_t number = emptied_by_fork.load(std::memory_order_relaxed);
    return number != 0 ? number : give_number(emptied_by_fork);
}

}  // namespace filestore
