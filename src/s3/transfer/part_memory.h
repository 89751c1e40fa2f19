#pragma once

/// The memory that the parts of all transfers of one client share.

#include <algorithm>
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
    /// What a share is for. Downloads can do with less than they ask for; uploads cannot.
    enum class Use { upload, download };

    /// A share, which goes back with its destruction. A value that moves.
    class Share {
    public:
        Share() = default;
        Share(Share&& other) noexcept
            : memory_(std::move(other.memory_)), use_(other.use_), bytes_(std::exchange(other.bytes_, 0)) {}
        Share& operator=(Share&& other) noexcept {
            std::swap(memory_, other.memory_);
            std::swap(use_, other.use_);
            std::swap(bytes_, other.bytes_);
            return *this;
        }
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;
        ~Share();

    private:
        friend class PartMemory;
        Share(std::shared_ptr<PartMemory> memory, Use use, std::uint64_t bytes) noexcept
            : memory_(std::move(memory)), use_(use), bytes_(bytes) {}

        std::shared_ptr<PartMemory> memory_;
        Use use_ = Use::upload;
        std::uint64_t bytes_ = 0;
    };

    explicit PartMemory(std::uint64_t bytes) noexcept : total_(bytes) {}

    [[nodiscard]] std::uint64_t total() const noexcept { return total_; }

    /// How much downloads may hold: a part of `part_size` bytes, half of all at most, is left to uploads, which a sink that takes nothing must not stop.
    [[nodiscard]] std::uint64_t for_downloads(std::uint64_t part_size) const noexcept {
        return total_ - std::min(part_size, total_ / 2);
    }

    /// Nothing where there is no room now: `waiter` is woken when some has come back, and asks again. May throw std::bad_alloc. The first share of an upload is
    /// given while no other upload has one, whatever there is.
    [[nodiscard]] std::optional<Share> take(std::uint64_t bytes, const std::weak_ptr<Wake::Target>& waiter);
    /// The same for a download, which leaves room for an upload's part.
    [[nodiscard]] std::optional<Share> take_for_download(std::uint64_t bytes, std::uint64_t part_size,
                                                         const std::weak_ptr<Wake::Target>& waiter);

private:
    [[nodiscard]] bool has_room(std::uint64_t bytes) const noexcept {
        return bytes <= total_ && used_ <= total_ - bytes;
    }
    void give_back(Use use, std::uint64_t bytes) noexcept;

    const std::uint64_t total_;
    std::mutex mutex_;
    std::uint64_t used_ = 0;
    /// Of these, by downloads.
    std::uint64_t used_by_downloads_ = 0;
    std::list<std::weak_ptr<Wake::Target>> waiters_;
};

}  // namespace filestore::s3
