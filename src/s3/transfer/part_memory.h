#pragma once

/// The memory that the parts of all transfers of one client share.

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "filestore/stream.h"

namespace filestore::s3 {

/// Gives out shares of a fixed number of bytes. A resource held by std::shared_ptr; thread-safe.
class PartMemory : public std::enable_shared_from_this<PartMemory> {
public:
    /// A share, which goes back with its destruction. A value that moves.
    class Share {
    public:
        Share() = default;
        Share(Share&& other) noexcept
            : memory_(std::move(other.memory_)), bytes_(std::exchange(other.bytes_, 0)) {}
        Share& operator=(Share&& other) noexcept {
            std::swap(memory_, other.memory_);
            std::swap(bytes_, other.bytes_);
            return *this;
        }
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;
        ~Share();

    private:
        friend class PartMemory;
        Share(std::shared_ptr<PartMemory> memory, std::uint64_t bytes) noexcept
            : memory_(std::move(memory)), bytes_(bytes) {}

        std::shared_ptr<PartMemory> memory_;
        std::uint64_t bytes_ = 0;
    };

    explicit PartMemory(std::uint64_t bytes) noexcept : total_(bytes) {}

    [[nodiscard]] std::uint64_t total() const noexcept { return total_; }

    /// Nothing where there is no room now: `waiter` is woken when some has come back, and asks again. A share of more than all there is is given
    /// when nothing else is out. May throw std::bad_alloc.
    [[nodiscard]] std::optional<Share> take(std::uint64_t bytes, const std::weak_ptr<Wake::Target>& waiter);

private:
    void give_back(std::uint64_t bytes) noexcept;

    const std::uint64_t total_;
    std::mutex mutex_;
    std::uint64_t used_ = 0;
    std::list<std::weak_ptr<Wake::Target>> waiters_;
};

}  // namespace filestore::s3
