#pragma once

/// The memory in which bodies wait between connections and the store.

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace filestore::tool::serve {

/// Shared by all bodies, so that many at once need little. A resource; thread-safe.
class BodyMemory {
public:
    static constexpr std::size_t block_size = 32'768;
    using Block = std::unique_ptr<char[]>;

    /// What may wait of each body.
    static constexpr std::size_t usual_share = 32'768;
    /// What may wait of those that come in quickly: fewer and larger pieces cost both sides less.
    static constexpr std::size_t large_share = 524'288;
    /// Of each download, while few are under way.
    static constexpr std::size_t download_share = 131'072;

    /// The right of one body to a large share; without it where others have them all. A resource (movable); outlived by the memory.
    class LargeShare {
    public:
        LargeShare() noexcept = default;
        explicit LargeShare(BodyMemory& memory) noexcept
            : memory_(memory.begin_large() ? &memory : nullptr) {}
        LargeShare(LargeShare&& other) noexcept : memory_(std::exchange(other.memory_, nullptr)) {}
        LargeShare& operator=(LargeShare&& other) noexcept {
            std::swap(memory_, other.memory_);
            return *this;
        }
        ~LargeShare() {
            if (memory_ != nullptr) {
                memory_->end_large();
            }
        }

        explicit operator bool() const noexcept { return memory_ != nullptr; }

    private:
        BodyMemory* memory_ = nullptr;
    };

    BodyMemory();
    BodyMemory(const BodyMemory&) = delete;
    BodyMemory& operator=(const BodyMemory&) = delete;

    /// Of `block_size` bytes, which are not initialised.
    [[nodiscard]] Block take();
    void give_back(Block block) noexcept;

    /// What may wait of a download now.
    [[nodiscard]] std::size_t share_of_download() const noexcept;

private:
    [[nodiscard]] bool begin_large() noexcept;
    void end_large() noexcept;

    mutable std::mutex mutex_;
    std::vector<Block> spare_;
    std::size_t taken_ = 0;
    std::size_t large_ = 0;
};

}  // namespace filestore::tool::serve
