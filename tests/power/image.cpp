#include "power/image.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

namespace filestore::test {

namespace {

// The kernel's header tells of it for xfs only; ext4 answers to the same number.
constexpr unsigned long shutdown_request = _IOR('X', 125, std::uint32_t);
constexpr std::uint32_t shutdown_flushing_log = 1;
constexpr std::uint32_t shutdown_losing_log = 2;

// The least that mkfs.xfs takes is 300 MB; holes take no room.
constexpr off_t xfs_size = off_t{300} * 1024 * 1024;
constexpr off_t ext4_size = off_t{16} * 1024 * 1024;

[[noreturn]] void fail(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

std::string make_image_file(const std::string& type, const std::string& directory) {
    const std::string path = directory + '/' + type + ".img";
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const bool sized = file >= 0 && ::ftruncate(file, type == "xfs" ? xfs_size : ext4_size) == 0;
    ::close(file);
    const std::string make =
        type == "xfs" ? "mkfs.xfs -q -f "
                      : "mkfs.ext4 -q -F -b 4096 -J size=4 -E lazy_itable_init=0,lazy_journal_init=0 ";
    const std::string command = "PATH=$PATH:/usr/sbin:/sbin; " + make + path + " 2>/dev/null";
    if (!sized || std::system(command.c_str()) != 0) {
        throw std::runtime_error("cannot make " + path + ": " + make);
    }
    return path;
}

/// Tries again where another process takes the same free device first.
int attach(const std::string& file_path, std::string& device_path) {
    const int control = ::open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    const int file = ::open(file_path.c_str(), O_RDWR | O_CLOEXEC);
    for (int attempt = 0; control >= 0 && file >= 0 && attempt < 50; ++attempt) {
        const int number = ::ioctl(control, LOOP_CTL_GET_FREE);
        device_path = "/dev/loop" + std::to_string(number);
        const int device = number < 0 ? -1 : ::open(device_path.c_str(), O_RDWR | O_CLOEXEC);
        loop_config config{};
        config.fd = static_cast<std::uint32_t>(file);
        config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
        if (device >= 0 && ::ioctl(device, LOOP_CONFIGURE, &config) == 0) {
            ::close(file);
            ::close(control);
            return device;
        }
        ::close(device);
    }
    fail("cannot attach a loop device");
}

/// What this process mounts is seen by nobody else, and goes with it.
bool have_own_mounts() {
    static const bool own =
        ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    return own;
}

}  // namespace

std::string Image::obstacle() {
    if (::geteuid() != 0) {
        return "only root can mount";
    }
    if (::access("/dev/loop-control", R_OK | W_OK) != 0) {
        return "there are no loop devices";
    }
    return have_own_mounts() ? "" : "this process may not mount";
}

Image::Image(const std::string& type, const std::string& directory)
    : type_(type), place_(directory + '/' + type) {
    if (!have_own_mounts() || ::mkdir(place_.c_str(), 0700) != 0) {
        fail("cannot make a place for " + type);
    }
    device_ = attach(make_image_file(type, directory), device_path_);
    mount();
}

Image::~Image() {
    unmount();
    ::close(device_);
}

void Image::flush() const {
    if (::syncfs(root_) != 0) {
        fail("cannot flush " + place_);
    }
}

void Image::cut(LogAtCut log) const noexcept {
    std::uint32_t how = log == LogAtCut::lost ? shutdown_losing_log : shutdown_flushing_log;
    if (::ioctl(root_, shutdown_request, &how) != 0) {
        std::abort();
    }
}

void Image::mount_again() {
    unmount();
    mount();
}

void Image::mount() {
    // ext4 would flush what a rename replaces a file with; the promise may not rest on that.
    const char* options = type_ == "ext4" ? "noauto_da_alloc,commit=300" : "";
    if (::mount(device_path_.c_str(), place_.c_str(), type_.c_str(), MS_NOATIME, options) != 0) {
        fail("cannot mount " + place_);
    }
    root_ = ::open(place_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root_ < 0) {
        fail("cannot open " + place_);
    }
}

void Image::unmount() noexcept {
    ::close(root_);
    root_ = -1;
    ::umount2(place_.c_str(), 0);
}

}  // namespace filestore::test
