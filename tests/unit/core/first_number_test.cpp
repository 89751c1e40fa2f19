/// A program of its own: the number of its process has never been asked for when the test begins.

#define CATCH_CONFIG_MAIN
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "core/owner_process.h"

namespace {

std::atomic<bool> forks_next{false};
std::atomic<bool> child_had_a_number{false};

/// In a thread of its own: the child does not have the one that asks for the first number.
void fork_elsewhere() {
    std::thread([] {
        const pid_t child = ::fork();
        if (child == 0) {
            ::alarm(30);
            ::_exit(filestore::process_number() != 0 ? 0 : 1);
        }
        int status = 0;
        child_had_a_number =
            ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }).join();
}

}  // namespace

/// Stands before the C library's own, and is called while the first number is made.
extern "C" int madvise(void* address, std::size_t size, int advice) noexcept {
    if (forks_next.exchange(false)) {
        fork_elsewhere();
    }
    return static_cast<int>(::syscall(SYS_madvise, address, size, advice));
}

TEST_CASE("a child that is made while another thread asks for the first number has one", "[fork]") {
    forks_next = true;
    CHECK(filestore::process_number() != 0);
    CHECK_FALSE(forks_next);
    CHECK(child_had_a_number);
}
