#include "export/protocol/list_walk.h"

#include <utility>

namespace filestore::provider {

namespace {

/// Of the files of an account.
constexpr std::size_t most_pages = 10'000;

Error endless() {
    return {ErrorCode::corrupt, "it has no end"};
}

}  // namespace

/// A server that passes over the cursor answers the same one again, or the same files.
Result<void> ListWalk::take(const RemoteList& page) {
    std::optional<RemoteFile> first;
    if (!page.files.empty()) {
        first = page.files.front();
    }
    if (first && first == first_) {
        return endless();
    }
    first_ = std::move(first);
    seen_ += page.files.size();
    cursor_ = page.cursor;
    if (cursor_.empty() && has_more_by_number(page)) {
        if (page.files.empty()) {
            return Error(ErrorCode::corrupt,
                         "it shows " + std::to_string(seen_) + " files of " + std::to_string(*page.total));
        }
        cursor_ = std::string(profile_.paging.number_parameter) + "=" + std::to_string(cursors_.size());
    }
    is_over_ = cursor_.empty();
    const bool gets_on = is_over_ || (cursors_.size() < most_pages && cursors_.insert(cursor_).second);
    return gets_on ? Result<void>() : endless();
}

bool ListWalk::has_more_by_number(const RemoteList& page) const noexcept {
    return !profile_.paging.number_parameter.empty() && page.total && *page.total > seen_;
}

}  // namespace filestore::provider
