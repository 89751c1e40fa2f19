#pragma once

/// The way through a list of files, page by page. Pure.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "export/protocol/answers.h"

namespace filestore::provider {

/// Pages that are asked for by number move when files come and go meanwhile, so that one may be on none: such a list is read until two readings in a row are the same. A value; one thread at a time.
class ListWalk {
public:
    /// `profile` outlives it.
    explicit ListWalk(const Profile& profile) : profile_(profile) {}

    /// Of the page that is to be asked for, see list_files().
    [[nodiscard]] const std::string& cursor() const noexcept { return cursor_; }
    [[nodiscard]] bool is_over() const noexcept { return is_over_; }
    /// The whole list has come, if perhaps not each file of it: enough for whoever has found what he looks for.
    [[nodiscard]] bool was_read() const noexcept { return is_over_ || (pages_ > 0 && cursor_.empty()); }

    /// The page has come. `corrupt` where the list does not lead through all files: what it lacks may be there all the same.
    [[nodiscard]] Result<void> take(const RemoteList& page);

private:
    [[nodiscard]] Result<void> go_on(std::string cursor);
    [[nodiscard]] Result<void> take_numbered(std::uint64_t total, bool is_empty);
    [[nodiscard]] Result<void> end_reading();

    const Profile& profile_;
    std::string cursor_;
    bool is_over_ = false;
    std::size_t pages_ = 0;
    bool has_cursors_ = false;
    std::set<std::string> cursors_{std::string()};
    /// Of the last page.
    std::string first_id_;
    std::uint64_t seen_ = 0;
    /// Readings by number: the IDs of this one, and of the one before.
    std::vector<std::string> ids_;
    std::optional<std::vector<std::string>> last_ids_;
    unsigned readings_ = 0;
};

}  // namespace filestore::provider
