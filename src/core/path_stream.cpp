#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <utility>

#include "core/descriptor.h"
#include "core/descriptor_stream.h"
#include "core/file_stream.h"
#include "core/staged_file.h"
#include "core/text.h"
#include "core/try.h"
#include "filestore/stream.h"

namespace filestore {

namespace {

struct SplitPath {
    std::string directory;
    std::string name;
};

SplitPath split(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) {
        return {".", path};
    }
    return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

/// A download that takes its name only when it is whole.
class PathSink final : public DescriptorSink {
public:
    PathSink(Descriptor directory, StagedFile file, std::string path, std::string name)
        : directory_(std::move(directory)),
          file_(std::move(file)),
          path_(std::move(path)),
          name_(std::move(name)) {}

    Result<IoStep> write(std::span<const std::byte> bytes, const Wake&) override {
        FILESTORE_TRY(write_all(file_.descriptor(), bytes, "cannot write " + quoted(path_)));
        return IoStep{bytes.size(), false};
    }

    Result<std::optional<IoStep>> take_from(const FileRange& range, const Wake&) override {
        return step_of_copy(copy_between_files(range, file_.descriptor()));
    }

    Result<void> finish() override {
        FILESTORE_TRY(write_out(file_.descriptor(), "cannot write " + quoted(path_)));
        if (file_.is_unnamed() && is_name_free()) {
            FILESTORE_TRY(flush());
            const auto published = file_.publish_new(name_);
            if (published) {
                // Once more: btrfs may have kept nothing of it while it had no name.
                FILESTORE_TRY(flush());
                return flush_name();
            }
            if (published.error().code() != ErrorCode::already_exists) {
                return published.error().within(quoted(path_));
            }
        }
        return replace();
    }

    bool blocking() const noexcept override { return true; }

private:
    [[nodiscard]] bool is_name_free() const noexcept {
        return ::faccessat(directory_.get(), name_.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0 &&
               errno == ENOENT;
    }

    /// Who is killed in the middle of it leaves the hidden name: no call gives a file without a name that of another one.
    [[nodiscard]] Result<void> replace() {
        if (auto named = file_.prepare_replacing(); !named) {
            return named.error().within(quoted(path_));
        }
        FILESTORE_TRY(flush());
        if (auto published = file_.publish_replacing(name_); !published) {
            return published.error().within(quoted(path_));
        }
        return flush_name();
    }

    [[nodiscard]] Result<void> flush() const {
        return flush_to_disk(file_.descriptor(), "cannot flush " + quoted(path_));
    }

    [[nodiscard]] Result<void> flush_name() const {
        return flush_to_disk(directory_.get(), "cannot flush the directory of " + quoted(path_));
    }

    Descriptor directory_;
    StagedFile file_;
    std::string path_;
    std::string name_;
};

/// The path behind symbolic links, so that a download through one replaces the file and not the link.
std::string behind_links(const std::string& path) {
    char resolved[PATH_MAX];
    return ::realpath(path.c_str(), resolved) != nullptr ? std::string(resolved) : path;
}

}  // namespace

Result<std::shared_ptr<Sink>> sink_to_path(const std::string& given_path) {
    const std::string path = behind_links(given_path);
    struct ::stat status {};
    const bool exists = ::stat(path.c_str(), &status) == 0;
    const auto [directory_path, name] = split(path);
    if (name.empty() || (exists && S_ISDIR(status.st_mode))) {
        return Error(ErrorCode::invalid_argument,
                     quoted(given_path) + " is a directory: give the name of a file");
    }
    if (exists && !S_ISREG(status.st_mode)) {
        Descriptor device(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
        if (!device.is_open()) {
            return errno_error(errno, "cannot open " + quoted(given_path));
        }
        const int descriptor = device.get();
        return make_descriptor_sink(std::move(device), descriptor, quoted(given_path));
    }
    Descriptor directory = open_at(AT_FDCWD, directory_path.c_str(), O_RDONLY | O_DIRECTORY);
    if (!directory.is_open()) {
        return errno_error(errno, "cannot open directory " + quoted(directory_path));
    }
    auto file = StagedFile::create(directory.get(), 0666);
    if (!file) {
        return file.error().within("in directory " + quoted(directory_path));
    }
    return std::shared_ptr<Sink>(
        std::make_shared<PathSink>(std::move(directory), std::move(*file), path, name));
}

}  // namespace filestore
