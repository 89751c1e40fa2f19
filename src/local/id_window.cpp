#include "local/id_window.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <string>

#include "core/try.h"

namespace filestore::local {

namespace {

struct CloseDirectory {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

Error cannot_list(int number, const Store& store) {
    return open_file_error(number, "cannot list the files " + store.place());
}

Result<Directory> open_listing(const Store& store, const Descriptor& opened) {
    const int descriptor = ::openat(opened.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) {
        return cannot_list(errno, store);
    }
    Directory directory(::fdopendir(descriptor));
    if (!directory) {
        const int number = errno;
        ::close(descriptor);
        return cannot_list(number, store);
    }
    return directory;
}

/// The text before the suffix, where it is as long as that of an ID.
std::optional<std::string_view> id_text(std::string_view name, std::string_view suffix) {
    if (name.size() != FileId::text_size + suffix.size() || !name.ends_with(suffix)) {
        return std::nullopt;
    }
    return name.substr(0, FileId::text_size);
}

/// Keeps the smallest IDs of those that it is given.
class SmallestIds {
public:
    explicit SmallestIds(std::size_t most) : most_(most) {}

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

    [[nodiscard]] IdWindow take() {
        std::sort_heap(heap_.begin(), heap_.end());
        return {std::move(heap_), found_};
    }

private:
    std::size_t most_;
    std::vector<FileId> heap_;
    std::uint64_t found_ = 0;
};

}  // namespace

Result<IdWindow> read_id_window(const Store& store, const Descriptor& directory, std::string_view suffix,
                                const FileId& after, std::size_t most) {
    FILESTORE_TRY_ASSIGN(const Directory listing, open_listing(store, directory));
    SmallestIds smallest(most);
    errno = 0;
    while (const dirent* entry = ::readdir(listing.get())) {
        const auto text = id_text(entry->d_name, suffix);
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

}  // namespace filestore::local
