#include "core/worker_thread.h"

#include <csignal>
#include <new>
#include <system_error>
#include <utility>

namespace filestore {

std::thread start_worker(std::function<void()> body) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    struct Restore {
        const sigset_t& mask;
        ~Restore() { pthread_sigmask(SIG_SETMASK, &mask, nullptr); }
    } restore{before};
    try {
        return std::thread(std::move(body));
    } catch (const std::system_error&) {
        throw std::bad_alloc();
    }
}

}  // namespace filestore
