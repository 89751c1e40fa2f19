#include "serve/tus/pieces_under_way.h"

#include <utility>

namespace filestore::tool::serve::tus {

void PiecesUnderWay::begin(const FileId& id, std::shared_ptr<UploadPipe> piece, Step go_on) {
    take_turn(id, {std::move(piece), std::move(go_on)});
}

void PiecesUnderWay::cut_off(const FileId& id, Step go_on) {
    take_turn(id, {nullptr, std::move(go_on)});
}

void PiecesUnderWay::take_turn(const FileId& id, Waiting next) {
    std::unique_lock lock(mutex_);
    const auto found = pieces_.find(id);
    if (found == pieces_.end()) {
        if (next.piece) {
            pieces_[id].piece = std::move(next.piece);
        }
        lock.unlock();
        return next.go_on();
    }
    const std::shared_ptr<UploadPipe> piece = found->second.piece;
    found->second.waiting.push_back(std::move(next));
    lock.unlock();
    piece->cut(Error(ErrorCode::conflict, "another request goes on with this upload"));
}

/// Of several that have waited the last one to come cuts the others off.
void PiecesUnderWay::end(const FileId& id) {
    std::vector<Waiting> waiting;
    {
        const std::lock_guard lock(mutex_);
        waiting = std::move(pieces_.extract(id).mapped().waiting);
    }
    for (Waiting& next : waiting) {
        take_turn(id, std::move(next));
    }
}

}  // namespace filestore::tool::serve::tus
