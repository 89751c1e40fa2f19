#include "s3/credentials/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <new>
#include <optional>
#include <utility>

#include "core/descriptor.h"
#include "core/text.h"
#include "core/try.h"

namespace filestore::s3 {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

/// How often it is looked whether a program that has closed its output has ended.
constexpr std::chrono::milliseconds look_again{10};

/// Readable once a stop is requested. A resource.
class StopEvent {
public:
    explicit StopEvent(const std::stop_token& cancel)
        : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), on_stop_(cancel, Signal{event_.get()}) {}

    [[nodiscard]] int descriptor() const noexcept { return event_.get(); }

private:
    struct Signal {
        int descriptor;
        void operator()() const noexcept {
            const std::uint64_t one = 1;
            [[maybe_unused]] const ssize_t written = ::write(descriptor, &one, sizeof one);
        }
    };

    const Descriptor event_;
    const std::stop_callback<Signal> on_stop_;
};

/// What posix_spawn does between fork and exec. A resource.
class SpawnSettings {
public:
    SpawnSettings() {
        if (::posix_spawn_file_actions_init(&actions_) != 0 || ::posix_spawnattr_init(&attributes_) != 0) {
            throw std::bad_alloc();
        }
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;
    ~SpawnSettings() {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }

    /// The library's threads block signals and the program may ignore some; the child starts as from a shell.
    void prepare(int output) {
        sigset_t none;
        sigset_t all;
        sigemptyset(&none);
        sigfillset(&all);
        constexpr int flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
        const bool done =
            ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0) == 0 &&
            ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO) == 0 &&
            ::posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
            ::posix_spawnattr_setpgroup(&attributes_, 0) == 0 &&
            ::posix_spawnattr_setsigmask(&attributes_, &none) == 0 &&
            ::posix_spawnattr_setsigdefault(&attributes_, &all) == 0 &&
            ::posix_spawnattr_setflags(&attributes_, static_cast<short>(flags)) == 0;
        if (!done) {
            throw std::bad_alloc();
        }
    }

    [[nodiscard]] const posix_spawn_file_actions_t* actions() const noexcept { return &actions_; }
    [[nodiscard]] const posix_spawnattr_t* attributes() const noexcept { return &attributes_; }

private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

/// A started program. Kills its group and waits for it when it goes without having ended. A resource.
class Child {
public:
    explicit Child(pid_t process) noexcept : process_(process) {}
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        if (!ended_) {
            ::kill(-process_, SIGKILL);
            int status = 0;
            wait_for(status, 0);
        }
    }

    /// Nothing while it runs. A program that lets its children's ends be thrown away takes the status from us: 0 then.
    [[nodiscard]] std::optional<int> status_if_ended() noexcept {
        int status = 0;
        const pid_t waited = wait_for(status, WNOHANG);
        if (waited == 0) {
            return std::nullopt;
        }
        ended_ = true;
        return waited == process_ ? status : 0;
    }

private:
    pid_t wait_for(int& status, int options) const noexcept {
        pid_t waited = -1;
        do {
            waited = ::waitpid(process_, &status, options);
        } while (waited < 0 && errno == EINTR);
        return waited;
    }

    const pid_t process_;
    bool ended_ = false;
};

struct Pipe {
    Descriptor reading;
    Descriptor writing;
};

Result<Pipe> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return errno_error(errno, "cannot make a pipe");
    }
    return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

Result<pid_t> spawn(const std::vector<std::string>& words, int output) {
    SpawnSettings settings;
    settings.prepare(output);
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (const std::string& word : words) {
        arguments.push_back(const_cast<char*>(word.c_str()));
    }
    arguments.push_back(nullptr);
    pid_t process = 0;
    const int failure = ::posix_spawnp(&process, arguments.front(), settings.actions(), settings.attributes(),
                                       arguments.data(), ::environ);
    if (failure != 0) {
        const Error error = errno_error(failure, "cannot start " + quoted(words.front()));
        return Error(ErrorCode::configuration, std::string(error.message()));
    }
    return process;
}

/// Waits on one child's output and end, within limits.
class Watch {
public:
    Watch(const ChildLimits& limits, const std::stop_token& cancel)
        : cancel_(cancel),
          stop_(cancel),
          most_(limits.most_output),
          end_(std::chrono::steady_clock::now() + limits.time) {}

    /// Waits until the descriptor (none: -1) can be read, but not past `longest`. `cancelled`, `timeout`.
    Result<void> wait(int descriptor, std::chrono::milliseconds longest) const {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(end_ - std::chrono::steady_clock::now());
        const auto most = std::clamp(left, std::chrono::milliseconds(0), longest);
        std::array<pollfd, 2> polled{pollfd{stop_.descriptor(), POLLIN, 0}, pollfd{descriptor, POLLIN, 0}};
        ::poll(polled.data(), polled.size(), static_cast<int>(most.count()));
        if (cancel_.stop_requested()) {
            return Error(ErrorCode::cancelled);
        }
        if (std::chrono::steady_clock::now() >= end_) {
            return Error(ErrorCode::timeout, "the program did not end in time and was killed");
        }
        return {};
    }

    Result<SecretString> read_all(int output) const {
        SecretString room = std::string(most_ + 1, '\0');
        std::size_t filled = 0;
        while (filled <= most_) {
            FILESTORE_TRY(wait(output, std::chrono::minutes(1)));
            const ssize_t got = ::read(output, room.data() + filled, room.size() - filled);
            if (got == 0) {
                return SecretString(std::string_view(room).substr(0, filled));
            }
            if (got < 0 && errno != EINTR && errno != EAGAIN) {
                return errno_error(errno, "cannot read the program's output");
            }
            filled += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
        }
        return Error(ErrorCode::corrupt, "the program printed more than " + std::to_string(most_) + " bytes");
    }

    Result<int> wait_for_end(Child& child) const {
        while (true) {
            if (const auto status = child.status_if_ended()) {
                return *status;
            }
            FILESTORE_TRY(wait(-1, look_again));
        }
    }

private:
    const std::stop_token cancel_;
    const StopEvent stop_;
    const std::size_t most_;
    const SteadyTime end_;
};

Result<void> judge(int status) {
    if (status == 0) {
        return {};
    }
    return Error(ErrorCode::unauthenticated,
                 WIFEXITED(status) ? "the program ended with status " + std::to_string(WEXITSTATUS(status))
                                   : "the program was ended by signal " + std::to_string(WTERMSIG(status)));
}

}  // namespace

Result<SecretString> run_child(const std::vector<std::string>& words, const ChildLimits& limits,
                               const std::stop_token& cancel) {
    const Watch watch(limits, cancel);
    FILESTORE_TRY_ASSIGN(Pipe pipe, make_pipe());
    ::fcntl(pipe.reading.get(), F_SETFL, O_NONBLOCK);
    FILESTORE_TRY_ASSIGN(const pid_t process, spawn(words, pipe.writing.get()));
    Child child(process);
    pipe.writing = Descriptor();
    FILESTORE_TRY_ASSIGN(SecretString output, watch.read_all(pipe.reading.get()));
    FILESTORE_TRY_ASSIGN(const int status, watch.wait_for_end(child));
    FILESTORE_TRY(judge(status));
    return output;
}

}  // namespace filestore::s3
