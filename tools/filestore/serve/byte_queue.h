#pragma once

/// Bytes on their way between a connection and the store.

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace filestore::tool::serve {

/// First in, first out, in one piece of memory. A value; one thread at a time.
class ByteQueue {
public:
    /// More is not added where it can be helped.
    static constexpr std::size_t full = 131'072;

    [[nodiscard]] std::size_t size() const noexcept { return bytes_.size() - begin_; }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    [[nodiscard]] bool has_room() const noexcept { return size() < full; }

    void add(std::string_view bytes) {
        if (begin_ > 0 && bytes_.size() + bytes.size() > bytes_.capacity()) {
            bytes_.erase(0, begin_);
            begin_ = 0;
        }
        bytes_.append(bytes);
    }

    /// Moves up to `most` bytes out; answers how many.
    std::size_t take(char* into, std::size_t most) noexcept {
        const std::size_t count = std::min(most, size());
        if (count > 0) {
            std::memcpy(into, bytes_.data() + begin_, count);
        }
        begin_ += count;
        if (begin_ == bytes_.size()) {
            bytes_.clear();
            begin_ = 0;
        }
        return count;
    }

private:
    std::string bytes_;
    std::size_t begin_ = 0;
};

}  // namespace filestore::tool::serve
