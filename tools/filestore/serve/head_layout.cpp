#include "serve/head_layout.h"

#include <cstddef>
#include <functional>

namespace filestore::tool::serve {

namespace {

constexpr std::size_t line_end_size = 2;

/// Walks through the head from piece to piece.
class Walk {
public:
    explicit Walk(std::string_view whole) : whole_(whole) {}

    /// Whether `piece` begins `distance` behind the former one.
    bool step(std::string_view piece, std::size_t distance) { return go_to(piece) && skipped_ == distance; }

    /// Whether `piece` stands behind a colon and blanks.
    bool step_over_blanks(std::string_view piece) {
        const std::size_t colon = at_;
        return go_to(piece) && skipped_ > 0 &&
               whole_.substr(colon + 1, skipped_ - 1).find_first_not_of(" \t") == std::string_view::npos;
    }

    [[nodiscard]] std::size_t left() const { return whole_.size() - at_; }

private:
    bool go_to(std::string_view piece) {
        // Pieces may be of other memory, so that their places are compared in the order of all.
        constexpr std::less<const char*> is_before;
        if (is_before(piece.data(), whole_.data() + at_) ||
            is_before(whole_.data() + whole_.size(), piece.data() + piece.size())) {
            return false;
        }
        const auto begin = static_cast<std::size_t>(piece.data() - whole_.data());
        skipped_ = begin - at_;
        at_ = begin + piece.size();
        return true;
    }

    std::string_view whole_;
    std::size_t at_ = 0;
    std::size_t skipped_ = 0;
};

}  // namespace

bool is_told_whole(const ToldHead& head) {
    Walk walk(head.whole);
    if (!walk.step(head.method, 0) || !walk.step(head.target, 1) || !walk.step(head.version, 1)) {
        return false;
    }
    for (const auto& [name, value] : head.fields) {
        if (!walk.step(name, line_end_size) || !walk.step_over_blanks(value)) {
            return false;
        }
    }
    return walk.left() == 2 * line_end_size;
}

}  // namespace filestore::tool::serve
