#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdio>
#include <functional>

namespace filestore::test {

/// A child process that runs `body`, which may report one byte at a time; killed at the end where it still runs.
class ChildProcess {
public:
    using Body = std::function<int(const std::function<void(char)>& report)>;

    explicit ChildProcess(const Body& body) {
        int ends[2];
        REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
        std::fflush(nullptr);
        process_ = fork();
        REQUIRE(process_ >= 0);
        if (process_ == 0) {
            close(ends[0]);
            _exit(body([&](char byte) {
                if (write(ends[1], &byte, 1) != 1) {
                    _exit(99);
                }
            }));
        }
        close(ends[1]);
        reports_ = ends[0];
    }
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;
    ~ChildProcess() {
        if (process_ > 0) {
            kill_now();
        }
        close(reports_);
    }

    /// The next byte that the child reports; 0 where it ended without one.
    char next_report() {
        char byte = 0;
        return read(reports_, &byte, 1) == 1 ? byte : '\0';
    }

    void kill_now() {
        kill(process_, SIGKILL);
        static_cast<void>(wait_for_exit());
    }

    int wait_for_exit() {
        int status = 0;
        REQUIRE(waitpid(process_, &status, 0) == process_);
        process_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
    }

private:
    pid_t process_ = -1;
    int reports_ = -1;
};

}  // namespace filestore::test
