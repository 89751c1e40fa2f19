#pragma once

/// File systems in files, which can lose their power.

#include <string>

namespace filestore::test {

/// Whether what the file system had in its log but not on disk is lost with the rest, or written first.
enum class LogAtCut { lost, flushed };

/// A file system of its own behind a loop device; mounted, and in a directory that only this process sees. All of it goes with the object, and with
/// the process. A resource; one thread at a time. Throws std::runtime_error.
class Image {
public:
    /// `type` is "ext4" or "xfs". Its file and the place where it is mounted are made in `directory`.
    Image(const std::string& type, const std::string& directory);
    Image(const Image&) = delete;
    Image& operator=(const Image&) = delete;
    ~Image();

    /// Why this machine or user cannot have any; empty where it can.
    [[nodiscard]] static std::string obstacle();

    [[nodiscard]] const std::string& path() const noexcept { return place_; }
    /// Everything that was written is on disk then.
    void flush() const;
    /// From now on nothing reaches the disk. Safe after fork.
    void cut(LogAtCut log) const noexcept;
    /// As the next start of the machine finds it.
    void mount_again();

private:
    void mount();
    void unmount() noexcept;

    std::string type_;
    std::string place_;
    /// Keeps the device while nothing is mounted.
    int device_ = -1;
    std::string device_path_;
    /// Of the mounted root.
    int root_ = -1;
};

}  // namespace filestore::test
