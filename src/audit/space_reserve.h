#pragma once

/// Space on disk that is kept for what makes room: a deletion has to be noted in the catalogue before any byte is removed, also where the disk is full.

#include <atomic>
#include <string>

namespace filestore {

/// A file beside the catalogue that holds nothing but its blocks; any process may give them away, or take them again. A resource; thread-safe; blocks.
/// What cannot be taken is not kept, and is no failure of whoever asks.
class SpaceReserve {
public:
    explicit SpaceReserve(std::string path) : path_(std::move(path)) {}
    /// Takes back what was given: nothing of the caller's is to be written any more.
    ~SpaceReserve();
    SpaceReserve(const SpaceReserve&) = delete;
    SpaceReserve& operator=(const SpaceReserve&) = delete;

    /// Takes the space, unless it is there already or the disk has little left anyway. Costs nothing once it was there.
    void prepare() noexcept;

    /// Gives a part of it, which a change of a few rows needs, to whoever writes next.
    void give_some() noexcept;
    void give_all() noexcept;

    /// Takes what can still be had of it, where some was given.
    void take_back() noexcept;

private:
    void take() noexcept;
    void shrink_to(long long size) noexcept;

    const std::string path_;
    std::atomic<bool> is_whole_ = false;
    std::atomic<bool> was_given_ = false;
};

}  // namespace filestore
