#include "local/id_window.h"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/try.h"
#include "local/directory.h"

namespace filestore::local {

namespace {

Error cannot_list(int number, const Store& store) {
    return open_file_error(number, "cannot list the files " + store.place());
}

/// Keeps the smallest IDs of those that it is given.
class SmallestIds {
public:
    /// Keeps them in the memory of `room`.
    SmallestIds(std::size_t most, std::vector<FileId> room) : most_(most), heap_(std::move(room)) {
        heap_.clear();
    }

    void add(std::string_view text) {
        const bool is_full = heap_.size() == most_;
        // Most names of a large directory need not be read further.
        if (is_full && (most_ == 0 || text > heap_.front().text())) {
            found_ += FileId::parse(text).ok() ? 1 : 0;
            return;
        }
        const auto id = FileId::parse(text);
        if (!id.ok()) {
            return;
        }
        ++found_;
        if (is_full) {
            std::pop_heap(heap_.begin(), heap_.end());
            heap_.back() = *id;
        } else {
            heap_.push_back(*id);
        }
        std::push_heap(heap_.begin(), heap_.end());
    }

    /// A directory that changes while it is read may give a name twice (btrfs).
    [[nodiscard]] IdWindow take() {
        std::sort_heap(heap_.begin(), heap_.end());
        const bool is_last = found_ == heap_.size();
        heap_.erase(std::unique(heap_.begin(), heap_.end()), heap_.end());
        return {std::move(heap_), found_, is_last, {}};
    }

private:
    std::size_t most_;
    std::vector<FileId> heap_;
    std::uint64_t found_ = 0;
};

Result<IdWindow> read_directory(const Store& store, const Descriptor& directory, Part part,
                                const FileId& after, std::size_t most, std::vector<FileId> room = {}) {
    FILESTORE_TRY_ASSIGN(const Directory names,
                         open_directory(directory.get(), "cannot list the files " + store.place()));
    SmallestIds smallest(most, std::move(room));
    errno = 0;
    while (const dirent* entry = ::readdir(names.get())) {
        const auto text = id_text(entry->d_name, part);
        if (text && *text > after.text()) {
            smallest.add(*text);
        }
        errno = 0;
    }
    if (errno != 0) {
        return cannot_list(errno, store);
    }
    return smallest.take();
}

/// The next `most` after `after` of a longer window that holds them.
IdWindow part_of(const IdWindow& window, const FileId& after, std::size_t most) {
    const auto first = std::upper_bound(window.ids.begin(), window.ids.end(), after);
    const auto left = static_cast<std::size_t>(window.ids.end() - first);
    const auto count = static_cast<std::ptrdiff_t>(std::min(most, left));
    return {{first, first + count},
            window.found - static_cast<std::uint64_t>(first - window.ids.begin()),
            window.is_last && left <= most,
            window.reading};
}

using Read =
    std::function<Result<IdWindow>(const Descriptor& directory, const FileId& after, std::size_t most)>;

/// Directory by directory, until one has more than there is room for.
Result<IdWindow> read_layout_window(const Store& store, LocalLayout layout, Part part, const FileId& after,
                                    std::size_t most, const Read& read) {
    const unsigned first = directory_of(layout, after);
    const unsigned end = directories_of(layout);
    IdWindow window;
    for (unsigned number = first; number < end; ++number) {
        const Descriptor directory = open_directory_of(store, layout, part, number);
        if (!directory.is_open() && errno == ENOENT && layout == LocalLayout::sharded) {
            continue;
        }
        if (!directory.is_open()) {
            return cannot_list(errno, store);
        }
        FILESTORE_TRY_ASSIGN(const IdWindow there, read(directory, after, most - window.ids.size()));
        window.ids.insert(window.ids.end(), there.ids.begin(), there.ids.end());
        window.found += there.found;
        window.reading = there.reading;
        if (!there.is_last) {
            // The IDs are random: the directories that were not read have about as many each.
            window.found = window.found * (end - first) / (number + 1 - first);
            return window;
        }
    }
    window.is_last = true;
    return window;
}

/// Of two stretches from the same ID on, up to where both are complete.
IdWindow merged(const IdWindow& one, const IdWindow& other, std::size_t most) {
    IdWindow both;
    std::set_union(one.ids.begin(), one.ids.end(), other.ids.begin(), other.ids.end(),
                   std::back_inserter(both.ids));
    both.found = one.found + other.found;
    both.is_last = one.is_last && other.is_last && both.ids.size() <= most;
    for (const IdWindow* window : {&one, &other}) {
        if (!window->is_last) {
            both.ids.erase(std::upper_bound(both.ids.begin(), both.ids.end(), window->ids.back()),
                           both.ids.end());
        }
    }
    both.ids.resize(std::min(both.ids.size(), most));
    return both;
}

}  // namespace

ReadAhead::State ReadAhead::state_of(const struct ::stat& status) noexcept {
    const auto time = [](const struct ::timespec& spec) {
        return std::chrono::seconds(spec.tv_sec) + std::chrono::nanoseconds(spec.tv_nsec);
    };
    return {status.st_dev, status.st_ino, time(status.st_mtim), time(status.st_ctim)};
}

bool ReadAhead::is_at_rest(const State& state) const noexcept {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return now - std::max(state.content, state.status) >= rest_;
}

bool ReadAhead::knows(const State& state, Part part, const WalkPosition& from) const noexcept {
    const bool is_same_walk =
        from.reading == kept_.reading && state.inode == state_.inode && state.device == state_.device;
    const bool is_unchanged = was_at_rest_ && state == state_;
    return (is_same_walk || is_unchanged) && part_ == part && from.after >= after_ && !kept_.ids.empty() &&
           from.after < kept_.ids.back();
}

Result<IdWindow> ReadAhead::read(const Store& store, const Descriptor& directory, Part part,
                                 const WalkPosition& from, std::size_t most) {
    const std::lock_guard lock(mutex_);
    struct ::stat status {};
    if (::fstat(directory.get(), &status) != 0) {
        return cannot_list(errno, store);
    }
    const State state = state_of(status);
    if (knows(state, part, from)) {
        IdWindow next = part_of(kept_, from.after, most);
        if (next.is_last) {
            kept_ = {};
        }
        return next;
    }
    // Two of them would be held else.
    std::vector<FileId> room = std::move(kept_.ids);
    kept_ = {};
    const bool was_at_rest = is_at_rest(state);
    FILESTORE_TRY_ASSIGN(IdWindow window, read_directory(store, directory, part, from.after,
                                                         std::max(most, most_ids), std::move(room)));
    FILESTORE_TRY_ASSIGN(window.reading, FileId::generate());
    IdWindow next = part_of(window, from.after, most);
    if (!next.is_last) {
        state_ = state;
        was_at_rest_ = was_at_rest;
        part_ = part;
        after_ = from.after;
        kept_ = std::move(window);
    }
    return next;
}

Result<IdWindow> read_id_window(const Store& store, Part part, const FileId& after, std::size_t most) {
    const Read read = [&](const Descriptor& directory, const FileId& from, std::size_t room) {
        return read_directory(store, directory, part, from, room);
    };
    const Layout& layout = store.layout;
    if (!layout.before) {
        return read_layout_window(store, layout.current, part, after, most, read);
    }
    // In the order in which files are moved, so that none is missed.
    FILESTORE_TRY_ASSIGN(const IdWindow old,
                         read_layout_window(store, *layout.before, part, after, most, read));
    FILESTORE_TRY_ASSIGN(const IdWindow current,
                         read_layout_window(store, layout.current, part, after, most, read));
    return merged(old, current, most);
}

Result<IdWindow> read_id_window(const Store& store, ReadAhead& ahead, Part part, const WalkPosition& from,
                                std::size_t most) {
    if (store.layout.before) {
        return read_id_window(store, part, from.after, most);
    }
    return read_layout_window(store, store.layout.current, part, from.after, most,
                              [&](const Descriptor& directory, const FileId& after, std::size_t room) {
                                  return ahead.read(store, directory, part, {after, from.reading}, room);
                              });
}

}  // namespace filestore::local
