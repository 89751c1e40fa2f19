#pragma once

/// What a power cut may leave of a directory, worked out from the calls that were made in it.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "power/calls.h"

namespace filestore::test {

using Inode = std::uint64_t;
using Bytes = std::shared_ptr<const std::string>;
/// The entries of each directory.
using Names = std::map<Inode, std::map<std::string, Inode>>;

/// Names that one call gave or took; all of them last, or none. A value.
struct NameChange {
    struct Entry {
        Inode directory = 0;
        std::string name;
        /// 0 where the name was taken away.
        Inode inode = 0;
    };
    std::vector<Entry> entries;

    [[nodiscard]] bool touches(Inode directory) const;
};

/// A value.
struct FileContent {
    Bytes flushed;
    Bytes now;
};

/// What a flush of a directory's names makes durable: all that was done before in any directory, as a journal does; or its own names only, which asks for more
/// than ext4 and xfs do.
enum class NameOrder { of_all, of_each_directory };

/// What was flushed at some moment, and what was not yet. A value.
struct Moment {
    std::string where;
    NameOrder order = NameOrder::of_all;
    Inode root = 0;
    Names flushed;
    /// In the order in which they were made.
    std::vector<NameChange> pending;
    std::map<Inode, FileContent> files;
};

/// A directory that a cut may leave. A value.
struct Remains {
    Inode root = 0;
    Names names;
    std::map<Inode, Bytes> files;

    friend bool operator==(const Remains&, const Remains&);
};

/// What is lost of a moment:
///
/// - of the names that were not flushed: all of them; or all since some call; or, where each directory is kept by itself, all but those of one directory.
/// - of the bytes that were not flushed: all of them; or none; or half of them, in whose place are zeros.
[[nodiscard]] std::vector<Remains> possible_remains(const Moment& moment);

void make_directory_of(const Remains& remains, const std::string& path);

/// Notes the moments of a driver at which its power may go: before each call that changes something, half way through each write, and after
/// each flush. A flush of a file keeps its bytes, where it has a name (btrfs asks for that), one of a directory its names, and no more. A resource.
class TraceRecorder final : public CallWatcher {
public:
    /// What is there is taken for flushed.
    TraceRecorder(std::string root, NameOrder order, std::function<void(Moment)> on_moment);
    ~TraceRecorder() override;

    void before(const std::string& call) override;
    void changed() override;
    void flushed(const std::string& call, int descriptor, bool everything) override;
    /// One more moment, at the end.
    void note(const std::string& where);

private:
    void observe();
    void observe_directory(const std::string& path, Inode inode, Names& names);
    void keep(Inode inode, const std::string& path);
    void flush_file(Inode inode);
    void flush_all();
    void flush_names(Inode directory);

    std::string root_path_;
    std::function<void(Moment)> on_moment_;
    bool is_new_ = true;
    Names now_;
    /// Its pending changes grow, and it is copied for each moment.
    Moment moment_;
    /// Of every file and directory that was seen, so that no number is used again.
    std::map<Inode, int> kept_;
};

}  // namespace filestore::test
