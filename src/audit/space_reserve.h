#pragma once

/// Space on disk that is kept for what makes room: a deletion has to be noted in the catalogue before any byte is removed, also where the disk is full.

#include <string>

namespace filestore {

/// A file beside the catalogue that holds nothing but its blocks; any process may give them away, or take them again. A resource; thread-safe; blocks.
/// What cannot be taken is not kept, and is no failure of whoever asks.
class SpaceReserve {
public:
    explicit SpaceReserve(std::string path) : path_(std::move(path)) {}

    /// Takes the space, unless it is there already or the disk has little left anyway.
    void prepare() const noexcept;

    /// Gives it to whoever writes next.
    void give() const noexcept;

    /// Takes what can still be had of it.
    void take_back() const noexcept;

private:
    const std::string path_;
};

}  // namespace filestore
