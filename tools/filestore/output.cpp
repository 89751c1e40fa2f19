#include "output.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include "core/descriptor.h"

namespace filestore::tool {

namespace {

/// A pipe that poll calls writable takes this much without waiting (pipe(7), PIPE_BUF).
constexpr std::size_t largest_write = 4096;
constexpr int no_timeout = -1;

}  // namespace

Result<std::size_t> StandardOutput::write_some(std::string_view text) {
    std::array<pollfd, 2> polled{{{STDOUT_FILENO, POLLOUT, 0}, {signals_.descriptor(), POLLIN, 0}}};
    if (::poll(polled.data(), polled.size(), no_timeout) < 0) {
        return std::size_t{0};
    }
    if (polled[0].revents == 0) {
        signals_.collect();
        return Error(ErrorCode::cancelled);
    }
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), std::min(text.size(), largest_write));
    if (written >= 0) {
        return static_cast<std::size_t>(written);
    }
    if (errno == EINTR || errno == EAGAIN) {
        return std::size_t{0};
    }
    return errno_error(errno, "cannot write standard output");
}

Result<void> StandardOutput::write(std::string_view text) {
    if (failure_) {
        return *failure_;
    }
    while (!text.empty()) {
        auto written = write_some(text);
        if (!written) {
            failure_ = written.error();
            return *failure_;
        }
        text.remove_prefix(*written);
    }
    return {};
}

bool StandardOutput::reader_is_gone() const noexcept {
    pollfd polled{STDOUT_FILENO, 0, 0};
    return ::poll(&polled, 1, 0) > 0 && (polled.revents & (POLLERR | POLLHUP)) != 0;
}

void report(std::string_view message) {
    std::string line = "filestore: " + std::string(message);
    std::replace(line.begin(), line.end(), '\n', ' ');
    line += '\n';
    // Where standard error cannot be written there is nobody left to tell.
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

void report(const Error& error) {
    report(error.message());
}

}  // namespace filestore::tool
