#pragma once

/// Memory that the system gives for one part.

#include <sys/mman.h>

#include <cstddef>
#include <new>
#include <utility>

namespace filestore::s3 {

/// Takes up room as it is written to. A resource (movable).
class PartRegion {
public:
    PartRegion() = default;
    /// Throws std::bad_alloc where the system has no address space left.
    explicit PartRegion(std::size_t size) : size_(size) {
        void* const mapped =
            ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (mapped == MAP_FAILED) {
            throw std::bad_alloc();
        }
        memory_ = static_cast<std::byte*>(mapped);
    }
    PartRegion(PartRegion&& other) noexcept
        : memory_(std::exchange(other.memory_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    PartRegion& operator=(PartRegion&& other) noexcept {
        std::swap(memory_, other.memory_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~PartRegion() {
        if (memory_ != nullptr) {
            ::munmap(memory_, size_);
        }
    }

    [[nodiscard]] std::byte* data() const noexcept { return memory_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    std::byte* memory_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace filestore::s3
