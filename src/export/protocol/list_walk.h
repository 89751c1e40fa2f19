#pragma once

/// The way through a list of files, page by page. Pure.

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "export/protocol/answers.h"

namespace filestore::provider {

/// A value; one thread at a time.
class ListWalk {
public:
    /// `profile` outlives it.
    explicit ListWalk(const Profile& profile) : profile_(profile) {}

    /// Of the page that is to be asked for, see list_files().
    [[nodiscard]] const std::string& cursor() const noexcept { return cursor_; }
    [[nodiscard]] bool is_over() const noexcept { return is_over_; }

    /// The page has come. `corrupt` where the list does not lead through all files: what it lacks may be there all the same.
    [[nodiscard]] Result<void> take(const RemoteList& page);

private:
    [[nodiscard]] bool has_more_by_number(const RemoteList& page) const noexcept;

    const Profile& profile_;
    std::string cursor_;
    std::set<std::string> cursors_{std::string()};
    bool is_over_ = false;
    /// Of the last page.
    std::optional<RemoteFile> first_;
    std::uint64_t seen_ = 0;
};

}  // namespace filestore::provider
