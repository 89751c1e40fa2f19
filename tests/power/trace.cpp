#include "power/trace.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "support/files.h"

namespace filestore::test {

namespace {

namespace fs = std::filesystem;

enum class BytesAtCut { lost, kept, torn };

const Bytes& no_bytes() {
    static const Bytes none = std::make_shared<const std::string>();
    return none;
}

struct ::stat status_of(const std::string& path) {
    struct ::stat status {};
    if (::lstat(path.c_str(), &status) != 0) {
        throw std::runtime_error("cannot look at " + path);
    }
    return status;
}

std::string read_whole(int file) {
    std::string bytes;
    std::array<char, 65536> chunk{};
    while (true) {
        const ssize_t got = ::pread(file, chunk.data(), chunk.size(), static_cast<off_t>(bytes.size()));
        if (got <= 0) {
            return bytes;
        }
        bytes.append(chunk.data(), static_cast<std::size_t>(got));
    }
}

/// Half of what is new in a file is there, and the rest has its size only.
Bytes torn(const FileContent& content) {
    const auto& [flushed, now] = content;
    const auto differs = std::mismatch(flushed->begin(), flushed->end(), now->begin(), now->end()).second;
    const auto same = static_cast<std::size_t>(differs - now->begin());
    std::string bytes = now->substr(0, same + (now->size() - same) / 2);
    bytes.resize(now->size(), '\0');
    return std::make_shared<const std::string>(std::move(bytes));
}

Bytes bytes_after(const FileContent& content, BytesAtCut cut) {
    switch (cut) {
        case BytesAtCut::lost:
            return content.flushed;
        case BytesAtCut::kept:
            return content.now;
        case BytesAtCut::torn:
            return torn(content);
    }
    return {};
}

void apply_change(const NameChange& change, Names& names) {
    for (const NameChange::Entry& entry : change.entries) {
        if (entry.inode == 0) {
            names[entry.directory].erase(entry.name);
        } else {
            names[entry.directory][entry.name] = entry.inode;
        }
    }
}

std::vector<Names> possible_names(const Moment& moment) {
    std::vector<Names> all{moment.flushed};
    std::set<Inode> directories;
    for (const NameChange& change : moment.pending) {
        all.push_back(all.back());
        apply_change(change, all.back());
        for (const NameChange::Entry& entry : change.entries) {
            directories.insert(entry.directory);
        }
    }
    if (moment.order == NameOrder::of_all) {
        return all;
    }
    for (const Inode directory : directories) {
        all.push_back(moment.flushed);
        for (const NameChange& change : moment.pending) {
            if (change.touches(directory)) {
                apply_change(change, all.back());
            }
        }
    }
    return all;
}

/// Only what can be reached from the root counts.
void gather(Inode directory, const Moment& moment, const Names& names, BytesAtCut cut, Remains& remains) {
    const auto found = names.find(directory);
    auto& entries = remains.names[directory];
    if (found == names.end()) {
        return;
    }
    for (const auto& [name, inode] : found->second) {
        entries[name] = inode;
        const auto file = moment.files.find(inode);
        if (file == moment.files.end()) {
            gather(inode, moment, names, cut, remains);
        } else {
            remains.files[inode] = bytes_after(file->second, cut);
        }
    }
}

void make_directory_of(const Remains& remains, Inode directory, const fs::path& path) {
    fs::create_directory(path);
    fs::permissions(path, fs::perms::owner_all);
    for (const auto& [name, inode] : remains.names.at(directory)) {
        const auto file = remains.files.find(inode);
        if (file == remains.files.end()) {
            make_directory_of(remains, inode, path / name);
        } else {
            write_file((path / name).string(), *file->second);
            fs::permissions(path / name, fs::perms::owner_read | fs::perms::owner_write);
        }
    }
}

/// What has to be done to the names of one directory so that they become others.
void append_difference(Inode directory, const std::map<std::string, Inode>& from,
                       const std::map<std::string, Inode>& to, NameChange& change) {
    for (const auto& [name, inode] : from) {
        if (!to.contains(name)) {
            change.entries.push_back({directory, name, 0});
        }
    }
    for (const auto& [name, inode] : to) {
        const auto before = from.find(name);
        if (before == from.end() || before->second != inode) {
            change.entries.push_back({directory, name, inode});
        }
    }
}

}  // namespace

bool NameChange::touches(Inode directory) const {
    return std::any_of(entries.begin(), entries.end(),
                       [&](const Entry& entry) { return entry.directory == directory; });
}

bool operator==(const Remains& left, const Remains& right) {
    const auto same_bytes = [](const auto& one, const auto& other) {
        return one.first == other.first && (one.second == other.second || *one.second == *other.second);
    };
    return left.names == right.names && left.files.size() == right.files.size() &&
           std::equal(left.files.begin(), left.files.end(), right.files.begin(), same_bytes);
}

std::vector<Remains> possible_remains(const Moment& moment) {
    std::vector<Remains> all;
    for (const Names& names : possible_names(moment)) {
        for (const BytesAtCut cut : {BytesAtCut::lost, BytesAtCut::kept, BytesAtCut::torn}) {
            Remains remains;
            remains.root = moment.root;
            gather(moment.root, moment, names, cut, remains);
            if (std::find(all.begin(), all.end(), remains) == all.end()) {
                all.push_back(std::move(remains));
            }
        }
    }
    return all;
}

void make_directory_of(const Remains& remains, const std::string& path) {
    make_directory_of(remains, remains.root, path);
}

TraceRecorder::TraceRecorder(std::string root, NameOrder order, std::function<void(Moment)> on_moment)
    : root_path_(std::move(root)), on_moment_(std::move(on_moment)) {
    moment_.order = order;
    observe();
    flush_all();
}

TraceRecorder::~TraceRecorder() {
    for (const auto& [inode, descriptor] : kept_) {
        ::close(descriptor);
    }
}

void TraceRecorder::before(const std::string& call) {
    observe();
    if (std::exchange(is_new_, false)) {
        moment_.where = "before " + call;
        on_moment_(moment_);
    }
}

void TraceRecorder::changed() {
    is_new_ = true;
}

void TraceRecorder::flushed(const std::string& call, int descriptor, bool everything) {
    struct ::stat status {};
    ::fstat(descriptor, &status);
    if (everything) {
        flush_all();
    } else if (S_ISDIR(status.st_mode)) {
        flush_names(status.st_ino);
    } else if (status.st_nlink > 0) {
        keep(status.st_ino, "/proc/self/fd/" + std::to_string(descriptor));
        flush_file(status.st_ino);
    }
    note("after " + call);
}

void TraceRecorder::note(const std::string& where) {
    observe();
    is_new_ = false;
    moment_.where = where;
    on_moment_(moment_);
}

/// Looks at the whole tree, so that it does not matter which call made a difference.
void TraceRecorder::observe() {
    Names names;
    moment_.root = status_of(root_path_).st_ino;
    keep(moment_.root, root_path_);
    observe_directory(root_path_, moment_.root, names);
    NameChange change;
    for (const auto& [directory, entries] : now_) {
        append_difference(directory, entries, names[directory], change);
    }
    for (const auto& [directory, entries] : names) {
        if (!now_.contains(directory)) {
            append_difference(directory, {}, entries, change);
        }
    }
    if (!change.entries.empty()) {
        moment_.pending.push_back(std::move(change));
    }
    now_ = std::move(names);
    for (auto& [inode, content] : moment_.files) {
        std::string bytes = read_whole(kept_.at(inode));
        if (bytes != *content.now) {
            content.now = std::make_shared<const std::string>(std::move(bytes));
        }
    }
}

void TraceRecorder::observe_directory(const std::string& path, Inode inode, Names& names) {
    auto& entries = names[inode];
    for (const std::string& name : names_in(path)) {
        const std::string below = path + '/' + name;
        const struct ::stat status = status_of(below);
        entries[name] = status.st_ino;
        keep(status.st_ino, below);
        if (S_ISDIR(status.st_mode)) {
            observe_directory(below, status.st_ino, names);
        } else {
            moment_.files.try_emplace(status.st_ino, FileContent{no_bytes(), no_bytes()});
        }
    }
}

void TraceRecorder::keep(Inode inode, const std::string& path) {
    if (kept_.contains(inode)) {
        return;
    }
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        throw std::runtime_error("cannot open " + path);
    }
    kept_[inode] = descriptor;
}

/// Its name is another matter.
void TraceRecorder::flush_file(Inode inode) {
    const auto bytes = std::make_shared<const std::string>(read_whole(kept_.at(inode)));
    moment_.files[inode] = {bytes, bytes};
}

void TraceRecorder::flush_all() {
    for (const NameChange& change : moment_.pending) {
        apply_change(change, moment_.flushed);
    }
    moment_.pending.clear();
    for (auto& [inode, content] : moment_.files) {
        content.flushed = content.now;
    }
}

void TraceRecorder::flush_names(Inode directory) {
    auto& pending = moment_.pending;
    const auto touches = [&](const NameChange& change) { return change.touches(directory); };
    const auto last = std::find_if(pending.rbegin(), pending.rend(), touches).base();
    const auto stays = [&](const NameChange& change) {
        return moment_.order == NameOrder::of_each_directory && !touches(change);
    };
    for (auto change = pending.begin(); change != last; ++change) {
        if (!stays(*change)) {
            apply_change(*change, moment_.flushed);
        }
    }
    pending.erase(std::stable_partition(pending.begin(), last, stays), last);
}

}  // namespace filestore::test
