/// No init call and no shutdown call: services that are made before main, end after it or never, come and go a thousand times, from two threads at once.
///
/// usage: globals CASE DIRECTORY

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include "border.h"

namespace {

// Static initialisers run before main() has its arguments.
const char* directory() {
    return std::getenv("BORDER_DIRECTORY");
}

bool is_case(const char* name) {
    return std::strcmp(std::getenv("BORDER_CASE"), name) == 0;
}

filestore_service* open_named(const char* name) {
    return open_store(&linked_library, directory(), name);
}

/// Made before main(), used after it. A resource.
class GlobalStore {
public:
    explicit GlobalStore(const char* name) {
        if (is_case("static")) {
            service_ = open_named(name);
            use_store(&linked_library, service_);
        }
    }
    GlobalStore(const GlobalStore&) = delete;
    GlobalStore& operator=(const GlobalStore&) = delete;
    ~GlobalStore() {
        if (service_ != nullptr) {
            use_store(&linked_library, service_);
            filestore_close(service_);
        }
    }

private:
    filestore_service* service_ = nullptr;
};

const GlobalStore early_local("early");
const GlobalStore early_s3("s3");

filestore_service* at_exit = nullptr;

void end_at_exit() {
    use_store(&linked_library, at_exit);
    filestore_close(at_exit);
    filestore_service* late = open_named("late");
    use_store(&linked_library, late);
    filestore_close(late);
}

void register_at_exit() {
    require(std::atexit(end_at_exit) == 0, "atexit");
    at_exit = open_named("exit");
    use_store(&linked_library, at_exit);
}

/// Every fiftieth is used, too.
void come_and_go(const char* name) {
    const int times = as_often_as(1'000);
    for (int time = 0; time < times; ++time) {
        filestore_service* service = open_named(name);
        if (time % 50 == 0) {
            use_store(&linked_library, service);
        }
        filestore_close(service);
    }
}

void come_and_go_at_once() {
    std::atomic<int> ready{0};
    const auto work = [&ready](const char* name) {
        ++ready;
        while (ready < 2) {
        }
        come_and_go(name);
    };
    std::thread first(work, "shared");
    std::thread second(work, "shared");
    first.join();
    second.join();
}

int endless_calls = 0;

/// Whoever looks for leaks finds them here. Nothing takes the array away at the end of the process.
std::array<filestore_service*, 4> left_behind{};
std::size_t left = 0;

filestore_service* open_and_leave(const char* name) {
    filestore_service* service = open_named(name);
    left_behind.at(left++) = service;
    use_store(&linked_library, service);
    return service;
}

void forget(void* /*context*/, filestore_answer* answer) {
    filestore_answer_destroy(answer);
}

/// They live as long as the process, one with an upload under way.
void leak() {
    open_and_leave("idle");
    open_and_leave("s3");
    require(filestore_upload_callback_async(open_and_leave("busy"), endless, nullptr, &endless_calls,
                                            FILESTORE_UNKNOWN_SIZE, nullptr, forget, nullptr,
                                            nullptr) == FILESTORE_OK,
            "an upload that does not end");
    wait_for_calls(&endless_calls, 2);
}

/// On a thread of the library.
void leave(void* /*context*/, filestore_answer* answer) {
    filestore_answer_destroy(answer);
    std::exit(0);
}

void leave_from_a_callback() {
    leak();
    require(filestore_exists_async(left_behind.front(), UNKNOWN_ID, nullptr, leave, nullptr, nullptr) ==
                FILESTORE_OK,
            "a call that ends the program");
    std::this_thread::sleep_for(std::chrono::hours(1));
}

}  // namespace

int main() {
    if (is_case("static")) {
        open_and_leave("main");
    } else if (is_case("atexit")) {
        register_at_exit();
    } else if (is_case("thousand")) {
        come_and_go("thousand");
        come_and_go("s3");
        wait_for_threads(1);
    } else if (is_case("two_threads")) {
        come_and_go_at_once();
    } else if (is_case("leak")) {
        leak();
    } else if (is_case("exit_in_a_callback")) {
        leave_from_a_callback();
    } else {
        require(false, "a case of this name");
    }
    return 0;
}
