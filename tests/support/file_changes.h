#pragma once

/// What happens to the calls of this program that change names, flush, share blocks or read directories: linkat, openat that makes a file,
/// renameat, renameat2, unlinkat, fsync, ioctl, fdopendir, readdir.

namespace filestore::test {

/// While one lives, counts the calls of the same thread, and lets the n-th come to nothing. Not nested.
class FileChanges {
public:
    /// Only counts.
    FileChanges() : FileChanges(0, 0) {}

    /// The process ends at once instead of the n-th call, counted from 1.
    [[nodiscard]] static FileChanges dying_at(int nth) { return {nth, 0}; }

    /// The n-th call fails with an errno.
    [[nodiscard]] static FileChanges failing_at(int nth, int number) { return {nth, number}; }

    /// So does every later one.
    [[nodiscard]] static FileChanges failing_from(int nth, int number) { return {nth, number, true}; }

    FileChanges(const FileChanges&) = delete;
    FileChanges& operator=(const FileChanges&) = delete;
    ~FileChanges();

    [[nodiscard]] int count() const noexcept { return count_; }

    /// False, and errno, where a call has to fail.
    [[nodiscard]] static bool allow();

    static constexpr int exit_code = 17;

private:
    FileChanges(int nth, int number, bool is_lasting = false);

    int nth_;
    int number_;
    bool is_lasting_;
    int count_ = 0;
};

/// While one lives, counts the directories that the same thread begins to read. Not nested.
class DirectoryReads {
public:
    DirectoryReads();
    DirectoryReads(const DirectoryReads&) = delete;
    DirectoryReads& operator=(const DirectoryReads&) = delete;
    ~DirectoryReads();

    [[nodiscard]] int count() const noexcept { return count_; }
    static void note() noexcept;

private:
    int count_ = 0;
};

/// While one lives, each directory that the same thread begins to read waits for a while before its first name, and gives each name twice. Not nested.
class HesitantDirectories {
public:
    HesitantDirectories();
    HesitantDirectories(const HesitantDirectories&) = delete;
    HesitantDirectories& operator=(const HesitantDirectories&) = delete;
    ~HesitantDirectories();
};

/// While one lives, the same thread cannot make files without a name.
class WithoutUnnamedFiles {
public:
    WithoutUnnamedFiles();
    WithoutUnnamedFiles(const WithoutUnnamedFiles&) = delete;
    WithoutUnnamedFiles& operator=(const WithoutUnnamedFiles&) = delete;
    ~WithoutUnnamedFiles();
};

/// While one lives, files share blocks by FICLONERANGE on every file system, as far as this program can tell: whole blocks, and the last one of a file. Of all threads;
/// not nested.
class SharedBlocks {
public:
    SharedBlocks();
    SharedBlocks(const SharedBlocks&) = delete;
    SharedBlocks& operator=(const SharedBlocks&) = delete;
    ~SharedBlocks();
};

}  // namespace filestore::test
