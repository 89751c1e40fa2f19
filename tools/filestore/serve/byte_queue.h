#pragma once

/// Bytes on their way between a connection and the store.

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <deque>
#include <string_view>
#include <utility>

#include "serve/body_memory.h"

namespace filestore::tool::serve {

/// First in, first out, in blocks that are given back as soon as they are empty. A resource; one thread at a time.
class ByteQueue {
public:
    explicit ByteQueue(BodyMemory& memory) noexcept : memory_(memory) {}
    ByteQueue(const ByteQueue&) = delete;
    ByteQueue& operator=(const ByteQueue&) = delete;
    ~ByteQueue() { clear(); }

    [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }

    void add(std::string_view bytes) {
        while (!bytes.empty()) {
            if (end_ == blocks_.size() * BodyMemory::block_size) {
                blocks_.push_back(memory_.take());
            }
            const std::size_t place = end_ % BodyMemory::block_size;
            const std::size_t count = std::min(bytes.size(), BodyMemory::block_size - place);
            std::memcpy(blocks_.back().get() + place, bytes.data(), count);
            end_ += count;
            bytes.remove_prefix(count);
        }
    }

    /// Moves up to `most` bytes out; answers how many.
    std::size_t take(char* into, std::size_t most) noexcept {
        const std::size_t wanted = std::min(most, size());
        for (std::size_t taken = 0; taken < wanted;) {
            const std::size_t count = std::min(wanted - taken, BodyMemory::block_size - begin_);
            std::memcpy(into + taken, blocks_.front().get() + begin_, count);
            taken += count;
            drop(count);
        }
        return wanted;
    }

    /// The next ones that stand in a row.
    [[nodiscard]] std::string_view first() const noexcept {
        return empty() ? std::string_view()
                       : std::string_view(blocks_.front().get() + begin_,
                                          std::min(end_, BodyMemory::block_size) - begin_);
    }

    /// Of first(), so many.
    void drop(std::size_t count) noexcept {
        begin_ += count;
        if (begin_ == BodyMemory::block_size || empty()) {
            drop_first();
        }
    }

    void clear() noexcept {
        while (!blocks_.empty()) {
            drop_first();
        }
    }

private:
    void drop_first() noexcept {
        memory_.give_back(std::move(blocks_.front()));
        blocks_.pop_front();
        begin_ = 0;
        end_ = blocks_.empty() ? 0 : end_ - BodyMemory::block_size;
    }

    BodyMemory& memory_;
    std::deque<BodyMemory::Block> blocks_;
    /// Of the bytes, from the beginning of the first block.
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace filestore::tool::serve
