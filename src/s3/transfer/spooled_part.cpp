#include "s3/transfer/spooled_part.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/environment.h"
#include "core/pump.h"
#include "core/text.h"
#include "core/try.h"

namespace filestore::s3 {

namespace {

constexpr std::size_t window_size = std::size_t{256} * 1024;
/// The window, and what is read ahead while the part is sent.
constexpr std::uint64_t most_memory = std::uint64_t{2} << 20U;

class SpooledSource final : public Source {
public:
    explicit SpooledSource(std::shared_ptr<const SpooledPart> part) : part_(std::move(part)) {}

    Result<IoStep> read(std::span<std::byte> into, const Wake&) override {
        FILESTORE_TRY_ASSIGN(const std::size_t count, part_->read_at(position_, into));
        position_ += count;
        return IoStep{count, false};
    }
    std::optional<std::uint64_t> size() const noexcept override { return part_->size(); }
    bool can_rewind() const noexcept override { return true; }
    Result<void> rewind() override {
        position_ = 0;
        return {};
    }
    bool blocking() const noexcept override { return true; }

private:
    const std::shared_ptr<const SpooledPart> part_;
    std::uint64_t position_ = 0;
};

}  // namespace

SpooledPart::SpooledPart(std::uint64_t limit, std::string directory)
    : limit_(limit), directory_path_(std::move(directory)), window_(window_size) {}

std::span<std::byte> SpooledPart::room() noexcept {
    const auto rest = static_cast<std::size_t>(std::min<std::uint64_t>(window_.size(), limit_ - written_));
    return std::span(window_).first(rest).subspan(in_window_);
}

Result<void> SpooledPart::added(std::size_t count) {
    in_window_ += count;
    if (in_window_ < window_.size()) {
        return {};
    }
    if (!file_) {
        FILESTORE_TRY(open_file());
    }
    FILESTORE_TRY(write_all(file_->descriptor(), window_, "cannot keep a part of the upload in " + place()));
    written_ += std::exchange(in_window_, 0);
    return {};
}

Result<void> SpooledPart::open_file() {
    if (directory_path_.empty()) {
        directory_path_ = environment_variable("TMPDIR").value_or("/var/tmp");
    }
    directory_ = Descriptor(::open(directory_path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory_.is_open()) {
        return place_error(errno, "cannot open " + place(),
                           "make it, set another spool_directory, or make part_memory larger than a part");
    }
    auto file = StagedFile::create(directory_.get(), 0600);
    if (!file) {
        return file.error().within("in " + place());
    }
    file_.emplace(std::move(*file));
    return {};
}

std::string SpooledPart::place() const {
    return "the spool directory " + quoted(directory_path_);
}

std::uint64_t SpooledPart::memory() const noexcept {
    return std::min(limit_, most_memory);
}

Result<std::size_t> SpooledPart::read_at(std::uint64_t position, std::span<std::byte> into) const {
    if (position >= written_) {
        const auto rest =
            std::span(window_).first(in_window_).subspan(static_cast<std::size_t>(position - written_));
        const std::size_t count = std::min(rest.size(), into.size());
        std::copy_n(rest.begin(), count, into.begin());
        return count;
    }
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), written_ - position));
    while (true) {
        const ssize_t count = ::pread(file_->descriptor(), into.data(), wanted, static_cast<off_t>(position));
        if (count > 0) {
            return static_cast<std::size_t>(count);
        }
        if (count == 0 || errno != EINTR) {
            return open_file_error(count == 0 ? EIO : errno,
                                   "cannot read a part of the upload back from " + place());
        }
    }
}

Result<void> SpooledPart::read(const std::function<void(std::span<const std::byte>)>& take) const {
    std::vector<std::byte> piece(window_size);
    for (std::uint64_t position = 0; position < size();) {
        FILESTORE_TRY_ASSIGN(const std::size_t count, read_at(position, piece));
        take(std::span(piece).first(count));
        position += count;
    }
    return {};
}

std::shared_ptr<Source> SpooledPart::source(const std::shared_ptr<Executor>& executor) const {
    auto part = std::static_pointer_cast<const SpooledPart>(shared_from_this());
    return std::make_shared<PumpedSource>(std::make_shared<SpooledSource>(std::move(part)), executor);
}

}  // namespace filestore::s3
