#pragma once

/// The memory that the parts of all transfers of one client share.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "filestore/pause.h"
#include "filestore/stream.h"
#include "s3/transfer/part_region.h"

namespace filestore::s3 {

/// Gives out shares of a fixed number of bytes. A resource held by std::shared_ptr; thread-safe.
class PartMemory : public std::enable_shared_from_this<PartMemory> {
public:
    static constexpr std::chrono::seconds rest_begins{1};
    using SteadyTime = std::chrono::steady_clock::time_point;

    /// Whoever takes shares for an upload, which cannot do with less than it asks for. It rests while its switch says pause, and once its source has given
    /// nothing for a second: what it holds comes back nobody knows when. A resource held by std::shared_ptr; its fields are the memory's.
    class Upload {
    public:
        explicit Upload(std::shared_ptr<PauseSwitch> pause) noexcept : pause_(std::move(pause)) {}

    private:
        friend class PartMemory;
        [[nodiscard]] bool rests(SteadyTime now) const noexcept {
            return (pause_ && pause_->is_paused()) || (waits_since_ && now - *waits_since_ >= rest_begins);
        }

        const std::shared_ptr<PauseSwitch> pause_;
        std::uint64_t bytes_ = 0;
        std::optional<SteadyTime> waits_since_;
    };
    using UploadPtr = std::shared_ptr<Upload>;

    /// A share, which goes back with its destruction. A value that moves.
    class Share {
    public:
        Share() = default;
        Share(Share&& other) noexcept
            : memory_(std::move(other.memory_)),
              upload_(std::move(other.upload_)),
              bytes_(std::exchange(other.bytes_, 0)) {}
        Share& operator=(Share&& other) noexcept {
            std::swap(memory_, other.memory_);
            std::swap(upload_, other.upload_);
            std::swap(bytes_, other.bytes_);
            return *this;
        }
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;
        ~Share();

    private:
        friend class PartMemory;
        Share(std::shared_ptr<PartMemory> memory, UploadPtr upload, std::uint64_t bytes) noexcept
            : memory_(std::move(memory)), upload_(std::move(upload)), bytes_(bytes) {}

        std::shared_ptr<PartMemory> memory_;
        /// None: of a download.
        UploadPtr upload_;
        std::uint64_t bytes_ = 0;
    };

    explicit PartMemory(std::uint64_t bytes) noexcept : total_(bytes) {}

    [[nodiscard]] std::uint64_t total() const noexcept { return total_; }

    /// How much downloads may hold: a part of `part_size` bytes, half of all at most, is left to uploads, which a sink that takes nothing must not stop.
    [[nodiscard]] std::uint64_t for_downloads(std::uint64_t part_size) const noexcept {
        return total_ - std::min(part_size, total_ / 2);
    }

    /// Nothing where there is no room now: `waiter` is woken when some has come back, and asks again; nobody wakes it because another upload has come to rest.
    /// May throw std::bad_alloc. The first share is given while no other upload that does not rest has one, whatever there is.
    [[nodiscard]] std::optional<Share> take(std::uint64_t bytes, const UploadPtr& upload,
                                            const std::weak_ptr<Wake::Target>& waiter);
    /// The same for a download, which leaves room for an upload's part.
    [[nodiscard]] std::optional<Share> take_for_download(std::uint64_t bytes, std::uint64_t part_size,
                                                         const std::weak_ptr<Wake::Target>& waiter);

    /// Of exactly this size: one that a part has left behind, else a new one. Throws std::bad_alloc.
    [[nodiscard]] PartRegion take_region(std::size_t size);
    /// What a part that holds a share leaves behind: kept for the next one, unless there are enough, until no share is out. Memory that has been written to
    /// costs nothing more; a new page costs as much as copying it.
    void leave_region(PartRegion region) noexcept;

    /// Its source has nothing to give, or has again.
    void note_waiting(Upload& upload, bool waits) noexcept;

private:
    [[nodiscard]] bool has_room(std::uint64_t bytes) const noexcept {
        return bytes <= total_ && used_ <= total_ - bytes;
    }
    [[nodiscard]] bool only_resting_uploads_hold() const noexcept;
    void add_waiter(const std::weak_ptr<Wake::Target>& waiter);
    void give_back(Upload* upload, std::uint64_t bytes) noexcept;

    const std::uint64_t total_;
    std::mutex mutex_;
    std::uint64_t used_ = 0;
    /// Of these, by downloads.
    std::uint64_t used_by_downloads_ = 0;
    /// Uploads that have shares.
    std::list<UploadPtr> holders_;
    std::list<std::weak_ptr<Wake::Target>> waiters_;
    /// Left behind; those without memory are free places.
    using Regions = std::array<PartRegion, 2>;
    Regions regions_;
};

}  // namespace filestore::s3
