#include "core/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "core/descriptor_stream.h"
#include "core/text.h"
#include "core/try.h"

namespace filestore {

namespace {
constexpr std::size_t most_in_memory = std::size_t{1} << 20U;
}

Result<void> Spool::append(std::span<const std::byte> bytes) {
    size_ += bytes.size();
    if (!file_ && size_ <= most_in_memory) {
        memory_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return {};
    }
    if (!file_) {
        FILESTORE_TRY(move_to_file());
    }
    return write_all(file_->descriptor(), bytes, "cannot keep the upload in " + quoted(directory_path_));
}

Result<void> Spool::move_to_file() {
    directory_ = Descriptor(::open(directory_path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory_.is_open()) {
        return place_error(errno, "cannot open the spool directory " + quoted(directory_path_),
                           "make it, or set spool_directory or TMPDIR");
    }
    auto file = StagedFile::create(directory_.get(), 0600);
    if (!file) {
        return file.error().within("in the spool directory " + quoted(directory_path_));
    }
    file_.emplace(std::move(*file));
    const std::string memory = std::exchange(memory_, {});
    return write_all(file_->descriptor(), std::as_bytes(std::span(memory)),
                     "cannot keep the upload in " + quoted(directory_path_));
}

Result<std::shared_ptr<Source>> Spool::into_source() && {
    if (!file_) {
        return source_from_string(std::exchange(memory_, {}));
    }
    Descriptor content(::fcntl(file_->descriptor(), F_DUPFD_CLOEXEC, 0));
    if (!content.is_open() || ::lseek(content.get(), 0, SEEK_SET) != 0) {
        return errno_error(errno, "cannot read back the upload from " + quoted(directory_path_));
    }
    file_.reset();
    return make_descriptor_source(std::move(content), "the spooled upload");
}

}  // namespace filestore
