#include "export/protocol/list_walk.h"

#include <utility>

namespace filestore::provider {

namespace {

/// Of the files of an account.
constexpr std::size_t most_pages = 10'000;
constexpr unsigned most_readings = 8;

Error endless() {
    return {ErrorCode::corrupt, "it has no end"};
}

}  // namespace

/// A server that passes over the cursor answers the same one again, or the same files.
Result<void> ListWalk::take(const RemoteList& page) {
    if (!page.first_id.empty() && page.first_id == first_id_) {
        return endless();
    }
    first_id_ = page.first_id;
    ++pages_;
    seen_ += page.files.size();
    if (!page.cursor.empty()) {
        has_cursors_ = true;
        return go_on(page.cursor);
    }
    if (profile_.paging.number_parameter.empty() || !page.total || has_cursors_) {
        is_over_ = true;
        return {};
    }
    for (const RemoteFile& file : page.files) {
        ids_.push_back(file.id);
    }
    return take_numbered(*page.total, page.files.empty());
}

Result<void> ListWalk::go_on(std::string cursor) {
    if (pages_ >= most_pages || !cursors_.insert(cursor).second) {
        return endless();
    }
    cursor_ = std::move(cursor);
    return {};
}

Result<void> ListWalk::take_numbered(std::uint64_t total, bool is_empty) {
    if (seen_ >= total) {
        return end_reading();
    }
    if (is_empty) {
        return Error(ErrorCode::corrupt,
                     "it shows " + std::to_string(seen_) + " files of " + std::to_string(total));
    }
    return go_on(std::string(profile_.paging.number_parameter) + "=" + std::to_string(cursors_.size()));
}

Result<void> ListWalk::end_reading() {
    const bool has_one_page = cursor_.empty();
    is_over_ = has_one_page || ids_ == last_ids_;
    if (is_over_) {
        return {};
    }
    if (++readings_ == most_readings) {
        return Error(ErrorCode::corrupt, "it changes while it is read");
    }
    last_ids_ = std::exchange(ids_, {});
    cursor_.clear();
    cursors_ = {std::string()};
    first_id_.clear();
    seen_ = 0;
    return {};
}

}  // namespace filestore::provider
