#pragma once

#include <sqlite3.h>

#include <fstream>
#include <map>
#include <string>

namespace filestore::test {

/// The disk below SQLite, as one that loses power at once would keep it: each file as it was when it was last flushed. What directories name is kept.
/// A resource, of which one exists at a time; to be made before the connections that it is to see, and used by one thread.
class SqliteDisk {
public:
    SqliteDisk() {
        current() = this;
        files_ = *sqlite3_vfs_find(nullptr);
        usual_open_ = files_.xOpen;
        files_.zName = "flushes";
        files_.xOpen = open;
        sqlite3_vfs_register(&files_, 1);
    }
    SqliteDisk(const SqliteDisk&) = delete;
    SqliteDisk& operator=(const SqliteDisk&) = delete;
    ~SqliteDisk() {
        sqlite3_vfs_unregister(&files_);
        current() = nullptr;
    }

    /// Makes a copy of a catalogue (with its log) as it would be found after power loss.
    void copy_flushed(const std::string& from, const std::string& to) const {
        for (const std::string end : {"", "-wal"}) {
            const auto found = flushed_.find(from + end);
            if (found != flushed_.end()) {
                std::ofstream(to + end, std::ios::binary) << found->second;
            }
        }
    }

    [[nodiscard]] int flushes() const { return flushes_; }

private:
    /// SQLite hands its functions no context of ours.
    static SqliteDisk*& current() {
        static SqliteDisk* disk = nullptr;
        return disk;
    }

    static int open(sqlite3_vfs* files, sqlite3_filename name, sqlite3_file* file, int flags,
                    int* flags_out) {
        const int code = current()->usual_open_(files, name, file, flags, flags_out);
        if (code == SQLITE_OK && name != nullptr) {
            current()->watch(file, name);
        }
        return code;
    }

    /// The file keeps its methods, but for the one that flushes.
    void watch(sqlite3_file* file, const char* name) {
        Watched& watched = watched_[file];
        watched = {name, file->pMethods, *file->pMethods};
        watched.methods.xSync = flush;
        file->pMethods = &watched.methods;
    }

    static int flush(sqlite3_file* file, int flags) {
        const Watched& watched = current()->watched_[file];
        const int code = watched.usual->xSync(file, flags);
        if (code == SQLITE_OK) {
            current()->flushed_[watched.name] = content(file);
            ++current()->flushes_;
        }
        return code;
    }

    /// Not by a descriptor of its own, as closing that would drop the locks of the process.
    static std::string content(sqlite3_file* file) {
        sqlite3_int64 size = 0;
        file->pMethods->xFileSize(file, &size);
        std::string bytes(static_cast<std::size_t>(size), '\0');
        file->pMethods->xRead(file, bytes.data(), static_cast<int>(size), 0);
        return bytes;
    }

    struct Watched {
        std::string name;
        const sqlite3_io_methods* usual = nullptr;
        sqlite3_io_methods methods{};
    };

    sqlite3_vfs files_{};
    int (*usual_open_)(sqlite3_vfs*, sqlite3_filename, sqlite3_file*, int, int*) = nullptr;
    std::map<sqlite3_file*, Watched> watched_;
    std::map<std::string, std::string> flushed_;
    int flushes_ = 0;
};

}  // namespace filestore::test
